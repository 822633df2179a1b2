"""A document that means harm ends in an answer or a DocumentError, soon, and in little memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from .hostile import HOSTILE

ROOT = Path(__file__).parents[2]
# Far more than any of them takes alone on an idle machine: the slowest takes 8 s.
SECONDS = 120
MEGABYTES = 1_000

EXAMINE = """
import json, logging, sys
from pathlib import Path
from benchmarks.corpus import examine
logging.getLogger("dynclient").setLevel(logging.CRITICAL)
print(json.dumps(examine(Path(sys.argv[1]))))
"""

VALIDATE = """
import json, logging, sys
from dynclient.document import load
from dynclient.messages import Headers, HttpResponse
from dynclient.operation import Operations
logging.getLogger("dynclient").setLevel(logging.CRITICAL)
operation = Operations(load(sys.argv[1]))["op"]
for text in (b"1", b'"x"', b'{"next": {"next": {"next": "x"}}}', b"null"):
    response = HttpResponse(200, Headers([("Content-Type", "application/json")]), text)
    print(len(operation.parse(response).violations))
"""


def _run(code: str, file: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _written(folder: Path, name: str) -> Path:
    ending, make = HOSTILE[name]
    file = folder / ending
    file.write_bytes(make())
    return file


#: They end, but take their time: thousands of operations or parameters, each compiled, and schemas
#: that are followed as far as the bounds allow.
SLOW = {
    "20,000 parameters",
    "5,000 operations of one id",
    "YAML blocks nested 10,000 deep",
    "a chain through allOf",
    "a chain through oneOf",
    "a regex of 1 MB of choices",
    "a regex of 1 MB of stars",
    "a ring through allOf",
    "path items in a ring",
}


def _named(names: Iterable[str]) -> list[Any]:
    return [pytest.param(n, marks=pytest.mark.long) if n in SLOW else n for n in names]


@pytest.mark.parametrize("name", _named(HOSTILE))
def test_it_ends_in_an_answer_or_a_document_error(name: str, tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads(_run(EXAMINE, _written(tmp_path, name)))
    reasons = [failure["reason"] for failure in found["failures"]]
    raised = [reason for reason in reasons if re.match(r"(\w+: )?\w+(Error|Exception): ", reason)]
    assert not raised
    assert found["peak"] < MEGABYTES * 1e6


@pytest.mark.parametrize(
    "name",
    _named(
        [
            "a chain of references",
            "a chain through properties",
            "a chain through allOf",
            "a chain through oneOf",
            "a ring through allOf",
            "a schema nested 400 deep",
            "a schema of 400 nested allOf",
            "an enum of 500,000 values",
            "a regex of 1 MB",
        ]
    ),
)
def test_answers_are_judged_by_it(name: str, tmp_path: Path) -> None:
    counts = _run(VALIDATE, _written(tmp_path, name)).split()
    assert len(counts) == 4
