"""A recorded exchange, and recordings as JSON Lines.

    {"dynclient": "exchange/1", "at": "2026-11-26T10:00:00.123Z", "seconds": 0.012,
     "request": {"method": "GET", "url": "http://…", "headers": [["Age", "3"]], "body": null},
     "response": {"status": 200, "headers": [["Age", "3"]], "body": {"text": "…"}}}

A body is `{"text": …}`, `{"base64": …}`, null for none, or `{"missing": true}` for one that was
not recorded.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from msgspec import structs

from ..locking import new_lock
from ..messages import Headers, HttpRequest, HttpResponse, Response
from ..redaction import NOT_SHOWN, Redactor

__all__ = ["BodyState", "Exchange", "Recording", "as_line", "from_line", "http_of"]

#: Whether a body is there to be judged.
BodyState: TypeAlias = Literal["whole", "missing"]

FORMAT = "exchange/1"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response, as they were recorded.

    request, response  the URL is absolute; the bodies are decoded bytes. No response: none came
    at                 when the request was sent, in seconds since 1970; 0 if that is unknown
    source             where it was read from, for people: "file.har, entry 12"
    request_body, response_body
                       "missing" if there was a body that was not recorded
    """

    request: HttpRequest
    response: HttpResponse | None
    at: float = 0.0
    source: str = ""
    request_body: BodyState = "whole"
    response_body: BodyState = "whole"

    @property
    def status(self) -> int:
        """Of the response; 0 if there is none."""
        return 0 if self.response is None else self.response.status

    @property
    def is_served(self) -> bool:
        """Whether the response is a success."""
        return 200 <= self.status < 300

    def known_to(self, redactor: Redactor, operation: str | None = None) -> Exchange:
        """The same, with a request whose redactor knows what this one knows as well.

        `operation` is the name of the one it belongs to, if that is known now.
        """
        joined, name = redactor.joined(self.request.redactor), operation or self.request.operation
        return replace(self, request=replace(self.request, operation=name, redactor=joined))

    def redacted(self) -> Exchange:
        """The same without secrets, as far as the request's redactor knows them.

        A body that it can't look into counts as one that was not recorded.
        """
        request = self.request.redacted()
        found = replace(self, request=request)
        if _is_hidden(request.content):
            found = replace(found, request=replace(request, content=None), request_body="missing")
        response = self.response
        if response is None:
            return found
        mask, redactor = self.request.mask(), self.request.redactor
        pairs = redactor.headers(response.headers.pairs())
        content = response.content
        if content:
            content = redactor.content(content, response.headers.get("Content-Type", ""))
        if _is_hidden(content):
            content, found = b"", replace(found, response_body="missing")
        text = mask(content.decode("utf-8", "surrogateescape"))
        response = structs.replace(
            response,
            headers=Headers([(name, mask(value)) for name, value in pairs]),
            content=text.encode("utf-8", "surrogateescape"),
            url=redactor.url(response.url),
        )
        return replace(found, response=response)


def _is_hidden(content: Any) -> bool:
    return isinstance(content, bytes) and content.startswith(NOT_SHOWN)


def http_of(response: Response) -> HttpResponse:
    """The response as it came, without what a client made of it."""
    return HttpResponse(
        response.status,
        response.headers,
        response.content,
        response.request.url,
        response.elapsed,
    )


class Recording:
    """Writes exchanges to a file of JSON Lines, without their secrets. Safe for threads.

    `limit` is how many bytes of a body are kept; a longer one counts as not recorded.
    """

    def __init__(self, path: str | PathLike[str], *, limit: int = 1 << 20) -> None:
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115  closed by `close`
        self._limit = limit
        self._lock = new_lock()

    def __call__(self, exchange: Exchange) -> None:
        line = json.dumps(as_line(exchange.redacted(), self._limit), ensure_ascii=False)
        with self._lock:
            self._file.write(f"{line}\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_line(exchange: Exchange, limit: int | None = None) -> dict[str, Any]:
    """The exchange as plain data, as it is: see `Exchange.redacted`."""
    request, response = exchange.request, exchange.response
    answer = None
    if response is not None:
        answer = {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers.pairs()],
            "body": _body(response.content, exchange.response_body, limit),
        }
    content = request.content if isinstance(request.content, bytes) else None
    state: BodyState = exchange.request_body
    if content is None and request.content is not None:
        state = "missing"  # it was streamed
    return {
        "dynclient": FORMAT,
        "at": datetime.fromtimestamp(exchange.at, UTC).isoformat(timespec="milliseconds"),
        "seconds": None if response is None else response.elapsed,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers.pairs()],
            "body": _body(content, state, limit),
        },
        "response": answer,
    }


def _body(content: bytes | None, state: BodyState, limit: int | None) -> dict[str, Any] | None:
    if state == "missing" or (limit is not None and content is not None and len(content) > limit):
        return {"missing": True}
    if not content:
        return None
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode("ascii")}


def from_line(found: Any, source: str = "") -> Exchange:
    """The exchange that plain data stands for. ValueError, with a reason, for anything else."""
    if not isinstance(found, Mapping) or found.get("dynclient") != FORMAT:
        raise ValueError(f'it is no recorded exchange: "dynclient" is not "{FORMAT}"')
    try:
        asked, answered = found["request"], found["response"]
        content, request_state = _content(asked.get("body"))
        request = HttpRequest(
            str(asked["method"]).upper(), str(asked["url"]), _headers(asked), content
        )
        response, response_state = None, request_state
        if answered is not None:
            body, response_state = _content(answered.get("body"))
            elapsed = float(found.get("seconds") or 0.0)
            response = HttpResponse(
                int(answered["status"]), _headers(answered), body or b"", request.url, elapsed
            )
        at = datetime.fromisoformat(found["at"]).timestamp() if found.get("at") else 0.0
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it is no recorded exchange: {type(error).__name__}: {error}") from None
    return Exchange(request, response, at, source, request_state, response_state)


def _headers(message: Mapping[str, Any]) -> Headers:
    return Headers([(str(name), str(value)) for name, value in message.get("headers") or ()])


def _content(body: Mapping[str, Any] | None) -> tuple[bytes | None, BodyState]:
    if body is None:
        return None, "whole"
    if body.get("missing"):
        return None, "missing"
    if "base64" in body:
        return b64decode(body["base64"], validate=True), "whole"
    return str(body["text"]).encode("utf-8", "surrogatepass"), "whole"
