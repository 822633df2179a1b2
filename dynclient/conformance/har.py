"""HAR 1.2, as browsers, proxies and test tools write it, read entry by entry.

Source: the HAR 1.2 specification (http://www.softwareishard.com/blog/har-12-spec/).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ..messages import Headers, HttpRequest, HttpResponse
from .exchanges import BodyState, Exchange

__all__ = ["HarError", "read_har"]


class HarError(ValueError):
    """A file ends in the middle, or an entry is none; what stands before it was read."""


def read_har(path: Path) -> Iterator[Exchange]:
    """The exchanges of a HAR, one after the other, however big it is.

    HarError at the place where it breaks off, ImportError without the extra `conformance`.
    """
    import ijson

    with path.open("rb") as file:
        entries = ijson.items(file, "log.entries.item", use_float=True)
        number = 0
        while True:
            try:
                entry = next(entries)
            except StopIteration:
                return
            except ijson.JSONError as error:
                raise HarError(
                    f"{path} breaks off after {number} whole entries: {_first_line(error)}"
                ) from None
            number += 1
            try:
                yield _exchange(entry, f"{path.name}, entry {number}")
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                name = type(error).__name__
                raise HarError(f"{path}, entry {number}, is no entry: {name}: {error}") from None


def _first_line(error: Exception) -> str:
    value = error.args[0] if error.args else ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.splitlines()[0].strip() if text else type(error).__name__


def _exchange(entry: Mapping[str, Any], source: str) -> Exchange:
    asked, answered = entry["request"], entry.get("response") or {}
    content, request_body = _posted(asked)
    request = HttpRequest(str(asked["method"]).upper(), str(asked["url"]), _fields(asked), content)
    status = int(answered.get("status") or 0)
    response, response_body = None, request_body
    if status > 0:  # 0 stands for a request that was blocked or aborted
        body, response_body = _received(answered, request.method)
        elapsed = float(entry.get("time") or 0.0) / 1000
        response = HttpResponse(status, _fields(answered), body, request.url, max(0.0, elapsed))
    return Exchange(request, response, _moment(entry), source, request_body, response_body)


def _moment(entry: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(entry["startedDateTime"])).timestamp()
    except (KeyError, ValueError):
        return 0.0


def _fields(message: Mapping[str, Any]) -> Headers:
    """The header fields; those that HTTP/2 makes of the request line are left out."""
    found = [(str(each["name"]), str(each["value"])) for each in message.get("headers") or ()]
    return Headers([(name, value) for name, value in found if not name.startswith(":")])


def _posted(asked: Mapping[str, Any]) -> tuple[bytes | None, BodyState]:
    posted = asked.get("postData")
    if not isinstance(posted, Mapping):
        return None, "missing" if _size(asked, "bodySize") > 0 else "whole"
    text = posted.get("text")
    if text:
        if posted.get("encoding") == "base64":  # as mitmproxy and Playwright write binary ones
            return b64decode(text), "whole"
        return str(text).encode("utf-8", "surrogatepass"), "whole"
    parameters = posted.get("params") or ()
    kind = str(posted.get("mimeType") or "")
    if parameters and kind.startswith("application/x-www-form-urlencoded"):
        pairs = [(str(each["name"]), str(each.get("value", ""))) for each in parameters]
        return urlencode(pairs).encode(), "whole"
    return None, "missing" if parameters or _size(asked, "bodySize") > 0 else "whole"


def _received(answered: Mapping[str, Any], method: str) -> tuple[bytes, BodyState]:
    content = answered.get("content") or {}
    text = content.get("text")
    if text is None:
        bodiless = method == "HEAD" or answered["status"] in (204, 205, 304)
        size = max(_size(content, "size"), _size(answered, "bodySize"))
        return b"", "missing" if size > 0 and not bodiless else "whole"
    if content.get("encoding") == "base64":
        return b64decode(text), "whole"
    return str(text).encode("utf-8", "surrogatepass"), "whole"


def _size(found: Mapping[str, Any], name: str) -> float:
    size = found.get(name)
    return float(size) if isinstance(size, int | float) else 0.0
