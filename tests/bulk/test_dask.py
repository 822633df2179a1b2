"""`client.map` on a Dask cluster of this machine: a worker dies, and no row is sent twice."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from bulk.programs import DOCUMENT, Things, rows
from dynclient import Client

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

pytestmark = [
    pytest.mark.long,
    # What Dask, tornado and their processes leave behind when a worker is killed.
    pytest.mark.filterwarnings("default"),
]


@pytest.mark.parametrize("count", [10_000])
def test_every_row_is_on_record_once_and_none_is_sent_twice(tmp_path: Path, count: int) -> None:
    things, journal = Things(), tmp_path / "run.jsonl"
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as dask:

        def kill() -> None:
            while len(things.made) < count // 3:
                time.sleep(0.01)
            pid = next(iter(dask.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        client = Client(DOCUMENT, base_url=things.url)
        executor = dask.get_executor(pure=False, retries=0)
        results = client.map(
            "make", rows(count), executor=executor, journal=journal, workers=8, chunk=50
        )
        killer.join()
    things.server.close()
    on_record = Counter(json.loads(line)["row"] for line in journal.read_text().splitlines())
    assert on_record == Counter(range(count))
    assert max(things.made.values()) == 1
    assert results.answered + results.failed + results.unknown == count
    assert results.failed == 0
    assert results.unknown <= 5
