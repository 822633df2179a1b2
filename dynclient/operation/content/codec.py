"""What a codec is: the one object that knows content of some media types, both ways.

Everything that differs by media type is an attribute or a method here, so that nothing else asks
which type it is. `registry.py` says which codec a media type has.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import quote, unquote

from msgspec import Struct

from ...document import Node
from ...messages import Violation
from ...redaction import NOT_SHOWN, Redactor
from ...schema import Judge
from ...validation import Formats
from ..fields.styles import StyleError, plain, text_of
from ..fields.texts import Reader, scalar_reader
from ..violations import TOO_DEEP
from .files import StreamedBody, is_stream

if TYPE_CHECKING:
    from .entry import MediaEntry
    from .parts import Multipart

__all__ = [
    "BYTES",
    "Codec",
    "Cutter",
    "Decoder",
    "EncodedBody",
    "Judge",
    "Opaque",
    "explained",
    "is_valid",
]

#: Content that is there as a whole.
BYTES = bytes | bytearray | memoryview

#: Makes plain data of content; raises ValueError.
Decoder: TypeAlias = Callable[[bytes], Any]

#: The members of an object, by name, or the items of an array, by index, that are files; each with
#: whether all of it is one: of a list of files only the items are.
Opaque: TypeAlias = frozenset[tuple[str | int, bool]]


class Cutter(Protocol):
    """Cuts content of a sequential media type into its items. One for each response.

    It is fed and never pulls, so that it serves `for` and `async for` alike.
    """

    def feed(self, piece: bytes) -> list[bytes]:
        """The content of each item that has ended with this piece."""

    def end(self) -> list[bytes]:
        """What is left once all has come: the last item, if it needs no end."""


class EncodedBody(Struct, frozen=True):
    """A body on its way to the wire: its content, its type, and what to validate of it.

    `data` is the plain value for the schema; `judged` is False for a stream, which nobody has read.
    `opaque` are the members or items of `data` that are files.
    """

    content: bytes | StreamedBody | Multipart
    content_type: str
    data: Any = None
    judged: bool = True
    opaque: Opaque = frozenset()

    @property
    def size(self) -> int | None:
        """The bytes of a streamed body, None if they can't be told or all are at hand."""
        return None if isinstance(self.content, bytes) else self.content.size

    def sendable(self) -> bytes | Iterable[bytes] | AsyncIterable[bytes]:
        """The content as a transport takes it: what can be sent only once is an iterator."""
        content = self.content
        if isinstance(content, bytes) or content.repeatable:
            return content
        return getattr(content, "waiting", None) or iter(content)


class Codec:
    """Encodes and decodes content of some media types. One object for all of it, without state.

    A codec of your own is a subclass with `media_types`, `encode` and `decode`, given by
    `Client(codecs=[...])`. It must be picklable if the client is to be.

    media_types     what it is for: types, or `*/*+suffix`, `type/*`, `*/subtype`
    preference      of several media types of one body the lowest is taken: those that carry the
                    richest data first
    is_json         whether its content is a JSON text
    is_text         whether its data is text: it takes any string
    takes_any       whether any bytes are content of it, and schemas have no say
    has_members     whether it may be an object, that is given by the properties of its schema
    takes_files     whether the members of an object may be files
    takes_empty     whether no bytes at all are content; else an empty body is a violation
    """

    media_types: tuple[str, ...] = ()
    preference = 50
    is_json = False
    is_text = False
    takes_any = False
    has_members = True
    takes_files = False
    takes_empty = False

    def decode(self, content: bytes) -> Any:
        """The data of content. Any exception if it can't be decoded: it becomes a violation."""
        raise NotImplementedError

    def encode(self, value: Any) -> bytes:
        """The content of a value. Any exception if it can't be encoded."""
        raise NotImplementedError

    # ── by what the document says of it ──────────────────────────────────────────────────────

    def bound(self, entry: MediaEntry) -> Codec:
        """The codec of content that this Media Type Object describes: itself, or another."""
        del entry
        return self

    def decoder(self, entry: MediaEntry | None, content_type: str) -> Decoder:
        """How content of a response becomes data; made once for each content type that comes."""
        del entry, content_type
        return self._decoded

    def _decoded(self, content: bytes) -> Any:
        try:
            return self.decode(content)
        except Exception as error:  # whatever its library raises
            raise ValueError(str(error) or type(error).__name__) from error

    def encoded(self, entry: MediaEntry, value: Any, content_type: str) -> EncodedBody:
        """The body of a request. StyleError or another ValueError if the value has none."""
        del entry
        if is_stream(value):
            return EncodedBody(StreamedBody(value), content_type, judged=False)
        if isinstance(value, BYTES):
            raw = bytes(value)
            return EncodedBody(raw, content_type, self._decoded(raw))
        try:
            content = bytes(memoryview(self.encode(value)))
            return EncodedBody(content, content_type, value)
        except Exception as error:  # noqa: BLE001 - whatever its library raises
            raise StyleError(f"the value can't be encoded as {content_type}: {error}") from None

    def judge(self, entry: MediaEntry, content_type: str, *, formats: Formats) -> Judge | None:
        """What judges data of content of that type; None where the document has no say over it."""
        del content_type
        return entry.compiled("schema", formats=formats)

    def schema(self, entry: MediaEntry) -> Node | None:
        """The schema of the data, or that of one item where the entry describes items."""
        return entry.child("schema")

    # ── as text, in a parameter or header that has `content` ─────────────────────────────────

    def text(self, value: Any) -> str:
        """The text of a plain value. StyleError or another ValueError if it has none."""
        return text_of(value)

    def query(self, value: Any) -> str:
        """The query string that a plain value is (OpenAPI 3.2.0, `in: querystring`)."""
        return quote(self.text(value), safe="")

    def of_query(self, query: str, schema: Node) -> Any:
        """The value that a query string is; the text itself where it can't be that."""
        return self.reader(schema)(unquote(query))

    def reader(self, schema: Node) -> Reader:
        """How text becomes the value that its schema wants."""
        return scalar_reader(schema)

    # ── items ────────────────────────────────────────────────────────────────────────────────

    #: Makes what cuts content into items; None if this is no sequential media type.
    cutter: Callable[[], Cutter] | None = None

    def decode_item(self, content: bytes) -> Any:
        """The data of one item, as the cutter gives it. ValueError if it can't be read."""
        return self.decode(content)

    # ── for people ───────────────────────────────────────────────────────────────────────────

    def redacted(self, content: bytes, content_type: str, redactor: Redactor) -> bytes:
        """The content without secrets, to be shown; by default it is not."""
        del redactor
        return NOT_SHOWN + f": {len(content)} bytes of {content_type or 'unknown type'}]".encode()

    def secrets(self, content: bytes, redactor: Redactor, *, whole: bool) -> Iterator[str]:
        """The secret texts in content, which nobody may repeat; all of it is, if `whole`."""
        try:
            data = self._decoded(content)
        except ValueError:
            return
        yield from redactor.leaves(data, whole)

    def given(self, content: bytes) -> Any:
        """The value of a body that is given as text, on the command line: JSON, if it is that."""
        from ...jsontext import JsonTextError, decode

        try:
            return decode(content)
        except JsonTextError:
            return content

    def sample(self, value: Any) -> Any:
        """A body for an example, from a value that the schema takes."""
        return value


def is_valid(judge: Judge, data: Any) -> bool:
    """Whether data is valid. What a codec makes besides plain data is judged as the text of it."""
    try:
        return judge.is_valid(data)
    except (ValueError, TypeError):
        return judge.is_valid(_judgeable(data))


def explained(judge: Judge, data: Any, where: str, *, layer: str = "body") -> list[Violation]:
    """Every violation of data that `is_valid` refused."""
    try:
        return judge.explain(data, where, layer=layer)
    except (ValueError, TypeError):
        return judge.explain(_judgeable(data), where, layer=layer)


def _judgeable(data: Any) -> Any:
    """Data as plain as schemas can judge: bytes as text of that length, dates as text.

    A lone surrogate is replaced, since no text with one can be judged. ValueError for data that
    contains itself, or that nothing makes plain.
    """
    try:
        return _plain(data)
    except RecursionError:
        raise StyleError(TOO_DEEP) from None


def _plain(data: Any) -> Any:
    if isinstance(data, str):
        return data if data.isascii() else data.encode("utf-8", "replace").decode()
    if isinstance(data, BYTES):
        return bytes(data).decode("latin-1")
    if isinstance(data, Mapping):
        return {
            _plain(key if isinstance(key, str) else text_of(key)): _plain(v)
            for key, v in data.items()
        }
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return plain(data)
