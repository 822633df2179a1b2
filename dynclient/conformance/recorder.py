"""Records the exchanges of a client, for whatever takes them: a `Recording`, a list, a `Watch`.

with Recording("traffic.jsonl") as recording:
    client = Client("openapi.yaml", observers=[Recorder(recording)])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time

from ..observers import Event, Judged
from .exchanges import Exchange, http_of

__all__ = ["Recorder"]


class Recorder:
    """An observer that hands each exchange with a response to `sink`, as it is.

    Of a stream the body is not recorded. Exchanges hold secrets: a `Recording` masks them.
    """

    def __init__(self, sink: Callable[[Exchange], object]) -> None:
        self._sink = sink

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Judged):
            return
        response = event.response
        whole = len(response.content) == event.size
        exchange = Exchange(response.request, http_of(response), time() - event.seconds)
        self._sink(exchange if whole else replace(exchange, response_body="missing"))
