"""Rows over processes: each of them gets a token of its own, once."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from auth.oauth_provider import CLIENT, SECRET, client_of
from auth.oauth_provider import provider as provider  # noqa: PLC0414  a fixture

from dynclient.auth import OAuth2


def test_a_token_is_fetched_once_a_worker(provider, tmp_path):
    client = client_of(provider, OAuth2(CLIENT, SECRET))
    journal = tmp_path / "run.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        rows = ({} for _ in range(60))
        results = client.map("read", rows, executor=executor, journal=journal, workers=6, chunk=5)
    assert (results.answered, results.failed, results.unknown) == (60, 0, 0)
    assert len(provider.calls) == 60
    assert 1 <= len(provider.forms) <= 2
    assert SECRET not in journal.read_text()
    assert {json.loads(line)["row"] for line in journal.read_text().splitlines()} == set(range(60))
