"""docs/operations.md: every operation of the bundled document, and a test that really names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynclient import Client

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) `([^`]+)` \| `([^`]+)::(\w+)` \|", re.MULTILINE)
ROWS = _ROW.findall((ROOT / "docs" / "operations.md").read_text())


def test_the_page_has_a_row_for_each_operation_in_the_documents_order() -> None:
    operations = Client("qiskit-runtime", base_url="http://127.0.0.1:1").operations
    declared = {(name, op.method, op.path) for name, op in operations.items()}
    assert len(ROWS) == len(declared)
    assert {(name, method, path) for name, method, path, _, _ in ROWS} == declared


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_test_of_a_row_is_there_and_names_the_operation(row: tuple[str, ...]) -> None:
    name, _, _, file, test = row
    source = (ROOT / file).read_text()
    found = re.search(
        rf"^def {test}\(.*?(?=^(?:def|@|class) |\Z)", source, re.DOTALL | re.MULTILINE
    )
    assert found, f"{file} has no {test}"
    assert f'"{name}"' in found[0]
