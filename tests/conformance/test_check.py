"""One exchange, judged: which operation it belongs to, and everything that is wrong with it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import json_content

from conformance.shop import GOOD, SHOP, URL, exchange, listed, versioned
from dynclient import Client, Headers, HttpRequest, HttpResponse, emulator
from dynclient.conformance import CODES, Exchange, Judge, Recorder, check, check_webhook

JUDGE = Judge(SHOP)


def codes(found: Exchange, judge: Judge = JUDGE) -> list[str]:
    """The codes of what is wrong, those that count."""
    verdict = judge.check_exchange(found)
    return [each.code for each in verdict.findings if each.severity != "info"]


def made(
    sent: Any = GOOD, status: int = 201, target: str = "/orders?dry=true", **more: Any
) -> Exchange:
    return exchange("POST", target, status, GOOD if status < 300 else None, sent=sent, **more)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NO_TYPE = {"Content-Type": ""}
CLEAN = {
    "one": exchange(),
    "a list": listed([GOOD, {**GOOD, "at": "2026-11-26T10:00:00Z"}], target="/orders?limit=5"),
    "an array and a cookie": listed(
        target="/orders?tags=a&tags=b", headers={"X-Shop": "abc", "Cookie": "seen=true"}
    ),
    "a body": made(),
    "a form": made(b"id=1&state=open", headers=FORM),
    "no content": exchange("DELETE", "/orders/1", 204, None),
    "an error that is declared": exchange(status=404, data=None),
    "a range of errors": listed(status=418),
    "without credentials where none are needed": exchange(key=False),
    "refused without credentials": listed(status=401, key=False),
    "an encoded path": exchange(target="/%6Frders/%31"),
    "a slash at the end": exchange(target="/orders/1/"),
    "usual fields": exchange(headers={"User-Agent": "x", "Sec-Fetch-Mode": "cors", "DNT": "1"}),
    "no response": exchange(status=None),
}

WRONG = {
    "DC101": [exchange(target="/baskets/1")],
    "DC102": [exchange("PATCH"), exchange("PUT", "/orders")],
    "DC110": [made(target="/orders")],
    "DC111": [
        exchange(target="/orders/one"),
        listed(target="/orders?limit=51"),
        listed(target="/orders?limit=many"),
        listed(headers={"X-Shop": "abcd"}),
        listed(headers={"Cookie": "seen=perhaps"}),
    ],
    "DC112": [listed(target="/orders?limt=1")],
    "DC120": [
        made({"id": 1}),
        made(b"id=x&state=open", headers=FORM),
    ],
    "DC121": [made(None)],
    "DC122": [exchange(sent={})],
    "DC123": [made(b'{"id": ')],
    "DC130": [made(headers={"Content-Type": "text/csv"})],
    "DC201": [exchange(status=202), exchange(status=500, data=None)],
    "DC202": [
        exchange(received={"Content-Type": "text/html"}),
        exchange(received=NO_TYPE),
    ],
    "DC210": [listed(received={"X-Total": ""})],
    "DC211": [listed(received={"X-Total": "many"})],
    "DC220": [
        exchange(data={**GOOD, "id": "1"}),
        exchange(data={**GOOD, "id": None}),
        exchange(data=[]),
        listed([GOOD, {**GOOD, "lines": [{"count": 1.5}]}]),
    ],
    "DC221": [exchange(data={"id": 1})],
    "DC222": [exchange(data={**GOOD, "state": "lost"})],
    "DC223": [exchange(data={**GOOD, "at": "yesterday"})],
    "DC224": [exchange(data={**GOOD, "note": "too long"})],
    "DC226": [exchange(data=b'{"id": ')],
    "DC227": [exchange(data=None)],
    "DC228": [exchange(data={**GOOD, "fixed": {"b": 1}})],
    "DC301": [listed(key=False)],
}


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize("engine", ["compiled", "openapi-core", "both"])
def test_clean_exchanges_are_not_blamed(name: str, engine: Any) -> None:
    verdict = Judge(SHOP, engine=engine).check_exchange(CLEAN[name])
    assert (verdict.outcome, verdict.findings, verdict.reasons) == ("clean", (), ())


@pytest.mark.parametrize(
    ("code", "found"), [(code, each) for code, exchanges in WRONG.items() for each in exchanges]
)
def test_each_kind_of_wrong_has_its_code(code: str, found: Exchange) -> None:
    assert codes(found) == [code]
    verdict = JUDGE.check_exchange(found)
    assert verdict.outcome == "violation"
    assert CODES[code].side == verdict.findings[0].side


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_every_version_is_judged(version: str) -> None:
    judge = Judge(versioned(version))
    for code, exchanges in WRONG.items():
        for each in exchanges:
            assert code in codes(each, judge), (code, each)
    assert all(judge.check_exchange(each).is_clean for each in CLEAN.values())


ID = {"name": "id", "in": "path", "required": True, "type": "integer"}


def test_swagger_2_is_judged() -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "shop.example",
        "basePath": "/v1",
        "schemes": ["https"],
        "paths": {
            "/orders/{id}": {
                "get": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "type": "integer"}
                    ],
                    "produces": ["application/json"],
                    "responses": {"200": {"description": "it", "schema": {"type": "object"}}},
                }
            }
        },
    }
    judge = Judge(document)
    assert codes(exchange(), judge) == []
    assert codes(exchange(target="/orders/x", data=[]), judge) == ["DC111", "DC220"]


def test_both_sides_are_judged_at_once_and_the_worst_comes_first() -> None:
    found = listed([{"id": "1"}], target="/orders?limit=x&odd=1", headers={"X-Odd": "1"})
    verdict = JUDGE.check_exchange(found)
    assert [each.code for each in verdict.findings] == ["DC111", "DC221", "DC220", "DC112", "DC113"]
    assert verdict.operation is not None
    assert verdict.operation.name == "listOrders"
    assert verdict.seen is not None
    assert (verdict.seen.declared_status, verdict.seen.response_media_type) == (
        "200",
        "application/json",
    )
    assert verdict.seen.parameters == {"query.limit": "x"}


def test_what_is_only_worth_knowing_is_no_violation() -> None:
    verdict = JUDGE.check_exchange(exchange(headers={"X-Odd": "1", "Cookie": "session=1"}))
    assert (verdict.outcome, [each.code for each in verdict.findings]) == (
        "clean",
        ["DC113", "DC114"],
    )


@pytest.mark.parametrize(
    ("status", "refused"), [(201, False), (400, True), (422, True), (500, False)]
)
def test_wrong_requests_that_were_refused_are_told_from_those_that_were_taken(
    status: int, refused: bool
) -> None:
    verdict = JUDGE.check_exchange(made({"id": 1}, status=status))
    assert [each.refused for each in verdict.findings if each.code == "DC120"] == [refused]


def test_a_missing_credential_stops_no_other_judgement() -> None:
    assert codes(listed([{"id": 1}], key=False)) == ["DC221", "DC301"] or codes(
        listed([{"id": 1}], key=False)
    ) == ["DC301", "DC221"]


def test_another_service_is_foreign() -> None:
    verdict = JUDGE.check_exchange(exchange(url="https://elsewhere.example/v1"))
    assert (verdict.outcome, verdict.operation, verdict.findings) == ("foreign", None, ())
    moved = Judge(SHOP, base_url="http://127.0.0.1:8000/api")
    assert moved.check_exchange(exchange(url="http://127.0.0.1:8000/api")).is_clean
    assert moved.check_exchange(exchange()).outcome == "foreign"


def test_what_the_document_broke_is_not_judged_and_named() -> None:
    document = deepcopy(SHOP)
    document["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"] = json_content(
        {"$ref": "#/components/schemas/None"}
    )
    verdict = Judge(document).check_exchange(exchange())
    assert verdict.outcome == "not judged"
    assert "#/components/schemas/None" in verdict.reasons[0]
    wrong = Judge(document).check_exchange(exchange(target="/orders/x"))
    assert wrong.outcome == "violation"  # the other side is judged all the same
    assert wrong.reasons


def test_a_body_that_was_not_recorded_is_not_blamed() -> None:
    json_type = {"Content-Type": "application/json"}
    lost = replace(exchange(data=None, received=json_type), response_body="missing")
    assert JUDGE.check_exchange(lost).is_clean
    assert codes(replace(exchange(status=500, data=None), response_body="missing")) == ["DC201"]
    assert codes(replace(made(None), request_body="missing")) == []


def test_members_are_found_on_demand() -> None:
    judge = Judge(SHOP, members=True)
    verdict = judge.check_exchange(exchange(data={**GOOD, "extra": 1}))
    assert [each.code for each in verdict.findings if each.severity == "warning"] == ["DC229"]
    assert {each.code for each in verdict.findings} == {"DC229", "DC230"}


def test_engines_that_find_the_same_are_named_together() -> None:
    verdict = Judge(SHOP, engine="both").check_exchange(exchange(data={**GOOD, "id": "x"}))
    assert [each.engines for each in verdict.findings] == [("compiled", "openapi-core")]
    with pytest.raises(ValueError, match="give 'compiled', 'openapi-core' or 'both'"):
        Judge(SHOP, engine="fast")  # type: ignore[arg-type]


def test_secrets_are_in_no_finding() -> None:
    found = exchange(data=b"secret-key is what you sent")
    verdict = JUDGE.check_exchange(found)
    assert verdict.findings
    assert "secret-key" not in repr(verdict.findings)


def test_check_takes_whatever_a_client_takes() -> None:
    request = HttpRequest("GET", f"{URL}/orders/1")
    response = HttpResponse(200, Headers({"Content-Type": "application/json"}), b'{"id": 1}')
    for document in (SHOP, Client(SHOP)):
        assert [each.code for each in check(document, request, response).findings] == ["DC221"]
    assert check(SHOP, request).is_clean


HOOKS: dict[str, Any] = {
    **SHOP,
    "webhooks": {
        "sent": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": json_content({"type": "object", "required": ["order"]}),
                },
                "responses": {"200": {"description": "thanks"}},
            }
        }
    },
    "paths": {
        "/watch": {
            "post": {
                "responses": {"200": {"description": "ok"}},
                "callbacks": {
                    "told": {
                        "{$request.query.url}": {
                            "put": {"responses": {"204": {"description": "fine"}}},
                        }
                    }
                },
            }
        }
    },
}


def test_webhooks_and_callbacks() -> None:
    asked = HttpRequest(
        "POST", "https://me.example/hook", Headers({"Content-Type": "application/json"}), b"{}"
    )
    verdict = check_webhook(HOOKS, "sent", asked, HttpResponse(200))
    assert [each.code for each in verdict.findings if each.code != "DC301"] == ["DC120"]
    pointer = "/paths/~1watch/post/callbacks/told/{$request.query.url}"
    told = HttpRequest("PUT", "https://me.example/told", Headers({"X-Key": "k"}))
    assert check_webhook(HOOKS, pointer, told, HttpResponse(204)).is_clean
    with pytest.raises(LookupError, match="no webhook 'lost'; there are: sent"):
        check_webhook(HOOKS, "lost", asked)
    with pytest.raises(LookupError, match="the webhook 'sent' has no GET"):
        check_webhook(HOOKS, "sent", HttpRequest("GET", "https://me.example/"))


def test_what_our_client_and_our_service_say_to_one_another_is_clean() -> None:
    """All of a job's life, judged by both engines."""
    taken: list[Exchange] = []
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
    with emulator.run() as url:
        client = Client(
            "qiskit-runtime",
            base_url=url,
            auth={"IBMCloudAuth": emulator.TOKEN, "ServiceCRN": emulator.CRN},
            observers=[Recorder(taken.append)],
        )
        params = {"version": 2, "pubs": [[circuit, None, 3]]}
        job = client.call("create_job", program_id="sampler", backend="ibm_fez", params=params)
        ended = {"status": ["Completed", "Failed"]}
        client.poll("get_job_details_jid", {"id": job["id"]}, until=ended, every=0.05)
        client.call("get_job_results_jid", id=job["id"])
        assert len(list(client.paginate("list_jobs", {"limit": 2}))) == 1
        client.call("replace_job_tags", id=job["id"], tags=["a"])
        client.call("delete_job_jid", id=job["id"])
    judge = Judge("qiskit-runtime", base_url=url, engine="both")
    verdicts = [judge.check_exchange(each) for each in taken]
    assert len(verdicts) >= 6
    assert [each.outcome for each in verdicts] == ["clean"] * len(verdicts)


def test_the_page_lists_every_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text()
    rows = [f"| {' | '.join(code)} |" for code in CODES.values()]
    assert page.partition("<!-- codes -->")[2].strip().splitlines()[2:] == rows


def test_no_name_is_that_of_a_module() -> None:
    """Importing the module would put it in the place of the name."""
    import pkgutil

    from dynclient import conformance

    modules = {module.name for module in pkgutil.iter_modules(conformance.__path__)}
    assert not modules & set(conformance.__all__)
