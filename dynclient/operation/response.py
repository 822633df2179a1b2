"""The response side of one operation, compiled: HttpResponse in, Response out.

For each (status, content type) that arrives, a `_Reader` is made once and kept: which declared
response it is, how its body is decoded, and what validates it.
Sources: OpenAPI 3.1.1, sections "Responses Object", "Response Object" and "Header Object".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import DocumentError, NotLoaded, Unavailable
from ..jsontext import JsonTextError, decode, surrogate_in
from ..media import best_match
from ..messages import Headers, HttpRequest, HttpResponse, Response, Violation
from ..validation import Formats, Validation
from .content.codec import Cutter, Decoder, Judge, explained, is_valid
from .content.entry import MediaEntry
from .content.sequential import ItemsJudge
from .declared import DeclaredResponse, declared_for
from .fields.headers import DeclaredHeader

if TYPE_CHECKING:
    from .operation import Operation

__all__ = ["Begun", "Records", "ResponsePlan", "judge_data"]

# A response to these has no body, whatever its fields (RFC 9110, section 6.4.1).
_BODILESS_STATUSES = frozenset({204, 205, 304})
_MOST_READERS = 256


class _Reader:
    """How a response of one status and content type is read."""

    __slots__ = (
        "decode",
        "empty",
        "empty_judge",
        "headers",
        "judge",
        "lasting",
        "media_type",
        "pointer",
        "refused_empty",
        "untyped",
        "violations",
    )

    def __init__(self, decoder: Decoder) -> None:
        self.decode = decoder
        self.judge: Judge | None = None
        self.media_type: str | None = None
        self.headers: tuple[DeclaredHeader, ...] = ()
        #: Where the declared response stands.
        self.pointer = ""
        #: What is wrong whatever the body is: an undeclared status or content type.
        self.violations: tuple[Violation, ...] = ()
        #: What is wrong once there is a body: it came without a content type.
        self.untyped: tuple[Violation, ...] = ()
        #: The violations of an empty body; else how it is decoded and validated: None for no data.
        self.refused_empty: Violation | None = None
        self.empty: Decoder | None = None
        self.empty_judge: Judge | None = None
        #: Whether the next response of the kind is read the same.
        self.lasting = True

    def cannot_judge(self, error: DocumentError) -> None:
        """Keep the response, with a violation: its schema can't be used."""
        reason = f"the body can't be validated: {error.message}"
        pointer, remedy = error.pointer or "", error.remedy
        self.violations = (
            Violation("response.body", "", pointer, "document", reason, "body", remedy),
        )
        self.lasting = not isinstance(error, Unavailable)


class Records(NamedTuple):
    """How the items of a sequential media type are read.

    cutter  makes what cuts content into the content of each item; one for each response
    decode  from the content of an item to its data; raises ValueError
    """

    cutter: Callable[[], Cutter]
    decode: Callable[[bytes], Any]


class Begun(NamedTuple):
    """How the body of one response is decoded, item by item.

    records        how its items are decoded; None if it is not a sequential media type
    validator      what validates an item; None where the document does not describe it
    header_values  the values of the declared headers
    """

    media_type: str | None
    bodiless: bool
    records: Records | None
    validator: Judge | None
    header_values: Mapping[str, Any]

    def judge(self, item: Any) -> list[Violation]:
        """The violations of an item."""
        return [] if self.validator is None else judge_data(self.validator, item)


class ResponsePlan:
    """The compiled response side of one operation."""

    def __init__(self, operation: Operation, *, formats: Formats, members: bool = False) -> None:
        # Not the operation itself, which keeps this plan: the memory of a document is freed as
        # soon as nobody uses it, and not when the collector finds the ring.
        self._document = operation.document
        self._codecs = operation.codecs
        self._responses = operation.responses
        self._at = operation.at
        self._formats = formats
        self._members = members
        self._readers: dict[tuple[int, str | None], _Reader] = {}
        self._bodiless = operation.method == "HEAD"

    def compile(self, *, successes_only: bool = False) -> None:
        """Compile the validators of the declared responses now, or of the 2xx ones.

        DocumentError if the document breaks one. A call compiles the successes before it sends:
        a response that can't be validated should not be requested.
        """
        for declared in self._responses.values():
            if successes_only and declared.key[:1] != "2":
                continue
            for header in declared.headers:
                header.validator(self._formats)
            for media_type, entry in declared.content.items():
                entry.judge(media_type, formats=self._formats)

    def declares(self, status: int) -> bool:
        """Whether the document has a response for just this status, or for its range (`3XX`)."""
        return str(status) in self._responses or f"{status // 100}XX" in self._responses

    def parse(
        self, operation: Operation, http: HttpResponse, request: HttpRequest, policy: Validation
    ) -> Response:
        """The response, read. Its `violations` are all that were found, whatever their level."""
        status = http.status
        content_type = http.headers.get("Content-Type")
        reader = self._readers.get((status, content_type))
        if reader is None:
            reader = self._reader(status, content_type)
        found = list(reader.violations) if reader.violations else []
        content = http.content
        data: Any = None
        if content:
            if reader.untyped:
                found.extend(reader.untyped)
            try:
                data = reader.decode(content)
            except ValueError as error:
                data = content
                found.append(self._unreadable(reader, content_type, content, error))
            else:
                judge = reader.judge
                if judge is not None and policy.body != "off":
                    found.extend(judge_data(judge, data))
        elif not self._bodiless and status not in _BODILESS_STATUSES:
            data = _empty(reader, policy, found)
        values = self._read_headers(reader, http.headers, policy, found) if reader.headers else {}
        if found:
            found = self._document.published(found)
        return Response(
            data,
            status,
            http.headers,
            content,
            operation.info,
            http.elapsed,
            request,
            reader.media_type,
            tuple(found),
            values,
        )

    def begin(
        self, status: int, headers: Headers, policy: Validation
    ) -> tuple[Begun, list[Violation]]:
        """How a body that is still to come is decoded, and the violations of the header."""
        content_type = headers.get("Content-Type")
        reader = self._readers.get((status, content_type)) or self._reader(status, content_type)
        found = [*reader.violations]
        bodiless = self._bodiless or status in _BODILESS_STATUSES
        if not bodiless:
            found += reader.untyped
        values = self._read_headers(reader, headers, policy, found)
        judge = reader.judge if isinstance(reader.judge, ItemsJudge) else None
        records = self._records(content_type or reader.media_type)
        item = None if judge is None else judge.item
        begun = Begun(reader.media_type, bodiless, records, item, values)
        return begun, self._document.published(found)

    def _read_headers(
        self, reader: _Reader, headers: Headers, policy: Validation, found: list[Violation]
    ) -> dict[str, Any]:
        """The values of the declared headers; what is wrong with them goes to `found`."""
        values = {}
        for header in reader.headers:
            if policy.headers != "off":
                found.extend(header.judge(headers, self._formats))
            if header.name in headers:
                with suppress(DocumentError):  # of a schema that can't be used: see the violation
                    values[header.name] = header.value(headers)
        return values

    def _records(self, content_type: str | None) -> Records | None:
        """How items are decoded: of any sequential media type, described by the document or not."""
        codec = self._codecs.find(content_type or "")
        make = codec.cutter
        return None if make is None else Records(make, codec.decode_item)

    def _unreadable(
        self, reader: _Reader, content_type: str | None, content: bytes, error: ValueError
    ) -> Violation:
        start = content[:40].decode("utf-8", "replace").strip()
        is_html = start[:1] == "<" and "xml" not in (content_type or "")
        hint = "; it looks like HTML" if is_html else ""
        named = content_type or "JSON"
        reason = f"the body can't be decoded as {named}: {error}{hint}"
        return Violation("response.body", "", reader.pointer, "encoding", reason)

    # ── making readers ───────────────────────────────────────────────────────────────────────

    def _reader(self, status: int, content_type: str | None) -> _Reader:
        declared = declared_for(self._responses, status)
        if declared is None:
            reader = _Reader(self._decoder(content_type))
            place, known = self._at.child("responses").pointer, ", ".join(self._responses) or "none"
            reason = f"status {status} is not declared; these are: {known}"
            reader.violations = (
                Violation("response.status", "", place, "status", reason, "status"),
            )
        else:
            try:
                reader = self._declared_reader(declared, content_type)
            except NotLoaded:
                raise
            except DocumentError as error:
                reader = _Reader(self._decoder(content_type))
                reader.cannot_judge(error)
        if len(self._readers) >= _MOST_READERS:
            self._readers.clear()  # a boundary makes every content type another one
        if reader.lasting:
            self._readers[status, content_type] = reader
        return reader

    def _decoder(self, content_type: str | None) -> Decoder:
        """How content is decoded that the document does not describe."""
        if content_type is None:
            return _decode_unknown
        return self._codecs.find(content_type).decoder(None, content_type)

    def _declared_reader(self, declared: DeclaredResponse, content_type: str | None) -> _Reader:
        reader = _Reader(self._decoder(content_type))
        reader.headers, reader.pointer = declared.headers, declared.at.pointer
        if not declared.media_types:
            return reader
        known = ", ".join(declared.media_types)
        place = declared.at.child("content").pointer
        # Without a content type the body is decoded as the document's first type, so that the
        # caller can still look at it.
        key: str | None = declared.media_types[0]
        if content_type is not None:
            key = best_match(declared.media_types, content_type)
        if key is None:
            reason = f"content type {content_type!r} is not declared; these are: {known}"
            reader.violations = (_type_violation(place, reason),)
            if content_type and self._codecs.find(content_type).takes_empty:
                reader.empty = reader.decode
            return reader
        if content_type is None:
            reason = f"the body has no content type; declared are: {known}"
            reader.untyped = (_type_violation(place, reason),)
        reader.media_type = key
        try:
            self._read_by(reader, declared.content[key], content_type)
            self._read_empty(reader, declared, content_type)
        except NotLoaded:
            raise
        except DocumentError as error:
            reader.cannot_judge(error)
        return reader

    def _read_by(self, reader: _Reader, entry: MediaEntry, content_type: str | None) -> None:
        shown = content_type or entry.media_type
        reader.judge = self._judge_of(entry, shown)
        if content_type is not None or not entry.is_range:
            reader.decode = entry.codec_for(shown).decoder(entry, shown)

    def _judge_of(self, entry: MediaEntry, content_type: str) -> Judge | None:
        judge, schema = entry.judge(content_type, formats=self._formats), entry.schema
        if not self._members or judge is None or schema is None:
            return judge
        from ..schema.members import MembersJudge  # for those who ask for it

        if not isinstance(judge, ItemsJudge):
            return MembersJudge(judge, schema, self._formats)
        if judge.item is None:
            return judge
        return ItemsJudge(MembersJudge(judge.item, schema, self._formats), judge.whole)

    def _read_empty(
        self, reader: _Reader, declared: DeclaredResponse, content_type: str | None
    ) -> None:
        """How an empty body is decoded: by its content type, else by what is declared."""
        if content_type is not None and reader.media_type is not None:
            entries = [declared.content[reader.media_type]]
        else:
            entries = list(declared.content.values())
            if any(each.codec.is_json and each.is_range for each in entries):
                return  # any body is allowed, so an empty one too
        for entry in entries:
            shown = content_type or entry.media_type
            codec = entry.codec_for(shown)
            if codec.takes_empty:
                reader.empty = codec.decoder(entry, shown)
                reader.empty_judge = entry.judge(shown, formats=self._formats)
                return
        promised = content_type or ", ".join(declared.media_types)
        reason = f"the body is empty, which is not {promised}"
        place = declared.at.child("content").pointer
        reader.refused_empty = Violation("response.body", "", place, "empty", reason)


def _type_violation(pointer: str, reason: str) -> Violation:
    where = "response.header.Content-Type"
    return Violation(where, "", pointer, "content-type", reason, "media_type")


def _empty(reader: _Reader, policy: Validation, found: list[Violation]) -> Any:
    """What an empty body is."""
    if reader.refused_empty is not None:
        found.append(reader.refused_empty)
    if reader.empty is None:
        return None
    data = reader.empty(b"")
    if reader.empty_judge is not None and policy.body != "off":
        found.extend(judge_data(reader.empty_judge, data))
    return data


def judge_data(
    judge: Judge, data: Any, where: str = "response.body", layer: str = "body"
) -> list[Violation]:
    """The violations of decoded data."""
    try:
        if judge.is_valid(data):
            return []
    except (ValueError, TypeError):  # text that is not Unicode, bytes, dates
        if isinstance(data, bytes):
            return []  # no schema names their type
    found = []
    if (place := surrogate_in(data)) is not None:
        reason = "a string has a lone surrogate, which UTF-8 can't encode"
        found.append(Violation(where, place, "", "encoding", reason, layer))
    try:
        valid = is_valid(judge, data)
        return found if valid else found + explained(judge, data, where, layer=layer)
    except ValueError as error:
        reason = f"the body can't be validated: {error}"
        return [*found, Violation(where, "", "", "encoding", reason, layer)]


def _decode_unknown(content: bytes) -> Any:
    try:
        return decode(content)
    except JsonTextError:
        return content
