"""One response of HTTP/1.1 as it comes, parsed by llhttp (httptools). Fed, never pulls.

llhttp refuses what two readers could understand differently: two lengths, a length beside
chunked, a bare CR, a null, a folded field, lines that end in LF. What it leaves to its user is
here: the end of a response to HEAD and of one that ends with the connection (RFC 9112, section
6.3), transfer codings, bytes after the end, and bounds.
"""

from __future__ import annotations

from httptools import (
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

__all__ = ["BadMessage", "Incoming", "Incomplete", "NoResponse"]

_START = b"HTTP/1."
_MAX_INTERIM = 32
_MAX_FIELDS = 1000
#: How many bytes that are no body may come in a row: header, interim responses, trailers.
_OVERHEAD = 1 << 17
#: And how many more of them for each byte of body, as a chunk may be one byte long.
_OVERHEAD_A_BYTE = 32
#: How long the names are of the fields that tell where a body ends.
_LENGTHS = frozenset({len("content-length"), len("transfer-encoding")})


class NoResponse(ConnectionError):
    """The peer closed the connection before the first byte of a response."""


class Incomplete(ConnectionError):
    """The peer closed the connection in the middle of a response."""


class BadMessage(Exception):
    """What the peer sent is not an HTTP/1.x response, or could be read in two ways."""


class Incoming:
    """The final response to one request; interim ones (1xx) are skipped.

    status, fields  there once `has_header` is true
    is_complete     all of the body is there
    runs_to_the_end the body ends with the connection
    reusable        once complete: the connection is left at the start of the next response

    Trailer fields are dropped. The callbacks (`on_…`) are httptools'.
    """

    # Defaults of the class, as one object is made for each response.
    status = 0
    has_header = is_complete = reusable = False
    _room = _OVERHEAD
    #: What has come before it was clear that it is HTTP; None from then on.
    _start: bytes | None = b""
    _fault = ""
    _interim = 0
    runs_to_the_end = False

    def __init__(self, method: str) -> None:
        self.fields: list[tuple[str, str]] = []
        self._is_head = method == "HEAD"
        self._pieces: list[bytes] = []
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    def feed(self, data: bytes) -> bool:
        """Take in what has come, which is not empty; whether the header is there.

        BadMessage for what is no response, or could be read in two ways.
        """
        if self._start is not None:
            data = self._start + data
            # llhttp reads RTSP and ICY as well, and skips line ends before a message.
            if not data.startswith(_START):
                if not _START.startswith(data):
                    raise BadMessage("not a response of HTTP/1.x")
                self._start = data
                return False
            self._start = None
        self._room -= len(data)
        parser = self._parser
        if parser is None:
            self.reusable = False
            return True
        try:
            parser.feed_data(data)
        except HttpParserUpgrade:
            self.reusable = False
        except HttpParserError as error:
            if not self.is_complete:
                raise BadMessage(str(error)) from None
            self.reusable = False
        if self._fault:
            raise BadMessage(self._fault)
        if self._room < 0 and not self.is_complete:
            raise BadMessage("a header, trailers or chunk extensions without an end")
        self._room = min(self._room, _OVERHEAD)
        if self.is_complete:
            self._parser = None  # which refers to this
        return self.has_header

    def end(self) -> None:
        """The peer has closed the connection. NoResponse; Incomplete unless that ends the body."""
        if self._start == b"":
            raise NoResponse
        if not self.has_header or not (self.is_complete or self.runs_to_the_end):
            raise Incomplete
        self.is_complete = True
        self.reusable = False

    @property
    def is_untouched(self) -> bool:
        """Whether not one byte has come."""
        return self._start == b""

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # What httptools calls -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        # After the end: the next response, which nobody asked for.
        self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_header:
            self.fields.append((str(name, "latin-1"), str(value, "latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self.has_header or parser is None:
            return
        status = parser.get_status_code()
        if status < 200 and status != 101:
            self.fields = []
            self._interim += 1
            if status < 100 or self._interim > _MAX_INTERIM:
                self._fault = "a status below 100, or no end of interim responses"
            return
        if parser.get_http_version() not in {"1.1", "1.0"} or len(self.fields) > _MAX_FIELDS:
            self._fault = "not HTTP/1.0 or 1.1, or too many fields"
        self.status = status
        self.has_header = True
        # Read now: it is reset when the message ends.
        self.reusable = parser.should_keep_alive() and status != 101
        length = coding = None
        for name, value in self.fields:
            if len(name) in _LENGTHS:
                lowered = name.lower()
                if lowered == "content-length":
                    length = value
                elif lowered == "transfer-encoding":
                    coding = value.lower() if coding is None else f"{coding}, {value}"
        self.runs_to_the_end = length is None and coding != "chunked"
        if coding not in {None, "chunked", "identity"}:
            self._fault = "a transfer coding other than chunked, which was not asked for"
        if status == 204 and (length not in {None, "0"} or coding is not None):
            self.reusable = False  # a body may follow, from a server that does not know better
        if self._is_head or status == 101:
            self.is_complete = True

    def on_body(self, data: bytes) -> None:
        if self.is_complete:
            self.reusable = False  # a body after the header that HEAD asked for
            return
        self._pieces.append(data)
        self._room += _OVERHEAD_A_BYTE * len(data)

    def on_message_complete(self) -> None:
        if self.has_header:
            self.is_complete = True
