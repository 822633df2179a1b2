"""The request side of one operation, compiled: arguments in, HttpRequest out.

Everything that can be known before a call is computed once, in `RequestPlan.__init__`; `build`
does what is left. A pure function: nothing is sent, nothing is read but the body's own content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from ..abnf import is_field_value, is_token
from ..errors import InvalidRequest, masked
from ..jsontext import JsonTextError
from ..messages import Headers, HttpRequest, Timeout, Violation
from ..origins import encoded_path
from ..schema import Validator, compile_validator
from ..schema.directions import is_secret
from ..validation import Validation
from .arguments import UNSET, Arguments
from .bodies import EncodedBody, RequestBody
from .content.sequential import ItemsValidator
from .faults import UNSENDABLE, fault, missing, unserializable
from .fields.parameters import LOCATIONS, Parameter
from .fields.styles import StyleError, plain, serializer
from .options import NO_OPTIONS, Options

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Prepared", "RequestPlan", "Second"]

#: Another judge of a request: from what was found to what is to be told instead.
Second: TypeAlias = Callable[[HttpRequest, list[Violation]], list[Violation]]

_SURROGATE = "the text holds a lone surrogate, which UTF-8 can't carry"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Prepared:
    """A request, and what else there is to know of it before it is sent.

    violations  those that the policy lets pass with a warning
    headers     fields that the call itself sets, which go before its credentials
    """

    __slots__ = ("headers", "request", "violations")

    def __init__(
        self,
        request: HttpRequest,
        violations: tuple[Violation, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.request = request
        self.violations = violations
        self.headers = headers


class RequestPlan:
    """The compiled request side of one operation."""

    def __init__(self, operation: Operation, *, formats: bool) -> None:
        # Not the operation itself, which keeps this plan: see ResponsePlan.
        self._document = operation.document
        self._name, self._method = operation.name, operation.method
        self._redactor = operation.redactor
        self._formats = formats
        self.body: RequestBody | None = operation.request_body
        self._parameters = parameters = operation.parameters
        self._validator: Validator | None = None
        if parameters:
            roots = {p.key: (p.schema, p.schema_at) for p in parameters}
            self._validator = compile_validator(
                operation.document, roots, "request", formats=formats
            )
        # Not a method, which would be a ring with this plan.
        self._takes_null = partial(_takes_null, self._validator)
        self._arguments = Arguments(parameters, self.body, self._takes_null)
        self._required = tuple(p for p in parameters if p.required)
        self._writers = {
            location: tuple((p, p.serializer()) for p in parameters if p.location == location)
            for location in LOCATIONS
        }
        # At most one of the two is there (OpenAPI 3.2.0, `in: querystring`).
        self._query = self._writers["query"] + self._writers["querystring"]
        self._header = self._writers["header"]
        self._cookie = self._writers["cookie"]
        self._secret_segments = tuple(
            slot
            for slot in self._writers["path"]
            if is_secret(operation.document, slot[0].schema, slot[0].schema_at)
        )
        template, fragment = operation.path.partition("#")[::2]
        if fragment:
            # A fragment is never sent (RFC 3986, section 3.5); publishers use it to tell two
            # operations of one path apart.
            reason = f"a path has no fragment: {fragment!r} is left out"
            operation.document.note(operation.at, reason, "path")
        self._joint = "&" if "?" in template else "?"
        self._path_pieces = _path_pieces(template, self._writers["path"])
        self._allow_empty = frozenset(p.key for p in parameters if p.allow_empty)
        self._headers = (("Accept", operation.accept),) if operation.accept else ()

    def compile_body(self) -> None:
        """Compile the validators of every request media type now."""
        for media in self.body.media if self.body else ():
            media.validator(self._formats)

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
        schemas once there is a request. InvalidRequest lists every fault at once.
        """
        faults: list[Violation] = []
        sorter = self._arguments
        if options.content_type is not None and self.body is not None:
            chosen = self.body.preferring(options.content_type)
            if chosen is not self.body:
                sorter = Arguments(self._parameters, chosen, self._takes_null)
        values, body = sorter.sort(arguments, named, defaults, body, faults)
        judging = policy.request != "off"
        for parameter in self._required:
            key = parameter.key
            needed = judging or parameter.location == "path"
            if needed and key not in values and key not in supplied:
                faults.append(missing(parameter))
        judged = self._judged(values) if self._allow_empty else values
        validator = self._validator
        if judging and judged and validator is not None and not _is_valid(validator, judged):
            told = {each.where for each in faults}
            explained = self._explained(validator, judged)
            faults.extend(each for each in explained if each.where not in told)
        encoded = self._encode_body(body, options, judging, faults)
        request = self._request(values, encoded, base_url, options, faults)
        if second is not None and judging and not any(f.rule in UNSENDABLE for f in faults):
            faults = second(request, faults)
        if not faults:
            return Prepared(request, (), options.headers)
        return Prepared(request, self._let_pass(faults, policy), options.headers)

    def _let_pass(self, faults: Sequence[Violation], policy: Validation) -> tuple[Violation, ...]:
        """What the policy lets pass; InvalidRequest for what it does not."""
        faults = self._document.published(faults)
        # What can't be sent at all is an error whatever the policy says of schemas.
        hard = [f for f in faults if f.rule in UNSENDABLE]
        soft = [f for f in faults if f.rule not in UNSENDABLE]
        errors, told = policy.split(soft)
        if hard or errors:
            raise InvalidRequest(self._name, [*hard, *errors])
        return told

    def _judged(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values that schemas have a say in: not an empty one that is allowed to be empty."""
        return {k: v for k, v in values.items() if v != "" or k not in self._allow_empty}

    def _explained(self, validator: Validator, values: dict[str, Any]) -> list[Violation]:
        is_secret_part = self._redactor.is_secret_part
        secret = {
            f"request.{p.key}" for p in self._parameters if is_secret_part(p.location, p.name)
        }
        found = validator.explain(values, "request", layer="request", slots=True)
        return [masked(each) if each.where in secret else each for each in found]

    # ── body ─────────────────────────────────────────────────────────────────────────────────

    def _encode_body(
        self, value: Any, options: Options, judging: bool, faults: list[Violation]
    ) -> EncodedBody | None:
        if value is UNSET:
            if self.body is not None and self.body.required and judging:
                faults.append(fault("request.body", "required", "the operation needs a body"))
            return None
        if self.body is None:
            faults.append(fault("request.body", "unknown-body", "the operation takes no body"))
            return None
        media = self.body.media_for(value, options.content_type)
        if media is None:
            known = ", ".join(m.media_type for m in self.body.media)
            reason = f"content type {options.content_type!r} is not declared; these are: {known}"
            faults.append(fault("request.body", "content-type", reason))
            return None
        content_type = options.content_type
        try:
            encoded = media.encode(value, content_type)
        except (StyleError, JsonTextError) as error:
            self._unencodable(value, media, error, judging, faults)
            return None
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            reason = f"the content can't be read: {named}{error.strerror or error}"
            faults.append(fault("request.body", "unreadable", reason))
            return None
        if judging and encoded.judged:
            validator = media.validator(self._formats, encoded.opaque)
            if validator is not None and not _is_valid(validator, encoded.data):
                data = _as_plain(encoded.data)
                faults.extend(validator.explain(data, "request.body", layer="request"))
        return encoded

    def _unencodable(
        self, value: Any, media: Any, error: ValueError, judging: bool, faults: list[Violation]
    ) -> None:
        """A value without a wire form. Its schema often has the better words for what is wrong."""
        faults.append(unserializable("request.body", "encoding", error))
        validator = media.validator(self._formats) if judging else None
        if validator is not None and isinstance(value, dict | list):
            try:
                faults.extend(validator.explain(value, "request.body", layer="request"))
            except (ValueError, TypeError):
                return  # no plain data either: the encoder's reason says it all

    # ── assembly ─────────────────────────────────────────────────────────────────────────────

    def _request(
        self,
        values: dict[str, Any],
        encoded: EncodedBody | None,
        base_url: str,
        options: Options,
        faults: list[Violation],
    ) -> HttpRequest:
        path = self._path(values, faults)
        query = self._query_text(values, faults) if self._query else ""
        fields = Headers(self._fields(values, encoded, faults))
        if options is not NO_OPTIONS:
            fields = _with_option_headers(fields, options, faults)
            if options.extra_query:
                query = "&".join(filter(None, (query, _extra_query(options.extra_query, faults))))
        url = f"{base_url}{path}{self._joint}{query}" if query else base_url + path
        redactor = self._redactor
        if self._secret_segments:
            redactor = redactor.hiding(
                *(
                    _write(p, write, values, [])
                    for p, write in self._secret_segments
                    if p.key in values
                )
            )
        return HttpRequest(
            self._method,
            url,
            fields,
            encoded.sendable() if encoded is not None else None,
            None if options.timeout is None else Timeout.of(options.timeout),
            self._name,
            redactor,
        )

    def _query_text(self, values: dict[str, Any], faults: list[Violation]) -> str:
        parts = []
        for p, write in self._query:
            if p.key in values:
                text = _write(p, write, values, faults)
                if text:
                    parts.append(text)
                elif p.required:
                    reason = "an empty array or object has no form in a query"
                    faults.append(fault(f"request.{p.key}", "style", reason))
        return "&".join(parts)

    def _fields(
        self, values: dict[str, Any], encoded: EncodedBody | None, faults: list[Violation]
    ) -> list[tuple[str, str]]:
        """The header fields: Accept, those of the body, header parameters, one Cookie."""
        fields = list(self._headers)
        if encoded is not None:
            fields.append(("Content-Type", encoded.content_type))
            if encoded.size is not None:
                fields.append(("Content-Length", str(encoded.size)))
        for p, write in self._header:
            if p.key in values:
                text = _write(p, write, values, faults)
                if not is_field_value(text):
                    reason = "a header holds one line of Latin-1 text"
                    faults.append(fault(f"request.{p.key}", "header", reason))
                fields.append((p.name, text))
        cookies = [_write(p, write, values, faults) for p, write in self._cookie if p.key in values]
        if any(cookies):
            fields.append(("Cookie", "; ".join(filter(None, cookies))))
        return fields

    def _path(self, values: dict[str, Any], faults: list[Violation]) -> str:
        parts: list[str] = []
        for literal, slot in self._path_pieces:
            parts.append(literal)
            if slot is not None and slot[0].key in values:
                text = _write(slot[0], slot[1], values, faults)
                if not text:
                    reason = "an empty segment would make another path"
                    faults.append(fault(f"request.{slot[0].key}", "empty-path", reason))
                parts.append(text)
        return "".join(parts)


def _takes_null(validator: Validator | None, parameter: Parameter) -> bool:
    """Whether null is a value of a parameter, in whatever way its schema says so."""
    return validator is not None and bool(validator.is_valid({parameter.key: None}))


def _is_valid(validator: Validator | ItemsValidator, value: Any) -> bool:
    try:
        return bool(validator.is_valid(value))
    except (ValueError, TypeError):
        # Dates, UUIDs, enums and the like: the schema judges what they will be on the wire.
        return bool(validator.is_valid(_as_plain(value)))


def _as_plain(value: Any) -> Any:
    from ..jsontext import decode, encode

    try:
        return decode(encode(value))
    except JsonTextError:
        return None


def _write(
    parameter: Parameter, write: Any, values: dict[str, Any], faults: list[Violation]
) -> str:
    try:
        text: str = write(values[parameter.key])
    except (StyleError, JsonTextError) as error:
        faults.append(unserializable(f"request.{parameter.key}", "style", error))
        return "-"
    except UnicodeEncodeError:
        faults.append(fault(f"request.{parameter.key}", "style", _SURROGATE))
        return "-"
    return text


def _with_option_headers(fields: Headers, options: Options, faults: list[Violation]) -> Headers:
    extra = dict(options.headers or {})
    if options.accept is not None:
        extra["Accept"] = options.accept
    for name, text in extra.items():
        if not is_field_value(str(text)) or not is_token(name):
            reason = "a header has a token for a name and one line of Latin-1 text for a value"
            faults.append(fault(f"request.header.{name!r}", "header", reason))
    return fields.merged({name: str(text) for name, text in extra.items()}) if extra else fields


def _extra_query(extra: Mapping[str, Any], faults: list[Violation]) -> str:
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
            reason = str(error) if isinstance(error, StyleError) else _SURROGATE
            faults.append(fault(f"request.query.{name!r}", "style", reason))
    return "&".join(filter(None, parts))


def _path_pieces(path: str, slots: Sequence[Any]) -> tuple[tuple[str, Any], ...]:
    """The path template as (literal, slot or None) pairs."""
    by_name = {slot[0].name: slot for slot in slots}
    pieces: list[tuple[str, Any]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(path):
        pieces.append((encoded_path(path[end : match.start()]), by_name.get(match[1])))
        end = match.end()
    pieces.append((encoded_path(path[end:]), None))
    return tuple(pieces)
