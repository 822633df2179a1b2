"""Connections and threads: nothing mixed up, nothing leaked, never more than the pool holds."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import threading
import time
import warnings
from contextlib import suppress

import pytest

from dynclient.errors import ConnectionBroken, RequestTimeout, TransportError
from dynclient.messages import Headers, HttpRequest, Timeout
from dynclient.transport import SocketTransport
from dynclient.transport.sockets import Connection

from .blocking import Blocking
from .server import HangUp, echo, reply

#: Real threads, on a server that closes when it likes.
THREADS, TURNS = 32, 500


def together(work, count):
    """Run `work(number)` in `count` threads; what they raised."""
    raised = []

    def run(number):
        try:
            work(number)
        except BaseException as problem:  # noqa: BLE001
            raised.append(problem)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return raised


def chance(name):
    """A random generator that is the same in every run, whatever thread asks."""
    return random.Random(name)


def capricious(request, sock):
    """Responds with the id, at times with `close`, at times hanging up right after."""
    by_chance = chance(request.headers["x-id"])
    body = request.headers["x-id"].encode() + b" " + b"x" * by_chance.choice([0, 10, 3000])
    if by_chance.random() < 0.05:
        return reply(body, Connection="close")
    if by_chance.random() < 0.05:
        sock.sendall(reply(body))
        raise HangUp
    return reply(body)


def crowd(serve, threads, turns):
    server = serve(capricious)
    with SocketTransport(pool_size=8, timeout=60) as transport:

        def work(number):
            for turn in range(turns):
                name = f"{number}-{turn}"
                request = HttpRequest("GET", server.url, Headers({"X-Id": name}))
                assert transport.send(request).content.split(b" ")[0] == name.encode()

        assert together(work, threads) == []
    assert server.most_open <= 8 + 4  # the server may be late to see that we have closed
    assert len(server.received) >= threads * turns


def test_responses_reach_their_askers_while_the_server_closes_as_it_likes(serve):
    crowd(serve, 16, 40)


@pytest.mark.long
def test_thirty_two_threads_and_sixteen_thousand_requests(serve):
    crowd(serve, THREADS, TURNS)


@pytest.fixture
def opened(monkeypatch):
    """The most connections that were open at once."""
    lock = threading.Lock()
    now, most = set(), [0]

    class Counted(Connection):
        __slots__ = ()

        def __init__(self, sock):
            super().__init__(sock)
            with lock:
                now.add(id(self))
                most[0] = max(most[0], len(now))

        def close(self):
            with lock:
                now.discard(id(self))
            super().close()

    monkeypatch.setattr("dynclient.transport.sockets.Connection", Counted)
    return now, most


def test_there_are_never_more_connections_than_the_pool_holds(serve, opened):
    now, most = opened
    served = set()

    def handler(request, _):
        """Each connection serves twice, so that many a kept one breaks in use."""
        if request.connection in served and chance(request.target).random() < 0.5:
            raise HangUp
        served.add(request.connection)
        return reply(b"ok")

    server = serve(handler)
    transport = SocketTransport(pool_size=3, timeout=30)

    def work(number):
        for turn in range(60):
            # A new connection that was hung up on is not tried again.
            with suppress(ConnectionBroken):
                transport.send(HttpRequest("GET", f"{server.url}/{number}-{turn}"))

    assert together(work, 12) == []
    assert 0 < most[0] <= 3
    transport.close()
    assert not now


def test_no_socket_is_left_behind(serve):
    server = serve(lambda r, _: reply(b"garbage") if "good" in r.target else b"garbage\r\n\r\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for _ in range(5):
            transport = SocketTransport(timeout=5)
            transport.send(HttpRequest("GET", server.url + "/good"))
            with pytest.raises(ConnectionBroken):
                transport.send(HttpRequest("GET", server.url + "/bad"))
            transport.send(HttpRequest("GET", server.url + "/good"))
            del transport
            gc.collect()


def test_close_while_others_send_harms_nobody(serve):
    server = serve()
    transport = SocketTransport(pool_size=4, timeout=20)
    stop = threading.Event()

    def work(number):
        if number == 0:
            for _ in range(200):
                transport.close()
                time.sleep(0.001)
            stop.set()
            return
        while not stop.is_set():
            assert transport.send(HttpRequest("GET", server.url)).status == 200

    assert together(work, 6) == []
    transport.close()
    gc.collect()


class Stop(BaseException):
    """As KeyboardInterrupt: may come at any moment."""


def test_an_interrupt_in_the_middle_of_a_response_leaves_no_half_read_connection(serve):
    go = threading.Event()

    def handler(request, sock):
        whole = reply(request.target.encode() * 100)
        if request.target == "/first":
            sock.sendall(whole[:-50])
            os.kill(os.getpid(), signal.SIGUSR1)
            go.wait(5)
            return whole[-50:]
        return whole

    def interrupt(*_):
        raise Stop

    server = serve(handler)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with SocketTransport(pool_size=1, timeout=5) as transport:
            transport.send(HttpRequest("GET", server.url + "/zero"))
            with pytest.raises(Stop):
                transport.send(HttpRequest("GET", server.url + "/first"))
            go.set()
            for _ in range(3):
                got = transport.send(HttpRequest("GET", server.url + "/later"))
                assert got.content == b"/later" * 100
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("where", ["header", "body"])
def test_control_c_ends_a_stalled_read(make, serve, where):
    if make.kind not in {"sockets", "requests", "session", "httpx"}:
        pytest.skip("a loop in a thread of its own hears of no signal; see test_async")
    stalled, go = threading.Event(), threading.Event()

    def handler(request, sock):
        if request.target == "/stall":
            if where == "body":
                sock.sendall(reply(b"x" * 100)[:-50])
            stalled.set()
            go.wait(20)
            raise HangUp
        return reply(request.target.encode())

    def interrupt():
        stalled.wait(20)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    server = serve(handler)
    transport = make(pool_size=1, timeout=20)
    presser = threading.Thread(target=interrupt)
    presser.start()
    try:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            transport.send(HttpRequest("GET", f"{server.url}/stall"))
        assert time.monotonic() - began < 15
    finally:
        go.set()
        presser.join()
    for name in ("/a", "/b"):
        assert transport.send(HttpRequest("GET", server.url + name)).content == name.encode()


def test_a_response_that_comes_after_its_timeout_is_nobodys(serve):
    def handler(request, _):
        if request.target == "/slow":
            time.sleep(0.3)
        return reply(request.target.encode())

    server = serve(handler)
    with SocketTransport(pool_size=2, timeout=5) as transport:

        def work(number):
            for turn in range(4):
                if (number + turn) % 2:
                    with pytest.raises(RequestTimeout):
                        transport.send(
                            HttpRequest("GET", server.url + "/slow", timeout=Timeout(5, 0.05))
                        )
                else:
                    name = f"/{number}-{turn}"
                    got = transport.send(HttpRequest("GET", server.url + name))
                    assert got.content == name.encode()

        assert together(work, 2) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_after_fork_talks_on_connections_of_its_own(make, serve):
    server = serve(
        lambda r, s: reply(b"{}", Set_Cookie="a=1") if r.target == "/set" else echo(r, s)
    )
    transport = make(timeout=5)
    if isinstance(transport, Blocking):
        pytest.skip("the loop and its thread stay with the parent; see test_async")
    transport.send(HttpRequest("GET", server.url + "/set"))
    with transport._cookies._lock:  # held by another thread, as far as the child can tell
        child = os.fork()
        if not child:
            status = 1
            try:
                signal.alarm(20)
                told = json.loads(transport.send(HttpRequest("GET", server.url + "/c")).content)
                transport.send(HttpRequest("GET", server.url + "/set"))
                status = 0 if told["connection"] != 1 else 2
            finally:
                os._exit(status)
    theirs = getattr(transport, "_given", None) is not None
    _, outcome = os.waitpid(child, 0)
    assert theirs or outcome == 0
    told = json.loads(transport.send(HttpRequest("GET", server.url + "/p")).content)
    assert theirs or told["connection"] == 1
    assert theirs or dict(told["fields"])["Cookie"] == "a=1"


def test_a_large_body_may_take_longer_than_one_timeout(serve):
    """The timeout is for each step: a slow line that moves is no fault."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        size = 16_000_000

        def slow():
            sock, _ = listener.accept()
            with sock:
                left = size
                while left > 0:
                    left -= len(sock.recv(1 << 16))
                    time.sleep(0.008)
                sock.sendall(reply(b"ok"))

        thread = threading.Thread(target=slow)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        began = time.monotonic()
        with SocketTransport(timeout=1.0) as transport:
            got = transport.send(HttpRequest("PUT", url, content=b"x" * size))
        assert got.content == b"ok"
        assert time.monotonic() - began > 1.1
        thread.join()


LINE_BREAKS = ["a\r\nX: y", "a\nb", "a\rb", "a\0b"]


@pytest.mark.parametrize("text", LINE_BREAKS)
def test_nothing_of_ours_can_begin_a_second_request(serve, text):
    server = serve()
    faults = [
        HttpRequest("GET", f"{server.url}/{text}"),
        HttpRequest("GET", f"{server.url}/?q={text}"),
        HttpRequest("GET", server.url.replace("127", f"{text}127")),
        HttpRequest("GET", server.url.replace("://", f"://{text}@")),
        HttpRequest(f"GET {text}", server.url),
        HttpRequest("GET", server.url, Headers({text: "x"})),
        HttpRequest("GET", server.url, Headers({"X": text})),
        HttpRequest("GET", server.url, Headers({"Host": text})),
        HttpRequest("GET", server.url, Headers({"Cookie": text})),
    ]
    with SocketTransport(timeout=5) as transport:
        for request in faults:
            with pytest.raises(TransportError):
                transport.send(request)
        assert server.received == []
        assert transport.send(HttpRequest("GET", server.url)).status == 200
