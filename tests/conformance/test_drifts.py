"""The emulator, clean and drifting: every drift is found, and nothing on the clean one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.drifts import DRIFTS, Drifting, drifting
from conformance.hunting import by_har, by_run, client_of, seeded
from dynclient.conformance import Bounds, run


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Drifting, str]]:
    with drifting() as found:
        yield found, seeded(found)


@pytest.mark.long
def test_the_clean_emulator_is_not_blamed(served, tmp_path):
    proxy, job = served
    assert by_har(proxy, None, job, tmp_path / "a.har") == set()
    with client_of(proxy) as client:
        result = run(client, Bounds(examples=6, seconds=300, unsafe=True))
        assert [group.key for group in result.tally.groups()] == []
        assert result.tally.untouched(client.operations) == []
    assert not result.timed_out


@pytest.mark.long
@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_every_drift_is_found(served, drift, tmp_path):
    proxy, job = served
    assert by_har(proxy, drift, job, tmp_path / "a.har") or by_run(proxy, drift, examples=3)


def test_there_are_enough_of_them():
    assert len({drift.name for drift in DRIFTS}) == len(DRIFTS) >= 40
