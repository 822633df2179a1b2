"""Every kind of credential, both clients, and what a 401 leads to: the table of docs/auth.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from oauth_provider import CLIENT, PASSWORD, SECRET, USER
from support import json_answer, one_operation
from transport.server import Server

from dynclient import AsyncClient, Client, Unauthorized
from dynclient.auth import (
    APIKeyHeader,
    BearerToken,
    DigestAuth,
    DPoP,
    IAMAuth,
    MessageSignature,
    OAuth2,
    TokenExchange,
)

PAGE = Path(__file__).parents[2] / "docs" / "auth.md"
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"
CLIENTS = {"Client": Client, "AsyncClient": AsyncClient}

FLOW = {"tokenUrl": "token", "scopes": {}}
OAUTH = {"type": "oauth2", "flows": {"clientCredentials": FLOW, "password": FLOW}}
CHALLENGE = 'Digest realm="r", nonce="{}", qop="auth", algorithm=SHA-256, stale=true'


class Kind(NamedTuple):
    """A row: how the document declares it, what `auth=` is given, whether a 401 is tried again."""

    name: str
    scheme: dict[str, Any]
    given: Callable[[str], Any]
    carried: str
    renews: bool


def http(scheme: str) -> dict[str, str]:
    return {"type": "http", "scheme": scheme}


def key(where: str) -> dict[str, str]:
    return {"type": "apiKey", "in": where, "name": "x-key"}


def _sign(request):
    return request.with_headers({"Authorization": "HMAC of it"})


KINDS = [
    Kind("apiKey, header", key("header"), lambda _: "k", "x-key", False),
    Kind("apiKey, query", key("query"), lambda _: "k", "?x-key=k", False),
    Kind("apiKey, cookie", key("cookie"), lambda _: "k", "cookie", False),
    Kind("apiKey with `APIKeyHeader`", key("header"), lambda _: APIKeyHeader("k"), "x-key", False),
    Kind("http basic", http("basic"), lambda _: ("u", "p"), "authorization", False),
    Kind("http bearer", http("bearer"), lambda _: "t", "authorization", False),
    Kind(
        "http bearer, `BearerToken`",
        http("bearer"),
        lambda _: BearerToken("t", scopes=["read"]),
        "authorization",
        False,
    ),
    Kind("http bearer, a function", http("bearer"), lambda _: lambda: "t", "authorization", True),
    Kind(
        "http bearer, `IAMAuth`",
        http("bearer"),
        lambda url: IAMAuth("api-key", url=f"{url}/token"),
        "authorization",
        True,
    ),
    Kind("http digest", http("digest"), lambda _: DigestAuth("u", "p"), "authorization", True),
    Kind("any other http, a function", http("hmac"), lambda _: _sign, "authorization", False),
    Kind(
        "any other http, `MessageSignature`",
        http("signature"),
        lambda _: MessageSignature(b"secret", key_id="a", algorithm="hmac-sha256"),
        "signature",
        False,
    ),
    Kind("oauth2, a token", OAUTH, lambda _: "t", "authorization", False),
    Kind(
        "oauth2, client credentials",
        OAUTH,
        lambda _: OAuth2(CLIENT, SECRET),
        "authorization",
        True,
    ),
    Kind(
        "oauth2, password and refresh token",
        OAUTH,
        lambda _: OAuth2(CLIENT, SECRET, username=USER, password=PASSWORD),
        "authorization",
        True,
    ),
    Kind(
        "oauth2, `TokenExchange`",
        OAUTH,
        lambda _: TokenExchange(CLIENT, SECRET, subject_token="mine"),
        "authorization",
        True,
    ),
    Kind("oauth2, `DPoP`", OAUTH, lambda _: OAuth2(CLIENT, SECRET, dpop=DPoP()), "dpop", True),
    Kind(
        "openIdConnect",
        {"type": "openIdConnect", "openIdConnectUrl": "{}/.well-known/openid-configuration"},
        lambda _: OAuth2(CLIENT, SECRET),
        "authorization",
        True,
    ),
]


class Service:
    """Gives tokens, and asks for a credential once more for as long as it is told to refuse."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.refusals = 0
        self.tokens = 0
        self.carried: list[bool] = []
        self.server = Server(self._answer)

    def _answer(self, request: Any, _: Any) -> bytes:
        if request.target.endswith("openid-configuration"):
            data = {"issuer": self.server.url, "token_endpoint": f"{self.server.url}/token"}
            return json_answer(data).wire()
        if request.target.endswith("/token"):
            self.tokens += 1
            bound = "dpop" in request.headers
            data = {
                "access_token": f"t{self.tokens}",
                "token_type": "DPoP" if bound else "Bearer",
                "expires_in": 3600,
                "refresh_token": "r",
            }
            return json_answer(data).wire()
        carried = self.kind.carried
        self.carried.append(carried in request.target or carried in request.headers)
        if self.refusals:
            self.refusals -= 1
            challenge = CHALLENGE.format(self.refusals)
            return json_answer({}, 401, WWW_Authenticate=challenge).wire()
        return json_answer({}).wire()


@pytest.fixture
def service(request):
    found = Service(request.param)
    yield found
    found.server.close()


def _call(service: Service, client: str) -> int:
    url, kind = service.server.url, service.kind
    document = one_operation(responses={"200": {"description": ""}}, security=[{"It": []}])
    scheme = {n: v.format(url) if isinstance(v, str) else v for n, v in kind.scheme.items()}
    document["components"] = {"securitySchemes": {"It": scheme}}
    settings = {"base_url": url, "auth": {"It": kind.given(url)}, "retries": 0}
    if client == "Client":
        with Client(document, **settings) as made:
            return made.request("op").status

    async def awaited() -> int:
        async with AsyncClient(document, **settings) as made:
            return (await made.request("op")).status

    return asyncio.run(awaited())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("service", KINDS, indirect=True, ids=lambda kind: kind.name)
def test_a_credential_goes_out_and_a_refusal_leads_where_it_should(service, client):
    if service.kind.scheme.get("scheme") == "digest":
        service.refusals = 1  # without a challenge there is nothing to answer
    assert _call(service, client) == 200
    assert service.carried[-1]
    service.refusals, before = 1, len(service.carried)
    if service.kind.renews:
        assert _call(service, client) == 200
        assert len(service.carried) == before + 2
        assert service.carried[-1]
    else:
        with pytest.raises(Unauthorized):
            _call(service, client)
        assert len(service.carried) == before + 1


def test_the_table_of_the_page_is_this():
    rows = [
        "| scheme and what is given | Client | AsyncClient | after a 401 |",
        "| --- |" + " --- |" * 3,
    ]
    rows += [
        f"| {kind.name} | yes | yes | {'a fresh one, once' if kind.renews else 'raised'} |"
        for kind in KINDS
    ]
    text = PAGE.read_text(encoding="utf-8")
    assert "\n".join(rows) == text.partition(BEGIN)[2].partition(END)[0].strip()
