"""The response side of one operation, compiled: HttpResponse in, Response out.

For each (status, content type) that arrives, a `_Reader` is made once and kept: which declared
response it is, how its body is decoded, and what validates it.
Sources: OpenAPI 3.1.1, sections "Responses Object", "Response Object" and "Header Object".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..document import Document, Location, Node
from ..errors import DocumentError, NotLoaded, Unavailable
from ..jsontext import JsonTextError, decode
from ..media import Kind, best_match, charset_of, kind_of, parse_media_type
from ..messages import Headers, HttpRequest, HttpResponse, Response, Violation
from ..schema import Validator, compile_validator
from ..validation import Validation
from .content.cutting import Records, records_of
from .content.forms import form_decoder
from .content.sequential import ItemsValidator, compile_row, decode_items, is_row, is_sequential
from .fields.headers import DeclaredHeader, read_headers
from .fields.texts import text_reader

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Begun", "DeclaredResponse", "ResponsePlan", "declared_for"]

# A response to these has no body whatever its fields say (RFC 9110, section 6.4.1).
_BODILESS_STATUSES = frozenset({204, 205, 304})
_MOST_READERS = 256


class DeclaredResponse:
    """One entry of the Responses Object: `key` is `"200"`, `"2XX"` or `"default"`."""

    def __init__(self, document: Document, key: str, value: Any, at: Location) -> None:
        self.key = key
        self.at = at
        self._document = document
        self._validators: dict[tuple[str, bool, bool], Validator | ItemsValidator | None] = {}
        value = value if isinstance(value, dict) else {}
        description = value.get("description")
        self.description = description if isinstance(description, str) else ""
        content = value.get("content")
        self.content: Mapping[str, Any] = content if isinstance(content, dict) else {}
        self.headers: tuple[DeclaredHeader, ...] = read_headers(document, value, at)

    def schema(self, media_type: str) -> Node | None:
        """The Schema Object of a declared media type; None if it has none.

        Where a row of items has an `itemSchema`, it is that: the schema of one of them.
        """
        entry, place = self._entry(media_type)
        by_item = "itemSchema" in entry and is_sequential(media_type)
        keyword = "itemSchema" if by_item else "schema"
        if keyword not in entry:
            return None
        return Node(self._document, entry[keyword], place.child(keyword))

    def is_sequence(self, media_type: str, actual: str | None = None) -> bool:
        """Whether content of a declared media type, or of the actual one, is a row of items."""
        return is_row(self._document, actual or media_type, *self._entry(media_type))

    def _entry(self, media_type: str) -> tuple[Mapping[str, Any], Location]:
        place = self.at.child("content", media_type)
        entry, place = self._document.resources.follow(self.content[media_type], place)
        return (entry if isinstance(entry, dict) else {}), place

    def validator(
        self, media_type: str, formats: bool, actual: str | None = None
    ) -> Validator | ItemsValidator | None:
        """The compiled schema of a declared media type; None where there is nothing to check.

        That depends on the type that came, `actual`, where a range is declared.
        """
        sequence = self.is_sequence(media_type, actual)
        if not sequence and not self._judges(media_type, actual or media_type):
            return None
        key = (media_type, formats, sequence)
        if key not in self._validators:
            self._validators[key] = self._compile(media_type, formats, sequence)
        return self._validators[key]

    def _judges(self, media_type: str, actual: str) -> bool:
        """Whether the schema has a say over content of that type."""
        found = self.schema(media_type)
        kind = kind_of(parse_media_type(actual))
        if found is None or kind in ("binary", "multipart"):
            return False
        return kind != "text" or text_reader(found, actual) is not None

    def _compile(
        self, media_type: str, formats: bool, sequence: bool
    ) -> Validator | ItemsValidator | None:
        document = self._document
        if sequence:
            entry, place = self._entry(media_type)
            return compile_row(document, entry, place, "response", formats=formats)
        found = self.schema(media_type)
        root = found and (found.value, found.at)
        return root and compile_validator(document, root, "response", formats=formats)

    def decoder(self, media_type: str, actual: str | None) -> Callable[[bytes], Any]:
        """How a body under a declared media type becomes plain data. It raises ValueError."""
        if actual is None and "*" in media_type:
            return _decode_unknown
        shown = actual or media_type
        if self.is_sequence(media_type, shown):
            return decode_items(shown)
        return _decoder_for(shown, self.schema(media_type))


def declared_for(responses: Mapping[str, DeclaredResponse], status: int) -> DeclaredResponse | None:
    """The declared response that a status falls under: its own, its range's, else the default."""
    return (
        responses.get(str(status))
        or responses.get(f"{status // 100}XX")
        or responses.get("default")
    )


class _Reader:
    """How a response of one status and content type is read."""

    __slots__ = (
        "declared",
        "decode",
        "faults",
        "headers",
        "lasting",
        "media_type",
        "promised",
        "untyped",
        "validator",
    )

    def __init__(self, declared: DeclaredResponse | None, decoder: Callable[[bytes], Any]) -> None:
        self.declared = declared
        self.decode = decoder
        self.validator: Validator | ItemsValidator | None = None
        self.media_type: str | None = None
        self.lasting = True
        self.headers: tuple[DeclaredHeader, ...] = declared.headers if declared else ()
        #: What is wrong whatever the body is: an undeclared status or content type.
        self.faults: tuple[Violation, ...] = ()
        #: What is wrong once there is a body: it came without a content type.
        self.untyped: tuple[Violation, ...] = ()
        #: The kind of body the document promises, when an empty one breaks that promise.
        self.promised: Kind | None = None


class Begun(NamedTuple):
    """How the body of one response is read, item by item.

    records    how it is cut into items and they are decoded; None if it is no row of items
    validator  what judges an item; None where the document says nothing of it
    """

    media_type: str | None
    bodiless: bool
    records: Records | None
    validator: Validator | None

    def judge(self, item: Any) -> list[Violation]:
        """In what an item breaks the document."""
        return [] if self.validator is None else _judge(self.validator, item)


class ResponsePlan:
    """The compiled response side of one operation."""

    def __init__(self, operation: Operation, *, formats: bool) -> None:
        # Not the operation itself, which keeps this plan: whoever drops a document shall have its
        # memory back at once, and not when the collector finds the ring.
        self._document = operation.document
        self._responses = operation.responses
        self._at = operation.at
        self._formats = formats
        self._readers: dict[tuple[int, str | None], _Reader] = {}
        self._bodiless = operation.method == "HEAD"

    def compile(self, *, successes_only: bool = False) -> None:
        """Compile the validators of the declared responses now, or of the 2xx ones.

        DocumentError if the document breaks one. A call compiles the successes before it sends:
        an answer that can't be judged should not be asked for.
        """
        for declared in self._responses.values():
            if successes_only and declared.key[:1] != "2":
                continue
            for header in declared.headers:
                header.validator(self._formats)
            for media_type in declared.content:
                declared.validator(media_type, self._formats)

    def declares(self, status: int) -> bool:
        """Whether the document declares this very status, not only its range or a default."""
        return str(status) in self._responses

    def parse(
        self, operation: Operation, http: HttpResponse, request: HttpRequest, policy: Validation
    ) -> Response:
        """The response, read. Its `violations` are all that were found, whatever their level."""
        status = http.status
        content_type = http.headers.get("Content-Type")
        reader = self._readers.get((status, content_type))
        if reader is None:
            reader = self._reader(status, content_type)
        faults = list(reader.faults) if reader.faults else []
        content = http.content
        data: Any = None
        if content:
            if reader.untyped:
                faults.extend(reader.untyped)
            try:
                data = reader.decode(content)
            except ValueError as error:
                data = content
                faults.append(self._unreadable(reader, content_type, content, error))
            else:
                validator = reader.validator
                if validator is not None and policy.body != "off":
                    faults.extend(_judge(validator, data))
        elif not self._bodiless and status not in _BODILESS_STATUSES:
            data = self._empty(reader, faults)
        if reader.headers and policy.headers != "off":
            for header in reader.headers:
                faults.extend(header.judge(http.headers, self._formats))
        if faults:
            faults = self._document.published(faults)
        return Response(
            data,
            status,
            http.headers,
            content,
            operation.info,
            http.elapsed,
            request,
            reader.media_type,
            tuple(faults),
        )

    def begin(
        self, status: int, headers: Headers, policy: Validation
    ) -> tuple[Begun, list[Violation]]:
        """How a body that is yet to come is read, and in what the header breaks the document."""
        content_type = headers.get("Content-Type")
        reader = self._readers.get((status, content_type)) or self._reader(status, content_type)
        faults = [*reader.faults]
        bodiless = self._bodiless or status in _BODILESS_STATUSES
        if not bodiless:
            faults += reader.untyped
        if policy.headers != "off":
            for header in reader.headers:
                faults += header.judge(headers, self._formats)
        kind = next((t for t in (content_type, reader.media_type) if t and is_sequential(t)), None)
        rows = reader.validator if isinstance(reader.validator, ItemsValidator) else None
        records = None if kind is None else records_of(kind)
        item = None if rows is None else rows.item
        begun = Begun(reader.media_type, bodiless, records, item)
        return begun, self._document.published(faults)

    def _empty(self, reader: _Reader, faults: list[Violation]) -> Any:
        """What an empty body is: text may be empty, JSON may not."""
        if reader.promised == "text":
            return ""
        if reader.promised == "json" and reader.declared is not None:
            known = ", ".join(reader.declared.content)
            faults.append(
                Violation(
                    "response.body",
                    "",
                    reader.declared.at.child("content").pointer,
                    "empty",
                    f"the body is empty; the document promises {known}",
                )
            )
        return None

    def _unreadable(
        self, reader: _Reader, content_type: str | None, content: bytes, error: ValueError
    ) -> Violation:
        start = content[:40].decode("utf-8", "replace").strip()
        hint = "; it looks like HTML" if start[:1] == "<" else ""
        pointer = reader.declared.at.pointer if reader.declared else ""
        return Violation(
            "response.body",
            "",
            pointer,
            "encoding",
            f"the body says it is {content_type or 'JSON'} and can't be read as that: "
            f"{error}{hint}",
        )

    # ── making readers ───────────────────────────────────────────────────────────────────────

    def _reader(self, status: int, content_type: str | None) -> _Reader:
        declared = declared_for(self._responses, status)
        if declared is None:
            reader = _Reader(None, _decoder_for(content_type))
            known = ", ".join(self._responses) or "none"
            reader.faults = (
                Violation(
                    "response.status",
                    "",
                    self._at.child("responses").pointer,
                    "status",
                    f"status {status} is not declared; these are: {known}",
                    "status",
                ),
            )
        else:
            reader = self._declared_reader(declared, content_type)
        if len(self._readers) >= _MOST_READERS:
            self._readers.clear()  # a boundary, say, makes every content type another one
        if reader.lasting:
            self._readers[status, content_type] = reader
        return reader

    def _declared_reader(self, declared: DeclaredResponse, content_type: str | None) -> _Reader:
        if not declared.content:
            return _Reader(declared, _decoder_for(content_type))
        known = ", ".join(declared.content)
        place = declared.at.child("content").pointer
        # Without a content type the body is read as the document's first type, so that what came
        # can still be looked at.
        key = (
            next(iter(declared.content))
            if content_type is None
            else best_match(declared.content, content_type)
        )
        if key is None:
            reader = _Reader(declared, _decoder_for(content_type))
            reason = f"content type {content_type!r} is not declared; these are: {known}"
            reader.faults = (_type_fault(place, reason),)
            return reader
        reader = _Reader(declared, _decoder_for(content_type or key))
        if content_type is None:
            reason = f"the body has no content type; declared are: {known}"
            reader.untyped = (_type_fault(place, reason),)
        reader.media_type = key
        kinds = {
            "any" if each in ("*/*", "application/*") else kind_of(parse_media_type(each))
            for each in declared.content
        }
        reader.promised = "json" if kinds == {"json"} else "text" if "text" in kinds else None
        try:
            reader.validator = declared.validator(key, self._formats, content_type)
            reader.decode = declared.decoder(key, content_type)
        except NotLoaded:
            raise
        except DocumentError as error:
            # The answer has come and must not be lost: that it can't be judged is told beside it.
            reason = f"the body can't be judged: {error}"
            reader.faults = (
                Violation("response.body", "", error.pointer or "", "document", reason),
            )
            reader.lasting = not isinstance(error, Unavailable)
        return reader


def _type_fault(pointer: str, reason: str) -> Violation:
    where = "response.header.Content-Type"
    return Violation(where, "", pointer, "content-type", reason, "media_type")


def _judge(validator: Validator | ItemsValidator, data: Any) -> list[Violation]:
    try:
        if validator.is_valid(data):
            return []
    except UnicodeEncodeError:
        reason = "a string holds a lone surrogate, which has no UTF-8 form"
        return [Violation("response.body", "", "", "encoding", reason)]
    except ValueError:
        return []  # bytes of which nobody said what they are
    return validator.explain(data, "response.body")


def _decoder_for(content_type: str | None, schema: Node | None = None) -> Callable[[bytes], Any]:
    """How a body of this content type becomes plain data. The decoder raises ValueError.

    Text becomes what the schema wants of it; see `texts`.
    """
    if content_type is None:
        return _decode_unknown
    kind = kind_of(parse_media_type(content_type))
    if kind == "json":
        return decode
    if kind == "text":
        charset = charset_of(content_type)
        read = text_reader(schema, content_type) if schema else None
        if read is None or read is str:
            return lambda content: content.decode(charset)
        return lambda content: read(content.decode(charset))
    if kind == "form":
        return form_decoder(schema)
    return bytes


def _decode_unknown(content: bytes) -> Any:
    try:
        return decode(content)
    except JsonTextError:
        return content
