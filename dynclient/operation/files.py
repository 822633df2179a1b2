"""Content that comes from outside: files, paths, open files, iterators of bytes."""

from __future__ import annotations

import io
import mimetypes
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

__all__ = ["File", "chunks", "guess_type", "is_stream", "size_of"]

#: What can be sent as it is, without being read into memory first.
Streamable: TypeAlias = Path | IO[bytes] | Iterable[bytes]

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One part of a multipart body, with more said about it than its content.

    content       bytes, text, a `Path`, an open binary file, or an iterable of bytes
    filename      default: the path's or file's own name; for other content `name` of the part
    content_type  default: what `encoding` declares, else guessed from the file name
    headers       further headers of the part
    """

    content: Any
    filename: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def name_for(self, part: str) -> str:
        """The file name to send for the part called `part`."""
        if self.filename is not None:
            return self.filename
        if isinstance(self.content, Path):
            return self.content.name
        name = getattr(self.content, "name", None)
        return Path(name).name if isinstance(name, str) and name else part


def is_stream(value: Any) -> bool:
    """Whether a value is content to be sent as it comes, not data to be encoded."""
    if isinstance(value, Path) or hasattr(value, "read"):
        return True
    return isinstance(value, Iterator)


def guess_type(filename: str) -> str:
    """The media type a file name suggests; `application/octet-stream` if none."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def size_of(value: Any) -> int | None:
    """The size in bytes, if it can be told without reading."""
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, Path):
        return value.stat().st_size
    try:
        if hasattr(value, "fileno"):
            return os.fstat(value.fileno()).st_size - int(value.tell())
        if hasattr(value, "seek") and hasattr(value, "tell"):
            here = value.tell()
            end = value.seek(0, os.SEEK_END)
            value.seek(here)
            return int(end - here)
    except (OSError, io.UnsupportedOperation):
        return None
    return None


def chunks(value: Any) -> Iterator[bytes]:
    """The bytes of any content, a piece at a time. TypeError for what yields no bytes."""
    if isinstance(value, bytes | bytearray | memoryview):
        yield bytes(value)
    elif isinstance(value, Path):
        with value.open("rb") as file:
            yield from chunks(file)
    elif hasattr(value, "read"):
        while piece := value.read(_CHUNK):
            yield piece.encode() if isinstance(piece, str) else piece
    else:
        for piece in value:
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise TypeError(f"a streamed body yields bytes, not {type(piece).__name__}")
            yield bytes(piece)
