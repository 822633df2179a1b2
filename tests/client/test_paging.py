"""`client.paginate`: the items of all pages, however they follow one another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from support import Answer, Scripted, answering, json_answer, one_operation, parameter

from dynclient import AsyncClient, Client, HttpRequest, HttpResponse, NotFound, Paging, PagingError
from dynclient.document.pointer import split
from dynclient.paging.links import link_target
from dynclient.paging.style import paging_of
from dynclient.transport import MockTransport

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
INTEGER = {"type": "integer"}
ITEMS = {"type": "array", "items": {}}
NUMBERS = list(range(23))


def listing(*names: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    """A document of one operation with these query parameters, and a body with `items`."""
    types = {"cursor": {"type": "string"}, "page_token": {"type": "string"}}
    return one_operation(
        parameters=[parameter("query", types.get(name, INTEGER), name) for name in names],
        responses=answering(schema or {"type": "object", "properties": {"items": ITEMS}}, **more),
    )


def body(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"items": ITEMS, **properties}}


def served(respond: Callable[[dict[str, str]], Any]) -> tuple[MockTransport, list[dict[str, str]]]:
    """A transport that responds to the query of each request, and those queries."""
    asked: list[dict[str, str]] = []

    def reply(request: HttpRequest) -> HttpResponse:
        asked.append(dict(parse_qsl(urlsplit(request.url).query)))
        answer = respond(asked[-1])
        return answer if isinstance(answer, HttpResponse) else MockTransport.response(answer)

    return MockTransport(reply), asked


def cut(query: Mapping[str, str], key: str = "offset", size: int = 5) -> dict[str, Any]:
    start = int(query.get(key, 0))
    return {"items": NUMBERS[start : start + int(query.get("limit", size))]}


@pytest.fixture(params=["sync", "async"])
def items(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """All items, by either client."""

    def read(document: Any, transport: MockTransport, *given: Any, **options: Any) -> list[Any]:
        if request.param == "sync":
            with Client(document, transport=transport, retries=0) as client:
                return list(client.paginate("op", *given, **options))

        async def work() -> list[Any]:
            async with AsyncClient(document, transport=transport, retries=0) as client:
                return [item async for item in client.paginate("op", *given, **options)]

        return asyncio.run(work())

    return read


# ── the ways ─────────────────────────────────────────────────────────────────────────────────────


def test_by_offset_until_a_page_is_not_full(items: Callable[..., list[Any]]) -> None:
    transport, asked = served(cut)
    assert items(listing("offset", "limit"), transport, {"limit": 10}) == NUMBERS
    assert [query.get("offset") for query in asked] == [None, "10", "20"]
    assert {query["limit"] for query in asked} == {"10"}


def test_by_offset_without_a_size_until_a_page_is_empty(items: Callable[..., list[Any]]) -> None:
    transport, asked = served(cut)
    assert items(listing("offset"), transport, {"offset": 3}) == NUMBERS[3:]
    assert [query["offset"] for query in asked] == ["3", "8", "13", "18", "23"]


def test_a_service_may_give_smaller_pages_than_were_asked_for(
    items: Callable[..., list[Any]],
) -> None:
    transport, asked = served(lambda query: cut({**query, "limit": "4"}))
    assert items(listing("offset", "limit"), transport, {"limit": 1000}) == NUMBERS
    assert [query.get("offset") for query in asked] == [None, "4", "8", "12", "16", "20"]


def test_a_short_page_is_not_the_last_where_pages_are_counted(
    items: Callable[..., list[Any]],
) -> None:
    pages = [[1, 2, 3], [4], [5, 6], []]
    transport, _ = served(lambda query: {"items": pages[int(query.get("page", 1)) - 1]})
    assert items(listing("page"), transport) == [1, 2, 3, 4, 5, 6]


def test_by_offset_until_the_total(items: Callable[..., list[Any]]) -> None:
    transport, asked = served(lambda query: {**cut(query), "total": 23})
    assert items(listing("offset"), transport) == NUMBERS
    assert len(asked) == 5


def test_by_an_index_that_counts_from_one(items: Callable[..., list[Any]]) -> None:
    document = listing("startIndex")
    document["paths"]["/thing"]["get"]["parameters"][0]["schema"] = {
        "type": "integer",
        "minimum": 1,
    }

    def respond(query: dict[str, str]) -> Any:
        start = int(query.get("startIndex", 1)) - 1
        return {"items": NUMBERS[start : start + 5]}

    assert items(document, served(respond)[0]) == NUMBERS


@pytest.mark.parametrize("first", [0, 1])
def test_by_page(items: Callable[..., list[Any]], first: int) -> None:
    document = listing("page", "per_page")
    document["paths"]["/thing"]["get"]["parameters"][0]["schema"] = {**INTEGER, "default": first}

    def respond(query: dict[str, str]) -> Any:
        start = (int(query.get("page", first)) - first) * 5
        return {"items": NUMBERS[start : start + 5]}

    transport, asked = served(respond)
    assert items(document, transport, {"per_page": 5}) == NUMBERS
    assert [query.get("page") for query in asked[1:]] == [str(first + n) for n in range(1, 6)]


@pytest.mark.parametrize("place", ["/next_cursor", "/meta/next_cursor"])
@pytest.mark.parametrize("end", [None, "", "absent"])
def test_by_a_token_of_the_response_before(
    items: Callable[..., list[Any]], place: str, end: Any
) -> None:
    member: dict[str, Any] = {"next_cursor": {"type": ["string", "null"]}}
    where = (
        body(**member)
        if place.count("/") == 1
        else body(meta={"type": "object", "properties": member})
    )

    def respond(query: dict[str, str]) -> Any:
        start = int(query.get("cursor", "c0")[1:])
        token = f"c{start + 5}" if start + 5 < len(NUMBERS) else end
        found = {} if token == "absent" else {"next_cursor": token}
        more = found if place.count("/") == 1 else {"meta": found}
        return {"items": NUMBERS[start : start + 5], **more}

    transport, asked = served(respond)
    assert items(listing("cursor", schema=where), transport) == NUMBERS
    assert [query.get("cursor") for query in asked] == [None, "c5", "c10", "c15", "c20"]


@pytest.mark.parametrize("relative", [True, False])
def test_by_the_url_in_the_body(items: Callable[..., list[Any]], relative: bool) -> None:
    links = {
        "type": "object",
        "properties": {"next": {"type": "string", "format": "uri-reference"}},
    }
    base = "" if relative else "http://api.test/v1/thing"

    def respond(query: dict[str, str]) -> Any:
        start = int(query.get("from", 0))
        more = {"links": {"next": f"{base}?from={start + 5}&q=%C3%A4"}} if start < 20 else {}
        return {"items": NUMBERS[start : start + 5], **more}

    transport, asked = served(respond)
    assert items(listing(schema=body(links=links)), transport) == NUMBERS
    assert asked[1] == {"from": "5", "q": "ä"}
    assert all(r.headers["Accept"] == "application/json" for r in transport.requests)


def test_by_the_field_link(items: Callable[..., list[Any]]) -> None:
    document = listing("page", schema=ITEMS, headers={"Link": {"schema": {"type": "string"}}})

    def respond(query: dict[str, str]) -> HttpResponse:
        start = int(query.get("page", 1)) * 5 - 5
        link = {"Link": f'<?page={start // 5 + 2}>; rel="next"'} if start < 20 else {}
        return MockTransport.response(NUMBERS[start : start + 5], headers=link)

    assert items(document, served(respond)[0]) == NUMBERS


def test_a_way_that_is_told(items: Callable[..., list[Any]]) -> None:
    """As Stripe has it: the id of the last item leads to the next page."""
    document = listing("starting_after", schema={"type": "object"})
    by = Paging("token", parameter="starting_after", following="/rows/-1/id", items="/rows")

    def respond(query: dict[str, str]) -> Any:
        start = int(query.get("starting_after", -1)) + 1
        return {"rows": [{"id": n} for n in NUMBERS[start : start + 5]], "other": []}

    assert items(document, served(respond)[0], by=by) == [{"id": n} for n in NUMBERS]


# ── bounds, and where it stands ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bounds", "count", "pages"),
    [
        ({"max_items": 7}, 7, 2),
        ({"max_items": 5}, 5, 1),
        ({"max_items": 0}, 0, 0),
        ({"max_pages": 2}, 10, 2),
        ({"max_pages": 0}, 0, 0),
        ({"max_items": 3, "max_pages": 2}, 3, 1),
    ],
)
def test_bounds(
    items: Callable[..., list[Any]], bounds: dict[str, int], count: int, pages: int
) -> None:
    transport, asked = served(cut)
    assert items(listing("offset"), transport, **bounds) == NUMBERS[:count]
    assert len(asked) == pages


def test_what_is_no_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="max_items= is a whole number"):
        Client(listing("offset")).paginate("op", max_items=-1)


@pytest.mark.parametrize("taken", [0, 1, 5, 7, 22, 23])
def test_a_state_resumes_where_it_was_taken(taken: int) -> None:
    client = Client(listing("offset"), transport=served(cut)[0])
    pages = client.paginate("op")
    before = [next(pages) for _ in range(taken)]
    state = json.loads(json.dumps(pages.state))
    assert before + list(client.paginate("op", state=state)) == NUMBERS


def test_the_last_page_and_the_way_are_at_hand() -> None:
    pages = Client(listing("offset"), transport=served(cut)[0]).paginate("op")
    assert (pages.response, pages.paging) == (None, None)
    next(pages)
    assert pages.response is not None
    assert pages.response.data == {"items": [0, 1, 2, 3, 4]}
    assert str(pages.paging) == "offset by offset"


def test_nothing_is_sent_before_the_first_item_is_asked_for() -> None:
    transport, asked = served(cut)
    Client(listing("offset"), transport=transport).paginate("op")
    assert asked == []


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────


def test_a_service_that_ignores_the_parameter_does_not_loop_for_ever(
    items: Callable[..., list[Any]],
) -> None:
    transport, asked = served(lambda query: {"items": [1, 2, 3]})
    with pytest.raises(PagingError, match="the page is the same as the one before"):
        items(listing("offset"), transport)
    assert len(asked) == 2


def test_a_token_may_be_an_array(items: Callable[..., list[Any]]) -> None:
    """As the sort values of a search are, which the next page starts after."""
    document = listing("search_after", schema=body(sort={}))
    document["paths"]["/thing"]["get"]["parameters"][0].update(
        schema={"type": "array", "items": INTEGER}, explode=False
    )
    following = {None: [1, 2], "1,2": [3, 4], "3,4": None}
    transport, asked = served(
        lambda query: {
            "items": [query.get("search_after")],
            "sort": following[query.get("search_after")],
        }
    )
    by = Paging("token", parameter="search_after", following="/sort", items="/items")
    assert items(document, transport, by=by) == [None, "1,2", "3,4"]
    assert len(asked) == 3


def test_tokens_that_go_round_in_a_circle_end(items: Callable[..., list[Any]]) -> None:
    tokens = {None: "a", "a": "b", "b": "a"}
    schema = body(next_cursor={"type": "string"})

    def respond(query: dict[str, str]) -> Any:
        token = query.get("cursor")
        return {"items": [token], "next_cursor": tokens[token]}

    with pytest.raises(PagingError, match="the pages do not end"):
        items(listing("cursor", schema=schema), served(respond)[0])


@pytest.mark.parametrize(
    "url", ["https://api.test/v1/thing", "//evil.test/", "http://api.test:81/", "ftp://api.test/"]
)
def test_the_next_page_stays_at_its_origin(items: Callable[..., list[Any]], url: str) -> None:
    schema = body(next={"type": "string", "format": "uri-reference"})
    transport, asked = served(lambda query: {"items": [1], "next": url})
    with pytest.raises(PagingError, match="at another origin"):
        items(listing(schema=schema), transport)
    assert len(asked) == 1


def test_a_state_leads_to_no_other_origin() -> None:
    schema = body(next={"type": "string", "format": "uri-reference"})
    transport, asked = served(lambda query: {"items": [1]})
    client = Client(listing(schema=schema), transport=transport)
    state = {"position": "http://evil.test/v1/thing", "skip": 0}
    with pytest.raises(PagingError, match="at another origin"):
        next(client.paginate("op", state=state))
    assert asked == []


def test_an_error_of_a_page_is_raised_and_the_state_is_kept() -> None:
    def respond(query: dict[str, str]) -> Any:
        return cut(query) if query.get("offset") != "10" else MockTransport.response({}, 404)

    document = listing("offset")
    document["paths"]["/thing"]["get"]["responses"] |= answering({}, "404")
    client = Client(document, transport=served(respond)[0])
    pages = client.paginate("op")
    taken = []
    with pytest.raises(NotFound):
        taken += [next(pages) for _ in range(11)]
    assert pages.state == {"position": 5, "skip": 5}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (listing("q"), "nothing in the document says how its pages follow one another"),
        (listing("offset", "page"), "paging offset by offset or page by page; tell which by by="),
        (listing(), "Its parameters are none"),
    ],
)
def test_what_the_document_does_not_say_has_to_be_told(document: Any, message: str) -> None:
    with pytest.raises(PagingError, match=message):
        next(Client(document).paginate("op"))


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (Paging("offset", parameter="start"), "has no parameter 'start'; it has q"),
        (Paging("offset"), "needs parameter="),
        (Paging("token", parameter="q"), "needs following="),
        ("token", "no parameter that would be known as that of 'token'"),
    ],
)
def test_what_is_told_is_checked_before_anything_is_sent(by: Any, message: str) -> None:
    with pytest.raises(PagingError, match=message):
        next(Client(listing("q")).paginate("op", by=by))


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="give one of offset, page, token, next, link"):
        next(Client(listing("q")).paginate("op", by="cursor"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="give one of offset"):
        Paging("cursor")  # type: ignore[arg-type]


def test_items_that_cannot_be_told_apart_have_to_be_told() -> None:
    client = Client(
        listing("offset", schema={"type": "object"}),
        transport=served(lambda query: {"a": [], "b": []})[0],
    )
    with pytest.raises(
        PagingError, match=r"there is not just one array; give by=Paging\(\.\.\., items"
    ):
        list(client.paginate("op"))


def test_explain_says_how_pages_follow() -> None:
    assert "paging: offset by offset\n" in str(Client(listing("offset")).explain("op"))
    assert "paging: the document speaks for" in str(Client(listing("offset", "page")).explain("op"))
    assert "paging" not in str(Client(listing("q")).explain("op"))


@pytest.mark.parametrize(
    ("field", "target"),
    [
        ('<a>; rel="next"', "a"),
        ("<a>; rel=next", "a"),
        ('<a>; REL="NEXT"', "a"),
        ('<a>; rel="prev next"', "a"),
        ('<a,b;c>; title="x; rel=\\"no\\", <z>"; rel="next"', "a,b;c"),
        ('<p>; rel="prev", <n> ; rel="next"', "n"),
        ('<a>; rel="prev"; rel="next"', None),  # the first counts
        ('<a>; rel="nextish"', None),
        ("a; rel=next", None),
        ("", None),
        ('<a>; rel="next', None),
        ("<" * 5000 + ";" * 5000, None),
    ],
)
def test_links_of_the_field(field: str, target: str | None) -> None:
    assert link_target(field, "next") == target


# ── the documents of others ──────────────────────────────────────────────────────────────────────

OTHERS = [
    ("1password.local__connect.json", "GetApiActivity", "offset"),
    ("apache.org__airflow.json", "get_connections", "offset"),
    ("apicurio.local__registry.json", "listGroups", "offset"),
    ("influxdata.com.json", "GetUsers", "offset"),
    ("cpy.re__peertube.json", "getAbuses", "offset"),
    ("docker.com__hub.json", "get_v2_scim_2_0_users", "offset"),
    ("ably.io__platform.json", "getMetadataOfAllChannels", "link"),
    ("github.com__api.github.com.json", "repos/list-for-org", "link"),
    ("apideck.com__vault.json", "consumersAll", "next"),
    ("azure.com__resources-policyAssignments.json", "PolicyAssignments_List", "next"),
    ("azure.com__web-Recommendations.json", "Recommendations_List", "next"),
    ("codat.io__sync-for-commerce.json", "list-integrations", "next"),
    ("contentgroove.com.json", "getClips", "next"),
    ("intellifi.nl.json", "getBlobs", "next"),
    ("shipengine.com.json", "list_account_images", "next"),
    ("windows.net__graphrbac.json", "Applications_List", "next"),
    ("googleapis.com__dataplex.json", "dataplex.projects.locations.list", "token"),
    ("svix.com.json", "list_applications_api_v1_app__get", "token"),
    ("shutterstock.com.json", "searchEditorialImages", "token"),
    ("gitea.io.json", "adminCronList", "page"),
    ("docker.com__hub.json", "get_v2_access_tokens", "page"),
    ("listennotes.com.json", "getBestPodcasts", "page"),
]


def put(data: Any, pointer: str, value: Any) -> None:
    *inner, last = split(pointer)
    for name in inner:
        data = data.setdefault(name, {})
    data[last] = value


def paged(paging: Paging, first: int) -> Callable[[HttpRequest], HttpResponse]:
    """A service with 23 items, in pages of 5 that follow one another in this way."""

    def respond(request: HttpRequest) -> HttpResponse:
        url = urlsplit(request.url)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        key = paging.parameter or "from-here"
        now = int(query.get(key, first if paging.kind in ("page", "offset") else 0))
        start = (now - first) * 5 if paging.kind == "page" else now
        if paging.kind == "offset":
            start = now - first
        data: Any = {}
        found = NUMBERS[start : start + 5]
        if paging.items:
            put(data, paging.items, found)
        else:
            data = found if paging.items == "" else {"whatever": found}
        headers = {}
        if start + 5 < len(NUMBERS):
            following = urlencode({**query, key: start + 5})
            target = urlunsplit(url._replace(query=following))
            if paging.kind == "link":
                headers["Link"] = f'<{target}>; rel="next"'
            elif paging.following is not None:
                put(data, paging.following, target if paging.kind == "next" else str(start + 5))
        return MockTransport.response(data, headers=headers)

    return respond


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project")
@pytest.mark.parametrize(("file", "name", "kind"), OTHERS, ids=[name for _, name, _ in OTHERS])
def test_operations_of_other_documents_are_read_to_their_end(
    file: str, name: str, kind: str
) -> None:
    opened = Client(CORPUS / file)
    operation = opened.operations[name]
    paging = paging_of(operation, None)
    assert paging.kind == kind
    first = 0
    if kind in ("page", "offset"):
        schema = next(p for p in operation.parameters if p.name == paging.parameter).node
        first = schema.get("default", schema.get("minimum", 1 if kind == "page" else 0))
    client = Client(
        CORPUS / file,
        base_url="https://api.test/base",
        validate="off",
        transport=MockTransport(paged(paging, first)),
        auth=dict.fromkeys(opened._calling.opened.schemes),
    )
    given = {
        p.name: {"integer": 5, "boolean": True}.get(str(p.node.get("type")), "x")
        for p in operation.parameters
        if p.required and p.name != paging.parameter
    }
    assert list(client.paginate(name, given)) == NUMBERS


def test_both_clients_go_on_with_credentials(service: Scripted) -> None:
    document = listing("offset", schema=body(total=INTEGER))
    document["components"] = {"securitySchemes": {"B": {"type": "http", "scheme": "bearer"}}}
    document["security"] = [{"B": []}]
    service.answers += [
        json_answer({"items": [1, 2], "total": 3}),
        json_answer({"items": [3], "total": 3}),
    ]
    client = service.client(document, auth={"B": "secret"})
    assert isinstance(service.answers[0], Answer)
    assert list(client.paginate("op")) == [1, 2, 3]
    assert [each.headers["authorization"] for each in service.received] == ["Bearer secret"] * 2
