"""`dynclient describe`: one operation in full."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from shutil import get_terminal_size
from typing import Any

import click

from ..auth import SecurityScheme
from ..credentials import schemes_of
from ..document import Node, Trust
from ..operation import Operation, Parameter
from .command import Command
from .examples import example_of
from .options import base_url_option, document_options, open_document, output_option
from .outline import facts_of, outline, type_text
from .output import is_terminal, json_text, show, show_json
from .schemas import is_item, readable

__all__ = ["command"]

#: Columns of paragraphs where there is no terminal, and the most on one.
_WIDTH = 96
_LEAST_ROOM = 30


@click.command("describe", cls=Command)
@click.argument("operation", metavar="OP")
@document_options
@base_url_option
@output_option("text", "json", default="text")
def command(operation: str, document: str, trust: Trust, base_url: str | None, output: str) -> None:
    """Describe the operation OP (its name, or "METHOD /path").

    Shows arguments, body, responses and credentials, and ends with a call that is ready to run, in
    Python and for a shell. With --base-url the calls go to that service.

    \b
    dynclient describe create_job
    dynclient describe "GET /pets/{id}" --doc openapi.yaml -o json
    """
    with open_document(document, trust=trust) as client:
        found = client.operations[operation]
        schemes = schemes_of(client.document)
        description = client.complete(lambda: describe(found, schemes))
        example = client.complete(lambda: example_of(found, document, base_url, schemes))
    description["examples"] = example._asdict()
    if output == "json":
        show_json(description)
    else:
        _show_text(description)


def describe(operation: Operation, schemes: Mapping[str, SecurityScheme]) -> dict[str, Any]:
    """An operation as plain data."""
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "description": operation.description,
        "deprecated": operation.deprecated,
        "tags": list(operation.tags),
        "arguments": [_argument(p) for p in operation.parameters],
        "body": _body(operation),
        "responses": [_response(operation, key) for key in operation.responses],
        "auth": [
            [_scheme(schemes, name, scopes) for name, scopes in alternative.items()]
            for alternative in operation.security
        ],
    }


def _argument(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.node
    return {
        "name": parameter.python_name,
        "wire_name": parameter.name,
        "place": parameter.location,
        "type": type_text(schema),
        "required": parameter.required,
        "default": parameter.default,
        "limits": facts_of(schema, with_default=False),
        "deprecated": parameter.deprecated,
        "description": parameter.description,
    }


def _body(operation: Operation) -> dict[str, Any] | None:
    body = operation.request_body
    if body is None:
        return None
    media = [_media(entry.media_type, entry.schema) for entry in body.media]
    return {
        "required": body.required,
        "argument": next(iter(body.names), None),
        "description": body.description,
        "media": media,
    }


def _response(operation: Operation, key: str) -> dict[str, Any]:
    response = operation.responses[key]
    content = response.content.items()
    media = [_media(name, entry.schema, is_response=True) for name, entry in content]
    return {
        "status": key,
        "description": response.description,
        "media": media,
        "headers": [header.name for header in response.headers],
    }


def _media(media_type: str, schema: Node | None, *, is_response: bool = False) -> dict[str, Any]:
    """A media type of a body or a response, and what its content is like."""
    if schema is None or schema.value is None:
        return {"media_type": media_type, "type": "any", "outline": []}
    kind = ", ".join([type_text(schema), *_limits(schema)])
    return {
        "media_type": media_type,
        "type": f"[{kind}], each item" if is_item(schema) else kind,
        "outline": outline(schema, is_response=is_response),
    }


def _limits(schema: Node) -> list[str]:
    return readable(lambda: facts_of(schema), [])  # else the type shows it


def _scheme(schemes: Mapping[str, SecurityScheme], name: str, scopes: Any) -> dict[str, Any]:
    scheme = schemes.get(name)
    return {
        "scheme": name,
        "type": scheme.type if scheme else None,
        "carrier": scheme.carrier if scheme else "not declared by the document",
        "scopes": list(scopes or ()),
    }


# ── as text ──────────────────────────────────────────────────────────────────────────────────


def _show_text(d: dict[str, Any]) -> None:
    show(f"{d['name']}: {d['method']} {d['path']}", bold=True)
    if d["summary"]:
        _line(d["summary"])
    if d["deprecated"]:
        show("Deprecated: the document advises against using it.")
    _paragraph(d["description"], "  ")
    _heading("Arguments")
    for argument in d["arguments"]:
        _show_argument(argument)
    if not d["arguments"]:
        show("  none" if d["body"] is None else "  none but the body")
    if d["body"] is not None:
        _show_body(d["body"])
    _show_responses(d["responses"])
    _show_auth(d["auth"])
    _heading("Python")
    show(textwrap.indent(d["examples"]["python"], "  "))
    _heading("Shell")
    show(textwrap.indent(d["examples"]["shell"], "  "))


def _heading(text: str) -> None:
    show("")
    show(text, bold=True)


def _line(text: str) -> None:
    """A line with its indentation; on a terminal what is too long goes on below, indented more."""
    if not is_terminal():
        show(text)
        return
    bare = text.lstrip()
    pad = text[: len(text) - len(bare)]
    show(_wrapped(bare, _columns(), pad, f"{pad}    "))


def _paragraph(text: str, pad: str) -> None:
    if text.strip():
        width = min(_WIDTH, _columns()) if is_terminal() else _WIDTH
        show(_wrapped(" ".join(text.split()), width, pad, pad))


def _columns() -> int:
    return get_terminal_size().columns


def _wrapped(text: str, width: int, first: str, rest: str) -> str:
    # Names and links are to be copied, so no word is cut; and some room is left in deep nesting.
    width = max(width, len(rest) + _LEAST_ROOM)
    options: Any = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, **options)


def _show_argument(a: dict[str, Any]) -> None:
    said = [a["type"], f"in {a['place']}"]
    if a["name"] != a["wire_name"]:
        said.append(f"sent as {a['wire_name']}")
    said.append("required" if a["required"] else "optional")
    said += a["limits"]
    if a["default"] is not None:
        said.append(f"the service's default is {json_text(a['default'], indent=None)}")
    if a["deprecated"]:
        said.append("deprecated")
    _line(f"  {a['name']}{'*' if a['required'] else ''}: {', '.join(said)}")
    _paragraph(a["description"], "      ")


def _show_body(body: dict[str, Any]) -> None:
    _heading(f"Body ({'required' if body['required'] else 'optional'}; * marks required members)")
    _paragraph(body["description"], "  ")
    if body["argument"]:
        _line(f"  whole, as the argument {body['argument']}, or each member as an argument")
    for media in body["media"]:
        _line(f"  {media['media_type']}: {media['type']}")
        for line in media["outline"]:
            _line(f"    {line}")


def _show_responses(responses: list[dict[str, Any]]) -> None:
    _heading("Responses (* marks required members)")
    if not responses:
        show("  none declared")
    shown: dict[tuple[str, ...], str] = {}
    for response in responses:
        text = " ".join(response["description"].split())
        _line(f"  {response['status']}  {text}{'' if response['media'] else ' (no body)'}")
        for media in response["media"]:
            lines = tuple(media["outline"])
            status = response["status"]
            before = shown.setdefault(lines, status) if lines else status
            as_before = "" if before == status else f" (members as for {before})"
            _line(f"    {media['media_type']}: {media['type']}{as_before}")
            for line in lines if not as_before else ():
                _line(f"      {line}")


def _show_auth(alternatives: list[list[dict[str, Any]]]) -> None:
    _heading("Credentials" if len(alternatives) < 2 else "Credentials (one of these lines)")
    if not alternatives:
        show("  none")
    for alternative in alternatives:
        texts = []
        for scheme in alternative:
            scopes = f", scopes {' '.join(scheme['scopes'])}" if scheme["scopes"] else ""
            texts.append(f"{scheme['scheme']} ({scheme['carrier']}{scopes})")
        _line(f"  {' and '.join(texts) or 'none (they are optional)'}")
