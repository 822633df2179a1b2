"""A response's body into a file: piece by piece, resumed where it broke off, verified.

The body grows in `NAME.part`; `NAME.part.json` beside it keeps which representation that is, so
that a later download goes on with the same one only. The file gets its name when all is there.

Sources: RFC 9110, sections 13.1.5 (If-Range), 14 (Range Requests) and 15.5.17 (416); RFC 9530
(Content-Digest, Repr-Digest).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from .abnf import split_list
from .commands import Commands, Piece, Wait
from .errors import DynclientError, StatusError, TransportError
from .exchange import Opened
from .messages import Headers
from .operation import NO_OPTIONS, Options
from .retries import Retries, is_transient
from .transport.content import Progress
from .validation import Validation

__all__ = ["DownloadError", "downloading"]

#: The algorithms of RFC 9530, section 5, that are no longer insecure.
_ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512"}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_DIGEST = re.compile(r"([a-z0-9*_.-]+)=:([A-Za-z0-9+/=]*):")


class DownloadError(DynclientError):
    """What arrived is not what the server said it would send; the file is not there."""


def downloading(
    open_with: Callable[[Options], Commands[Opened]],
    path: Path,
    options: Options | None,
    policy: Validation,
    retries: Retries,
    progress: Progress | None,
) -> Commands[Path]:
    """Download into `path`; the path. `open_with(options)` opens the response.

    Raises what a call raises, DownloadError if what arrived is cut or changed, and OSError.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of a file")
    given, attempt = options or NO_OPTIONS, 0
    while True:
        attempt += 1
        part = _Part(path)
        try:
            opened = yield from open_with(_asking(given, part, policy))
            yield from _received(opened, part, progress)
        except StatusError as error:
            if error.status != 416 or not part.size or attempt > 1:
                raise
            part.forget()  # what is there is no part of what the server has now
        except TransportError as error:
            if attempt >= retries.attempts or not is_transient(error, ()):
                raise
            yield Wait(min(retries.backoff_max, retries.backoff * attempt), "the next attempt")
        else:
            part.finish()
            return path


def _asking(given: Options, part: _Part, policy: Validation) -> Options:
    """The options of one request: the range that is missing, as it is stored here."""
    fields = {"Accept-Encoding": "identity"}
    if part.size:
        # The status of a range is HTTP's own, and no document declares it.
        policy = replace(policy, status="off")
        fields |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
    headers = {**fields, **(given.headers or {})}
    return replace(given, headers=headers, validate=policy, raise_for="error")


def _received(opened: Opened, part: _Part, progress: Progress | None) -> Commands[None]:
    part.begin(opened.head.status, opened.head.headers)
    size = 0
    with part.path.open("ab" if part.size else "wb") as file:
        while piece := (yield Piece(opened.response)):
            file.write(piece)
            size += len(piece)
            if progress is not None:
                progress(part.size + size, part.total)
    if opened.teller is not None:
        opened.teller.judged(opened.head, None, size)


class _Known(NamedTuple):
    """Which representation a part is of: its strong ETag, else its Last-Modified."""

    validator: str
    total: int | None

    @classmethod
    def of(cls, headers: Headers, total: int | None) -> _Known | None:
        tag = headers.get("ETag", "")
        validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")
        return cls(validator, total) if validator else None


class _Part:
    """The part of a file that is there.

    size   in bytes, where it can be gone on with; else 0
    total  the size of the whole, None if unknown
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")
        self.size, self.total, self.validator = 0, None, ""
        self._digests: dict[str, bytes] = {}
        found = self._noted()
        if found is not None and self.path.exists():
            self.size, self.validator, self.total = self.path.stat().st_size, *found

    def _noted(self) -> _Known | None:
        try:
            found: Any = json.loads(self._notes.read_text())
            return _Known(str(found["validator"]), found["total"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # without the notes, what is there can't be trusted

    def begin(self, status: int, headers: Headers) -> None:
        """A response begins: the rest of the part, or all of it."""
        # Length, ranges and digests are those of the coded representation, if a server codes it
        # although it was asked not to: what is written here is decoded.
        coded = headers.get("Content-Encoding", "identity").strip().lower() != "identity"
        self._digests = {} if coded else _digests(headers)
        if status == 206:
            match = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
            if match is None or int(match[1]) != self.size:
                raise DownloadError(
                    f"{self._target}: the server responded with 206 and another range than the "
                    f"one that was asked for, which begins at {self.size}"
                )
            self.total = None if match[3] == "*" else int(match[3])
            return
        length = headers.get("Content-Length", "")
        self.size, self.total = 0, int(length) if length.isdecimal() and not coded else None
        known = None if coded else _Known.of(headers, self.total)
        if known is None:
            self._notes.unlink(missing_ok=True)
        else:
            self._notes.write_text(json.dumps(known._asdict()))

    def forget(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self) -> None:
        """All is there: verify it, and give the file its name. DownloadError if it is not."""
        size = self.path.stat().st_size
        if self.total is not None and size != self.total:
            self.forget()
            raise DownloadError(f"{self._target}: {size} bytes came, and {self.total} were to come")
        for algorithm, expected in self._digests.items():
            with self.path.open("rb") as file:
                found = hashlib.file_digest(file, _ALGORITHMS[algorithm]).digest()
            if found != expected:
                self.forget()
                raise DownloadError(f"{self._target}: the {algorithm} digest of the server differs")
        os.replace(self.path, self._target)  # noqa: PTH105  atomic
        self._notes.unlink(missing_ok=True)


def _digests(headers: Headers) -> dict[str, bytes]:
    """The digests of the whole: of the representation, or of content that is all of it."""
    names = ["Repr-Digest"]
    if "Content-Range" not in headers:
        names.append("Content-Digest")
    found: dict[str, bytes] = {}
    for name in names:
        for element in split_list(headers.get(name, "")):
            match = _DIGEST.fullmatch(element.strip())
            if match is not None and match[1] in _ALGORITHMS:
                try:
                    found[match[1]] = b64decode(match[2], validate=True)
                except ValueError:
                    continue  # a digest that is none says nothing
    return found
