"""One operation of a document: its name, what it takes, what it returns.

Nothing is read from the document before it is needed; what is read is kept. An Operation is
immutable in effect and may be shared between threads and clients.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import structs

from ..document import Document, Location, Node
from ..errors import DocumentError, NotLoaded
from ..messages import Headers, HttpRequest, HttpResponse, OperationInfo, Response
from ..redaction import Redactor
from ..schema.closure import extract
from ..schema.directions import is_secret
from ..unset import UNSET
from ..validation import ALL_FORMATS, Formats, Validation
from .bodies import RequestBody, read_request_body
from .content.registry import CODECS, Registry
from .declared import DeclaredResponse
from .encoders import Encoders
from .fields.parameters import Parameter, read_parameters
from .fields.styles import DeepObject
from .options import NO_OPTIONS, Options
from .request import Prepared, RequestPlan
from .response import ResponsePlan
from .security import requirements_of

if TYPE_CHECKING:
    from .deprecation import Deprecations
    from .fields.reading import ParametersReader

__all__ = ["Operation"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_STATUS_KEY = re.compile(r"[1-5](?:\d\d|XX)|default")
STRICT = Validation()


class Operation:
    """An operation. Source: OpenAPI 3.1.1, sections "Operation Object" and "Path Item Object".

    name          what it is called by: its operationId, or one made of method and path
    operation_id  the operationId as the document has it, or None
    method        in upper case
    path          the path template
    node          the Operation Object
    codecs        by which bodies are encoded and decoded
    encoders      what makes plain data of the caller's own types
    """

    def __init__(
        self,
        node: Node,
        name: str,
        method: str,
        path: str,
        path_items: Sequence[Node],
        redactor: Redactor,
        codecs: Registry = CODECS,
        encoders: Encoders | None = None,
    ) -> None:
        self.node = node
        self.name = name
        self.method = method
        self.path = path
        self._path_items = tuple(path_items)
        self.codecs = codecs
        self.encoders = encoders
        self._base_redactor = redactor
        self._requests: dict[tuple[Formats, DeepObject | None], RequestPlan] = {}
        self._responses: dict[tuple[Formats, bool], ResponsePlan] = {}

    @property
    def document(self) -> Document:
        """The document that it is an operation of."""
        return self.node.document

    @property
    def at(self) -> Location:
        """Where it stands in the document."""
        return self.node.at

    # ── what the document declares ───────────────────────────────────────────────────────────

    @property
    def operation_id(self) -> str | None:
        """The operationId, or None where the document gives none."""
        value = self.node.get("operationId")
        return value if isinstance(value, str) and value else None

    @property
    def summary(self) -> str:
        """The summary, or `""`."""
        return self._text("summary")

    @property
    def description(self) -> str:
        """The description, or `""`."""
        return self._text("description")

    def _text(self, key: str) -> str:
        value = self.node.get(key)
        return value if isinstance(value, str) else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags."""
        tags = self.node.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    @property
    def deprecated(self) -> bool:
        """Whether the document advises against it."""
        return self.node.get("deprecated") is True

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, those of the path item included, in the document's order."""
        groups = [each.child("parameters") for each in (*reversed(self._path_items), self.node)]
        return read_parameters(groups, _PLACEHOLDER.findall(self.path), self.node)

    @property
    def shared_parameters(self) -> list[Any]:
        """The `parameters` of the path item as the document has them, the weaker first."""
        items = reversed(self._path_items)
        return [entry.value for item in items for entry in item.entries("parameters")]

    @cached_property
    def request_body(self) -> RequestBody | None:
        """The body it takes, or None."""
        return read_request_body(self.node.child("requestBody"), self.codecs)

    @cached_property
    def responses(self) -> Mapping[str, DeclaredResponse]:
        """The declared responses by `"200"`, `"2XX"`, `"default"`."""
        found: dict[str, DeclaredResponse] = {}
        for key, entry in self.node.items("responses"):
            name = str(key) if str(key) == "default" else str(key).upper()
            if _STATUS_KEY.fullmatch(name):
                found[name] = DeclaredResponse(name, entry, self.codecs)
            elif not name.startswith("X-"):
                entry.note(f"{key!r} is not a status", "status")
        return found

    @property
    def security(self) -> Sequence[Mapping[str, Sequence[str]]]:
        """The security requirements in force: the operation's own, else the document's."""
        own = requirements_of(self.node)
        return (requirements_of(Node.root(self.document)) if own is None else own) or []

    @property
    def servers(self) -> Sequence[Mapping[str, Any]]:
        """The servers in force: the operation's, else the path item's, else the document's."""
        for owner in (self.node, *self._path_items):
            servers = [server.value for server in owner.entries("servers")]
            if servers:
                return [server for server in servers if isinstance(server, dict)]
        return self.document.servers

    @cached_property
    def accept(self) -> str:
        """The `Accept` field: every declared media type, those of successes first."""
        successes = [r for key, r in self.responses.items() if key[0] in "2d"]
        others = [r for key, r in self.responses.items() if key[0] not in "2d"]
        names: list[str] = []
        for response in (*successes, *others):
            try:
                names += [name for name in response.media_types if "/" in name]
            except NotLoaded:
                if response in successes:
                    raise
            except DocumentError:
                continue  # reported when that response arrives
        return ", ".join(dict.fromkeys(names)) or "*/*"

    @cached_property
    def deprecations(self) -> Deprecations:
        """Logs once what of the operation is deprecated."""
        from .deprecation import Deprecations

        return Deprecations(self)

    @cached_property
    def info(self) -> OperationInfo:
        """What a response keeps of the operation: it holds no document."""
        title = self.document.title
        return OperationInfo(self.name, self.operation_id, self.method, self.path, title)

    @cached_property
    def redactor(self) -> Redactor:
        """Knows what of this operation's requests must not be shown."""
        secret = {p.key: names for p in self.parameters if (names := _secret_names(p))}
        bodies = self.request_body.media if self.request_body else ()
        redactor = self._base_redactor.extended(
            headers=[p.name for p in self.parameters if p.location == "header" and p.key in secret],
            fields=[
                *(name for names in secret.values() for name in names),
                *(name for media in bodies for name in media.secrets),
            ],
        )
        whole = tuple(media.media_type for media in bodies if media.is_secret)
        return structs.replace(redactor, codecs=self.codecs, secret_content=whole)

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of the operation as a Python call."""
        from .signature import signature_of

        return signature_of(self)

    @cached_property
    def docstring(self) -> str:
        """What `help()` shows of the operation."""
        from .signature import docstring_of

        return docstring_of(self)

    # ── what it does ─────────────────────────────────────────────────────────────────────────

    def compile(self) -> None:
        """Compile everything the operation can ever need.

        DocumentError, and a problem of the document, if the document breaks it.

        Calls compile what they use; this is for those who want to know beforehand.
        """
        try:
            self.request_plan().compile_body()
            self.response_plan().compile()
            _ = self.signature, self.redactor
        except NotLoaded:
            raise
        except DocumentError as error:
            place = Location(error.source or self.document.uri, error.pointer or self.at.pointer)
            self.document.note(place, error.problem, "unusable-operation")
            raise

    def request_plan(
        self, formats: Formats = ALL_FORMATS, deep_object: DeepObject | None = None
    ) -> RequestPlan:
        """The compiled request side; `formats` are those that are checked.

        `deep_object` is how style deepObject names what is inside of an object; see `Options`.
        """
        key = formats, deep_object
        plan = self._requests.get(key)
        if plan is None:
            plan = RequestPlan(self, formats=formats, deep_object=deep_object)
            self._requests[key] = plan
        return plan

    def response_plan(
        self, formats: Formats = ALL_FORMATS, *, members: bool = False
    ) -> ResponsePlan:
        """The compiled response side; `formats` are those that are checked.

        With `members`, undocumented and missing members are looked for.
        """
        key = formats, members
        plan = self._responses.get(key)
        if plan is None:
            plan = ResponsePlan(self, formats=formats, members=members)
            plan.compile(successes_only=True)
            self._responses[key] = plan
        return plan

    def prepare(
        self,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        base_url: str = "",
        policy: Validation = STRICT,
        **named: Any,
    ) -> HttpRequest:
        """The request for these arguments, without credentials. Pure; nothing is sent.

        Without `base_url` the URL is relative. InvalidRequest lists all violations.
        """
        return self.prepare_all(
            arguments, named, body, base_url, None, options or NO_OPTIONS, policy
        ).request

    def prepare_all(
        self,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        body: Any,
        base_url: str,
        defaults: Mapping[str, Any] | None,
        options: Options,
        policy: Validation,
    ) -> Prepared:
        """As `prepare`, with defaults, and with the violations that the policy lets pass."""
        return self.request_plan(policy.checked, options.deep_object).build(
            arguments,
            named,
            body,
            base_url=base_url,
            defaults=defaults,
            options=options,
            policy=policy,
        )

    def read_parameters(
        self, path: Mapping[str, str], query: str, headers: Headers
    ) -> dict[str, Any]:
        """The values of the parameters in a request, by `Parameter.key` (`query.limit`).

        `path` holds the texts of the placeholders and `query` is what stands behind `?`, both
        still percent-encoded. What is not there has no value; nothing is judged.
        """
        return self._parameters_reader.read(path, query, headers)

    @cached_property
    def _parameters_reader(self) -> ParametersReader:
        from .fields.reading import ParametersReader

        return ParametersReader(self.parameters)

    def parse(
        self,
        response: HttpResponse,
        request: HttpRequest | None = None,
        policy: Validation = STRICT,
    ) -> Response:
        """The response, decoded and validated. Pure; never raises for what the server did.

        `violations` holds everything that was found; who calls decides what is an error.
        """
        sent = request or HttpRequest(self.method, response.url or self.path)
        plan = self.response_plan(policy.checked, members=policy.judges_members)
        return plan.parse(self, response, sent, policy)

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled validators don't travel: they are made again where they are needed.
        named = (self.node, self.name, self.method, self.path, self._path_items)
        return type(self), (*named, self._base_redactor, self.codecs, self.encoders)

    def _repr_html_(self) -> str:
        """For notebooks: what it takes and what it responds with."""
        from ..html import heading, table

        names = ("argument", "in", "required", "what it is")
        rows = [
            (p.python_name, p.location, "yes" if p.required else "", p.description)
            for p in self.parameters
        ]
        if (body := self.request_body) is not None:
            types = ", ".join(each.media_type for each in body.media)
            rows.append(("body", "body", "yes" if body.required else "", types))
        title = heading(self.name, f"{self.method} {self.path}")
        responses = [(key, each.description) for key, each in self.responses.items()]
        parts = [table(names, rows)] if rows else []
        return title + "".join([*parts, table(("status", "response"), responses)])

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"


_SCALARS = frozenset({"string", "integer", "number", "boolean"})


def _secret_names(parameter: Parameter) -> frozenset[str]:
    """The names of secret values in a request; empty if a parameter has none.

    Its own, as one part of its text is secret then, and those of members that stand alone.
    """
    schema = parameter.node
    if isinstance(kind := schema.get("type"), str) and kind in _SCALARS:
        secret = is_secret(schema)
        return frozenset({parameter.name}) if secret else frozenset()
    closure = extract(schema, "request")
    if not (closure.secrets or closure.hidden):
        return frozenset()
    return closure.secrets | {parameter.name}
