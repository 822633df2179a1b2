"""The request side of one operation, compiled: arguments in, HttpRequest out.

Everything that can be known before a call is computed once, in `RequestPlan.__init__`; `build`
does what is left. A pure function: nothing is sent, nothing is read but the body's own content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from msgspec import Struct

from ..abnf import is_field_value, is_token
from ..errors import InvalidRequest
from ..messages import Headers, HttpRequest, Timeout, Violation
from ..unset import UNSET
from ..validation import Formats, Validation
from .arguments import Arguments
from .bodies import EncodedBody, RequestBody
from .encoders import encoded
from .fields.parameters import Parameter
from .fields.plan import ParametersPlan
from .fields.styles import DeepObject, StyleError, plain, serializer, text_of
from .options import NO_OPTIONS, Options
from .violations import UNREADABLE_TEXT, UNSENDABLE, unserializable, violation

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Prepared", "RequestPlan", "Second"]

#: Another validator of a request: from the violations found to those that replace them.
Second: TypeAlias = Callable[[HttpRequest, list[Violation]], list[Violation]]


class Prepared(Struct, frozen=True):
    """A request, and what else there is to know of it before it is sent.

    violations  those that the policy lets pass with a warning
    headers     fields that the call itself sets, which go before its credentials
    """

    request: HttpRequest
    violations: tuple[Violation, ...] = ()
    headers: Mapping[str, str] | None = None


class RequestPlan:
    """The compiled request side of one operation."""

    def __init__(
        self, operation: Operation, *, formats: Formats, deep_object: DeepObject | None = None
    ) -> None:
        if deep_object not in (None, *get_args(DeepObject)):
            known = ", ".join(map(repr, get_args(DeepObject)))
            raise ValueError(f"deep_object={deep_object!r}: give one of {known}")
        # Not the operation itself, which keeps this plan: see ResponsePlan.
        self._document = operation.document
        self._name, self._method = operation.name, operation.method
        self._redactor = operation.redactor
        self._formats = formats
        self._encoders = operation.encoders
        body = operation.request_body
        self.body: RequestBody | None = body and body.nesting(deep_object)
        self._parameters = parameters = operation.parameters
        self._plan = ParametersPlan(
            operation.document,
            parameters,
            operation.path,
            operation.at,
            operation.redactor,
            formats=formats,
            deep_object=deep_object,
            encoders=operation.encoders,
        )
        self._arguments = Arguments(parameters, self.body, self._plan)
        is_noted = operation.deprecated or any(p.deprecated for p in parameters)
        self._deprecations = operation.deprecations if is_noted else None
        self._headers = (("Accept", operation.accept),) if operation.accept else ()

    def takes_null(self, parameter: Parameter) -> bool:
        """Whether null is a value of a parameter; where it is not, None means "not given"."""
        return self._plan.takes_null(parameter)

    def judge_values(self, values: Mapping[str, Any]) -> list[Violation]:
        """What is missing and what breaks its schema, of parameters read from a request."""
        found: list[Violation] = []
        self._plan.judge(values, frozenset(), found, schemas=True)
        return found

    def compile_body(self) -> None:
        """Compile the validators of every request media type now."""
        for media in self.body.media if self.body else ():
            media.judge(media.media_type, formats=self._formats)

    def build(
        self,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        body: Any,
        *,
        base_url: str,
        defaults: Mapping[str, Any] | None,
        options: Options,
        policy: Validation,
        supplied: frozenset[str] = frozenset(),
        second: Second | None = None,
    ) -> Prepared:
        """The request for these arguments.

        `arguments` is by wire or argument name, `named` the keywords of the call; `defaults` holds
        values by wire name for what neither gives; `supplied` are the keys of parameters that the
        credentials will fill in. `second` is another judge, whose verdict replaces that of the
        schemas once there is a request. InvalidRequest lists all violations.
        """
        found: list[Violation] = []
        own = {} if options is NO_OPTIONS else _own_headers(options, found)
        sorter = self._arguments
        if options.content_type is not None and self.body is not None:
            chosen = self.body.preferring(options.content_type)
            if chosen is not self.body:
                sorter = Arguments(self._parameters, chosen, self._plan)
        values, body = sorter.sort(arguments, named, defaults, body, found)
        judging = policy.request != "off"
        if self._deprecations is not None:
            self._deprecations.of_request(values)
        self._plan.judge(values, supplied, found, schemas=judging)
        content = self._encode_body(body, options, judging, found)
        request = self._request(values, content, base_url, options, own, found)
        if second is not None and judging and not any(f.rule in UNSENDABLE for f in found):
            found = second(request, found)
        if not found:
            return Prepared(request, (), own)
        return Prepared(request, self._let_pass(found, policy), own)

    def _let_pass(self, found: Sequence[Violation], policy: Validation) -> tuple[Violation, ...]:
        """What the policy lets pass; InvalidRequest for what it does not."""
        found = self._document.published(found)
        # What can't be sent at all is an error at every level.
        hard = [f for f in found if f.rule in UNSENDABLE]
        soft = [f for f in found if f.rule not in UNSENDABLE]
        errors, warned = policy.split(soft)
        if hard or errors:
            raise InvalidRequest(self._name, [*hard, *errors])
        return warned

    # ── body ─────────────────────────────────────────────────────────────────────────────────

    def _encode_body(
        self, value: Any, options: Options, judging: bool, found: list[Violation]
    ) -> EncodedBody | None:
        if value is UNSET:
            if self.body is not None and self.body.required and judging:
                found.append(violation("request.body", "required", "the operation needs a body"))
            return None
        if self.body is None:
            found.append(violation("request.body", "unknown-body", "the operation takes no body"))
            return None
        if self._encoders:
            value = encoded(value, self._encoders)
        return self.body.encode(
            value, options.content_type, found, judging=judging, formats=self._formats
        )

    # ── assembly ─────────────────────────────────────────────────────────────────────────────

    def _request(
        self,
        values: dict[str, Any],
        content: EncodedBody | None,
        base_url: str,
        options: Options,
        own: Mapping[str, str],
        found: list[Violation],
    ) -> HttpRequest:
        plan = self._plan
        path, query = plan.path.text(values, found), plan.query(values, found)
        fields = list(self._headers)
        if content is not None:
            fields.append(("Content-Type", content.content_type))
            if content.size is not None:
                fields.append(("Content-Length", str(content.size)))
        headers = Headers(fields + plan.fields(values, found))
        if options.accept is not None:
            headers = headers.merged({"Accept": options.accept})
        if own:
            headers = headers.merged(own)
        if options.extra_query:
            query = "&".join(filter(None, (query, _extra_query(options.extra_query, found))))
        url = f"{base_url}{path}{plan.path.joint}{query}" if query else base_url + path
        return HttpRequest(
            self._method,
            url,
            headers,
            content.sendable() if content is not None else None,
            None if options.timeout is None else Timeout.of(options.timeout),
            self._name,
            plan.hiding(self._redactor, values),
        )


def _own_headers(options: Options, found: list[Violation]) -> dict[str, str]:
    """The header fields of `Options(headers=)`, as text."""
    texts: dict[str, str] = {}
    if options.headers is not None and not isinstance(options.headers, Mapping):
        raise TypeError(f"headers= takes a mapping, not {type(options.headers).__name__}")
    for name, value in (options.headers or {}).items():
        try:
            text = value if isinstance(value, str) else text_of(plain(value))
        except StyleError as error:
            found.append(unserializable(f"request.header.{name!r}", "header", error))
            continue
        if not is_field_value(text) or not isinstance(name, str) or not is_token(name):
            reason = "a header has a token for a name and one line of Latin-1 text for a value"
            found.append(violation(f"request.header.{name!r}", "header", reason))
        texts[name] = text
    if options.accept is not None and not is_field_value(options.accept):
        found.append(
            violation("request.header.Accept", "header", "Accept is one line of Latin-1 text")
        )
    return texts


def _extra_query(extra: Mapping[str, Any], found: list[Violation]) -> str:
    """The text of `Options(extra_query=)`: style form, exploded."""
    if not isinstance(extra, Mapping):
        raise TypeError(f"extra_query= takes a mapping, not {type(extra).__name__}")
    parts = []
    for name, value in extra.items():
        if value is None:
            continue
        try:
            parts.append(serializer(name, "query", "form", True)(plain(value)))
        except (StyleError, UnicodeEncodeError) as error:
            reason = str(error) if isinstance(error, StyleError) else UNREADABLE_TEXT
            found.append(violation(f"request.query.{name!r}", "style", reason))
    return "&".join(filter(None, parts))
