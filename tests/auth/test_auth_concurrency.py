"""Many calls, one token: interleaved by hand, by threads, by tasks; and credentials that wait."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from support import AsyncSends, Sends, one_operation

from dynclient import AsyncClient, Client, Options
from dynclient.auth import Credential, Handler, IAMAuth
from dynclient.auth import account as account_room
from dynclient.commands import Once
from dynclient.messages import Headers, HttpRequest, HttpResponse

REQUEST = HttpRequest("GET", "https://api.test/v1/jobs")
REFUSAL = HttpResponse(401)
BEARER = {"Bearer": {"type": "http", "scheme": "bearer"}}
DOCUMENT = one_operation(security=[{"Bearer": []}], components={"securitySchemes": BEARER})
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc:inst::"


class Service:
    """Takes the newest token that it gave, and refuses any other; `send` is its whole network."""

    def __init__(self):
        self.lock = threading.Lock()
        self.given = 0
        self.calls = []

    def send(self, request):
        with self.lock:
            if "token" in request.url:
                self.given += 1
                token = {"access_token": f"token-{self.given}", "expires_in": 3600}
                return HttpResponse(200, JSON, json.dumps(token).encode())
            self.calls.append(request.headers["Authorization"])
            good = request.headers["Authorization"] == f"Bearer token-{self.given}"
            return HttpResponse(200 if good else 401, JSON, b"{}")

    def revoke(self):
        self.given += 1


JSON = Headers({"Content-Type": "application/json"})


def yielded(request):
    return (yield request)


def finished(generator, value):
    with pytest.raises(StopIteration) as stop:
        generator.send(value)
    return stop.value.value


def test_two_interleaved_calls_that_were_refused_one_token_make_one_exchange(plan_for):
    service = Service()
    plan = plan_for({"Bearer": IAMAuth("key")})

    def begun():
        flow = plan.flow(REQUEST, yielded)
        return flow, next(flow)

    flow, once = begun()
    first = finished(flow, finished(fetch := once.flow(), service.send(next(fetch))))
    second = finished_at_once(plan.flow(REQUEST, yielded))
    # Both are refused; both want a token; the driver lets one after the other into `Once`.
    assert plan.refused(first, REFUSAL)
    assert plan.refused(second, REFUSAL)
    (one, one_waits), (two, two_waits) = begun(), begun()
    assert isinstance(one_waits, Once)
    assert one_waits.owner is two_waits.owner
    fetch = one_waits.flow()
    credential = finished(fetch, service.send(next(fetch)))
    assert finished(one, credential).headers["Authorization"] == "Bearer token-2"
    assert finished_at_once(two_waits.flow()) is credential
    assert finished(two, credential).headers["Authorization"] == "Bearer token-2"
    # A third, refused the old token after all that, keeps the new one.
    assert plan.refused(second, REFUSAL)
    renewed = finished_at_once(plan.flow(REQUEST, yielded))
    assert renewed.headers["Authorization"] == "Bearer token-2"
    assert service.given == 2


def finished_at_once(generator):
    with pytest.raises(StopIteration) as stop:
        next(generator)
    return stop.value.value


def test_threads_that_were_refused_one_token_make_one_exchange():
    service = Service()
    client = Client(DOCUMENT, auth={"Bearer": IAMAuth("key")}, transport=Sends(service.send))
    client.call("op")
    together = threading.Barrier(8)
    service.revoke()

    def call(_):
        together.wait(10)
        return client.call("op")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [{}] * 8
    # token-1, the one that was revoked unseen, and one for all
    assert service.given == 3


def test_tasks_that_were_refused_one_token_make_one_exchange():
    service = Service()

    async def main():
        transport = AsyncSends(service.send)
        async with AsyncClient(
            DOCUMENT, auth={"Bearer": IAMAuth("key")}, transport=transport
        ) as client:
            await client.call("op")
            service.revoke()
            return await asyncio.gather(*(client.call("op") for _ in range(100)))

    assert asyncio.run(main()) == [{}] * 100
    assert service.given == 3


def test_one_handler_serves_a_client_and_an_asynchronous_client():
    service = Service()
    auth = {"Bearer": IAMAuth("key")}
    Client(DOCUMENT, auth=auth, transport=Sends(service.send)).call("op")
    client = AsyncClient(DOCUMENT, auth=auth, transport=AsyncSends(service.send))
    assert asyncio.run(client.call("op")) == {}
    assert service.given == 1


def test_threads_whose_account_comes_from_the_environment_make_one_exchange(
    iam, service, monkeypatch
):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "the-planted-api-key")
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", CRN)
    # The account as it is, but for the two addresses, which lead to this machine.
    monkeypatch.setattr(account_room.Account, "base_url", lambda self: service.url)
    monkeypatch.setattr(account_room.Account, "auth", local_auth(iam.url))
    client = Client("qiskit-runtime", validate="off")
    together = threading.Barrier(8)

    def call(_):
        together.wait(10)
        return client.request("list_backends").request.headers["Authorization"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(8))) == {"Bearer token-1"}
    assert len(iam.requests) == 1


def test_calls_that_name_an_instance_share_the_token_of_the_account(iam, service, monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "the-planted-api-key")
    monkeypatch.setattr(account_room.Account, "base_url", lambda self: service.url)
    monkeypatch.setattr(account_room.Account, "auth", local_auth(iam.url))
    client = Client("qiskit-runtime", validate="off")
    for _ in range(3):
        sent = client.request("list_backends", options=Options(auth={"ServiceCRN": CRN})).request
        assert sent.headers["Authorization"] == "Bearer token-1"
    assert len(iam.requests) == 1


def local_auth(url):
    def auth(self):
        time.sleep(0.05)  # every thread looks for the account before the first has found it
        return {"IBMCloudAuth": IAMAuth(self.token, url=url), "ServiceCRN": self.instance}

    return auth


async def a_token():
    await asyncio.sleep(0)
    return "t"


async def signed(request):
    await asyncio.sleep(0)
    return request.with_headers({"Authorization": f"signed {request.method}"})


def signed_in_a_thread(request):
    thread = threading.current_thread() is threading.main_thread()
    return request.with_headers({"Authorization": f"in the main thread: {thread}"})


@pytest.mark.parametrize(
    ("credential", "sent"),
    [
        (a_token, "Bearer t"),
        (partial(a_token), "Bearer t"),
        (lambda wait=a_token: wait(), "Bearer t"),
        (lambda: "plain", "Bearer plain"),
        (lambda: threading.current_thread().name.partition("_")[0], "Bearer asyncio"),
        (signed, "signed GET"),
        (signed_in_a_thread, "in the main thread: False"),
    ],
)
def test_an_asynchronous_client_awaits_functions_and_runs_plain_ones_in_threads(credential, sent):
    seen = []

    def send(request):
        seen.append(request.headers["Authorization"])
        return HttpResponse(200, JSON, b"{}")

    async def main():
        client = AsyncClient(DOCUMENT, auth={"Bearer": credential}, transport=AsyncSends(send))
        prepared = await client.prepare("op")
        seen.append(prepared.headers["Authorization"])
        await client.call("op")

    asyncio.run(main())
    assert seen == [sent, sent]


@pytest.mark.parametrize(
    ("credential", "name"),
    [(a_token, "a_token"), (partial(a_token), "a_token"), (signed, "signed")],
)
def test_a_client_says_that_it_cant_await_an_async_function(service, credential, name):
    client = service.client(DOCUMENT, auth={"Bearer": credential})
    with pytest.raises(TypeError, match=f"^{name} is an async function.*or use AsyncClient"):
        client.call("op")
    assert service.received == []


def test_a_handler_may_await_and_sign():
    class Signs(Handler):
        blocking = True

        async def modify(self, request):
            await asyncio.sleep(0)
            return request.with_headers({"Signature": request.headers["Authorization"]})

        def ready(self, scheme, scopes):
            return Credential((("Authorization", "x"),))

    seen = []

    def send(request):
        seen.append(request.headers["Signature"])
        return HttpResponse(200, JSON, b"{}")

    client = AsyncClient(DOCUMENT, auth={"Bearer": Signs()}, transport=AsyncSends(send))
    asyncio.run(client.call("op"))
    assert seen == ["x"]


def test_a_cancelled_call_leaves_the_token_to_the_others():
    service = Service()
    begun = asyncio.Event()

    class Slow(AsyncSends):
        async def open(self, request):
            if "token" in request.url:
                begun.set()
                await asyncio.sleep(0.05)
            return await super().open(request)

    async def main():
        client = AsyncClient(
            DOCUMENT, auth={"Bearer": IAMAuth("key")}, transport=Slow(service.send)
        )
        calls = [asyncio.create_task(client.call("op")) for _ in range(5)]
        await begun.wait()
        calls[0].cancel()
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)

    cancelled, *others = asyncio.run(main())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert others == [{}] * 4
    assert service.given == 1
