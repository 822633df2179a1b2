"""Recorded responses, given again: what a mock answers as a recording has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from ..locking import new_lock
from ..messages import Headers, HttpRequest, HttpResponse
from ..operation import Operations
from ..operation.router import Match, Router
from ..origins import split_url
from .exchanges import Exchange

__all__ = ["Replay"]

#: Fields that belong to the connection that was recorded, or to its content coding.
_OF_ITS_OWN = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
)


class Replay:
    """Answers as the exchanges have it: those of the same path and query, else of the same path.

    Of several the next one at each request, and the last one from then on. The service may have
    been at one of the document's servers, or at the root of any host.
    """

    def __init__(self, operations: Operations, exchanges: Iterable[Exchange]) -> None:
        self._found: dict[tuple[str, ...], list[HttpResponse]] = defaultdict(list)
        self._lock = new_lock()
        routers: dict[str | None, Router] = {None: Router(operations, None)}
        for each in exchanges:
            if each.response is None or each.response_body == "missing":
                continue
            method, url = each.request.method, each.request.url
            match = routers[None].match(method, url)
            if match is None:  # it was at none of the document's servers
                parts = urlsplit(url)
                origin = f"{parts.scheme}://{parts.netloc}"
                if origin not in routers:
                    routers[origin] = Router(operations, origin)
                match = routers[origin].match(method, url)
            name = "" if match is None else match.operation.name
            for key in _keys(name, match, each.request):
                self._found[key].append(_answer(each.response))
        self._router = Router(operations, "/")

    def __call__(self, request: HttpRequest, operation: str) -> HttpResponse | None:
        """The recorded response for a request; None if there is none."""
        match = self._router.match(request.method, split_url(request.url)[1])
        with self._lock:
            for key in _keys(operation, match, request):
                responses = self._found.get(key)
                if responses:
                    return responses.pop(0) if len(responses) > 1 else responses[0]
        return None


def _keys(operation: str, match: Match | None, request: HttpRequest) -> list[tuple[str, ...]]:
    """By what a response is found, the closest first."""
    path = str(sorted((match.arguments if match else {}).items()))
    query = str(sorted(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)))
    return [(request.method, operation, path, query), (request.method, operation, path)]


def _answer(response: HttpResponse) -> HttpResponse:
    pairs = [pair for pair in response.headers.pairs() if pair[0].lower() not in _OF_ITS_OWN]
    return HttpResponse(response.status, Headers(pairs), response.content)
