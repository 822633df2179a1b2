"""The layers of `Validation`, each at each level; what is told and what is raised."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

import pytest
from support import Answer, Scripted, answering, json_answer, one_operation, parameter

from dynclient import InvalidRequest, InvalidResponse, Options, UnknownOperation, Validation

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "when": {"type": "string", "format": "date-time"},
        "state": {"enum": ["on", "off"]},
    },
}
HEADERS = {"X-Count": {"required": True, "schema": {"type": "integer"}}}
DOCUMENT = one_operation(
    parameters=[
        parameter("query", {"type": "integer"}, "n"),
        parameter("query", {"type": "string", "format": "date"}, "day"),
    ],
    responses=answering(SCHEMA, headers=HEADERS),
)
COUNT = [("X-Count", "1")]

#: layer → an answer that breaks it and nothing else, and the rule that it breaks
BROKEN: dict[str, tuple[Answer, str]] = {
    "status": (Answer(b"{}", 202), "status"),
    "media_type": (Answer(b"{}", content_type="text/plain", fields=COUNT), "content-type"),
    "headers": (Answer(b"{}"), "required"),
    "body": (Answer(b'{"id": 1}', fields=COUNT), "type"),
    "formats": (Answer(b'{"when": "now"}', fields=COUNT), "format"),
    "unknown_enum": (Answer(b'{"state": "idle"}', fields=COUNT), "enum"),
}


@pytest.mark.parametrize("layer", BROKEN)
def test_a_strict_layer_raises(service: Scripted, layer: str) -> None:
    answer, rule = BROKEN[layer]
    service.answers.append(answer)
    with pytest.raises(InvalidResponse) as caught:
        service.client(DOCUMENT).call("op")
    assert [(v.rule, v.layer) for v in caught.value.violations] == [(rule, layer)]


@pytest.mark.parametrize("layer", BROKEN)
def test_a_layer_at_warn_returns_the_data_and_logs_once(
    service: Scripted, layer: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, rule = BROKEN[layer]
    service.answers.append(answer)
    client = service.client(DOCUMENT, validate=Validation(**{layer: "warn"}))
    with caplog.at_level(logging.WARNING, "dynclient"):
        response = client.request("op")
    assert [(v.rule, v.layer) for v in response.violations] == [(rule, layer)]
    assert response.data is not None
    (record,) = caplog.records
    assert record.name == "dynclient"
    assert record.getMessage().startswith("op: response.")


@pytest.mark.parametrize("layer", BROKEN)
def test_a_layer_that_is_off_says_nothing(
    service: Scripted, layer: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers.append(BROKEN[layer][0])
    client = service.client(DOCUMENT, validate=Validation(**{layer: "off"}))
    response = client.request("op")
    assert response.violations == ()
    assert caplog.records == []


@pytest.mark.parametrize("layer", BROKEN)
def test_no_layer_covers_for_another(service: Scripted, layer: str) -> None:
    others = {name: "off" for name in BROKEN if name != layer}
    if layer in ("formats", "unknown_enum"):
        others["body"] = "strict"  # they look into the body, which must be looked at
    service.answers.append(BROKEN[layer][0])
    with pytest.raises(InvalidResponse):
        service.client(DOCUMENT, validate=Validation(**others)).call("op")  # type: ignore[arg-type]


@pytest.mark.parametrize("layer", ["formats", "unknown_enum"])
@pytest.mark.parametrize("level", ["warn", "off"])
def test_what_looks_into_the_body_is_no_stricter_than_the_body(
    service: Scripted, layer: str, level: Any
) -> None:
    service.answers.append(BROKEN[layer][0])
    response = service.client(DOCUMENT, validate=Validation(body=level)).request("op")
    assert len(response.violations) == (level == "warn")


def test_strict_and_warn_together_raise_with_what_is_strict(service: Scripted) -> None:
    service.answers.append(Answer(b'{"id": 1, "state": "idle"}', fields=COUNT))
    client = service.client(DOCUMENT, validate=Validation(unknown_enum="warn"))
    with pytest.raises(InvalidResponse) as caught:
        client.call("op")
    assert [v.rule for v in caught.value.violations] == ["type"]
    assert {v.rule for v in caught.value.response.violations} == {"type", "enum"}


# ── requests ─────────────────────────────────────────────────────────────────────────────────────


def test_a_request_at_warn_is_sent_and_reported_on_the_response(
    service: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers.append(json_answer({"state": "idle"}, X_Count="1"))
    response = service.client(DOCUMENT, validate="warn").request("op", n="many")
    assert service.received[0].target == "/thing?n=many"
    assert [v.where for v in response.violations] == ["request.query.n", "response.body"]
    (record,) = caplog.records
    assert "request.query.n" in record.getMessage()
    assert "response.body" in record.getMessage()


def test_a_request_that_is_off_is_not_looked_at(service: Scripted) -> None:
    service.answers.append(Answer(fields=COUNT))
    client = service.client(DOCUMENT, validate=Validation(request="off"))
    assert client.request("op", n="many", day="today").violations == ()


@pytest.mark.parametrize(("level", "sent"), [("strict", 0), ("warn", 1), ("off", 1)])
def test_formats_of_a_request_have_a_level_of_their_own(
    service: Scripted, level: Any, sent: int
) -> None:
    service.answers.append(Answer(fields=COUNT))
    client = service.client(DOCUMENT, validate=Validation(formats=level))
    if sent:
        assert len(client.request("op", day="today").violations) == (level == "warn")
    else:
        with pytest.raises(InvalidRequest, match="'today' is not a valid date"):
            client.request("op", day="today")
    assert len(service.received) == sent
    with pytest.raises(InvalidRequest, match="of type integer"):
        client.request("op", n="many")


# ── where levels come from ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("own", ["warn", Validation.of("warn"), Validation(body="warn")])
def test_an_operation_can_have_levels_of_its_own(service: Scripted, own: Any) -> None:
    service.answers += [BROKEN["body"][0]] * 3
    with_other = deepcopy(DOCUMENT)
    (path,) = with_other["paths"]
    with_other["paths"]["/other"] = deepcopy(with_other["paths"][path])
    with_other["paths"]["/other"]["get"]["operationId"] = "Other"
    for name in ("Other", "other"):  # by its name, or by an alias
        client = service.client(with_other, validate=Validation(operations={name: own}))
        assert len(client.request("Other").violations) == 1
    with pytest.raises(InvalidResponse):
        client.request("op")


def test_levels_for_an_operation_that_is_not_there_are_refused(service: Scripted) -> None:
    with pytest.raises(UnknownOperation, match="no operation 'oq'"):
        service.client(DOCUMENT, validate=Validation(operations={"oq": "off"}))


def test_one_call_can_have_levels_of_its_own(service: Scripted) -> None:

    service.answers += [BROKEN["body"][0]] * 2
    client = service.client(DOCUMENT)
    assert client.call("op", options=Options(validate="off")) == {"id": 1}
    with pytest.raises(InvalidResponse):
        client.call("op")


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
def test_both_engines_keep_to_the_levels(service: Scripted, engine: Any) -> None:
    service.answers += [answer for answer, _ in BROKEN.values()]
    client = service.client(DOCUMENT, validate="warn", engine=engine)
    for layer in BROKEN:
        assert {v.layer for v in client.request("op").violations} == {layer}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Validation(body="loud"),  # type: ignore[arg-type]
        lambda: Validation.of("loud"),  # type: ignore[arg-type]
        lambda: Validation(operations={"op": "loud"}),  # type: ignore[dict-item]
    ],
)
def test_a_level_that_does_not_exist_is_refused_with_those_that_do(make: Any) -> None:
    with pytest.raises(ValueError, match="strict, warn, off"):
        make()
