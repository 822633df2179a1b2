"""Request bodies on their way out: how long they are, how they are cut, if they can go twice."""

from __future__ import annotations

import io
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from typing import IO, Any, TypeAlias, cast

from ..messages import HttpRequest

__all__ = ["FRAMING", "Progress", "Stream", "length_of", "streamed", "watched"]

#: Is given how many bytes are through, and how many there are; None if that is unknown.
Progress: TypeAlias = Callable[[int, int | None], object]

#: Fields that tell where a body ends: a transport sends its own, made from the body.
FRAMING = frozenset({"content-length", "transfer-encoding"})

_CHUNK = 1 << 16
_LENGTH_EXPECTED = frozenset({"POST", "PUT", "PATCH"})


class Stream:
    """A body that is read as it is sent: a file, or chunks as they come.

    `length` is the number of bytes when it can be known (the body then goes with a
    Content-Length), else None (chunked). `failure` keeps what the caller's own object raised
    while it was read, so that it is not taken for an error of the network. `is_async` tells that
    only an asynchronous transport can send it; such a transport sends any. `told` is given how
    many bytes were taken to be sent, and `length`; from the start again if the body goes twice.
    """

    __slots__ = ("_file", "_source", "_start", "_told", "failure", "is_async", "length", "started")

    def __init__(
        self,
        source: IO[bytes] | Iterable[bytes] | AsyncIterable[bytes],
        length: int | None = None,
        told: Progress | None = None,
    ) -> None:
        self._told = told
        self._source: Any = source
        self._file = cast("IO[bytes]", source) if hasattr(source, "read") else None
        self._start, self.length = (None, length) if self._file is None else _extent(self._file)
        self.is_async = self._file is None and not hasattr(source, "__iter__")
        if self.is_async and not hasattr(source, "__aiter__"):
            kind = type(source).__name__
            raise TypeError(f"a request body is bytes, a file or an iterable of bytes, not {kind}")
        self.failure: BaseException | None = None
        self.started = False

    @property
    def is_file(self) -> bool:
        """Whether it ends by itself at its length, if it has one."""
        return self._file is not None

    def __len__(self) -> int:
        return self.length or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        try:
            if self.is_async:
                raise TypeError(
                    "the request body is an asynchronous iterator, which only AsyncClient sends; "
                    "give Client bytes, a file or an iterator"
                )
            yield from self._pieces()
        except GeneratorExit:
            raise
        except BaseException as failure:
            self.failure = failure
            raise

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.started = True
        try:
            if self.is_async:
                counted = _Counted(self.length, self._told)
                async for piece in self._source:
                    if counted.add(piece):
                        yield bytes(piece)
                counted.end()
            else:
                async for piece in _in_thread(self._pieces()):
                    yield piece
        except GeneratorExit:
            raise
        except BaseException as failure:
            self.failure = failure
            raise

    def _pieces(self) -> Iterator[bytes]:
        counted = _Counted(self.length, self._told)
        if self._file is not None:
            for piece in _file_pieces(self._file, self.length):
                counted.add(piece)
                yield piece
            return
        for piece in self._source:
            if counted.add(piece):
                yield bytes(piece)
        counted.end()

    def watched(self, told: Progress) -> Stream:
        """The same body, which tells how much of it was taken."""
        return Stream(self._source, self.length, told)

    def rewind(self) -> bool:
        """Make ready to send again from the start; False when that can't be done."""
        if not self.started:
            return True
        if self._file is not None:
            if self._start is not None:
                self._file.seek(self._start)
            return self._start is not None
        # A list or a tuple of chunks starts anew; an iterator is its own, used up, iterator.
        if self.is_async:
            return aiter(self._source) is not self._source
        return iter(self._source) is not self._source


def streamed(request: HttpRequest) -> Stream | None:
    """The request's body as a `Stream`, the same one if it is one; None for bytes or no body.

    TypeError for what is no body.
    """
    content = request.content
    if content is None or isinstance(content, bytes | Stream):
        return content if isinstance(content, Stream) else None
    if isinstance(cast("object", content), str):
        raise TypeError("a request body is bytes, not str: encode it first")
    declared = request.headers.get("Content-Length", "")
    return Stream(content, int(declared) if declared.isdecimal() else None)


def watched(request: HttpRequest, told: Progress) -> HttpRequest:
    """The request, whose body tells how much of it was taken to be sent."""
    body, content = streamed(request), request.content
    if body is not None:
        return replace(request, content=body.watched(told))
    if isinstance(content, bytes) and content:
        return replace(request, content=Stream(io.BytesIO(content), told=told))
    return request


def length_of(request: HttpRequest, body: Stream | None) -> int | None:
    """The Content-Length to send; None for none (RFC 9110, section 8.6)."""
    if body is not None:
        return body.length
    if isinstance(request.content, bytes):
        return len(request.content)
    return 0 if request.method in _LENGTH_EXPECTED else None


def _extent(file: IO[bytes]) -> tuple[int | None, int | None]:
    """(where a file stands, how many bytes are left in it), None for what can't be told."""
    if isinstance(cast("object", file), io.TextIOBase):
        raise TypeError("a file to be sent is opened in binary mode ('rb')")
    try:
        start = file.tell()
        end = file.seek(0, io.SEEK_END)
        file.seek(start)
    except (OSError, AttributeError, ValueError):
        return None, None
    return start, max(0, end - start)


def _file_pieces(file: IO[bytes], length: int | None) -> Iterator[bytes]:
    """A file's bytes; no more than announced, as the peer would read them as a new request."""
    left = length
    while left is None or left > 0:
        piece = file.read(_CHUNK if left is None else min(_CHUNK, left))
        if not piece:
            if left:
                raise OSError(f"the file ended {left} bytes before its announced length")
            return
        if left is not None:
            left -= len(piece)
        yield piece


class _Counted:
    """The pieces of an iterable, held against the Content-Length that was declared for them."""

    __slots__ = ("length", "size", "told")

    def __init__(self, length: int | None, told: Progress | None) -> None:
        self.length = length
        self.size = 0
        self.told = told

    def add(self, piece: object) -> bool:
        """Whether there is something to send: an empty chunk would end a chunked body."""
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(f"a streamed body yields bytes, not {type(piece).__name__}")
        self.size += len(piece)
        if self.length is not None and self.size > self.length:
            raise ValueError(f"the body is longer than its Content-Length of {self.length} bytes")
        if self.told is not None:
            self.told(self.size, self.length)
        return bool(piece)

    def end(self) -> None:
        if self.length is not None and self.size < self.length:
            raise ValueError(
                f"the body ended after {self.size} of the {self.length} bytes of its Content-Length"
            )


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces; reading a file or a caller's generator may block, and blocks no loop."""
    import asyncio

    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
