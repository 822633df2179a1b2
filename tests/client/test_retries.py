"""Requests that are sent again: which, when, how often, and what is told of it."""

from __future__ import annotations

import email.utils
import logging
from typing import Any

import pytest
from support import Scripted, answering, json_answer, one_operation, parameter
from test_exchange_by_hand import BEARER, Clock, Hand, Tokens, begun, plain

from dynclient import Client, Options, Retries, Timeout, TooManyRequests
from dynclient.commands import Read, Wait
from dynclient.errors import (
    AuthError,
    ConnectError,
    ConnectionBroken,
    RequestTimeout,
    ResponseTooLarge,
    ServiceUnavailable,
    TLSError,
    TransportError,
)
from dynclient.messages import Headers
from dynclient.observers import Judged, Retrying
from dynclient.retries import Budget
from dynclient.transport import OpenResponse

ON = Options(retries=Retries(attempts=3))
WALL = 1_800_000_000.0


def now() -> float:
    return WALL


def waiting(hand: Hand) -> Wait:
    assert isinstance(hand.command, Wait), hand.command
    return hand.command


def call(method: str = "get", options: Options = ON, **more: Any) -> Hand:
    """An exchange whose jitter is 1 and whose time is `WALL`."""
    conduct = {"jitter": lambda: 1.0, "wall": now, "clock": Clock(), **more}
    responses = answering({"type": "object"}) | answering({}, "503") | answering({}, "429")
    document = one_operation(method=method, responses=responses)
    return begun(document, options=options, **conduct)


def fail(hand: Hand, kind: type[TransportError], *, sent: bool | None = None) -> None:
    error = kind("it failed", request=hand.sent())
    if sent is not None:
        error.sent = sent
    hand.command = hand.flow.throw(error)


# ── which ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_an_idempotent_request_is_sent_again_after_a_status(method: str, status: int) -> None:
    hand = call(method)
    hand.answer(status)
    assert waiting(hand) == Wait(0.5, f"status {status}")
    hand.give()
    hand.answer(200)
    assert (hand.value.status, hand.value.attempts) == (200, 2)


@pytest.mark.parametrize("status", [400, 404, 409, 500, 501])
def test_other_statuses_are_raised_at_once(status: int) -> None:
    hand = call()
    with pytest.raises(Exception, match=str(status)):
        hand.answer(status)


@pytest.mark.parametrize("kind", [ConnectError, ConnectionBroken, RequestTimeout])
def test_an_idempotent_request_is_sent_again_after_an_error(kind: type[TransportError]) -> None:
    hand = call()
    fail(hand, kind)
    assert waiting(hand).why == kind.__name__
    hand.give()
    hand.answer(200)
    assert hand.value.attempts == 2


@pytest.mark.parametrize("kind", [TLSError, ResponseTooLarge, TransportError])
def test_what_would_fail_again_is_raised_at_once(kind: type[TransportError]) -> None:
    hand = call()
    with pytest.raises(kind):
        fail(hand, kind)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_post_is_not_sent_again_after_a_status(status: int) -> None:
    hand = call("post")
    with pytest.raises(Exception, match=str(status)):
        hand.answer(status)


def test_a_post_is_sent_again_if_nothing_of_it_was_sent() -> None:
    hand = call("post")
    fail(hand, ConnectError)
    assert isinstance(hand.command, Wait)
    hand = call("post")
    fail(hand, RequestTimeout, sent=False)
    assert isinstance(hand.command, Wait)
    for kind in (ConnectionBroken, RequestTimeout):
        hand = call("post")
        with pytest.raises(kind):
            fail(hand, kind)


def test_a_post_is_sent_again_after_429_with_retry_after() -> None:
    hand = call("post")
    hand.answer(429, Retry_After="7")
    assert waiting(hand).seconds == 7.5
    hand.give()
    hand.answer(200)
    assert hand.value.attempts == 2


def test_a_post_with_an_idempotency_key_is_sent_again() -> None:
    options = Options(retries=2, headers={"idempotency-key": "k"})
    hand = call("post", options)
    hand.answer(503)
    assert isinstance(hand.command, Wait)


def test_a_key_is_made_once_where_the_document_declares_one() -> None:
    document = one_operation(
        method="post",
        parameters=[parameter("header", {"type": "string"}, "Idempotency-Key", required=True)],
        responses=answering({}),
    )
    hand = begun(document, options=ON)
    key = hand.sent().headers["Idempotency-Key"]
    assert len(key) == 36
    hand.answer(502)
    assert isinstance(hand.command, Wait)
    hand.give()
    assert hand.sent().headers["Idempotency-Key"] == key
    client = Client(document, base_url="http://api.test")
    assert client.prepare("op").headers["Idempotency-Key"] != key
    given = client.prepare("op", {"Idempotency-Key": "mine"})
    assert given.headers["Idempotency-Key"] == "mine"
    assert client.prepare("op", idempotency_key="mine").headers["Idempotency-Key"] == "mine"
    with pytest.raises(ValueError, match="Idempotency-Key"):
        client.with_options(retries=0).prepare("op")


def test_a_key_that_the_schema_would_not_take_is_not_made() -> None:
    schema = {"type": "string", "maxLength": 10}
    document = one_operation(
        method="post",
        parameters=[parameter("header", schema, "Idempotency-Key")],
        responses=answering({}),
    )
    assert "Idempotency-Key" not in Client(document).prepare("op").headers


def test_a_body_that_breaks_off_is_asked_for_again() -> None:
    hand = call()
    opened = OpenResponse(200, Headers({}), b"{}", request=hand.sent())
    assert isinstance(hand.give(opened), Read)
    hand.command = hand.flow.throw(ConnectionBroken("in the middle", request=opened.request))
    assert isinstance(hand.command, Wait)


def test_a_streamed_body_is_sent_again_only_if_it_can_start_again() -> None:
    import io

    document = plain(method="put", content={"application/octet-stream": {}})
    for body, again in ((io.BytesIO(b"abc"), True), (iter([b"abc"]), False)):
        hand = begun(document, body=body, options=ON)
        b"".join(hand.sent().content)  # type: ignore[arg-type]
        if again:
            hand.answer(503)
            hand.give()
            assert b"".join(hand.sent().content) == b"abc"  # type: ignore[arg-type]
        else:
            with pytest.raises(Exception, match="503"):
                hand.answer(503)


def test_a_policy_of_ones_own() -> None:
    own = Retries(attempts=2, statuses={500}, methods={"post"})
    hand = call("post", Options(retries=own))
    hand.answer(500)
    assert isinstance(hand.command, Wait)
    with pytest.raises(ServiceUnavailable):
        call("post", Options(retries=own)).answer(503)
    with pytest.raises(ServiceUnavailable):
        call(options=Options(retries=0)).answer(503)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


def test_waits_double_up_to_a_bound_and_the_last_failure_is_raised() -> None:
    hand = call(options=Options(retries=Retries(attempts=6, backoff=1, backoff_max=6)))
    waits = []
    for _ in range(5):
        hand.answer(503)
        waits.append(waiting(hand).seconds)
        hand.give()
    assert waits == [1, 2, 4, 6, 6]
    with pytest.raises(ServiceUnavailable) as failed:
        hand.answer(503)
    assert failed.value.response.attempts == 6


def test_an_error_says_how_often_it_was_tried() -> None:
    hand = call()
    for _ in range(2):
        fail(hand, ConnectError)
        hand.give()
    with pytest.raises(ConnectError) as failed:
        fail(hand, ConnectError)
    assert failed.value.attempts == 3


def test_a_wait_is_a_random_part_of_the_backoff() -> None:
    hand = call(jitter=lambda: 0.25)
    hand.answer(503)
    assert waiting(hand).seconds == 0.125


DATE = email.utils.formatdate(WALL + 20, usegmt=True)
LATE = email.utils.formatdate(WALL - 3600 + 20, usegmt=True)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"Retry_After": "3"}, 3.5),
        ({"Retry_After": "0"}, 0.0),
        ({"Retry_After": DATE}, 20.5),
        ({"Retry_After": LATE, "Date": email.utils.formatdate(WALL - 3600, usegmt=True)}, 20.5),
        ({"Retry_After": LATE}, 0.0),  # a date that has passed
        ({"Retry_After": "soon"}, 0.5),
        ({"Retry_After": "-1"}, 0.5),
        ({"Retry_After": "1e400"}, 0.5),
        ({"RateLimit": '"default";r=0;t=12'}, 12.5),
        ({"RateLimit": '"a";r=5;t=12, "b";r=0;t=4'}, 4.5),
        ({"RateLimit": '"default";r=5;t=12'}, 0.5),
        ({"RateLimit": '"default;r=;t=x,,;'}, 0.5),
        ({"RateLimit": '"default";r=0;t=12', "Retry_After": "2"}, 2.5),
    ],
)
def test_a_response_may_ask_for_a_wait(fields: dict[str, str], seconds: float) -> None:
    hand = call()
    hand.answer(503, **fields)
    assert waiting(hand).seconds == pytest.approx(seconds)


def test_a_longer_wait_than_the_policy_allows_is_raised_at_once_and_says_so() -> None:
    hand = call()
    with pytest.raises(TooManyRequests) as failed:
        hand.answer(429, Retry_After="3600")
    assert str(failed.value) == (
        "op: the server responded with 429; it asks to wait 3600 seconds, and at most 60 are "
        "waited; pass retries=Retries(retry_after_max=...)"
    )
    assert failed.value.response.attempts == 1
    own = Options(retries=Retries(retry_after_max=4000))
    hand = call(options=own)
    hand.answer(429, Retry_After="3600")
    assert waiting(hand).seconds == 3600.5


def test_there_is_no_wait_past_the_total_timeout() -> None:
    clock = Clock()
    options = Options(retries=Retries(attempts=9, backoff=1), timeout=Timeout(1, 1, total=4))
    hand = call(options=options, clock=clock)
    hand.answer(503)
    clock.now += waiting(hand).seconds  # 1
    hand.give()
    assert hand.sent().timeout == Timeout(1, 1, total=3)
    hand.answer(503)
    clock.now += waiting(hand).seconds  # 2
    hand.give()
    with pytest.raises(ServiceUnavailable):
        hand.answer(503)  # 4 more would be past it


def test_retries_are_a_part_of_the_calls_of_a_minute() -> None:
    budget, policy = Budget(), Retries(budget=0.1, budget_floor=2)
    assert [budget.takes(policy, 0.0) for _ in range(3)] == [True, True, False]
    budget.calls += 50
    assert [budget.takes(policy, 1.0) for _ in range(4)] == [True, True, True, False]
    assert budget.takes(policy, 70.0)  # those of the first minute count no longer
    for _ in range(4):
        budget.takes(policy, 70.0)
    assert not budget.takes(policy, 71.0)  # nor do its calls, of which some 43 are left
    unlimited = Budget()
    unlimited.calls = 10_000
    assert all(unlimited.takes(policy, 0.0) for _ in range(1000))
    assert not unlimited.takes(policy, 0.0)


def test_a_client_that_has_spent_its_budget_raises_the_first_failure() -> None:
    budget = Budget()
    for _ in range(10):
        hand = call(budget=budget)
        hand.answer(503)
        assert isinstance(hand.command, Wait)
    with pytest.raises(ServiceUnavailable):
        call(budget=budget).answer(503)


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


def test_observers_and_the_log_are_told(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Any] = []
    hand = call(observers=(events.append,))
    hand.answer(503)
    hand.give()
    hand.answer(200)
    (retrying,) = [event for event in events if isinstance(event, Retrying)]
    assert (retrying.why, retrying.status, retrying.seconds) == ("status 503", 503, 0.5)
    assert (retrying.attempt, events[-1].attempt) == (1, 2)
    assert isinstance(events[-1], Judged)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("dynclient", logging.WARNING)
    message = "op: attempt 1 failed (status 503); the next one follows in 0.50 s"
    assert record.getMessage() == message


def test_a_refused_token_counts_as_an_attempt_and_takes_no_retry() -> None:
    tokens = Tokens()
    tokens.token = "old"
    hand = begun(plain(**BEARER), auth={"B": tokens}, options=Options(retries=1))
    hand.answer(401)
    inner = hand.enter()
    inner.answer(200, b"t")
    hand.give(inner.value)
    hand.answer(200)
    assert hand.value.attempts == 2


def asking_for_a_token(status: int, **fields: str) -> Hand:
    conduct: dict[str, Any] = {"jitter": lambda: 1.0, "wall": now, "clock": Clock()}
    hand = begun(plain(**BEARER), auth={"B": Tokens()}, options=ON, **conduct).enter()
    hand.answer(status, b"", **fields)
    return hand


def test_a_request_for_a_token_is_sent_again_as_any_other(caplog: pytest.LogCaptureFixture) -> None:
    hand = asking_for_a_token(429, **{"Retry-After": "2"})
    assert waiting(hand) == Wait(2.5, "status 429")
    asked = caplog.records[0].getMessage()
    assert asked.endswith("attempt 1 failed (status 429); the next one follows in 2.50 s")
    hand.give()
    hand.answer(200, b"token")
    assert hand.value.headers == (("Authorization", "Bearer token1"),)


def test_a_request_for_a_token_may_wait_no_longer_than_the_policy_says() -> None:
    with pytest.raises(AuthError, match="429"):
        asking_for_a_token(429, **{"Retry-After": "61"})


# ── both clients, for real ───────────────────────────────────────────────────────────────────────


QUICK = Retries(backoff=0.01)
THING = plain()


def test_a_call_survives_a_service_that_comes_back(service: Scripted) -> None:
    service.answers += [json_answer({}, 502), json_answer({}, 503), json_answer({"a": 1})]
    response = service.client(THING, retries=QUICK).request("op")
    assert (response.data, response.attempts) == ({"a": 1}, 3)
    assert len(service.received) == 3


def test_a_stream_is_opened_again(service: Scripted) -> None:
    service.answers += [json_answer({}, 503), json_answer({"a": 1})]
    with service.client(THING, retries=QUICK).stream("op") as response:
        assert response.read().data == {"a": 1}
    assert len(service.received) == 2


def test_a_refused_response_can_still_be_streamed(service: Scripted) -> None:
    service.answers += [json_answer({"no": 1}, 401)]
    client = service.client(plain(**BEARER), auth={"B": "token"})
    options = Options(raise_for="never", validate="off")
    with client.stream("op", options=options) as response:
        assert response.read().data == {"no": 1}


def test_a_post_is_sent_once(service: Scripted) -> None:
    service.answers += [json_answer({}, 503)]
    with pytest.raises(ServiceUnavailable):
        service.client(plain(method="post")).call("op")
    assert len(service.received) == 1


def test_a_connection_that_cannot_be_made_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(THING, base_url="http://127.0.0.1:9", retries=QUICK)
    with pytest.raises(ConnectError) as failed:
        client.call("op")
    assert (failed.value.attempts, failed.value.sent) == (3, False)
    assert len(caplog.records) == 2


def test_clients_of_one_document_have_one_budget(service: Scripted) -> None:
    service.answers += [json_answer({}, 503)] * 20
    policy = Retries(attempts=2, backoff=0, budget=0, budget_floor=1)
    client = service.client(THING, retries=policy)
    for each in (client, client.with_options(timeout=5.0)):
        with pytest.raises(ServiceUnavailable):
            each.call("op")
    assert len(service.received) == 3


@pytest.mark.parametrize(
    ("retries", "error"),
    [
        (True, TypeError),
        ("3", TypeError),
        (-1, ValueError),
        (lambda: Retries(attempts=0), ValueError),
        (lambda: Retries(attempts=1.5), TypeError),  # type: ignore[arg-type]
        (lambda: Retries(backoff=-1), ValueError),
        (lambda: Retries(backoff=float("nan")), ValueError),
        (lambda: Retries(budget="a"), TypeError),  # type: ignore[arg-type]
        (lambda: Retries(methods="GET"), TypeError),
    ],
)
def test_what_is_no_policy_is_refused(retries: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Client(THING, retries=retries() if callable(retries) else retries)
