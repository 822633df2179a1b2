"""Masks what HTTP libraries log of the requests that they are given: URLs and header fields."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from functools import cache

from ..messages import HttpRequest

__all__ = ["mask_logs", "sending"]

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@cache
def mask_logs(*loggers: str) -> None:
    """Mask the secrets of our requests in the records of these loggers, while they are sent."""
    for name in loggers:
        logging.getLogger(name).addFilter(_masked)


class sending:  # noqa: N801  used as a function
    """While this thread or task sends a request. A class, as a generator takes twice the time."""

    __slots__ = ("_request", "_token")

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._token = _request.set(self._request)

    def __exit__(self, *_: object) -> None:
        _request.reset(self._token)


def _masked(record: logging.LogRecord) -> bool:
    request = _request.get()
    if request is not None:
        shown = request.redactor.url(request.url)
        text = record.getMessage().replace(request.url, shown)
        # Some show the target alone.
        target = request.url.partition("://")[2].partition("/")[2]
        if target:
            text = text.replace(target, shown.partition("://")[2].partition("/")[2])
        record.msg, record.args = request.mask()(text), ()
    return True
