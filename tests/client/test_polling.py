"""`client.poll`: calls until a response says what one waits for."""

from __future__ import annotations

from typing import Any

import pytest
from support import Scripted, answering, json_answer, one_operation, parameter
from test_exchange_by_hand import JSON, Clock

from dynclient import Client, NotFound, PollTimeout, Response
from dynclient.commands import Read, Send, Wait
from dynclient.errors import ConnectError, ServiceUnavailable
from dynclient.messages import Headers
from dynclient.polling import Condition, polling
from dynclient.transport import OpenResponse

DOCUMENT = one_operation(
    path="/thing/{id}",
    parameters=[parameter("path", {"type": "string"}, "id")],
    responses=answering({"type": "object"}) | answering({}, "404") | answering({}, "503"),
)
DONE = {"status": "Completed"}


class Polled:
    """Drives a wait, with a clock of its own; `answers` are statuses, data, errors and fields."""

    def __init__(self, *answers: Any, until: Any = DONE, **settings: Any) -> None:
        self.clock = Clock()
        self.waits: list[float] = []
        client = Client(DOCUMENT, base_url="http://api.test", retries=0)
        given = {"every": 2.0, "timeout": None, "progress": None, "statuses": {503}, **settings}
        flow = polling(
            lambda: client._calling.requesting("op", {"id": "a"}, None, None, {}),
            Condition.of(until),
            clock=self.clock,
            **given,
        )
        left = list(answers)
        command: Any = next(flow)
        try:
            while True:
                if isinstance(command, Wait):
                    self.waits.append(command.seconds)
                    self.clock.now += command.seconds
                    command = flow.send(None)
                elif isinstance(command, Read):
                    command = flow.send(command.opened.read())
                else:
                    assert isinstance(command, Send)
                    command = self._answer(
                        flow, command, left.pop(0) if left else {"status": "Running"}
                    )
        except StopIteration as stop:
            self.response: Response = stop.value
        assert not left

    @staticmethod
    def _answer(flow: Any, command: Send, answer: Any) -> Any:
        if isinstance(answer, type):
            return flow.throw(answer("it failed", request=command.request))
        status, fields = answer if isinstance(answer, tuple) else (200, {})
        status = answer if isinstance(answer, int) else status
        fields = answer.pop("fields", {}) if isinstance(answer, dict) else fields
        import json

        content = json.dumps(answer).encode() if isinstance(answer, dict) else b"{}"
        headers = Headers({**JSON, **fields})
        return flow.send(OpenResponse(status, headers, content, request=command.request))


RUNNING = {"status": "Running"}


def test_it_asks_until_a_member_has_the_value() -> None:
    polled = Polled(dict(RUNNING), dict(RUNNING), dict(DONE))
    assert (polled.response.data, polled.waits) == (DONE, [2, 2])


@pytest.mark.parametrize(
    ("until", "data"),
    [
        (lambda data: data["n"] > 3, {"n": 4}),
        ({"status": ["Failed", "Completed"]}, {"status": "Failed"}),
        ({"state.status": "Completed"}, {"state": {"status": "Completed"}}),
        ({"a": 1, "b": True}, {"a": 1, "b": True}),
        ({"tags": [["x"]]}, {"tags": ["x"]}),
    ],
)
def test_what_ends_a_wait(until: Any, data: Any) -> None:
    first = {"n": 0, "state": None, "a": 1}
    assert Polled(first, dict(data), until=until).response.data == data


@pytest.mark.parametrize("until", ["Completed", {}, None, 3])
def test_what_is_no_condition_is_refused(until: Any) -> None:
    with pytest.raises(TypeError, match="until= takes a function of the response's data"):
        Client(DOCUMENT).poll("op", {"id": "a"}, until=until)


@pytest.mark.parametrize(
    ("every", "error"),
    [(0, ValueError), ("1", TypeError), ((1, 2, 3), TypeError), (True, TypeError)],
)
def test_what_is_no_pause_is_refused(every: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="every="):
        Polled(dict(DONE), every=every)


def test_waits_grow_up_to_the_most() -> None:
    polled = Polled(*[dict(RUNNING) for _ in range(6)], dict(DONE), every=(1, 4))
    assert polled.waits == [1, 1.5, 2.25, 3.375, 4, 4]


def test_a_longer_retry_after_is_waited_out() -> None:
    asked = {**RUNNING, "fields": {"Retry-After": "9"}}
    short = {**RUNNING, "fields": {"Retry-After": "1"}}
    assert Polled(asked, short, dict(DONE)).waits == [9, 2]


def test_time_that_runs_out_has_the_last_response_after_a_last_look() -> None:
    with pytest.raises(PollTimeout) as failed:
        Polled(timeout=5)
    assert failed.value.data == RUNNING
    assert str(failed.value) == (
        "op: status=Completed did not come within 5 seconds; what runs at the service goes on"
    )
    assert Polled(dict(RUNNING), dict(RUNNING), dict(RUNNING), dict(DONE), timeout=5).waits == [
        2,
        2,
        1,
    ]


def test_a_service_that_fails_for_a_while_is_asked_again() -> None:
    assert Polled(503, ConnectError, 503, dict(DONE)).waits == [2, 2, 2]
    with pytest.raises(ServiceUnavailable):
        Polled(*[503] * 6)
    with pytest.raises(PollTimeout) as failed:
        Polled(*[503] * 2, timeout=1)
    assert (failed.value.response, failed.value.data) == (None, None)


def test_what_a_failed_response_asks_for_is_waited_out_too() -> None:
    asked = (503, {"Retry-After": "90"})
    assert Polled(asked, 503, dict(DONE)).waits == [90, 2]


def test_what_will_not_pass_is_raised() -> None:
    with pytest.raises(NotFound):
        Polled(404)


def test_progress_gets_every_response() -> None:
    told: list[Response] = []
    Polled(dict(RUNNING), dict(DONE), progress=told.append)
    assert [each.data for each in told] == [RUNNING, DONE]


def test_both_clients_poll(service: Scripted) -> None:
    service.answers += [json_answer(RUNNING), json_answer({}, 503), json_answer(DONE)]
    client = service.client(DOCUMENT)
    assert client.poll("op", {"id": "a"}, until=DONE, every=0.01) == DONE
    assert [each.target for each in service.received] == ["/thing/a"] * 3
