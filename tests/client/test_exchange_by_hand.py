"""The exchange, driven by hand: no socket, no thread, and a clock that goes as it is told."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from support import answering, one_operation

from dynclient import (
    UNSET,
    AuthError,
    Client,
    Headers,
    HttpRequest,
    Options,
    RequestTimeout,
    Timeout,
    Trust,
    Unauthorized,
)
from dynclient.auth import Credential, Handler
from dynclient.commands import Once, Read, Run, Send
from dynclient.errors import TooManyRedirects, TransportError
from dynclient.exchange import exchange
from dynclient.hops import Conduct
from dynclient.observers import Failed, Judged, Prepared, Received, Retrying, Sent
from dynclient.transport import OpenResponse

BEARER: dict[str, Any] = {
    "security": [{"B": []}],
    "components": {"securitySchemes": {"B": {"type": "http", "scheme": "bearer"}}},
}
JSON = {"Content-Type": "application/json"}


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Tokens(Handler):
    """Fetches token 1, 2, 3 … from a token service; keeps the last."""

    def __init__(self) -> None:
        self.count = 0
        self.token: str | None = None

    def ready(self, scheme: Any, scopes: tuple[str, ...]) -> Credential | None:
        if self.token is None:
            return None
        return Credential(headers=(("Authorization", f"Bearer {self.token}"),))

    def acquire(self, scheme: Any, scopes: tuple[str, ...]) -> Any:
        response = yield HttpRequest("POST", "http://tokens.test/token", content=b"key")
        if response.status != 200:
            raise AuthError(f"no token: {response.status}")
        self.count += 1
        self.token = f"{response.content.decode()}{self.count}"
        return self.ready(scheme, scopes)

    def refused(self, scheme: Any, scopes: Any, request: HttpRequest, response: Any) -> bool:
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            self.token = None
        return True


class Hand:
    """Takes one command after the other from an exchange."""

    def __init__(self, flow: Generator[Any, Any, Any]) -> None:
        self.flow = flow
        self.command: Any = flow.send(None)
        self.value: Any = None

    def give(self, result: Any = None) -> Any:
        try:
            self.command = self.flow.send(result)
        except StopIteration as stop:
            self.command, self.value = None, stop.value
        return self.command

    def sent(self) -> HttpRequest:
        assert isinstance(self.command, Send), self.command
        return self.command.request

    def answer(self, status: int = 200, content: bytes = b"{}", **fields: str) -> None:
        """The response to what was sent, and its body if it is read."""
        request = self.sent()
        headers = Headers({**JSON, **{k.replace("_", "-"): v for k, v in fields.items()}})
        opened = OpenResponse(status, headers, content, request=request)
        if isinstance(self.give(opened), Read) and self.command.opened is opened:
            self.give(opened.read())

    def enter(self) -> Hand:
        """The flow that one caller runs for all."""
        assert isinstance(self.command, Once), self.command
        return Hand(self.command.flow())


def begun(
    document: dict[str, Any],
    *,
    auth: Any = None,
    body: Any = UNSET,
    options: Options | None = None,
    trust: Trust | None = None,
    **conduct: Any,
) -> Hand:
    """The exchange of a call of `op`, up to its first command."""
    client = Client(document, base_url="http://api.test", auth=auth)
    options = options or Options()
    plan = client._calling.plans.get("op", options)
    prepared = plan.prepare(None, {}, body, options)
    return Hand(exchange(plan, prepared, Conduct(trust or Trust(), **conduct)))


def plain(**more: Any) -> dict[str, Any]:
    return one_operation(responses=answering({"type": "object"}), **more)


def posting(**more: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"application/octet-stream": {}}
    return plain(method="post", content=content, **more)


# ── one hop ──────────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_one_request_and_one_body() -> None:
    clock = Clock()
    hand = begun(plain(), clock=clock)
    assert (hand.sent().method, hand.sent().url) == ("GET", "http://api.test/thing")
    opened = OpenResponse(200, Headers(JSON), b'{"a": 1}', request=hand.sent())
    clock.now = 1.5
    assert isinstance(hand.give(opened), Read)
    clock.now = 2.0
    assert hand.give(opened.read()) is None
    assert (hand.value.data, hand.value.elapsed) == ({"a": 1}, 2.0)


def test_what_sending_raises_is_what_the_call_raises() -> None:
    hand = begun(plain())
    with pytest.raises(TransportError, match="down"):
        hand.flow.throw(TransportError("down", request=hand.sent()))


# ── credentials ──────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_fetched_once_for_all_that_wait_for_it() -> None:
    tokens = Tokens()
    one, two = (begun(plain(**BEARER), auth={"B": tokens}) for _ in "12")
    inner = one.enter()
    assert inner.sent().url == "http://tokens.test/token"
    assert "Authorization" not in inner.sent().headers
    inner.answer(200, b"t")
    one.give(inner.value)
    assert one.sent().headers["Authorization"] == "Bearer t1"
    with pytest.raises(StopIteration) as found:  # a flow that finds the token does nothing
        next(two.command.flow())
    two.give(found.value.value)
    assert two.sent().headers["Authorization"] == "Bearer t1"
    assert tokens.count == 1


def test_two_calls_that_were_refused_the_same_token_make_one_exchange() -> None:
    tokens = Tokens()
    tokens.token = "old"
    one, two = (begun(plain(**BEARER), auth={"B": tokens}) for _ in "12")
    one.answer(401)
    inner = one.enter()
    inner.answer(200, b"t")
    one.give(inner.value)
    two.answer(401)  # the token it was sent with is gone already
    assert two.sent().headers["Authorization"] == "Bearer t1"
    assert tokens.count == 1


def test_a_401_is_tried_once_more_and_the_second_is_raised() -> None:
    tokens = Tokens()
    tokens.token = "old"
    hand = begun(plain(**BEARER), auth={"B": tokens})
    assert hand.sent().headers["Authorization"] == "Bearer old"
    hand.answer(401)
    inner = hand.enter()
    inner.answer(200, b"t")
    hand.give(inner.value)
    assert hand.sent().headers["Authorization"] == "Bearer t1"
    with pytest.raises(Unauthorized):
        hand.answer(401)


def test_a_token_service_that_fails_is_the_handlers_to_explain() -> None:
    hand = begun(plain(**BEARER), auth={"B": Tokens()})
    with pytest.raises(AuthError, match="no token: 503"):
        hand.enter().answer(503)


def test_a_function_of_the_users_is_run_by_the_driver() -> None:
    hand = begun(plain(**BEARER), auth={"B": lambda: "asked"})
    assert isinstance(hand.command, Run)
    hand.give(hand.command.function())
    assert hand.sent().headers["Authorization"] == "Bearer asked"


def pieces() -> Iterator[bytes]:
    yield b"once"


def test_a_body_that_is_used_up_is_not_sent_again() -> None:
    tokens = Tokens()
    tokens.token = "old"
    hand = begun(posting(**BEARER), auth={"B": tokens}, body=pieces())
    assert b"".join(hand.sent().content) == b"once"  # type: ignore[arg-type]
    with pytest.raises(Unauthorized):
        hand.answer(401)


@pytest.mark.parametrize("body", [b"again", io.BytesIO(b"again")])
def test_a_body_that_is_still_there_is_sent_again(body: Any) -> None:
    tokens = Tokens()
    tokens.token = "old"
    hand = begun(posting(**BEARER), auth={"B": tokens}, body=body)
    assert whole(hand.sent()) == b"again"
    hand.answer(401)
    inner = hand.enter()
    inner.answer(200, b"t")
    hand.give(inner.value)
    assert whole(hand.sent()) == b"again"


def whole(request: HttpRequest) -> bytes:
    content: Any = request.content
    return content if isinstance(content, bytes) else b"".join(content)


# ── redirects ────────────────────────────────────────────────────────────────────────────────────


def test_a_redirect_is_another_hop_and_credentials_stay_at_home() -> None:
    hand = begun(plain(**BEARER), auth={"B": "secret"})
    hand.answer(302, Location="/other")
    assert hand.sent().url == "http://api.test/other"
    assert hand.sent().headers["Authorization"] == "Bearer secret"
    hand.answer(307, Location="http://else.test/x")
    assert "Authorization" not in hand.sent().headers
    assert hand.sent().cross_origin
    hand.answer(307, Location="http://else.test/y")
    assert hand.sent().cross_origin
    hand.answer(200)
    assert hand.value.request.url == "http://else.test/y"


def test_a_401_of_another_origin_costs_no_token() -> None:
    tokens = Tokens()
    tokens.token = "good"
    hand = begun(plain(**BEARER), auth={"B": tokens})
    hand.answer(302, Location="http://else.test/")
    with pytest.raises(Unauthorized):
        hand.answer(401)
    assert tokens.token == "good"


def test_a_redirect_that_the_document_declares_is_the_response() -> None:
    declared = {"302": {"description": "where it is", "headers": {"Location": {"required": True}}}}
    hand = begun(one_operation(responses=declared))
    hand.answer(302, b"", Location="http://else.test/")
    assert (hand.value.status, hand.value.violations) == (302, ())


def test_redirects_are_bounded() -> None:
    hand = begun(plain(), trust=Trust(max_redirects=2))
    hand.answer(302, Location="/1")
    hand.answer(302, Location="/2")
    with pytest.raises(TooManyRedirects, match="more than 2"):
        hand.answer(302, Location="/3")


def test_a_used_up_body_follows_no_redirect() -> None:
    hand = begun(posting(), body=pieces())
    assert whole(hand.sent()) == b"once"
    with pytest.raises(TooManyRedirects, match="can't be sent again"):
        hand.answer(307, Location="/other")


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_hop_gets_what_is_left_of_the_total_timeout() -> None:
    clock = Clock()
    hand = begun(plain(), options=Options(timeout=Timeout(total=10)), clock=clock)
    assert hand.sent().timeout == Timeout(total=10)
    clock.now = 4
    hand.answer(302, Location="/other")
    assert hand.sent().timeout == Timeout(total=6)
    clock.now = 10
    with pytest.raises(RequestTimeout, match="total"):
        hand.answer(302, Location="/third")


# ── observers ────────────────────────────────────────────────────────────────────────────────────


def test_observers_get_events_in_order() -> None:
    told: list[Any] = []
    clock = Clock()
    tokens = Tokens()
    hand = begun(plain(**BEARER), auth={"B": tokens}, observers=(told.append,), clock=clock)
    inner = hand.enter()
    inner.answer(200, b"t")
    hand.give(inner.value)
    hand.answer(302, Location="/other")
    hand.answer(401)
    inner = hand.enter()
    inner.answer(200, b"t")
    hand.give(inner.value)
    clock.now = 3
    hand.answer(200, b'{"a": 1}')
    names = [type(event).__name__ for event in told]
    hop = ["Sent", "Received"]
    assert names == ["Prepared", *hop, *hop, *hop, "Retrying", *hop, *hop, "Judged"]
    beside = [event for event in told if event.operation is None]
    assert [event.request.url for event in beside] == ["http://tokens.test/token"] * 4
    assert isinstance(told[0], Prepared)
    assert isinstance(told[1], Sent)
    assert isinstance(told[2], Received)
    assert (told[2].status, told[2].attempt) == (200, 1)
    assert isinstance(told[7], Retrying)
    assert told[7].status == 401
    judged = told[-1]
    assert isinstance(judged, Judged)
    assert (judged.attempt, judged.seconds, judged.size, judged.error) == (2, 3, 8, None)
    assert judged.response is hand.value
    assert judged.operation.path == "/thing"


def test_a_call_without_a_response_has_failed() -> None:
    told: list[Any] = []
    hand = begun(plain(), observers=(told.append,))
    with pytest.raises(TransportError):
        hand.flow.throw(TransportError("down", request=hand.sent()))
    assert isinstance(told[-1], Failed)
    assert isinstance(told[-1].error, TransportError)


def test_an_observer_that_raises_does_not_end_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Any) -> None:
        raise LookupError("of mine")

    hand = begun(plain(), observers=(broken,))
    hand.answer(200)
    assert hand.value.status == 200
    assert "LookupError: of mine" in caplog.text


def test_an_error_response_is_judged_and_raised() -> None:
    told: list[Any] = []
    hand = begun(plain(**BEARER), auth={"B": "t"}, observers=(told.append,))
    with pytest.raises(Unauthorized) as caught:
        hand.answer(401)
    assert isinstance(told[-1], Judged)
    assert told[-1].error is caught.value
    assert told[-1].response is caught.value.response


def test_nothing_of_the_response_that_was_asked_for_is_lost() -> None:
    hand = begun(plain(), options=Options(raise_for="never", validate="warn"))
    hand.answer(500, b'{"detail": "no"}')
    assert (hand.value.status, hand.value.data) == (500, {"detail": "no"})
