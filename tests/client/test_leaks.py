"""Secrets planted in every place at once, looked for in all that a person or a log can see."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from leaks import Records, all_of, leaks
from support import Answer, Scripted, answering, json_answer, json_content, one_operation, parameter
from transport.server import HangUp

from dynclient import AsyncClient, Client, DynclientError, File, LoggingObserver, Options
from dynclient.auth import APIKeyHeader, Credential, DigestAuth, Handler, IAMAuth

PASSWORD = {"type": "string", "format": "password", "maxLength": 60}
#: One for each place, so that a leak says where it comes from.
PLANTED = {
    name: f"{name}-Pl4nted/+{number} \"q'"
    for number, name in enumerate(["query", "item", "member", "part", "password"])
}
PLANTED |= {
    name: f"{name}-Pl4nted.~{number}"
    for number, name in enumerate(
        ["path", "field", "cookie", "key", "bearer", "iamkey", "fresh", "given", "url", "asked"]
    )
}
SECRETS = tuple(PLANTED.values())
USER = "Mufasa"

SCHEMES: dict[str, dict[str, Any]] = {
    "Header": {"type": "apiKey", "in": "header", "name": "X-Odd"},
    "Query": {"type": "apiKey", "in": "query", "name": "odd"},
    "Cookie": {"type": "apiKey", "in": "cookie", "name": "odd"},
    "Basic": {"type": "http", "scheme": "basic"},
    "Digest": {"type": "http", "scheme": "digest"},
    "Bearer": {"type": "http", "scheme": "bearer"},
    "OAuth": {"type": "oauth2", "flows": {}},
    "Other": {"type": "http", "scheme": "x-signed"},
}


class Signs(Handler):
    """A handler of a user's own, with a secret in what it adds and in its state."""

    def ready(self, scheme: Any, scopes: Any) -> Credential:
        return Credential(headers=(("X-Signed", PLANTED["key"]),))

    def modify(self, request: Any) -> Any:
        return request.with_headers({"Authorization": f"x-signed {PLANTED['bearer']}"})


AUTHS: dict[str, Callable[[str], dict[str, Any]]] = {
    "keys": lambda url: dict.fromkeys(("Header", "Query", "Cookie"), PLANTED["key"]),
    "prefixed key": lambda url: {"Header": APIKeyHeader(PLANTED["key"])},
    "basic": lambda url: {"Basic": (USER, PLANTED["password"])},
    "digest": lambda url: {"Digest": DigestAuth(USER, PLANTED["password"])},
    "bearer": lambda url: {"Bearer": PLANTED["bearer"]},
    "asked": lambda url: {"OAuth": lambda: PLANTED["asked"]},
    "exchanged": lambda url: {"OAuth": IAMAuth(PLANTED["iamkey"], url=f"{url}/token")},
    "signed": lambda url: {"Other": Signs()},
}

BODY = {
    "list": [PLANTED["item"]],
    "open": {"free": PLANTED["member"]},
    "client_secret": PLANTED["part"],
    "name": "shown",
}
SCHEMA = {
    "type": "object",
    "properties": {
        "list": {"type": "array", "items": PASSWORD},
        "open": {"type": "object", "additionalProperties": PASSWORD},
        "client_secret": {"type": "string", "maxLength": 60},
        "name": {"type": "string"},
    },
}
ARGUMENTS = {"code": PLANTED["path"], "q": PLANTED["query"], "X-F": PLANTED["field"]}
ARGUMENTS["c"] = PLANTED["cookie"]
BODIES = {
    "application/json": BODY,
    "application/x-www-form-urlencoded": {n: BODY[n] for n in ("list", "client_secret", "name")},
    "multipart/form-data": {**BODY, "client_secret": File(PLANTED["part"].encode(), filename="a")},
}


def document_of(auth: dict[str, Any], media_type: str) -> dict[str, Any]:
    anything = {"type": "object", "properties": {"said": {"type": "integer"}}}
    return one_operation(
        method="post",
        path="/x/{code}",
        parameters=[
            parameter("path", PASSWORD, "code"),
            parameter("query", PASSWORD, "q"),
            parameter("header", PASSWORD, "X-F"),
            parameter("cookie", PASSWORD, "c"),
        ],
        content=json_content(SCHEMA, media_type),
        responses={**answering(anything), **answering({"type": "object"}, "4XX")},
        security=[{name: [] for name in auth}],
        components={"securitySchemes": {name: SCHEMES[name] for name in auth}},
    )


def repeated() -> str:
    """What a server says that repeats all that it was sent, cut where it likes."""
    whole = "; ".join([*SECRETS, *(quote(secret, safe="") for secret in SECRETS)])
    return f"{'x' * 281}{PLANTED['path']} {whole}"


def echoes(status: int) -> Answer:
    return json_answer({"detail": repeated(), "said": repeated()}, status)


def one_by_one(sent: list[str]) -> list[Any]:
    return [json_answer({"errors": [{"message": text} for text in sent]}, 422)]


def moved(place: str) -> Callable[[list[str]], list[Any]]:
    def answers(sent: list[str]) -> list[Any]:
        query = "&".join(f"p{n}={quote(text, safe='')}" for n, text in enumerate(sent))
        location = ("Location", place.format(secret=quote(sent[0], safe=""), query=query))
        return [Answer(b"", 307, fields=[location]), Answer(b"{}", 404)]

    return answers


#: What the server does with the operation, given the secrets that were sent.
ANSWERS: dict[str, Callable[[list[str]], list[Any]]] = {
    "takes it": lambda sent: [Answer()],
    "refuses it": lambda sent: [echoes(401), echoes(401)],
    "knows it not": lambda sent: [echoes(404)],
    "lists what is wrong": one_by_one,
    "lists the rest": lambda sent: one_by_one(sent[::-1]),
    "fails": lambda sent: [echoes(500)],
    "breaks the document": lambda sent: [json_answer({"said": repeated()})],
    "answers no JSON": lambda sent: [Answer(repeated().encode())],
    "hangs up": lambda sent: [HangUp, HangUp],
    "redirects to itself": moved("/there?{query}"),
    "redirects into a path": moved("/there/{secret}/x"),
    "redirects elsewhere": moved("http://127.0.0.1:1/there?{query}"),
    "redirects into a path elsewhere": moved("http://127.0.0.1:1/there/{secret}"),
}
#: What a kind of credentials sends besides the arguments; Digest sends only a hash.
SENT = {
    "keys": ["key"],
    "prefixed key": ["key"],
    "basic": ["password"],
    "digest": [],
    "bearer": ["bearer"],
    "asked": ["asked"],
    "exchanged": ["fresh"],
    "signed": ["key", "bearer"],
}
CHALLENGE = ("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')


@pytest.fixture
def records() -> Iterator[list[str]]:
    """All log records from DEBUG on, of every library."""
    root, handler = logging.getLogger(), Records()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.texts
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class Awaited:
    """An asynchronous client, used as a synchronous one."""

    def __init__(self, document: Any, *, transport: Any, **settings: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = self.run(self.made(document, transport, settings))

    async def made(self, document: Any, transport: Any, settings: Any) -> AsyncClient:
        self.given = None if transport is None else transport()
        return await AsyncClient(document, transport=self.given, **settings).__aenter__()

    def run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def __enter__(self) -> Awaited:
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.client.aclose())
        if self.given is not None:
            self.run(self.given.aclose())
        self.loop.close()

    @property
    def ops(self) -> Any:
        return self.client.ops

    @property
    def operations(self) -> Any:
        return self.client.operations

    def request(self, *arguments: Any, **named: Any) -> Any:
        return self.run(self.client.request(*arguments, **named))

    def prepare(self, *arguments: Any, **named: Any) -> Any:
        return self.run(self.client.prepare(*arguments, **named))

    def explain(self, *arguments: Any, **named: Any) -> Any:
        return self.run(self.client.explain(*arguments, **named))


@contextmanager
def over_httpx2(document: Any, **settings: Any) -> Iterator[Client]:
    with httpx2.Client() as given, Client(document, transport=given, **settings) as client:
        yield client


CLIENTS: dict[str, Callable[..., Any]] = {
    "sockets": partial(Client, transport=None),
    "requests": partial(Client, transport="requests"),
    "httpx2": over_httpx2,
    "httpx2, asynchronous": partial(Awaited, transport=httpx2.AsyncClient),
    "aiohttp": partial(Awaited, transport=None),
}


@pytest.mark.parametrize(
    ("transport", "media_type"),
    [
        *(("sockets", media_type) for media_type in BODIES),
        *((transport, "application/json") for transport in list(CLIENTS)[1:]),
    ],
)
@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("kind", AUTHS)
def test_no_planted_secret_is_seen(
    service: Scripted,
    records: list[str],
    kind: str,
    answers: str,
    media_type: str,
    transport: str,
) -> None:
    auth = AUTHS[kind](service.url)
    if kind == "exchanged":
        service.answers += [json_answer({"access_token": PLANTED["fresh"], "expires_in": 9999})]
    if kind == "digest":
        service.answers += [Answer(b"{}", 401, fields=[CHALLENGE])]
    names = ["query", "item", "part", "path", "field", "cookie", "given", *SENT[kind]]
    names += ["member"] if "open" in BODIES[media_type] else []
    service.answers += ANSWERS[answers]([PLANTED[name] for name in names])
    url = service.url.replace("://", f"://user:{PLANTED['url']}@")
    options = Options(headers={"X-Vault-Token": PLANTED["given"]})
    call = {"body": BODIES[media_type], "options": options}
    with CLIENTS[transport](
        document_of(auth, media_type),
        base_url=url,
        auth=auth,
        observers=[LoggingObserver()],
        timeout=10.0,
    ) as client:
        seen = [all_of(client), all_of(client.ops.op), all_of(client.operations["op"])]
        try:
            response = client.request("op", ARGUMENTS, **call)
            seen += [all_of(response), all_of(response.request), repr(response.violations)]
            assert answers == "takes it"
        except DynclientError as error:
            seen.append(all_of(error))
            kept = getattr(error, "response", None)
            # What a server said is kept as it came, and only that.
            seen.append(str(pickle.dumps(error if kept is None else kept.request.redacted())))
            assert answers != "takes it"
        prepared = client.prepare("op", ARGUMENTS, **call)
        explanation = client.explain("op", ARGUMENTS, **call)
        seen += [all_of(prepared), str(pickle.dumps(prepared.redacted()))]
        seen += [str(explanation), repr(explanation), explanation.curl]
        seen += [
            repr(each)
            for each in (auth, *auth.values())
            if not isinstance(each, dict | str | tuple)
        ]
    assert any(text.startswith("dynclient") for text in records)
    assert leaks("\n".join(seen), *SECRETS) == []
    assert leaks("\n".join(records), *SECRETS) == []


def test_the_secrets_are_sent(service: Scripted) -> None:
    auth = AUTHS["keys"](service.url)
    for media_type, body in BODIES.items():
        client = service.client(document_of(auth, media_type), auth=auth)
        client.call("op", ARGUMENTS, body=body)
    received = "\n".join(
        f"{each.target} {each.headers} {each.body.decode()}" for each in service.received
    )
    names = ("query", "item", "member", "part", "path", "field", "cookie", "key")
    assert {leak.partition("-")[0] for leak in leaks(received, *SECRETS)} == set(names)


@pytest.mark.parametrize("form", ["plain", "json", "percent", "base64 0", "base64 1", "base64 2"])
def test_a_leak_would_be_found(form: str) -> None:
    from base64 import b64encode

    secret = SECRETS[0]
    shown = {
        "plain": secret,
        "json": json.dumps(secret),
        "percent": quote(secret, safe=""),
        **{
            f"base64 {n}": b64encode(b"abc"[:n] + secret.encode() + b"z").decode() for n in range(3)
        },
    }
    assert leaks(f"...{shown[form]}...", secret) != []
    assert leaks("nothing of it", secret) == []
