"""`python -m benchmarks.profile`: where the time of a call goes, layer by layer.

--into FILE  a Markdown file whose block `profile` the tables replace

The layers are watched inside of real calls: what runs after a wait runs with cold caches, and takes
about three times as long as the same code alone in a loop. Each layer's time is its own, without
that of the layers it calls; medians of many calls, in turns with bare requests. A watch adds about
half a microsecond to its layer. The calls of Python functions are counted beside: no noise can
change those.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from types import FrameType
from typing import Any

from dynclient import Client
from dynclient.auth import Credential
from dynclient.operation.response import ResponsePlan
from dynclient.plans import CallPlan
from dynclient.transport import socket_transport as sockets

from .byhand import Hand
from .documents import jobs_document
from .payloads import JOB, create_job_body
from .report import insert, machine
from .server import running

_ROUNDS = 100
_CALLS_A_ROUND = 20

#: Operation and arguments of each column, and the path that bare requests ask for.
_COLUMNS: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "GET of one job": ("get_job", {"id": JOB["id"]}, f"/v1/jobs/{JOB['id']}"),
    "GET of 200 jobs (44 KB)": ("list_jobs", {"limit": 200}, "/v1/jobs?limit=200"),
    "POST of 1 KB": ("create_job", {"body": create_job_body(1_000)}, "/v1/jobs"),
    "POST of 20 KB": ("create_job", {"body": create_job_body(20_000)}, "/v1/jobs"),
}

#: The layers in the order of a call, and what each does.
_LAYERS: Mapping[str, str] = {
    "call": "finding the plan of the operation, handing things on",
    "arguments": "names sorted out, judged, written into URL, headers and body",
    "credentials": "the constant ones put on the request; here there are none",
    "connection": "route, cookies, one of the pool taken, looked at and given back",
    "request head": "request line and fields written",
    "socket": "send, wait for the server, receive",
    "response head": "status line and fields read, the body cut out",
    "response": "the reader for status and type looked up, the Response made",
    "JSON": "the body decoded",
    "validation": "the compiled schema asked for a yes or no",
}


#: Where a layer begins: the function's owner, its name, and the layer.
_WATCHED: tuple[tuple[Any, str, str], ...] = (
    (CallPlan, "prepare", "arguments"),
    (Credential, "apply", "credentials"),
    (sockets.SocketTransport, "open", "connection"),
    (sockets.SocketTransport, "_fields", "request head"),
    (sockets, "head_of", "request head"),
    (sockets.Incoming, "feed", "response head"),
    (ResponsePlan, "parse", "response"),
)


@dataclass(frozen=True)
class Layer:
    """Seconds and Python calls of one layer, without the layers it calls."""

    seconds: float
    calls: int


class _Watch:
    """Knows which layer runs, and adds up what each takes."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._open = [""]
        self._inner = 0.0

    def over(self, layer: str, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched."""

        def watched(*values: Any, **named: Any) -> Any:
            outer, self._inner = self._inner, 0.0
            self._open.append(layer)
            started = perf_counter()
            try:
                return act(*values, **named)
            finally:
                spent = perf_counter() - started
                self._open.pop()
                self.spent[layer] += spent - self._inner
                self._inner = outer + spent

        return watched

    def count(self, work: Callable[[], object]) -> None:
        """Count the Python functions that one piece of work calls, by layer."""

        def see(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and frame.f_code.co_name != "watched":
                self.calls[self._open[-1]] += 1

        sys.setprofile(see)
        try:
            work()
        finally:
            sys.setprofile(None)


def _watch_all(watch: _Watch, client: Client, operation: str) -> Callable[..., Any]:
    """Put the watch over every layer of a client that has called the operation once."""
    for owner, name, layer in _WATCHED:
        setattr(owner, name, watch.over(layer, getattr(owner, name)))
    transport: Any = client._transport
    (route,) = transport._routes.values()
    (connection,) = route.pool._idle
    connection.send = watch.over("socket", connection.send)
    connection.receive = watch.over("socket", connection.receive)
    (reader,) = client._calling.plans.get(operation).responses._readers.values()
    reader.decode = watch.over("JSON", reader.decode)
    validator: Any = reader.judge
    validator.is_valid = watch.over("validation", validator.is_valid)
    return watch.over("call", client.call)


def _profiled(base: str, operation: str, arguments: Mapping[str, Any], path: str) -> list[Layer]:
    """The layers in their order, then the whole call, then bare requests."""
    hand, watch = Hand(base), _Watch()
    body = arguments.get("body")

    def bare() -> object:
        return hand.bare(path) if body is None else hand.bare_post(path, body)

    with Client(jobs_document(), base_url=base) as client:
        client.call(operation, **arguments)
        call = _watch_all(watch, client, operation)
        for _ in range(50):
            bare()
            call(operation, **arguments)
        watch.count(lambda: call(operation, **arguments))
        spent, bares = _timed(watch, lambda: call(operation, **arguments), bare)
    hand.close()
    layers = [Layer(median(spent[name]), watch.calls[name]) for name in _LAYERS]
    whole = [sum(values) for values in zip(*spent.values(), strict=True)]
    layers.append(Layer(median(whole), sum(layer.calls for layer in layers)))
    watch.calls.clear()
    watch.count(bare)
    return [*layers, Layer(median(bares), watch.calls.total() - 1)]


def _timed(
    watch: _Watch, call: Callable[[], object], bare: Callable[[], object]
) -> tuple[dict[str, list[float]], list[float]]:
    """The seconds of each layer of each call, and of each call of bare requests."""
    spent: dict[str, list[float]] = {name: [] for name in _LAYERS}
    bares = []
    for _ in range(_ROUNDS):
        for _ in range(_CALLS_A_ROUND):
            watch.spent.clear()
            call()
            for name, values in spent.items():
                values.append(watch.spent[name])
        for _ in range(_CALLS_A_ROUND):
            started = perf_counter()
            bare()
            bares.append(perf_counter() - started)
    return spent, bares


def _table(columns: Mapping[str, list[Layer]]) -> Iterator[str]:
    yield f"Measured on {machine()}. Bare requests take 1; beside it, calls of Python functions."
    yield ""
    yield f"| layer | {' | '.join(columns)} |"
    yield "| --- |" + " --- |" * len(columns)
    for index, name in enumerate((*_LAYERS, "**the whole call**", "bare requests")):
        cells = [
            f"{column[index].seconds / column[-1].seconds:.3f}, {column[index].calls}"
            for column in columns.values()
        ]
        told = f"{name}: {_LAYERS[name]}" if name in _LAYERS else name
        yield f"| {told} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table, and write it where it was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--into", type=Path)
    options = parser.parse_args()
    unwatched = {(owner, name): getattr(owner, name) for owner, name, _ in _WATCHED}
    columns = {}
    with running() as base:
        for title, column in _COLUMNS.items():
            columns[title] = _profiled(base, *column)
            for (owner, name), function in unwatched.items():
                setattr(owner, name, function)
    table = "\n".join(_table(columns)) + "\n"
    print(table)
    if options.into:
        insert(options.into, "profile", table)


if __name__ == "__main__":
    main()
