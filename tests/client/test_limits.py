"""How often operations are called at most, and who waits for it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support import Scripted, answering, json_answer, one_operation
from test_exchange_by_hand import Clock, Hand

from dynclient import Client, Options, RateLimits, RequestTimeout, Timeout
from dynclient.commands import Send, Wait
from dynclient.exchange import exchange
from dynclient.hops import Conduct
from dynclient.limits import Pace, paces_of

DOCUMENT = one_operation(responses=answering({"type": "object"}))


def pace(*rates: tuple[int, float], clock: Any) -> Pace:
    return Pace(list(rates), clock=clock)


def test_a_pace_lets_so_many_through_and_says_when_the_next_one_may_go() -> None:
    clock = Clock()
    one = pace((2, 10), clock=clock)
    assert (one.take(), one.take()) == (0, 0)
    clock.now = 4
    assert one.take() == pytest.approx(6, abs=0.01)
    clock.now = 4 + one.take()
    assert (one.take(), one.take()) == (0, 0)
    assert one.take() == pytest.approx(10, abs=0.1)


def test_all_rates_of_an_operation_hold() -> None:
    clock = Clock()
    one = pace((2, 1), (3, 60), clock=clock)
    assert [one.take() for _ in range(2)] == [0, 0]
    assert one.take() == pytest.approx(1, abs=0.01)
    clock.now = 2
    assert one.take() == 0
    assert one.take() == pytest.approx(58, abs=0.1)


def hand(client: Client, clock: Clock, options: Options | None = None) -> Hand:
    plan = client._calling.plans.get("op", options or Options())
    conduct = Conduct(client._calling.settings.trust, clock=clock)
    return Hand(exchange(plan, plan.prepare(None, {}, None, options or Options()), conduct))


def test_the_exchange_waits_for_its_turn_every_attempt_anew() -> None:
    client = Client(DOCUMENT, base_url="http://api.test", rate_limits={"op": "2/minute"})
    clock = Clock()
    client._calling.plans.get("op").pace._clock = clock  # type: ignore[union-attr]
    first = hand(client, clock)
    first.answer(503)
    assert isinstance(first.command, Wait)
    first.give()
    assert isinstance(first.command, Send)
    first.answer(200)
    second = hand(client, clock)
    assert isinstance(second.command, Wait)
    assert second.command.seconds == pytest.approx(60, abs=0.1)
    assert second.command.why == "the rate limit of op"
    clock.now += second.command.seconds
    second.give()
    second.answer(200)
    assert second.value.data == {}


def test_a_turn_after_the_total_timeout_is_raised_at_once() -> None:
    client = Client(DOCUMENT, base_url="http://api.test", rate_limits={"op": "1/hour"})
    clock = Clock()
    client._calling.plans.get("op").pace._clock = clock  # type: ignore[union-attr]
    hand(client, clock).answer(200)
    with pytest.raises(RequestTimeout, match="its turn by rate_limits= comes in 36") as failed:
        hand(client, clock, Options(timeout=Timeout(1, 1, total=30)))
    assert not failed.value.sent


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("5/minute", [(5, 60)]),
        ("5 / minute", [(5, 60)]),
        ("10/s", [(10, 1)]),
        ("100/2 hours", [(100, 7200)]),
        ("100/day, 5/MIN", [(5, 60), (100, 86400)]),
    ],
)
def test_rates(text: str, rates: Any) -> None:
    client = Client(DOCUMENT, rate_limits={"op": text})
    limits = client._calling.plans.get("op").pace._bucket.rates  # type: ignore[union-attr]
    assert [(each.limit, each.interval / 1000) for each in limits] == rates


@pytest.mark.parametrize("text", ["", "5", "minute", "0/minute", "5/0 s", "-1/s", "5/fortnight", 5])
def test_what_is_no_rate_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is no rate; give one as '5/minute'"):
        Client(DOCUMENT, rate_limits={"op": text})


def test_what_is_no_operation_or_no_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="no operation 'opp'; did you mean 'op'"):
        Client(DOCUMENT, rate_limits={"opp": "5/s"})
    with pytest.raises(TypeError, match="rate_limits= takes rates by operation"):
        Client(DOCUMENT, rate_limits="5/minute")  # type: ignore[arg-type]


def test_the_document_may_name_limits() -> None:
    client = Client("qiskit-runtime", rate_limits="document", base_url="http://api.test")
    paces = client._calling.opened.paces
    assert [(name, each._bucket.rates[0].limit) for name, each in paces.items()] == [
        ("create_job", 5)
    ]
    assert Client("qiskit-runtime")._calling.opened.paces == {}


def test_threads_and_derived_clients_have_one_pace(service: Scripted) -> None:
    service.answers += [json_answer({})] * 12
    client = service.client(DOCUMENT, rate_limits={"op": "4/s"})
    other = client.with_options(validate="off")
    started = time.monotonic()
    threads = [threading.Thread(target=each.call, args=("op",)) for each in [client, other] * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 1.9
    assert len(service.received) == 12


PROGRAM = """
import sys, time
from pathlib import Path
from dynclient.limits import Pace

pace, end, count = Pace([(20, 1.0)], Path(sys.argv[1]), "op"), time.time() + 2.0, 0
while time.time() < end:
    seconds = pace.take()
    count += not seconds
    time.sleep(min(seconds, 0.02))
print(count)
"""


def test_processes_share_a_pace_by_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "pace.db")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    counts = [int(process.communicate(timeout=60)[0]) for process in running]
    # Three windows of a second at most begin in the time, as the processes do not start together.
    assert 20 <= sum(counts) <= 80 + 20
    assert len(counts) == 3


def test_a_file_is_told_by_rate_limits(tmp_path: Path) -> None:
    limits = RateLimits({"op": "1/hour"}, file=tmp_path / "pace.db")
    operations = Client(DOCUMENT).operations
    assert paces_of(limits, operations)["op"].take() == 0
    assert paces_of(limits, operations)["op"].take() > 3000
