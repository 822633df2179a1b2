"""A request over a transport with its redirects followed, as an exchange follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dynclient.errors import TooManyRedirects
from dynclient.messages import HttpRequest, HttpResponse
from dynclient.transport.content import Stream, streamed
from dynclient.transport.redirects import next_request


def followed(transport: Any, request: HttpRequest, most: int = 10) -> HttpResponse:
    request = replace(request, content=streamed(request) or request.content)
    for _ in range(most + 1):
        response = transport.send(request)
        following = next_request(request, response.status, response.headers)
        if following is None:
            return response
        if isinstance(following.content, Stream) and not following.content.rewind():
            raise TooManyRedirects("the streamed body can't be sent again", request=request)
        request = following
    raise TooManyRedirects(f"no end after {most} redirects", request=request)
