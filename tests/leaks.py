"""Looking for planted secrets: as they are, and as the ways of text and HTTP encode them."""

from __future__ import annotations

import json
import logging
import traceback
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

from dynclient import HttpRequest

__all__ = ["all_of", "leaks"]


def _forms(secret: str) -> dict[str, str]:
    raw = secret.encode()
    found = {
        "plain": secret,
        "quoted by Python": repr(secret)[1:-1],
        "quoted by JSON": json.dumps(secret)[1:-1],
        "quoted by JSON, as UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "percent-encoded": quote(secret, safe=""),
        "form-encoded": quote_plus(secret),
        "hexadecimal": raw.hex(),
    }
    for name in ("quoted by JSON", "quoted by JSON, as UTF-8"):
        found[f"{name}, percent-encoded"] = quote(found[name], safe="")
    for offset in range(3):
        # What stands before the secret decides how its bits fall into letters: those that
        # belong to the secret alone are the same whatever stands around it.
        coded = b64encode(b"\0" * offset + raw).decode().rstrip("=")
        found[f"base64 at offset {offset}"] = coded[(8 * offset + 5) // 6 : -1]
    return found


def leaks(text: str | bytes, *secrets: str) -> list[str]:
    """Which secrets stand in a text, and in which form."""
    text = text if isinstance(text, str) else text.decode("latin-1")
    found = []
    for secret in secrets:
        for name, form in _forms(secret).items():
            as_octets = form.encode().decode("latin-1")
            if form in text or as_octets in text:
                found.append(f"{secret}, {name}")
    return found


def all_of(value: Any) -> str:
    """All that a traceback, a repr or a debugger's first look shows of a value or an error."""
    parts = [repr(value), str(value)]
    if isinstance(value, HttpRequest):
        kept = value.redacted()
        parts += [kept.url, repr(kept.headers.pairs()), repr(kept.content), repr(kept)]
    if isinstance(value, BaseException):
        parts += traceback.format_exception(value)
        parts += [repr(value.args), repr(getattr(value, "__notes__", ""))]
        parts += [repr(getattr(value, n, "")) for n in ("violations", "problem", "remedy")]
        request = getattr(value, "request", None)
        if isinstance(request, HttpRequest):  # kept redacted: as it is, nothing is in it
            parts += [request.url, repr(request.headers.pairs()), repr(request.content)]
        response = getattr(value, "response", None)
        if response is not None:
            parts += [repr(response), all_of(response.request)]
    return "\n".join(parts)


class Records(logging.Handler):
    """Keeps every record, whole, of the root logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {self.format(record)} {record.msg!r} {record.args!r}")
