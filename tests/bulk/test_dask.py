"""`client.map` on a Dask cluster of this machine: a worker dies, and no row is sent twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from bulk.programs import Things

PROGRAM = Path(__file__).with_name("on_dask.py")


def _started(things: Things, journal: Path, *more: object) -> subprocess.Popen[str]:
    tests = str(PROGRAM.parents[1])
    known = os.pathsep.join([tests, str(PROGRAM.parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), things.url, str(journal), *map(str, more)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": known},
    )


@pytest.mark.long
@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")
def test_the_workers_keep_one_pace(tmp_path: Path) -> None:
    things = Things()
    process = _started(things, tmp_path / "run.jsonl", 60, "15/second")
    out, _ = process.communicate(timeout=120)
    things.server.close()
    assert json.loads(out.splitlines()[1]) == [60, 0, 0]
    # Four windows of 15; each worker by itself would need half as many.
    assert things.times[-1] - things.times[0] > 2.5


@pytest.mark.long
@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")
@pytest.mark.parametrize("count", [10_000])
def test_every_row_is_on_record_once_and_none_is_sent_twice(tmp_path: Path, count: int) -> None:
    things, journal = Things(), tmp_path / "run.jsonl"
    process = _started(things, journal, count)
    assert process.stdout is not None
    workers = json.loads(process.stdout.readline())
    while len(things.made) < count // 3 and process.poll() is None:
        time.sleep(0.01)
    os.kill(workers[0], signal.SIGKILL)
    answered, failed, unknown = json.loads(process.stdout.readline())
    process.communicate(timeout=60)
    things.server.close()
    on_record = Counter(json.loads(line)["row"] for line in journal.read_text().splitlines())
    assert on_record == Counter(range(count))
    assert max(things.made.values()) == 1
    assert (answered + failed + unknown, failed) == (count, 0)
    assert unknown <= 5
