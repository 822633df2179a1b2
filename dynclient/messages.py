"""The plain values that travel between the layers: requests, responses, headers.

Nothing here does I/O, and nothing here knows OpenAPI. `HttpRequest` and `HttpResponse` are what
a transport sees; `Response` is what a caller gets.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import IO, Any, NamedTuple, TypeAlias, TypeVar, overload

from msgspec import Struct, structs

from .media import best_match, charset_of
from .redaction import DEFAULT_REDACTOR, Redactor, without
from .remedies import Remedy, Words, in_python

__all__ = [
    "IDEMPOTENT",
    "Content",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "OperationInfo",
    "Response",
    "Timeout",
    "Violation",
]

#: What a request body may be on its way to the transport: nothing, bytes, an open binary file,
#: or an iterable of byte chunks that is sent as it is produced. Only an asynchronous transport
#: sends an asynchronous iterable.
Content: TypeAlias = bytes | IO[bytes] | Iterable[bytes] | AsyncIterable[bytes] | None

#: Methods that may be sent twice (RFC 9110, section 9.2.2; QUERY: RFC 10008).
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"})

_T = TypeVar("_T")


class Headers(Mapping[str, str]):
    """Header fields: case-insensitive by name, in order, repeated names kept.

    `headers["Set-Cookie"]` joins repeated fields with `", "` (RFC 9110, section 5.3);
    `get_list` gives them apart, which `Set-Cookie` needs.
    """

    __slots__ = ("_fields", "_pairs")

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        # A list is the usual case, and whether something is a Mapping is a slow question.
        if not isinstance(pairs, list) and isinstance(pairs, Mapping):
            pairs = pairs.items()
        self._pairs: tuple[tuple[str, str], ...] = tuple(pairs)
        self._fields: dict[str, str] | None = None

    def _index(self) -> dict[str, str]:
        # Built on first look-up: most responses are asked for one or two fields, many for none.
        fields: dict[str, str] = {}
        for name, value in self._pairs:
            key = name.lower()
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
        self._fields = fields
        return fields

    def __getitem__(self, name: str) -> str:
        fields = self._fields
        return (self._index() if fields is None else fields)[name.lower()]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | _T) -> str | _T: ...
    def get(self, name: str, /, default: Any = None) -> Any:
        """The field's value, else `default`: Mapping's own asks by way of an exception."""
        fields = self._fields
        return (self._index() if fields is None else fields).get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for name, _ in self._pairs:
            if name.lower() not in seen:
                seen.add(name.lower())
                yield name

    def __len__(self) -> int:
        return len(self._index() if self._fields is None else self._fields)

    def __contains__(self, name: object) -> bool:
        fields = self._index() if self._fields is None else self._fields
        return isinstance(name, str) and name.lower() in fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        theirs = other if isinstance(other, Headers) else Headers(other)
        return self._index() == theirs._index()

    def __hash__(self) -> int:
        return hash(frozenset(self._index().items()))

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether there is a field of one of these names, given in lower case."""
        fields = self._fields
        return not names.isdisjoint(self._index() if fields is None else fields)

    def get_list(self, name: str) -> list[str]:
        """Every value sent under `name`, in order."""
        key = name.lower()
        return [value for field_name, value in self._pairs if field_name.lower() == key]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All fields as sent: repeated names stay apart, spelling is kept."""
        return self._pairs

    def merged(self, extra: Mapping[str, str]) -> Headers:
        """These fields with those of `extra` set, replacing any of the same name."""
        names = {name.lower() for name in extra}
        kept = [(name, value) for name, value in self._pairs if name.lower() not in names]
        return Headers([*kept, *extra.items()])

    def __repr__(self) -> str:
        # Names only: the document declares which values are secret, and it is not known here.
        return f"<Headers {', '.join(name for name, _ in self._pairs)}>"


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long an exchange may take, in seconds.

    connect  for a connection to be made, TLS included, and for one of the pool to be free
    read     for the next bytes of the response, and for each write of the request
    total    for the whole call: connecting, sending, redirects, retries and reading; None for no
             bound. For a synchronous client the look-up of a host name is not counted

    TypeError unless it is a number, ValueError unless finite and above zero.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float | None = None

    def __post_init__(self) -> None:
        parts = [self.connect, self.read] + ([] if self.total is None else [self.total])
        # True is a number to Python.
        if any(not isinstance(part, int | float) or isinstance(part, bool) for part in parts):
            raise TypeError(f"a timeout is a number of seconds, not {parts!r}")
        if not all(0 < part < math.inf for part in parts):
            raise ValueError(f"a timeout is a finite number of seconds above zero, not {parts!r}")

    @classmethod
    def of(cls, value: TimeoutValue) -> Timeout:
        """The timeout that a caller means: one number is for connecting and for each read."""
        if isinstance(value, Timeout):
            return value
        if not isinstance(value, tuple):
            return cls(value, value)
        if len(value) != 2:
            raise TypeError(
                f"a timeout is a number of seconds, (connect, read) or a Timeout, not {value!r}"
            )
        return cls(*value)


#: What a caller may give as a timeout.
TimeoutValue: TypeAlias = float | tuple[float, float] | Timeout


class OperationInfo(NamedTuple):
    """What a response keeps of the operation it belongs to; the operation itself is the client's.

    name          what it is called by
    operation_id  the operationId of the document, or None
    method        in upper case
    path          the path template
    title         the title of the document, or ""
    """

    name: str
    operation_id: str | None
    method: str
    path: str
    title: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class HttpRequest:
    """One request, ready for the wire.

    `url` is absolute and percent-encoded; `timeout` is None for the transport's own. `redactor`
    knows which of the names in here are secret, so that a repr, a log line or an error can show
    the request without showing a credential. `cross_origin` is true once a redirect has led to
    another origin than the first request named: a transport then adds no credentials of its own.
    """

    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    content: Content = None
    timeout: Timeout | None = None
    operation: str | None = None
    redactor: Redactor = field(default=DEFAULT_REDACTOR, compare=False)
    cross_origin: bool = False

    def with_headers(self, extra: Mapping[str, str]) -> HttpRequest:
        """The same request with the fields of `extra` set."""
        return replace(self, headers=self.headers.merged(extra))

    def with_query(self, query: str) -> HttpRequest:
        """The same request with an already encoded `name=value` appended to the query."""
        separator = "&" if "?" in self.url else "?"
        return replace(self, url=f"{self.url}{separator}{query}")

    def redacted(self) -> HttpRequest:
        """The same request with every secret value masked, for people and logs."""
        return replace(
            self,
            url=self.redactor.url(self.url),
            headers=Headers(self.redactor.headers(self.headers.pairs())),
            content=self.redactor.content(self.content, self.headers.get("Content-Type", "")),
            # What it knows of the path is secret itself, and of no more use.
            redactor=structs.replace(self.redactor, segments=frozenset()),
        )

    def mask(self) -> Callable[[str], str]:
        """A function that masks the secrets of this request: servers repeat what they are sent."""
        return partial(without, secrets=self.secrets())

    def secrets(self) -> list[str]:
        """The secret texts of this request, as they are and as texts quote them, longest first."""
        kind = self.headers.get("Content-Type", "")
        pairs, whole = self.headers.pairs(), self.is_secret_content
        return self.redactor.secrets(pairs, self.url, self.content, kind, whole=whole)

    @property
    def is_secret_content(self) -> bool:
        """Whether all of the body is secret."""
        kind = self.headers.get("Content-Type", "")
        return best_match(self.redactor.secret_content, kind) is not None

    def __reduce__(self) -> tuple[Any, ...]:
        content = self.content
        if content is not None and not isinstance(content, bytes):
            content = b"[streamed body]"  # an open file or an iterator has no way into a pickle
        values = [getattr(self, each.name) for each in fields(self)]
        values[3] = content
        return type(self), tuple(values)

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.redactor.url(self.url)}>"


class HttpResponse(Struct, frozen=True):
    """One response as it came: `content` is the whole decoded body, `elapsed` is in seconds.

    `url` is the address that responded, which differs from the request's after a redirect.
    """

    status: int
    headers: Headers = Headers()
    content: bytes = b""
    url: str = ""
    elapsed: float = 0.0

    def __repr__(self) -> str:
        kind = self.headers.get("Content-Type", "no content type")
        return f"<HttpResponse {self.status} {kind}, {len(self.content)} bytes>"


class Violation(Struct, frozen=True):
    """One way in which a value breaks the document.

    where             which part of the exchange: `request.body`, `request.query.limit`,
                      `response.body`, `response.header.X-Total`, `response.status`
    pointer           JSON Pointer into that value; empty for the value itself
    document_pointer  JSON Pointer into the document, to the rule that was broken; for a rule in
                      another file its URI, `#` and the pointer
    rule              the keyword or check: `type`, `required`, `enum`, `unknown-argument`, …
    message           a sentence a person can act on, without secret values
    layer             the layer of the validation policy it belongs to: request, status,
                      media_type, headers, body, formats, unknown_enum, undocumented_members or
                      missing_members
    remedy            what to do about it, as data; None where the message is enough
    format            the name of the format, where the rule is `format`
    """

    where: str
    pointer: str
    document_pointer: str
    rule: str
    message: str
    layer: str = "body"
    remedy: Remedy | None = None
    format: str | None = None

    def as_dict(self) -> dict[str, str]:
        """The same as plain data, for reports; a remedy in Python's words, where there is one."""
        values = structs.asdict(self)
        return {name: str(value) for name, value in values.items() if value is not None}

    def worded(self, words: Words = in_python) -> str:
        """The violation as a line, with its remedy in the words of one face."""
        place = f"{self.where} at {self.pointer}" if self.pointer else self.where
        remedy = f"; {words(self.remedy)}" if self.remedy is not None else ""
        rule = f" ({self.rule} at {self.document_pointer})" if self.document_pointer else ""
        return f"{place}: {self.message}{remedy}{rule}"

    def __str__(self) -> str:
        return self.worded()

    def _repr_html_(self) -> str:
        """For notebooks."""
        return _violations_html([self], str)


def _violations_html(violations: Iterable[Violation], mask: Callable[[str], str]) -> str:
    from .html import table

    names = ("where", "at", "what is wrong", "rule", "in the document")
    rows = [
        (each.where, each.pointer, mask(each.message), each.rule, each.document_pointer)
        for each in violations
    ]
    return table(names, rows)


class Response(Struct, frozen=True):
    """What a call came back with, read by the operation's document.

    `data` is plain Python data (dict, list, str, int, float, bool, None; bytes for a binary
    body), None when there was no body. `violations` lists everything in which the exchange broke
    the document at a level of "warn"; what is "strict" raises `InvalidResponse` instead.
    `header_values` are the values of the declared headers that came, decoded, by the names that
    the document gives them; a list for `Set-Cookie`, unless its schema is an array itself.
    `attempts` is how often the request was sent, its redirects not counted.
    """

    data: Any
    status: int
    headers: Headers
    content: bytes
    operation: OperationInfo
    elapsed: float
    request: HttpRequest
    media_type: str | None = None
    violations: tuple[Violation, ...] = ()
    header_values: Mapping[str, Any] = {}
    attempts: int = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickles of responses, and of errors with them, end in logs, queues and result stores, and
        # whoever reads them there has no need of the credentials: the request is there to be seen.
        values = structs.asdict(self)
        values["request"] = self.request.redacted()
        return type(self), tuple(values.values())

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx or 3xx."""
        return self.status < 400

    @property
    def text(self) -> str:
        """The body as text, in the charset the server named, else UTF-8 (errors replaced)."""

        return self.content.decode(charset_of(self.headers.get("Content-Type", "")), "replace")

    def _repr_html_(self) -> str:
        """For notebooks: the data, without secrets, and what is wrong."""
        from .html import heading, tree

        mask, info = self.request.mask(), self.operation
        data = self.request.redactor.data(self.data)
        parts = [heading(f"{self.status}", f"{info.name}, {self.elapsed * 1000:.0f} ms")]
        if self.violations:
            parts.append(_violations_html(self.violations, mask))
        shown = f"{len(data)} bytes" if isinstance(data, bytes) else data
        return "".join(parts) + mask(tree(shown))

    def __repr__(self) -> str:
        broken = f", {len(self.violations)} violations" if self.violations else ""
        return f"<Response {self.status} to {self.operation.name}{broken}>"
