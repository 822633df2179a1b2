"""The asynchronous transport in event loops: many tasks, cancelled ones, one loop after another."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import aiohttp
import pytest
import uvloop

from dynclient import AsyncClient
from dynclient.document import Trust
from dynclient.drive_async import drive_async
from dynclient.errors import RequestTimeout, TransportError
from dynclient.hops import Conduct, round_trip
from dynclient.messages import Headers, HttpRequest, Timeout
from dynclient.transport import AiohttpTransport, SocketTransport

from .server import HangUp, reply
from .test_in_process import DOCUMENT

LOOPS = {"asyncio": asyncio.run, "uvloop": uvloop.run}


@pytest.fixture(params=LOOPS)
def run(request):
    return LOOPS[request.param]


def by_id(request, _):
    return reply(request.headers["x-id"].encode() * 100)


async def fetch(transport, server, name, **more):
    request = HttpRequest("GET", server.url, Headers({"X-Id": name}), **more)
    return (await transport.send(request)).content


def test_a_thousand_tasks_get_their_own_responses(run, serve):
    server = serve(by_id)

    async def all_of_them():
        async with AiohttpTransport(pool_size=32, timeout=60) as transport:
            names = [f"{number:04}" for number in range(1000)]
            found = await asyncio.gather(*(fetch(transport, server, name) for name in names))
            assert found == [name.encode() * 100 for name in names]

    run(all_of_them())
    assert server.most_open <= 32 + 4


def test_one_event_loop_after_another(run, serve):
    server = serve(by_id)
    transport = AiohttpTransport(timeout=10)

    async def some():
        for name in ("1", "2"):
            assert await fetch(transport, server, name) == name.encode() * 100

    run(some())
    run(some())
    # Each loop has one connection, which ends with it.
    assert server.connections == 2


def test_a_client_serves_one_event_loop_after_another(run, serve):
    server = serve()
    client = AsyncClient(DOCUMENT, base_url=server.url, validate="off")

    async def call():
        return await client.call("send", id="1", body={})

    assert run(call())["method"] == run(call())["method"] == "POST"


def test_a_cancelled_call_leaves_no_broken_connection(run, serve):
    waiting = []

    def handler(request, sock):
        if request.target == "/slow":
            sock.sendall(reply(b"x" * 100)[:-50])
            waiting.append(1)
            sock.recv(1)
            raise HangUp
        return reply(request.target.encode())

    server = serve(handler)

    async def cancelling():
        async with AiohttpTransport(pool_size=1, timeout=10) as transport:
            for turn in range(5):
                slow = asyncio.create_task(transport.send(HttpRequest("GET", f"{server.url}/slow")))
                while len(waiting) <= turn:
                    await asyncio.sleep(0.005)
                slow.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await slow
                name = f"/{turn}"
                got = await transport.send(HttpRequest("GET", server.url + name))
                assert got.content == name.encode()

    run(cancelling())


def test_a_read_that_is_cancelled_closes_its_connection(serve):
    def handler(_, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
        sock.recv(1)
        raise HangUp

    server = serve(handler)

    async def cancelling():
        async with AiohttpTransport(pool_size=1, timeout=10) as transport:
            for _ in range(2):
                opened = await transport.open(HttpRequest("GET", server.url))
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await opened.read()
                with pytest.raises(ValueError, match="closed"):
                    await anext(opened)

    asyncio.run(cancelling())
    assert server.connections == 2


def test_closing_ends_the_connections_of_the_loop_and_a_later_call_opens_new_ones(serve):
    server = serve(by_id)

    async def closing():
        transport = AiohttpTransport()
        await fetch(transport, server, "1")
        await transport.aclose()
        await transport.aclose()
        await fetch(transport, server, "2")
        transport.retire()
        await transport.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await fetch(transport, server, "3")

    asyncio.run(closing())
    assert server.connections == 2


def test_control_c_ends_a_stalled_read(serve):
    stalled, go = threading.Event(), threading.Event()

    def handler(_, sock):
        sock.sendall(reply(b"x" * 100)[:-50])
        stalled.set()
        go.wait(20)
        raise HangUp

    def interrupt():
        stalled.wait(20)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    server = serve(handler)

    async def stall():
        async with AiohttpTransport(timeout=20) as transport:
            await transport.send(HttpRequest("GET", server.url))

    presser = threading.Thread(target=interrupt)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(stall())
    finally:
        go.set()
        presser.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_after_fork_uses_the_transport_of_its_parent(serve):
    server = serve(by_id)
    transport = AiohttpTransport(timeout=10)

    async def parent():
        await fetch(transport, server, "1")
        child = os.fork()
        if not child:
            os._exit(in_child())
        _, outcome = await asyncio.to_thread(os.waitpid, child, 0)
        await fetch(transport, server, "2")
        return outcome

    def in_child():
        signal.alarm(20)
        # The loop of the parent runs here too, as far as Python can tell.
        asyncio.events._set_running_loop(None)
        gc.collect()  # nothing of the parent's may be closed by it
        return 0 if asyncio.run(fetch(transport, server, "c")) == b"c" * 100 else 1

    assert asyncio.run(parent()) == 0
    assert [got.connection for got in server.received] == [1, 2, 1]


_A_CHILD_THAT_ENDS = """
import asyncio, os, sys
from dynclient import HttpRequest
from dynclient.transport import AiohttpTransport

transport = AiohttpTransport(timeout=20)

async def fetch():
    return (await transport.send(HttpRequest("GET", sys.argv[1]))).status

runner = asyncio.Runner()  # not by `with`, which closes the parent's loop in the child
before = runner.run(fetch())
child = os.fork()
if not child:
    sys.exit(3)
_, outcome = os.waitpid(child, 0)
print(before, os.waitstatus_to_exitcode(outcome), runner.run(fetch()))
runner.run(transport.aclose())
runner.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_ends_as_programs_do_leaves_its_parents_loop_alone(serve):
    server = serve()
    command = [sys.executable, "-c", _A_CHILD_THAT_ENDS, server.url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.stderr) == ("200 3 200\n", "")
    assert [got.connection for got in server.received] == [1, 1]


async def pieces():
    for piece in (b"a", b"", b"bc"):
        await asyncio.sleep(0)
        yield piece


def test_an_asynchronous_iterator_is_a_body(serve):
    server = serve()

    async def send(**fields):
        async with AiohttpTransport(timeout=10) as transport:
            request = HttpRequest("PUT", server.url, Headers(fields), pieces())
            return json.loads((await transport.send(request)).content)

    assert asyncio.run(send())["body"] == "abc"
    assert asyncio.run(send(**{"Content-Length": "3"}))["body"] == "abc"
    assert server.received[1].headers["content-length"] == "3"
    with pytest.raises(ValueError, match="Content-Length"):
        asyncio.run(send(**{"Content-Length": "4"}))


def test_a_synchronous_transport_refuses_an_asynchronous_iterator(serve):
    with SocketTransport() as transport, pytest.raises(TypeError, match="AsyncClient"):
        transport.send(HttpRequest("PUT", serve().url, content=pieces()))


def test_a_slow_iterator_of_the_caller_runs_into_no_timeout(serve):
    server = serve()

    async def slow():
        yield b"a"
        await asyncio.sleep(0.8)
        yield b"b"

    async def send():
        async with AiohttpTransport(timeout=0.3) as transport:
            return await transport.send(HttpRequest("PUT", server.url, content=slow()))

    assert json.loads(asyncio.run(send()).content)["body"] == "ab"


@pytest.mark.parametrize("method", ["GET", "PUT", "QUERY", "POST"])
def test_only_what_may_be_repeated_is_sent_again_and_once(serve, method):
    server = serve(hang_up)

    async def send():
        async with AiohttpTransport(timeout=10) as transport:
            with pytest.raises(TransportError):
                await transport.send(HttpRequest(method, server.url))

    asyncio.run(send())
    assert len(server.received) == (1 if method == "POST" else 2)


def hang_up(*_):
    raise HangUp


def test_the_callers_session_is_used_as_it_is_and_stays_open(serve):
    server, other = serve(), serve()

    async def send():
        async with aiohttp.ClientSession(headers={"X-Key": "s3cret"}) as session:
            transport = AiohttpTransport(session)
            async with transport:
                await transport.send(HttpRequest("GET", server.url))
                await transport.send(HttpRequest("GET", other.url, cross_origin=True))
            with pytest.raises(TypeError, match="session"):
                pickle.dumps(transport)
            async with session.get(server.url) as response:
                assert response.status == 200

    asyncio.run(send())
    assert server.received[0].headers["x-key"] == "s3cret"
    assert "x-key" not in other.received[0].headers
    assert server.connections == 1


def test_a_client_takes_a_session_itself(serve):
    server = serve()

    async def call():
        async with (
            aiohttp.ClientSession(headers={"X-Key": "1"}) as session,
            AsyncClient(DOCUMENT, base_url=server.url, transport=session, validate="off") as client,
        ):
            await client.call("send", id="1", body={})

    asyncio.run(call())
    assert server.received[0].headers["x-key"] == "1"


def test_a_field_that_aiohttp_would_change_is_refused(serve):
    async def send():
        async with AiohttpTransport() as transport:
            await transport.send(HttpRequest("GET", serve().url, Headers({"X": "caf\xe9"})))

    with pytest.raises(TransportError, match="ASCII"):
        asyncio.run(send())


def test_a_total_timeout_counts_the_wait_for_a_free_connection(serve):
    def slow(_, sock):
        with contextlib.suppress(OSError):
            sock.settimeout(2)
            sock.recv(1)
        raise HangUp

    server = serve(slow)

    async def send():
        async with AiohttpTransport(pool_size=1, timeout=Timeout(30, 30, 0.3)) as transport:
            outcomes = await asyncio.gather(
                *(fetch(transport, server, "1") for _ in range(3)), return_exceptions=True
            )
            assert {type(outcome) for outcome in outcomes} == {RequestTimeout}
            assert all("total timeout" in str(outcome) for outcome in outcomes)

    asyncio.run(send())


def test_without_aiohttp_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from dynclient import AsyncClient\n"
        "try:\n"
        "    AsyncClient({'openapi': '3.1.0', 'info': {'title': '', 'version': ''}, 'paths': {}})\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "dynclient[async]" in ran.stdout, ran.stderr


def test_redirects_over_aiohttp_leave_credentials_at_home(serve):
    other = serve()
    server = serve(lambda *_: reply(b"", "302 F", Location=other.url))
    url = server.url.replace("://", "://me:pw@")

    async def send():
        async with AiohttpTransport() as transport:
            exchange = round_trip(HttpRequest("GET", url), Conduct(Trust()))
            return await drive_async(exchange, transport)

    assert asyncio.run(send()).url == other.url
    assert server.received[0].headers["authorization"] == "Basic bWU6cHc="
    assert "authorization" not in other.received[0].headers


def test_credentials_of_the_callers_aiohttp_session_stay_home_on_every_hop(serve):
    """A to B, and then from B to B: the second hop changes no origin, and is still not at home."""
    other = serve(
        lambda r, _: reply(b"end") if r.target == "/end" else reply(b"", "302 F", Location="/end")
    )
    server = serve(lambda *_: reply(b"", "302 F", Location=other.url))

    async def send():
        # aiohttp's own jar keeps no cookies of IP addresses without `unsafe`.
        async with aiohttp.ClientSession(
            headers={"Authorization": "Basic s3cret", "X-API-Key": "s3cret"},
            cookies={"sid": "s3cret"},
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        ) as session:
            exchange = round_trip(HttpRequest("GET", server.url), Conduct(Trust()))
            return await drive_async(exchange, AiohttpTransport(session))

    assert asyncio.run(send()).content == b"end"
    home = server.received[0].headers
    assert (home["x-api-key"], home["authorization"]) == ("s3cret", "Basic s3cret")
    assert home["cookie"] == "sid=s3cret"
    assert [got.target for got in other.received] == ["/", "/end"]
    for got in other.received:
        assert set(got.headers) <= {"host", "user-agent", "accept", "accept-encoding"}
