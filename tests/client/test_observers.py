"""Observers over real exchanges: the log, OpenTelemetry's spans, and what they must not show."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    server_attributes,
    url_attributes,
)
from support import Scripted, answering, json_answer, one_operation, parameter

from dynclient import Client, NotFound, TransportError
from dynclient.observers import Event, Judged, LoggingObserver
from dynclient.otel import OpenTelemetryObserver

SECRET = "hunter2-secret"
DOCUMENT = one_operation(
    path="/thing/{id}",
    parameters=[parameter("path", {"type": "string"}, "id")],
    responses={
        **answering({"type": "object", "properties": {"n": {"type": "integer"}}}),
        **answering({"type": "object"}, "404"),
    },
    security=[{"K": []}],
    components={"securitySchemes": {"K": {"type": "apiKey", "in": "query", "name": "key"}}},
)


def client_of(service: Scripted, *observers: Any, **settings: Any) -> Client:
    return service.client(DOCUMENT, auth={"K": SECRET}, observers=observers, **settings)


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_one_line_of_the_log(service: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dynclient")
    service.answers = [json_answer({"n": 1})]
    client_of(service, LoggingObserver()).call("op", id="a")
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.name == "dynclient"
    assert record.getMessage().startswith("op: 200 in ")
    assert record.getMessage().endswith(" ms, 8 bytes")


def test_debug_shows_the_head_of_both_sides_without_secrets(
    service: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "dynclient")
    service.answers = [json_answer({"n": 1}, X_Echo=SECRET)]
    client_of(service, LoggingObserver()).call("op", id="a")
    sent, received, _ = [record.getMessage() for record in caplog.records]
    assert sent.startswith(f"op: sent: GET {service.url}/thing/a?key=[redacted]")
    assert "\n  Accept: application/json" in sent
    assert received.startswith("op: received: 200\n")
    assert "X-Echo: [redacted]" in received
    assert SECRET not in caplog.text


def test_what_fails_and_what_breaks_the_document_is_in_its_line(
    service: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dynclient")
    service.answers = [json_answer({}, 404), json_answer({"n": "x"})]
    client = client_of(service, LoggingObserver(), validate="warn")
    with pytest.raises(NotFound):
        client.call("op", id="a")
    client.call("op", id="a")
    down = client.with_options(base_url="http://127.0.0.1:9")
    with pytest.raises(TransportError):
        down.call("op", id="a")
    lines = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]
    assert [line.split(" in ")[0] for line in lines[:2]] == ["op: 404", "op: 200"]
    assert lines[1].endswith("1 violation")
    assert lines[2].startswith("op: ConnectError after ")


# ── streams ──────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_is_judged_at_its_end(service: Scripted) -> None:
    told: list[Event] = []
    service.answers = [json_answer({"n": 1})]
    with client_of(service, told.append).stream("op", id="a") as response:
        assert not any(isinstance(event, Judged) for event in told)
        assert response.read().data == {"n": 1}
    judged = told[-1]
    assert isinstance(judged, Judged)
    assert (judged.response.data, judged.size, judged.error) == ({"n": 1}, 8, None)


# ── OpenTelemetry ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def spans() -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter, provider.get_tracer("test")
    provider.shutdown()


def test_a_call_is_a_span_of_the_http_conventions(service: Scripted, spans: Any) -> None:
    exporter, tracer = spans
    service.answers = [json_answer({}, 302, Location="/thing/b"), json_answer({"n": 1})]
    client_of(service, OpenTelemetryObserver(tracer)).call("op", id="a")
    (span,) = exporter.get_finished_spans()
    assert span.name == "op"
    assert span.kind.name == "CLIENT"
    attributes = dict(span.attributes)
    assert attributes.pop(url_attributes.URL_FULL) == f"{service.url}/thing/a"
    assert attributes.pop(server_attributes.SERVER_PORT) == int(service.url.rpartition(":")[2])
    assert attributes == {
        http_attributes.HTTP_REQUEST_METHOD: "GET",
        http_attributes.HTTP_REQUEST_RESEND_COUNT: 1,
        http_attributes.HTTP_RESPONSE_STATUS_CODE: 200,
        server_attributes.SERVER_ADDRESS: "127.0.0.1",
        "url.template": "/thing/{id}",
        "dynclient.operation": "op",
        "dynclient.violations": 0,
    }
    assert [event.name for event in span.events] == ["resend"]


def test_a_violation_is_an_event_and_an_error_ends_the_span(service: Scripted, spans: Any) -> None:
    exporter, tracer = spans
    service.answers = [json_answer({"n": "x"}), json_answer({}, 404)]
    client = client_of(service, OpenTelemetryObserver(tracer), validate="warn")
    client.call("op", id="a")
    with pytest.raises(NotFound):
        client.call("op", id="a")
    warned, failed = exporter.get_finished_spans()
    (event,) = warned.events
    assert event.name == "violation"
    assert (event.attributes["pointer"], event.attributes["rule"]) == ("/n", "type")
    assert failed.attributes[error_attributes.ERROR_TYPE] == "404"
    assert failed.status.status_code.name == "ERROR"


def test_a_call_that_fails_ends_its_span(spans: Any) -> None:
    exporter, tracer = spans
    observer = OpenTelemetryObserver(tracer)
    down = Client(DOCUMENT, base_url="http://127.0.0.1:9", auth={"K": SECRET}, observers=[observer])
    with pytest.raises(TransportError):
        down.call("op", id="a")
    (span,) = exporter.get_finished_spans()
    assert span.attributes[error_attributes.ERROR_TYPE] == "ConnectError"
    assert SECRET not in span.to_json()
    assert observer._spans == {}


def test_an_observer_is_a_function() -> None:
    with pytest.raises(TypeError, match="an observer is a function"):
        Client(DOCUMENT, observers=["log"])  # type: ignore[list-item]
