"""The judge of a proxy: a thread of its own, behind a queue of bounded length."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from msgspec import structs

from ..errors import DynclientError
from ..locking import new_lock
from ..transport.decoding import BadEncoding, decoded_pieces
from .exchanges import Exchange, Recording
from .judge import Judge
from .ledger import Ledger
from .report import render
from .tally import Filter, Tally

__all__ = ["Judging"]

_LONGEST_QUEUE = 10_000
_PAUSE = 0.5  # seconds between two looks at the document's file


class Judging:
    """Takes exchanges as they come, and judges them as it gets to it.

    make       opens the document, and makes its judge; called again when the file has changed
    file       the document's file, if it is one
    told       is given what people should know
    """

    def __init__(
        self,
        make: Callable[[], Judge],
        told: Callable[[str], object],
        *,
        file: Path | None = None,
        filter_: Filter | None = None,
        ledger: Ledger | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._make, self._file, self._told = make, file, told
        self._judge = make()
        self._stamp = self._stamped()
        self._tally = Tally(filter_)
        self._ledger, self._recording = ledger, recording
        self._queue: queue.Queue[Exchange | None] = queue.Queue(_LONGEST_QUEUE)
        self._lock = new_lock()
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="dynclient-judge", daemon=True)
        self._thread.start()

    def take(self, exchange: Exchange) -> None:
        """Queue an exchange; where there is no room, it counts as dropped."""
        try:
            self._queue.put_nowait(exchange)
        except queue.Full:
            self.dropped += 1

    def close(self) -> Tally:
        """Judge what is queued, and end: what was found."""
        self._queue.put(None)
        self._thread.join()
        for each in (self._ledger, self._recording):
            if each is not None:
                each.close()
        return self._tally

    def report(self, form: str, most: int | None = None, tally: Tally | None = None) -> str:
        """What was found so far, or what a part of it says."""
        with self._lock:
            judge = self._judge
            found = self._tally if tally is None else tally
            return render(found, judge.document, judge.operations, form, most=most)

    def page(self, path: str) -> tuple[str, bytes]:
        """(content type, body): `/report.json`, or a page that renews itself."""
        self._queue.join()  # what has passed is in it
        if path == "/report.json":
            return "application/json", self.report("json").encode()
        if path == "/report.html":
            return "text/html; charset=utf-8", self.report("html").encode()
        return "text/html; charset=utf-8", _PAGE.format(escape(self.report("text"))).encode()

    # ── in the thread ────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while True:
            try:
                exchange = self._queue.get(timeout=_PAUSE)
            except queue.Empty:
                self._look()
                continue
            try:
                if exchange is None:
                    return
                self._look()
                self._count(exchange)
            except Exception as error:  # noqa: BLE001  one exchange must not end all that follow
                self._told(f"an exchange can't be judged: {type(error).__name__}: {error}")
            finally:
                self._queue.task_done()

    def _count(self, exchange: Exchange) -> None:
        exchange = _decoded(exchange)
        judge = self._judge
        verdict = judge.check_exchange(exchange)
        with self._lock:
            self._tally.add(verdict, exchange)
        if self._ledger is not None:
            self._ledger.add(verdict, exchange, judge.operations)
        if self._recording is not None:
            self._recording(exchange.known_to(verdict.redactor))

    def _stamped(self) -> Any:
        try:
            return None if self._file is None else self._file.stat().st_mtime_ns
        except OSError:
            return self._stamp if hasattr(self, "_stamp") else None

    def _look(self) -> None:
        """Open the document again if its file has changed; keep the old one if it is broken."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            judge = self._make()
        except (DynclientError, OSError) as error:
            self._told(f"the document has changed, and can't be read; the old one counts: {error}")
            return
        with self._lock:
            self._judge = judge
        self._told("the document has changed, and was read again")


def _decoded(exchange: Exchange) -> Exchange:
    """The same with the content of the bodies; what can't be decoded counts as not recorded."""
    response = exchange.response
    if response is not None and exchange.response_body == "whole" and response.content:
        coding = ",".join(response.headers.get_list("Content-Encoding"))
        if coding:
            try:
                content = b"".join(decoded_pieces(iter([response.content]), coding))
            except BadEncoding:
                return replace(exchange, response_body="missing")
            exchange = replace(exchange, response=structs.replace(response, content=content))
    return exchange


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>dynclient proxy</title></head><body><h1>What has passed</h1>
<p><a href="report.html">as a page</a>, <a href="report.json">as JSON</a></p>
<pre>{}</pre></body></html>
"""
