"""What is dropped when too many schemas are compiled, and that nobody notices."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import json_content

from dynclient import InvalidRequest
from dynclient.document import load
from dynclient.messages import Headers, HttpResponse
from dynclient.operation import Operations
from dynclient.schema import Validator, compiled
from dynclient.schema.compiled import Shelf

LIMIT = 400


def ring(operations: int, size: int) -> dict[str, Any]:
    """A document whose operations each reach every one of `size` schemas, in a ring."""
    schemas = {
        f"Ring{i}": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "next": ref(f"Ring{(i + 1) % size}")},
        }
        for i in range(size)
    }
    paths = {
        f"/{i}": {
            "post": {
                "operationId": f"op{i}",
                "requestBody": {"required": True, "content": json_content(ref(f"Ring{i}"))},
                "responses": {"200": {"description": "", "content": json_content(ref(f"Ring{i}"))}},
            }
        }
        for i in range(operations)
    }
    return {
        "openapi": "3.1.1",
        "info": {"title": "Ring", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_SHELF", Shelf(LIMIT))


def held() -> int:
    """How many subschemas are compiled right now, of the documents of these tests."""
    return sum(
        each.closure.size
        for each in gc.get_objects()
        if isinstance(each, Validator)
        and each._compiled is not None
        and any(name.startswith("Ring") for name in each.closure.schema["$defs"])
    )


@pytest.mark.long
def test_all_operations_compiled_hold_no_more_than_the_limit(small: None) -> None:
    operations = Operations(load(ring(40, 40)))
    for name in operations:
        operations[name].compile()
        assert 0 < held() <= LIMIT


@pytest.mark.long
def test_what_was_dropped_judges_as_before(small: None) -> None:
    operations = Operations(load(ring(40, 40)))
    for name in operations:
        operations[name].compile()
    for _ in range(2):
        for name in operations:
            operation = operations[name]
            assert operation.prepare(body={"n": 1, "next": {"n": 2}}).content
            with pytest.raises(InvalidRequest, match="at /next/n: 'x' is a string"):
                operation.prepare(body={"next": {"n": "x"}})
            http = HttpResponse(200, Headers({"Content-Type": "application/json"}), b'{"n": "x"}')
            (violation,) = operation.parse(http).violations
            assert (violation.pointer, violation.rule) == ("/n", "type")
            assert 0 < held() <= LIMIT


def test_a_schema_larger_than_the_limit_is_compiled_all_the_same(small: None) -> None:
    operation = Operations(load(ring(1, LIMIT)))["op0"]
    operation.compile()
    assert operation.prepare(body={"n": 1}).content
    with pytest.raises(InvalidRequest):
        operation.prepare(body={"n": "x"})


class Thing:
    """A compiled schema that only notes whether it was dropped."""

    dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_the_oldest_go_first_and_what_is_gone_does_not_count() -> None:
    shelf = Shelf(10)
    things = [Thing() for _ in range(4)]
    for thing in things[:3]:
        shelf.add(thing, 3)
    del things[1], thing
    shelf.add(things[-1], 3)
    assert [each.dropped for each in things] == [False, False, False]
    last = Thing()
    shelf.add(last, 6)
    assert [each.dropped for each in things] == [True, True, True]
    assert not last.dropped


_PEAK = """
import resource, sys
from test_kept import ring
from dynclient.document import load
from dynclient.operation import Operations
operations = Operations(load(ring(int(sys.argv[1]), 1500)))
for name in operations:
    operations[name].compile()
    operations[name].prepare(body={"n": 1})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(operations: int) -> int:
    """The most memory of a process that compiles so many operations of 1,500 schemas each."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(operations)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent), *sys.path])},
        capture_output=True,
        check=True,
        timeout=300,
    )
    return int(done.stdout)


@pytest.mark.long
def test_twice_as_many_large_operations_take_no_more_memory() -> None:
    assert peak(100) < 1.2 * peak(50)
