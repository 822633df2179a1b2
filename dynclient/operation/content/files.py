"""Content that comes from outside: files, paths, open files, iterators of bytes."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from ...document.pointer import append
from ..fields.styles import StyleError

__all__ = [
    "File",
    "StreamedBody",
    "Unreadable",
    "chunks",
    "file_in",
    "guess_type",
    "is_stream",
    "name_of",
    "size_of",
]

#: What can be sent as it is, without being read into memory first.
Streamable: TypeAlias = Path | IO[bytes] | Iterable[bytes]

_CHUNK = 64 * 1024


class File:
    """One part of a multipart body, with more said about it than its content.

    content       bytes, text, a `Path`, an open binary file, or an iterable of bytes
    filename      default: the path's or file's own name; for other content `name` of the part
    content_type  default: what `encoding` declares, else guessed from the file name
    headers       further headers of the part
    """

    # No dataclass: those are data to every encoder, and a file is none.
    __slots__ = ("content", "content_type", "filename", "headers")

    def __init__(
        self,
        content: Any,
        filename: str | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.content = content
        self.filename = filename
        self.content_type = content_type
        self.headers: Mapping[str, str] = headers or {}

    def name_for(self, part: str) -> str:
        """The file name to send for the part called `part`."""
        if self.filename is not None:
            return self.filename
        return name_of(self.content) or part

    def _parts(self) -> tuple[Any, ...]:
        return self.content, self.filename, self.content_type, self.headers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.filename, self.content_type))

    def __repr__(self) -> str:
        return f"<File {self.filename or name_of(self.content) or 'without a name'}>"


class Unreadable(StyleError):
    """Content that can't be read."""

    @classmethod
    def because(cls, error: OSError) -> Unreadable:
        """The same of an error of the operating system."""
        named = f"{error.filename}: " if error.filename else ""
        return cls(f"the content can't be read: {named}{error.strerror or error}")


class StreamedBody:
    """Content that is sent as it is read.

    size        bytes, None if it can't be told beforehand
    repeatable  whether it can be walked again from its start: paths and seekable files can
    waiting     the source if it is an asynchronous iterator, which only AsyncClient sends

    Raises OSError where a path can't be read, StyleError for an open file that can't.
    """

    def __init__(self, source: Any) -> None:
        _check_readable(source)
        self._source = source
        self.size = size_of(source)
        self._start = _start_of(source)
        self.repeatable = isinstance(source, Path) or self._start is not None
        self.waiting = source if isinstance(source, AsyncIterator) else None

    def __iter__(self) -> Iterator[bytes]:
        if self._start is not None:
            self._source.seek(self._start)
        yield from chunks(self._source)


def _start_of(value: Any) -> int | None:
    """Where an open file stands; None if it is none, or can't go back there."""
    try:
        if hasattr(value, "read") and value.seekable():
            return int(value.tell())
    except (AttributeError, OSError):
        return None
    return None


def _check_readable(value: Any) -> None:
    if getattr(value, "closed", False) is True:
        raise Unreadable("the file is closed")
    readable = getattr(value, "readable", None)
    if callable(readable) and hasattr(value, "read") and not readable():
        raise Unreadable("the file is not open for reading")


def is_stream(value: Any) -> bool:
    """Whether a value is content to be sent as it comes, not data to be encoded."""
    if isinstance(value, Path) or hasattr(value, "read"):
        return True
    return isinstance(value, Iterator | AsyncIterator)


def file_in(value: Any) -> str | None:
    """The JSON Pointer to the first file in a value, "" for the value itself; None without one."""
    stack: list[tuple[Any, str]] = [(value, "")]
    seen: set[int] = set()
    while stack:
        item, pointer = stack.pop()
        if isinstance(item, File) or is_stream(item):
            return pointer
        if isinstance(item, Mapping | list | tuple) and id(item) not in seen:
            seen.add(id(item))
            members = item.items() if isinstance(item, Mapping) else enumerate(item)
            stack.extend((member, append(pointer, key)) for key, member in members)
    return None


def name_of(value: Any) -> str | None:
    """The file name of a path or an open file; None if it has none."""
    if isinstance(value, Path):
        return value.name
    name = getattr(value, "name", None)
    return Path(name).name if isinstance(name, str) and name else None


def guess_type(filename: str) -> str:
    """The media type a file name suggests; `application/octet-stream` if none."""
    import mimetypes  # 1 ms that only file parts should cost

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def size_of(value: Any) -> int | None:
    """The size in bytes, if it can be told without reading."""
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, StreamedBody):
        return value.size
    if isinstance(value, Path):
        status = value.stat()
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(value))
        if not stat.S_ISREG(status.st_mode):
            return None
        value.open("rb").close()  # that it can't be read is told now, not halfway
        return status.st_size
    if isinstance(value, io.TextIOBase):
        return None  # its positions count neither characters nor bytes
    try:
        here = value.tell()
        end = value.seek(0, os.SEEK_END)
        value.seek(here)
    except (AttributeError, OSError, ValueError):
        return None
    return int(end - here)


def chunks(value: Any) -> Iterator[bytes]:
    """The bytes of any content, a piece at a time. TypeError for what yields no bytes."""
    if isinstance(value, bytes | bytearray | memoryview):
        yield bytes(value)
    elif isinstance(value, Path):
        with value.open("rb") as file:
            yield from chunks(file)
    elif hasattr(value, "read"):
        while piece := value.read(_CHUNK):
            yield _utf8(piece) if isinstance(piece, str) else piece
    elif isinstance(value, AsyncIterator):
        raise TypeError("an asynchronous iterator can be a whole body, not a part of one")
    else:
        for piece in value:
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise TypeError(f"a streamed body yields bytes, not {type(piece).__name__}")
            yield bytes(piece)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        reason = "the file holds a lone surrogate, which UTF-8 can't carry; open it in binary mode"
        raise StyleError(reason) from None
