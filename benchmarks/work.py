"""The rows: what is measured against what, and the goal of each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import requests

from dynclient import Client
from dynclient.conformance import Ledger
from dynclient.messages import Headers, HttpRequest
from dynclient.transport import RequestsTransport, SocketTransport

from .asynchronous import asynchronous_rows
from .byhand import Hand, checked, parsed, with_jsonschema
from .documents import document_of, jobs_document
from .harness import Row, Runner, computed, repeated
from .payloads import JOB, JOB_LIST, create_job_body, dumps
from .peers import Running
from .starts import GITHUB_CALL, QISKIT_CALL, Starts

__all__ = ["rows"]

_ID = str(JOB["id"])
_GET = f"/v1/jobs/{_ID}"
_LIST = "/v1/jobs?limit=200"
_BARE = "bare requests"
_THREADS = 8


def rows(
    base: str, starts: Starts, *, github: Path | None = None, peers: Sequence[Running] = ()
) -> Iterator[Row]:
    """Every row in the order of the report.

    `github` is GitHub's document, for the row about it; `peers` take part wherever what a row
    times is something they do.
    """
    hand = Hand(base)
    client = Client(jobs_document(), base_url=base)
    over_requests = Client(jobs_document(), base_url=base, transport=RequestsTransport())
    try:
        for row in _calls(hand, client, over_requests):
            yield _with_peers(row, peers)
        yield from _parts(hand, client)
        yield from _transports(hand)
        yield _many_operations(base)
        yield _threads(hand, client, peers)
        yield _observed(client)
        yield _guarded(base)
        yield from _counted(client)
        yield _mapped(hand, client)
        yield from _proxied(base, client)
        yield from asynchronous_rows(base)
        yield from _starts(base, starts, github, peers)
    finally:
        hand.close()
        client.close()
        over_requests.close()


def _calls(hand: Hand, client: Client, over_requests: Client) -> Iterator[Row]:
    yield _call("GET of one job", 0.12, client, over_requests, hand, "get_job", {"id": _ID}, None)
    listing = "GET of 200 jobs (44 KB), formats too"
    yield _call(listing, 0.30, client, over_requests, hand, "list_jobs", {"limit": 200}, None)
    for size in (1_000, 20_000):
        body = create_job_body(size)
        name = f"POST of {size // 1000} KB, both ways"
        yield _call(name, 0.14, client, over_requests, hand, "create_job", {}, body)


#: What the peers call in a row.
_OF_PEERS = {
    "GET of one job": "get_job",
    "GET of 200 jobs (44 KB), formats too": "list_jobs",
    "POST of 1 KB, both ways": "create_job",
    "POST of 20 KB, both ways": "create_large_job",
}


def _with_peers(row: Row, peers: Sequence[Running]) -> Row:
    called = _OF_PEERS[row.name]
    theirs = {
        f"{peer.label}{operation.removeprefix(called)}": peer.runner(operation)
        for peer in peers
        for operation in sorted(peer.operations)
        if operation.partition(",")[0] == called
    }
    return replace(row, contestants={**row.contestants, **theirs})


_PLACES = {
    "get_job": ("GET", _GET, "Job"),
    "list_jobs": ("GET", _LIST, "Jobs"),
    "create_job": ("POST", "/v1/jobs", "Created"),
}


def _call(
    name: str,
    goal: float,
    client: Client,
    over_requests: Client,
    hand: Hand,
    operation: str,
    arguments: dict[str, Any],
    body: Any,
) -> Row:
    method, path, answer = _PLACES[operation]
    more = {} if body is None else {"body": body}

    def content() -> bytes | None:
        return None if body is None else dumps(body)

    def bare() -> Any:
        return hand.bare(path) if body is None else hand.bare_post(path, body)

    works: dict[str, Callable[[], Any]] = {
        "client.call": lambda: client.call(operation, **arguments, **more),
        _BARE: bare,
        "client.call, RequestsTransport": lambda: over_requests.call(
            operation, **arguments, **more
        ),
        "floor: prepared by hand": checked(answer, lambda: hand.prepared(method, path, content())),
        "floor: urllib3": checked(answer, lambda: hand.urllib3(method, path, content())),
        "floor: socket": checked(answer, lambda: hand.socket(method, path, content())),
    }
    return Row(name, {key: repeated(work) for key, work in works.items()}, _BARE, goal)


def _parts(hand: Hand, client: Client) -> Iterator[Row]:
    content = dumps(JOB_LIST)
    plain = "json.loads"
    floor = checked("Jobs", lambda: content)
    request = client.prepare("list_jobs", limit=200)
    http = client._transport.send(request)
    operation = client.operations["list_jobs"]
    yield Row(
        "parse and validate 200 jobs",
        {
            "Operation.parse": computed(lambda: operation.parse(http, request)),
            plain: computed(lambda: parsed(content)),
            "floor: msgspec and jsonschema-rs": computed(floor),
            "peer: json.loads and jsonschema": computed(with_jsonschema("Jobs", content)),
        },
        plain,
        0.90,
    )
    prepared = "requests.Request.prepare"
    url = hand.base + _GET
    yield Row(
        "prepare() of a small GET",
        {
            "client.prepare": computed(lambda: client.prepare("get_job", id=_ID)),
            prepared: computed(lambda: requests.Request("GET", url).prepare()),
        },
        prepared,
        0.35,
    )


def _transports(hand: Hand) -> Iterator[Row]:
    sockets, pooled, session = (
        SocketTransport(),
        RequestsTransport(),
        RequestsTransport(hand.session),
    )
    for name, path in (("GET of one job", _GET), ("GET of 200 jobs (44 KB)", _LIST)):
        request = HttpRequest("GET", hand.base + path, Headers({"Accept": "application/json"}))
        works: dict[str, Callable[[], Any]] = {
            "SocketTransport": lambda request=request: sockets.send(request),  # type: ignore[misc]
            _BARE: lambda path=path: hand.bare(path),  # type: ignore[misc]
            "RequestsTransport": lambda request=request: pooled.send(request),  # type: ignore[misc]
            "RequestsTransport(session)": lambda request=request: session.send(request),  # type: ignore[misc]
            "urllib3": lambda path=path: hand.urllib3("GET", path),  # type: ignore[misc]
            "socket": lambda path=path: hand.socket("GET", path),  # type: ignore[misc]
        }
        contestants = {key: repeated(work) for key, work in works.items()}
        yield Row(f"transport alone, {name}", contestants, _BARE)
    sockets.close()
    pooled.close()


def _observed(client: Client) -> Row:
    """What an observer costs that does nothing."""

    def ignore(_: object) -> None:
        return None

    watched = client.with_options(observers=[ignore])
    plain = "without observers"
    works = {
        "client.call, an idle observer": lambda: watched.call("get_job", id=_ID),
        plain: lambda: client.call("get_job", id=_ID),
    }
    return Row("an observer", {k: repeated(w) for k, w in works.items()}, plain, 1.05)


def _guarded(base: str) -> Row:
    """What retries and rate limits cost a call that needs neither."""
    guarded = Client(jobs_document(), base_url=base, rate_limits={"create_job": "5/minute"})
    plain = Client(jobs_document(), base_url=base, retries=0)
    works = {
        "retries and limits, idle": lambda: guarded.call("get_job", id=_ID),
        "without": lambda: plain.call("get_job", id=_ID),
    }
    return Row("retries and limits", {k: repeated(w) for k, w in works.items()}, "without", 1.05)


def _counted(client: Client) -> Iterator[Row]:
    """What a ledger costs that counts every verdict and judges one exchange of a hundred whole."""
    for name, operation, arguments, goal in (
        ("GET of one job", "get_job", {"id": _ID}, 1.15),
        ("GET of 200 jobs", "list_jobs", {"limit": 200}, 1.25),
    ):
        ledger = Ledger(":memory:", document=client, base_url=client._calling.settings.base_url)
        counting = client.with_options(observers=[ledger])
        works = {
            "with a ledger": partial(counting.call, operation, arguments),
            "without": partial(client.call, operation, arguments),
        }
        contestants = {k: repeated(w) for k, w in works.items()}
        yield Row(f"a ledger: {name}", contestants, "without", goal)


def _proxied(base: str, client: Client) -> Iterator[Row]:
    """What a proxy adds that judges beside the way, in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as spec:
        json.dump(jobs_document(), spec)
        spec.flush()
        command = [sys.executable, "-m", "dynclient", "conform", "proxy", "--spec", spec.name]
        process = subprocess.Popen(
            [*command, "--upstream", base],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        through = client.with_options(base_url=process.stdout.readline().strip())
        works = {
            "through the proxy": lambda: through.call("get_job", id=_ID),
            "without": lambda: client.call("get_job", id=_ID),
        }
        yield Row("a proxy that judges", {k: repeated(w) for k, w in works.items()}, "without")
        process.terminate()
        process.communicate()


def _mapped(hand: Hand, client: Client) -> Row:
    """Rows through `map`, and through a pool of threads with a Session each."""
    url, sessions = hand.base + _GET, threading.local()

    def bare(_: int) -> Any:
        if not hasattr(sessions, "own"):
            sessions.own = requests.Session()
        return sessions.own.get(url).json()

    def ours(times: int) -> float:
        count = max(100, times)
        started = perf_counter()
        client.map("get_job", ({"id": _ID} for _ in range(count)), workers=_THREADS)
        return (perf_counter() - started) * times / count

    def theirs(times: int) -> float:
        count = max(100, times)
        started = perf_counter()
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(bare, range(count)))
        return (perf_counter() - started) * times / count

    contestants = {"client.map": ours, "a pool of threads": theirs}
    name = f"map, {_THREADS} workers, rows a second"
    return Row(name, contestants, "a pool of threads", 2.0, rate=True, slot=0.1)


def _many_operations(base: str) -> Row:
    one, many = (Client(document_of(n), base_url=base) for n in (1, 1223))
    # By processor time: the network is the same, and its noise is larger than what is looked for.
    return Row(
        "a call among 1,223 operations",
        {
            "among 1,223": computed(lambda: many.call("get_job", id=_ID)),
            "alone": computed(lambda: one.call("get_job", id=_ID)),
        },
        "alone",
        1.02,
    )


def _threads(hand: Hand, client: Client, peers: Sequence[Running]) -> Row:
    url = hand.base + _GET

    def bare() -> Callable[[], Any]:
        # A Session a thread: sharing one is not documented to be safe.
        session = requests.Session()
        return lambda: session.get(url).json()

    contestants = {
        "client.call": _spread(lambda: lambda: client.call("get_job", id=_ID)),
        _BARE: _spread(bare),
        "floor: urllib3": _spread(lambda: checked("Job", lambda: hand.urllib3("GET", _GET))),
        **{peer.label: peer.runner("get_job", _THREADS) for peer in peers},
    }
    name = f"{_THREADS} threads, calls a second"
    return Row(name, contestants, _BARE, 5.5, rate=True, slot=0.05)


def _spread(make: Callable[[], Callable[[], Any]]) -> Runner:
    """A runner that shares the calls among threads; `make` gives each its own work."""
    works = [make() for _ in range(_THREADS)]

    def run(times: int) -> float:
        share = range(max(50, times // _THREADS))

        def turns(work: Callable[[], Any]) -> None:
            for _ in share:
                work()

        threads = [threading.Thread(target=turns, args=(work,)) for work in works]
        started = perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # As if exactly `times` calls had been made.
        return (perf_counter() - started) * times / (len(share) * _THREADS)

    return run


def _starts(
    base: str, starts: Starts, github: Path | None, peers: Sequence[Running]
) -> Iterator[Row]:
    bare = "import requests, one get().json()"
    ours = "import dynclient, first call"
    prefix, path, *_ = QISKIT_CALL
    auth = {"IBMCloudAuth": "token", "ServiceCRN": "crn"}
    yield Row(
        "fresh process, Client('qiskit-runtime')",
        {
            ours: starts.client(base, "qiskit-runtime", QISKIT_CALL, auth),
            bare: starts.bare(base + prefix + path),
            # Theirs is the small document of the other rows, as not all of them can read this one.
            **{f"{peer.label}, small document": starts.program(*peer.once) for peer in peers},
        },
        bare,
        1.05,
        slow=True,
    )
    imported = "import requests"
    yield Row(
        "import, beyond bare Python",
        {
            "from dynclient import Client": starts.beyond("from dynclient import Client"),
            imported: starts.beyond(imported),
        },
        imported,
        0.60,
        slow=True,
    )
    if github is None:
        return
    loaded = "import requests, json.load, one get().json()"
    prefix, path, *_ = GITHUB_CALL
    yield Row(
        "fresh process, GitHub's document (13 MB)",
        {
            ours: starts.client(base, str(github), GITHUB_CALL),
            loaded: starts.bare(base + prefix + path, str(github)),
            **{
                label: starts.program(*(part.format(base=base + prefix) for part in command))
                for peer in peers
                for label, command in peer.github.items()
            },
        },
        loaded,
        0.95,
        slow=True,
    )
