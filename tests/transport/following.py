"""A request over a transport with its redirects followed, as an exchange follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dynclient.document import Trust
from dynclient.drive import drive
from dynclient.hops import Conduct, round_trip
from dynclient.messages import HttpRequest, HttpResponse
from dynclient.transport.content import streamed


def followed(transport: Any, request: HttpRequest, **trust: Any) -> HttpResponse:
    """What `drive` makes of it; `trust` are fields of a `Trust`."""
    # As a call does, so that its body can go twice.
    request = replace(request, content=streamed(request) or request.content)
    return drive(round_trip(request, Conduct(Trust(**trust))), transport)
