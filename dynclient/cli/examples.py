"""Ready calls of an operation: as a Python program and as a line for a shell."""

from __future__ import annotations

import keyword
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..auth import SecurityScheme
from ..document import bundled_path
from ..environment import environment_name
from ..errors import DocumentError, InvalidRequest, NotLoaded
from ..messages import Violation
from ..operation import UNSET, Operation
from ..operation.content.codec import Codec
from ..operation.content.text import TEXT
from ..operation.servers import base_url as server_of
from .arguments import read_arguments
from .options import document_words
from .output import json_text
from .samples import SampleFile, sample_arguments, sample_body

__all__ = ["Example", "example_of"]

_LINE = 88
_SHORT = 60
_MAX_VIOLATIONS = 5


class Example(NamedTuple):
    """`python` is a whole program; `shell` a command, after a comment on what it reads."""

    python: str
    shell: str


def example_of(
    operation: Operation,
    document: str,
    base_url: str | None,
    schemes: Mapping[str, SecurityScheme],
) -> Example:
    """A call of an operation with the document's own example values.

    Where the document names no server that can be reached, a made-up one stands for it.
    """
    asks = []
    if base_url is None and not _has_server(operation):
        base_url = "https://api.example.com"
        asks.append("#   base URL: the document names no usable server")
    arguments = sample_arguments(operation)
    body = sample_body(operation)
    auth = [schemes[name] for name in _alternative(operation) if name in schemes]
    caveat = _caveat([*asks, *_violations(operation, arguments, body)])
    return Example(
        caveat + _python(operation, document, base_url, auth, arguments, body),
        caveat + _shell(operation, document, base_url, auth, arguments, body),
    )


def _has_server(operation: Operation) -> bool:
    try:
        server_of(operation.document, operation.servers)
    except DocumentError:
        return False
    return True


def _caveat(lines: list[str]) -> str:
    """A comment on the sample values that break the document (a pattern, say); mostly empty."""
    return "\n".join(["# Needs values of your own:", *lines, ""]) if lines else ""


def _violations(operation: Operation, arguments: Mapping[str, Any], body: Any) -> list[str]:
    try:
        operation.prepare(arguments, body=UNSET if body is None else _with_content(body))
    except NotLoaded:
        raise
    except DocumentError as error:
        return [f"#   the document: {' '.join(error.message.split())}"]
    except InvalidRequest as error:
        found = [
            f"#   {_one_line(violation)}"
            for violation in error.violations
            # A file has a name, which has a type.
            if not (isinstance(body, SampleFile) and violation.rule == "encoding")
        ]
        return found[:_MAX_VIOLATIONS]
    return []


def _with_content(body: Any) -> Any:
    """The body with bytes for the files."""
    if isinstance(body, dict):
        return {name: _with_content(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_with_content(value) for value in body]
    return b"" if isinstance(body, SampleFile) else body


def _one_line(violation: Violation) -> str:
    place = f"{violation.where} at {violation.pointer}" if violation.pointer else violation.where
    return " ".join(f"{place}: {violation.message}".split())


def _alternative(operation: Operation) -> list[str]:
    """The schemes of the first alternative; none where credentials are optional."""
    if not operation.security or {} in operation.security:
        return []
    return list(operation.security[0])


def _python(
    operation: Operation,
    document: str,
    base_url: str | None,
    auth: list[SecurityScheme],
    arguments: Mapping[str, Any],
    body: Any,
) -> str:
    settings = [f"{_literal(document)},"]
    if base_url is not None:
        settings.append(f"base_url={_literal(base_url)},")
    given = [scheme for scheme in auth if scheme.type != "mutualTLS"]
    if given:
        settings.append("auth={")
        for scheme in given:
            variable = environment_name(scheme.name)
            settings.append(f"    {_literal(scheme.name)}: os.environ[{_literal(variable)}],")
        settings.append("},")
    call = [f"{_literal(operation.name)},"]
    call += [f"{name}={_literal(value)}," for name, value in arguments.items()]
    if body is not None and _by_keyword(operation, body):
        call += [f"{name}={_literal(value)}," for name, value in body.items()]
    elif body is not None:
        call.append(f"body={_literal(body)},")
    lines = ["import os"] if given else []
    if _has_file(body):
        lines.append("from pathlib import Path")
    lines += [""] if lines else []
    lines += [
        "from dynclient import Client",
        "",
        _laid_out("with Client(", settings, ") as client:"),
    ]
    lines += [_indented(_laid_out("data = client.call(", call, ")"), 4), "print(data)"]
    return "\n".join(lines)


def _has_file(body: Any) -> bool:
    if isinstance(body, dict):
        return any(map(_has_file, body.values()))
    return any(map(_has_file, body)) if isinstance(body, list) else isinstance(body, SampleFile)


def _by_keyword(operation: Operation, body: Any) -> bool:
    """Whether the members of a body can be given as arguments of their own."""
    declared = operation.request_body
    if declared is None or not isinstance(body, dict) or not body:
        return False
    taken = {p.name for p in operation.parameters} | {p.python_name for p in operation.parameters}
    return all(
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in taken
        and name not in ("body", "options", *declared.names)
        and declared.property_names.get(name) == name
        for name in body
    )


def _laid_out(head: str, parts: list[str], tail: str) -> str:
    line = head + " ".join(parts).rstrip(",") + tail
    if "\n" not in line and "{" not in line and len(line) <= _LINE:
        return line
    return _block(head, parts, tail, separator="")


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line for line in text.splitlines())


def _literal(value: Any) -> str:
    """Python source of plain data: on one line where it is short, else an item a line."""
    if isinstance(value, SampleFile):
        return f"Path({_compact(value)})"
    if isinstance(value, str):
        lines = value.splitlines(keepends=True)
        if len(lines) < 2:
            return _compact(value)  # a JSON string is a Python string
        return _block("(", map(_compact, lines), ")", separator="")
    if isinstance(value, dict):
        items = [f"{_compact(name)}: {_literal(item)}" for name, item in value.items()]
        brackets = "{}"
    elif isinstance(value, list):
        items, brackets = [_literal(item) for item in value], "[]"
    else:
        return repr(value)
    line = f"{brackets[0]}{', '.join(items)}{brackets[1]}"
    short = "\n" not in line and len(line) <= _SHORT
    return line if short else _block(brackets[0], items, brackets[1])


def _block(head: str, lines: Iterable[str], tail: str, separator: str = ",") -> str:
    return "\n".join([head, *(_indented(f"{line}{separator}", 4) for line in lines), tail])


def _shell(
    operation: Operation,
    document: str,
    base_url: str | None,
    auth: list[SecurityScheme],
    arguments: Mapping[str, Any],
    body: Any,
) -> str:
    words = ["dynclient call", shlex.quote(operation.name)]
    words += [_item(operation, name, value) for name, value in arguments.items()]
    if body is not None and _by_keyword(operation, body):
        words += [_item(operation, name, value) for name, value in body.items()]
    elif isinstance(body, SampleFile):
        words.append(f"--body @{body}")
    elif isinstance(body, list) and _codec(operation).takes_files:
        words += [f"--part {_part(value)}" for value in body]
    elif body is not None:
        is_text = isinstance(body, str) and not _codec(operation).has_members
        text = body if is_text else _compact(body)
        words.append(f"--body {shlex.quote(text)}")
    if named := document_words(document):
        words.append(" ".join(named))
    if base_url is not None:
        words.append(f"--base-url {shlex.quote(base_url)}")
    variables = [(s.name, environment_name(s.name)) for s in auth if s.type != "mutualTLS"]
    if bundled_path(document) is None:  # only bundled documents look into the environment
        words += [f"--auth {shlex.quote(f'{name}=env:{variable}')}" for name, variable in variables]
    comment = f"# reads {', '.join(name for _, name in variables)}\n" if variables else ""
    line = " ".join(words)
    if len(line) > _LINE:
        line = " \\\n    ".join([" ".join(words[:2]), *words[2:]])
    return comment + line


def _item(operation: Operation, name: str, value: Any) -> str:
    """`name=text` where that is read back as the same value, else `name:=JSON`."""
    if isinstance(value, SampleFile):
        return shlex.quote(f"{name}=@{value}")
    if isinstance(value, list) and value and _has_file(value):
        return " ".join(_item(operation, name, item) for item in value)
    plain = json_text(value, indent=None) if isinstance(value, bool | int | float) else value
    if isinstance(plain, str):
        item = f"{name}={plain}"
        is_line = "\n" not in plain and plain[:1] != "@"
        if is_line and read_arguments(operation, [item]) == {name: value}:
            return shlex.quote(item)
    return f"{name}:={shlex.quote(_compact(value))}"


def _part(value: Any) -> str:
    if isinstance(value, SampleFile):
        return f"@{value}"
    is_plain = isinstance(value, str) and value[:1] not in ("@", "-", ":")
    return shlex.quote(value if is_plain else _compact(value))


def _codec(operation: Operation) -> Codec:
    body = operation.request_body
    return TEXT if body is None else body.preferred.codec


def _compact(value: Any) -> str:
    return json_text(value, indent=None)
