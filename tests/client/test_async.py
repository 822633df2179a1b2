"""What only AsyncClient does: many calls on one loop, cancelling, loops that end, async bodies."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import pytest
import uvloop
from support import Scripted, answering, json_answer, one_operation, parameter
from transport.server import HangUp, Received, Server, reply

from dynclient import AsyncClient, Client, HttpRequest, InvalidRequest, NotFound
from dynclient.auth import Credential, Handler
from dynclient.errors import ConnectionBroken

pytestmark = pytest.mark.sync("these tests call AsyncClient themselves")

DOCUMENT = one_operation(
    path="/thing/{id}",
    parameters=[parameter("path", {"type": "string"}, "id")],
    responses=answering({"type": "object"}),
)
BEARER: dict[str, Any] = {
    "security": [{"B": []}],
    "components": {"securitySchemes": {"B": {"type": "http", "scheme": "bearer"}}},
}
UPLOAD = one_operation(
    method="post",
    content={"application/octet-stream": {}},
    responses=answering({"type": "object"}),
)


def run(work: Coroutine[Any, Any, Any], kind: str = "asyncio") -> Any:
    factory = uvloop.new_event_loop if kind == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


@pytest.fixture
def echo() -> Iterator[Server]:
    """Answers with the path that was asked for and the body that came."""

    def answer(request: Received, _: Any) -> bytes:
        body = {"path": request.target, "body": request.body.decode()}
        return reply(json.dumps(body).encode())

    server = Server(answer)
    yield server
    server.close()


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_calls_run_side_by_side(echo: Server, kind: str) -> None:
    async def main() -> list[Any]:
        async with AsyncClient(DOCUMENT, base_url=echo.url) as client:
            return await asyncio.gather(*(client.call("op", id=str(n)) for n in range(50)))

    assert [each["path"] for each in run(main(), kind)] == [f"/thing/{n}" for n in range(50)]


def test_a_thousand_calls_are_in_flight_on_one_loop(echo: Server) -> None:
    async def main() -> set[str]:
        async with AsyncClient(DOCUMENT, base_url=echo.url, timeout=60) as client:
            calls = (client.call("op", id=str(n)) for n in range(1000))
            return {each["path"] for each in await asyncio.gather(*calls)}

    assert run(main()) == {f"/thing/{n}" for n in range(1000)}


def test_attributes_and_the_mapping_work_as_those_of_client(echo: Server) -> None:
    async def main() -> Any:
        async with AsyncClient(DOCUMENT, base_url=echo.url) as client:
            assert list(client.operations) == ["op"]
            request = await client.prepare("op", id="a")
            assert request.url == f"{echo.url}/thing/a"
            assert "op: GET" in str(await client.explain("op", id="a"))
            assert (await client.send(request)).data["path"] == "/thing/a"
            return await client.ops.op(id="b")

    assert run(main())["path"] == "/thing/b"


def test_one_client_serves_a_second_loop_after_the_first_has_ended(echo: Server) -> None:
    client = AsyncClient(DOCUMENT, base_url=echo.url)
    for name in "ab":
        assert run(client.call("op", id=name))["path"] == f"/thing/{name}"


class Tokens(Handler):
    """Gets its token from a service, slowly."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.credential: Credential | None = None

    def ready(self, scheme: Any, scopes: tuple[str, ...]) -> Credential | None:
        return self.credential

    def acquire(self, scheme: Any, scopes: tuple[str, ...]) -> Any:
        response = yield HttpRequest("POST", f"{self.url}/token", content=b"")
        value = f"Bearer {response.status}"
        self.credential = Credential(headers=(("Authorization", value),))
        return self.credential


@pytest.fixture
def slow_tokens() -> Iterator[Server]:
    import time

    def answer(request: Received, _: Any) -> bytes:
        if request.target == "/token":
            time.sleep(0.2)
        return reply(b"{}")

    server = Server(answer)
    yield server
    server.close()


def token_requests(server: Server) -> int:
    return sum(request.target == "/token" for request in server.received)


def test_one_token_is_fetched_for_all_that_wait(slow_tokens: Server) -> None:
    async def main() -> None:
        handler = Tokens(slow_tokens.url)
        document = one_operation(responses=answering({"type": "object"}), **BEARER)
        async with AsyncClient(document, base_url=slow_tokens.url, auth={"B": handler}) as client:
            await asyncio.gather(*(client.call("op") for _ in range(100)))

    run(main())
    assert token_requests(slow_tokens) == 1


def test_cancelling_the_call_that_fetches_the_token_leaves_the_others_a_fetch(
    slow_tokens: Server,
) -> None:
    async def main() -> list[Any]:
        handler = Tokens(slow_tokens.url)
        document = one_operation(responses=answering({"type": "object"}), **BEARER)
        async with AsyncClient(document, base_url=slow_tokens.url, auth={"B": handler}) as client:
            calls = [asyncio.create_task(client.call("op")) for _ in range(5)]
            await asyncio.sleep(0.05)
            calls[0].cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        return results[1:]

    assert run(main()) == [{}] * 4
    assert token_requests(slow_tokens) == 2


def test_cancelling_one_call_breaks_no_connection_of_the_others(echo: Server) -> None:
    async def main() -> int:
        async with AsyncClient(DOCUMENT, base_url=echo.url) as client:
            for round_ in range(20):
                calls = [asyncio.create_task(client.call("op", id=str(n))) for n in range(10)]
                await asyncio.sleep(0.001 * (round_ % 5))
                calls[round_ % 10].cancel()
                results = await asyncio.gather(*calls, return_exceptions=True)
                for n, result in enumerate(results):
                    if not isinstance(result, asyncio.CancelledError):
                        assert result["path"] == f"/thing/{n}"
            return len(await asyncio.gather(*(client.call("op", id="z") for _ in range(10))))

    assert run(main()) == 10


def test_an_async_iterator_is_a_body(echo: Server) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"two"):
            await asyncio.sleep(0)
            yield piece

    async def main() -> Any:
        async with AsyncClient(UPLOAD, base_url=echo.url) as client:
            return await client.call("op", body=pieces())

    assert run(main())["body"] == "one two"
    with pytest.raises((TypeError, InvalidRequest), match="async"):
        Client(UPLOAD, base_url=echo.url).call("op", body=pieces())


def test_a_file_is_a_body(echo: Server, tmp_path: Any) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"x" * 300_000)

    async def main() -> Any:
        async with AsyncClient(UPLOAD, base_url=echo.url) as client:
            with path.open("rb") as file:
                return await client.call("op", body=file)

    assert len(run(main())["body"]) == 300_000


def test_a_document_at_a_url_is_opened_by_async_with_or_by_open(service: Scripted) -> None:
    async def main() -> None:
        url = f"{service.url}/api.json"
        client = AsyncClient(url, base_url=service.url)
        with pytest.raises(RuntimeError, match=r"not open yet: use `async with"):
            _ = client.document
        with pytest.raises(RuntimeError, match="not open yet"):
            await client.call("op", id="a")
        service.answers = [json_answer(DOCUMENT), json_answer({"a": 1})]
        assert await client.open() is client
        assert await client.call("op", id="a") == {"a": 1}
        await client.aclose()
        service.answers = [json_answer(DOCUMENT)]
        async with AsyncClient(url) as another:
            assert list(another.operations) == ["op"]

    run(main())


def test_a_reference_to_a_url_is_fetched_by_the_call_that_needs_it(service: Scripted) -> None:
    async def main() -> Any:
        document = one_operation(responses=answering({"$ref": "thing.json"}))
        service.answers = [json_answer(document), json_answer({"type": "object"})]
        async with AsyncClient(f"{service.url}/api.json", base_url=service.url) as client:
            service.answers += [json_answer({"a": 1})]
            return await client.call("op")

    assert run(main()) == {"a": 1}


def test_errors_are_those_of_client(service: Scripted) -> None:
    async def main() -> None:
        async with AsyncClient(DOCUMENT, base_url=service.url) as client:
            with pytest.raises(InvalidRequest, match="id"):
                await client.call("op")
            service.answers = [json_answer({"detail": "none here"}, 404)]
            with pytest.raises(NotFound, match="none here"):
                await client.call("op", id="a")
        with pytest.raises(RuntimeError, match="the client is closed"):
            await client.call("op", id="a")

    run(main())


def test_closing_ends_a_call_whose_body_is_still_to_come() -> None:
    def stalls(_: Received, sock: Any) -> bytes:
        sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        ended.wait(30)
        raise HangUp

    async def main() -> None:
        client = AsyncClient(DOCUMENT, base_url=server.url)
        call = asyncio.create_task(client.call("op", id="a"))
        while not server.received:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        await client.aclose()
        with pytest.raises(ConnectionBroken, match="closed before the response was complete"):
            await asyncio.wait_for(call, 20)

    ended = threading.Event()
    server = Server(stalls)
    try:
        run(main())
    finally:
        ended.set()
        server.close()


def test_it_pickles_as_its_source_and_settings(echo: Server) -> None:
    client = pickle.loads(pickle.dumps(AsyncClient(DOCUMENT, base_url=echo.url)))
    assert run(client.call("op", id="a"))["path"] == "/thing/a"


def test_without_aiohttp_the_error_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from dynclient import AsyncClient\n"
        "AsyncClient('qiskit-runtime')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "pip install 'dynclient[async]'" in done.stderr


def test_client_never_imports_asyncio() -> None:
    program = (
        "import sys\nfrom dynclient import Client\nclient = Client('qiskit-runtime', auth={})\n"
        "client.prepare('list_jobs')\nassert 'asyncio' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
