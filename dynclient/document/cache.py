"""Parsed YAML documents, kept as JSON under the user's cache folder.

One file a text, named by a hash of what was read, so an entry is never stale: a changed document
is another file. Whatever is wrong with the folder or a file (missing, read-only, cut off, not
ours) is ignored, with one debug log.

`DYNCLIENT_CACHE=off` turns the cache off, `DYNCLIENT_CACHE=/path` moves it. See docs/loading.md.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

try:
    from _blake2 import blake2b  # hashlib's own, without the OpenSSL that hashlib loads
except ImportError:
    from hashlib import blake2b

from ..environment import CACHE_VARIABLE
from ..jsontext import JsonTextError, decode, encode
from ..version import __version__

__all__ = ["Entry", "entry", "folder", "read", "write"]

#: The form of a file: a checksum of the rest, then JSON.
_FORMAT = 1
_DIGEST = 32  # bytes
_MAX_BYTES = 256 * 1024 * 1024
_OUR_NAME = re.compile(r"[0-9a-f]{64}\.json")
_OUR_TEMPORARY_NAME = re.compile(r"[0-9a-f]{64}\.json\.[0-9a-f]{16}\.tmp")
_STALE = 3600.0  # seconds after which a temporary file was left behind by a process that ended

_XDG: bool = sys.platform == "linux"
_BINARY: int = getattr(os, "O_BINARY", 0)  # Windows would turn line breaks otherwise

_logged: set[Path | None] = set()


class Entry(NamedTuple):
    """Where one text's data is kept."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        return self.folder / self.name


def folder() -> Path | None:
    """The folder of the parsed documents, which may not exist yet; None if the cache is off."""
    setting = os.environ.get(CACHE_VARIABLE, "")
    if setting.lower() == "off":
        return None
    try:
        base = Path(setting).expanduser() if setting else _user_cache()
    except RuntimeError as error:  # there is no home
        _log(None, str(error))
        return None
    return base / "documents"


def _user_cache() -> Path:
    """platformdirs' folder, whose import costs more than all else here; so not where XDG rules."""
    if _XDG:
        base = os.environ.get("XDG_CACHE_HOME", "")
        # The XDG Base Directory Specification: a relative path is to be ignored.
        return (Path(base) if base.startswith("/") else Path("~/.cache").expanduser()) / "dynclient"
    from platformdirs import user_cache_path

    return user_cache_path("dynclient", appauthor=False)


def entry(content: bytes, *reading: int) -> Entry | None:
    """The place for this text's data under this way of reading; None if the cache is off."""
    where = folder()
    if where is None:
        return None
    way = repr((_FORMAT, __version__, reading)).encode()
    return Entry(where, blake2b(content, digest_size=32, key=way[:64]).hexdigest() + ".json")


def read(entry: Entry | None) -> Any:
    """The data kept there; None if there is none that can be trusted."""
    if entry is None:
        return None
    try:
        kept = _read_ours(entry)
    except FileNotFoundError:
        return None
    except OSError as error:
        _log(entry.folder, f"can't be read: {error.strerror or error}")
        return None
    checksum, text = kept[:_DIGEST], kept[_DIGEST:]
    if blake2b(text, digest_size=_DIGEST).digest() != checksum:
        return None
    try:
        return decode(text)
    except JsonTextError:
        return None


def write(entry: Entry | None, data: Any) -> None:
    """Keep a document's data there, if JSON can hold all of it."""
    if entry is None or not isinstance(data, dict | list):
        return
    try:
        text = encode(data)
    except JsonTextError:  # an infinity
        return
    if len(text) > _MAX_BYTES // 2:
        return
    try:
        entry.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_ours(entry.folder.lstat(), stat.S_ISDIR)
        _replace(entry, blake2b(text, digest_size=_DIGEST).digest() + text)
        _sweep(entry)
    except OSError as error:
        _log(entry.folder, f"can't be written: {error.strerror or error}")


def _read_ours(entry: Entry) -> bytes:
    _check_ours(entry.folder.lstat(), stat.S_ISDIR)
    descriptor = os.open(entry.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | _BINARY)
    with os.fdopen(descriptor, "rb") as file:
        _check_ours(os.fstat(descriptor), stat.S_ISREG)
        return file.read()


def _check_ours(status: os.stat_result, kind: Any) -> None:
    """PermissionError unless only we can have written it."""
    if not kind(status.st_mode):
        raise PermissionError("it is of another kind, or a link")
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise PermissionError("another user may write there")


def _replace(entry: Entry, kept: bytes) -> None:
    """Write the file under another name and move it in place, so that no reader sees half of it."""
    temporary = entry.folder / f"{entry.name}.{os.urandom(8).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(kept)
        temporary.replace(entry.path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sweep(newest: Entry) -> None:
    """Remove the oldest files, until the rest keeps within the bound, and what was left behind."""
    found: list[tuple[float, int, Path]] = []
    for path in newest.folder.iterdir():
        try:
            status = path.lstat()
        except FileNotFoundError:  # another process swept it
            continue
        if _OUR_NAME.fullmatch(path.name):
            found.append((status.st_mtime, status.st_size, path))
        elif _OUR_TEMPORARY_NAME.fullmatch(path.name) and status.st_mtime < time.time() - _STALE:
            path.unlink(missing_ok=True)
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= _MAX_BYTES:
            break
        if path.name != newest.name:
            path.unlink(missing_ok=True)
            total -= size


def _log(where: Path | None, reason: str) -> None:
    """One debug log a folder; a cache that does not work is not an error."""
    if where not in _logged:
        import logging

        _logged.add(where)
        logging.getLogger("dynclient.document").debug("document cache %s %s", where or "", reason)
