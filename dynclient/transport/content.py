"""Request bodies on their way out: how long they are, how they are cut, if they can go twice."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import IO, cast

from ..messages import HttpRequest

__all__ = ["FRAMING", "Stream", "streamed"]

#: Fields that tell where a body ends: a transport writes them itself, from the body.
FRAMING = frozenset({"content-length", "transfer-encoding"})

_CHUNK = 1 << 16


class Stream:
    """A body that is read as it is sent: a file, or chunks as they come.

    `length` is the number of bytes when it can be known (the body then goes with a
    Content-Length), else None (chunked). `failure` keeps what the caller's own object raised
    while it was read, so that it is not taken for a fault of the network.
    """

    __slots__ = ("_file", "_source", "_start", "failure", "length", "started")

    def __init__(self, source: IO[bytes] | Iterable[bytes], length: int | None) -> None:
        self._source = source
        self._file = cast("IO[bytes]", source) if hasattr(source, "read") else None
        self._start, self.length = (None, length) if self._file is None else _extent(self._file)
        self.failure: BaseException | None = None
        self.started = False

    def __len__(self) -> int:
        return self.length or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        try:
            if self._file is None:
                yield from _checked(self._source, self.length)
            else:
                yield from _pieces(self._file, self.length)
        except GeneratorExit:
            raise
        except BaseException as failure:
            self.failure = failure
            raise

    def rewind(self) -> bool:
        """Make ready to send again from the start; False when that can't be done."""
        if not self.started:
            return True
        if self._file is not None and self._start is not None:
            self._file.seek(self._start)
            return True
        # A list or a tuple of chunks starts anew; an iterator is its own, used up, iterator.
        return self._file is None and iter(self._source) is not self._source


def streamed(request: HttpRequest) -> Stream | None:
    """The request's body as a `Stream`; None when it is bytes or there is none."""
    content = request.content
    if content is None or isinstance(content, bytes):
        return None
    if isinstance(cast("object", content), str):
        raise TypeError("a request body is bytes, not str: encode it first")
    declared = request.headers.get("Content-Length", "")
    return Stream(content, int(declared) if declared.isdecimal() else None)


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


def _pieces(file: IO[bytes], length: int | None) -> Iterator[bytes]:
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


def _checked(source: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    size = 0
    for piece in source:
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(f"a streamed body yields bytes, not {type(piece).__name__}")
        size += len(piece)
        if length is not None and size > length:
            raise ValueError(f"the body is longer than its Content-Length of {length} bytes")
        if piece:
            # An empty chunk would end a chunked body.
            yield bytes(piece)
    if length is not None and size < length:
        raise ValueError(f"the body ended after {size} of the {length} bytes of its Content-Length")
