"""The emulator behind a proxy that answers wrongly on purpose: the drifts as data."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from dynclient import Headers, HttpRequest, TransportError, emulator
from dynclient.transport import SocketTransport

JOBS, JOB = r"/v1/jobs", r"/v1/jobs/[^/]+"
_HOP = frozenset(
    {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
)
OTHER_CRN = emulator.CRN.replace("emulator-instance", "another-instance")


@dataclass
class Reply:
    """A response on its way; `length` is what Content-Length says, if not the truth."""

    status: int
    headers: dict[str, str]
    body: bytes
    length: int | None = None


@dataclass
class State:
    """What a drift may know of the requests before."""

    request: HttpRequest
    counts: dict[str, int] = field(default_factory=dict)
    forward: Callable[[HttpRequest], Reply] = field(
        repr=False, default=lambda _: Reply(500, {}, b"")
    )


Change = Callable[[Reply, State], Reply]


class Drift(NamedTuple):
    """One way of being wrong.

    method, path  of the requests that it concerns; the path below the API's root
    change        the response, changed
    before        the request, changed on its way; None for a response without asking the emulator
    """

    name: str
    method: str
    path: str
    change: Change = lambda reply, _: reply
    before: Callable[[HttpRequest], HttpRequest | None] = lambda request: request

    def concerns(self, request: HttpRequest) -> bool:
        path = request.url.partition("/api")[2].partition("?")[0]
        return re.fullmatch(self.method, request.method) is not None and bool(
            re.fullmatch(self.path, path)
        )


def data(change: Callable[[Any], Any], status: int = 200) -> Change:
    """A change of the JSON data of responses with a status."""

    def changed(reply: Reply, _: State) -> Reply:
        if reply.status != status:
            return reply
        return replace(reply, body=json.dumps(change(json.loads(reply.body))).encode())

    return changed


def put(*place: str, value: Any) -> Change:
    """A value at a place; `*` is every item."""
    return data(lambda found: _put(found, place, value))


def drop(*place: str) -> Change:
    return data(lambda found: _put(found, place, _NOTHING))


_NOTHING = object()


def _put(found: Any, place: tuple[str, ...], value: Any) -> Any:
    first, rest = place[0], place[1:]
    if first == "*":
        return [_put(item, rest, value) if rest else value for item in found]
    if rest:
        return {**found, first: _put(found[first], rest, value)}
    if value is _NOTHING:
        return {name: each for name, each in found.items() if name != first}
    return {**found, first: value}


def raw(change: Callable[[bytes], bytes], **headers: str) -> Change:
    """A change of the bytes of a response that was served, and of header fields."""

    def changed(reply: Reply, _: State) -> Reply:
        if reply.status != 200:
            return reply
        fields = {**reply.headers, **{n.replace("_", "-").lower(): v for n, v in headers.items()}}
        return replace(
            reply, body=change(reply.body), headers={n: v for n, v in fields.items() if v}
        )

    return changed


def status(code: int) -> Change:
    return lambda reply, _: replace(reply, status=code) if reply.status == 200 else reply


def _cut(reply: Reply, _: State) -> Reply:
    return replace(reply, length=len(reply.body) + 10) if reply.status == 200 else reply


def _second_fails(reply: Reply, state: State) -> Reply:
    count = state.counts[state.request.url] = state.counts.get(state.request.url, 0) + 1
    return Reply(500, {}, b"") if count > 1 else reply


def _refuses_examples(reply: Reply, state: State) -> Reply:
    if reply.status == 200 and b"sampler" in (state.request.content or b""):  # type: ignore[operator]
        return Reply(400, {"content-type": "application/json"}, b'{"errors": []}')
    return reply


def _takes_all(reply: Reply, state: State) -> Reply:
    if reply.status != 400:
        return reply
    return state.forward(replace(state.request, url=state.request.url.partition("?")[0]))


def _another(reply: Reply, state: State) -> Reply:
    return put("id", value="another0job0another0")(reply, state)


def _not_there(reply: Reply, state: State) -> Reply:
    error = {
        "errors": [{"code": 1291, "message": "Job not found.", "more_info": "", "solution": ""}]
    }
    body = json.dumps(error).encode()
    return Reply(404, {"content-type": "application/json"}, body) if reply.status == 200 else reply


def _with(**fields: str) -> Callable[[HttpRequest], HttpRequest]:
    """The request with fields that are missing, or others in their place."""

    def changed(request: HttpRequest) -> HttpRequest:
        return request.with_headers({n.replace("_", "-"): v for n, v in fields.items()})

    return changed


def _without_query(request: HttpRequest) -> HttpRequest:
    return replace(request, url=re.sub(r"offset=\d+&?", "", request.url))


_SIGNED = _with(Authorization=f"Bearer {emulator.TOKEN}", Service_CRN=emulator.CRN)


def _signed_if_bare(request: HttpRequest) -> HttpRequest:
    return request if "Authorization" in request.headers else _SIGNED(request)


def _signed_if_wrong(request: HttpRequest) -> HttpRequest:
    return _SIGNED(request) if "Authorization" in request.headers else request


STATUS = r"/v1/backends/[^/]+/status"

DRIFTS: tuple[Drift, ...] = (
    Drift("status-undeclared", "GET", JOB, status(299)),
    Drift("status-of-another-kind", "GET", JOBS, status(202)),
    Drift("server-error", "GET", JOB, lambda reply, _: replace(reply, status=500)),
    Drift("integer-as-text", "GET", JOBS, put("count", value="1")),
    Drift("text-as-integer", "GET", JOB, put("backend", value=5)),
    Drift("object-as-array", "GET", STATUS, data(lambda found: [found])),
    Drift("array-as-object", "GET", JOBS, put("jobs", value={})),
    Drift("boolean-as-text", "GET", STATUS, put("state", value="true")),
    Drift("number-as-text", "GET", JOB, put("cost", value="10800")),
    Drift("item-of-another-type", "GET", JOBS, put("jobs", "*", value="a job")),
    Drift("items-as-integers", "GET", "/v1/tags", put("tags", value=[1, 2])),
    Drift("enum-unknown", "GET", JOB, put("status", value="Sleeping")),
    Drift("enum-in-another-case", "GET", JOB, put("status", value="COMPLETED")),
    Drift("enum-below", "GET", JOB, put("state", value={"status": "Sleeping"})),
    Drift("null", "GET", JOB, put("created", value=None)),
    Drift("null-in-a-list", "GET", JOBS, put("jobs", "*", "id", value=None)),
    Drift("date-in-words", "GET", JOB, put("created", value="yesterday")),
    Drift("date-without-zone", "GET", JOB, put("created", value="2026-11-26T17:56:29")),
    Drift(
        "date-without-time",
        "GET",
        "/v1/usage|/v1/instances/usage",
        data(lambda d: {**d, "usage_period": {**d["usage_period"], "start_time": "2026-11-01"}}),
    ),
    Drift("missing", "GET", JOB, drop("id")),
    Drift("missing-below", "GET", JOB, put("state", value={})),
    Drift("missing-in-a-list", "GET", JOBS, drop("jobs", "*", "program")),
    Drift("missing-of-a-page", "GET", JOBS, drop("limit")),
    Drift("fraction", "GET", JOBS, put("count", value=1.5)),
    Drift("below-the-minimum", "GET", JOBS, put("offset", value=-1)),
    Drift("above-the-maximum", "GET", JOBS, put("limit", value=1000)),
    Drift("too-big-for-int32", "GET", JOBS, put("count", value=2**40)),
    Drift("pattern", "GET", JOB, put("id", value="no id!")),
    Drift("media-type", "GET", JOB, raw(lambda body: body, content_type="text/html")),
    Drift("media-type-missing", "GET", JOB, raw(lambda body: body, content_type="")),
    Drift("empty-body", "GET", JOB, raw(lambda _: b"")),
    Drift("cut-off-json", "GET", JOB, raw(lambda body: body[:-10])),
    Drift("nan", "GET", JOB, raw(lambda body: re.sub(rb'"cost":\s*\d+', b'"cost": NaN', body))),
    Drift("another-charset", "GET", JOB, raw(lambda body: body.replace(b"ibm_", b"\xfc"))),
    Drift("encoding", "GET", JOB, raw(lambda body: body, content_encoding="gzip")),
    Drift("length", "GET", JOB, _cut),
    Drift("page-repeats", "GET", JOBS, before=_without_query),
    Drift("credentials-not-asked-for", "GET", ".*", before=_signed_if_bare),
    Drift("wrong-credentials-taken", "GET", ".*", before=_signed_if_wrong),
    Drift("foreign-object", "GET", JOB, before=_SIGNED),
    Drift("another-object", "GET", JOB, _another),
    Drift("created-and-not-there", "GET", JOB, _not_there),
    Drift("deleted-and-still-there", "DELETE", JOB, before=lambda _: None),
    Drift("put-that-works-once", "PUT", r"/v1/jobs/[^/]+/tags", _second_fails),
    Drift("wrong-input-taken", "GET", JOBS, _takes_all),
    Drift("example-refused", "POST", JOBS, _refuses_examples),
    Drift(
        "error-of-another-form",
        "GET",
        JOB,
        lambda reply, _: replace(reply, body=b'{"errors": "no"}') if reply.status == 404 else reply,
    ),
)


class Drifting:
    """The proxy: `drift` is what it does wrong now, None for nothing."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.drift: Drift | None = None
        self._counts: dict[str, int] = {}
        self._transport = SocketTransport()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def begin(self, drift: Drift | None) -> None:
        self.drift, self._counts = drift, {}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._transport.close()

    def respond(self, request: HttpRequest) -> Reply:
        drift = self.drift
        if drift is None or not drift.concerns(request):
            return self._forward(request)
        changed = drift.before(request)
        if changed is None:
            return Reply(204, {}, b"")
        state = State(request, self._counts, self._forward)
        return drift.change(self._forward(changed), state)

    def _forward(self, request: HttpRequest) -> Reply:
        with self._transport.open(request) as opened:
            body = opened.read()
        pairs = {n.lower(): v for n, v in opened.headers.pairs() if n.lower() not in _HOP}
        pairs.pop("content-encoding", None)
        return Reply(opened.status, pairs, body)


def _handler(drifting: Drifting) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length) or None
            fields = [(n, v) for n, v in self.headers.items() if n.lower() not in {*_HOP, "host"}]
            url = drifting.upstream + self.path.removeprefix("/api")
            try:
                reply = drifting.respond(HttpRequest(self.command, url, Headers(fields), content))
            except TransportError:  # what the emulator would not get either
                reply = Reply(400, {}, b"")
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(reply.length or len(reply.body)))
            self.end_headers()
            if self.command != "HEAD" and reply.status not in (204, 304):
                self.wfile.write(reply.body)
            self.close_connection = reply.length is not None

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815
        do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def drifting() -> Iterator[Drifting]:
    """An emulator behind the proxy."""
    with emulator.run() as url:
        served = Drifting(url)
        try:
            yield served
        finally:
            served.close()
