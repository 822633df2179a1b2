"""Masks what HTTP libraries log of the requests that they are given: URLs and header fields."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def sending(request: HttpRequest) -> Iterator[None]:
    """While this thread or task sends a request."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


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
