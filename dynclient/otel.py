"""An observer for OpenTelemetry: a span a call, named by its operation. Needs the extra `otel`.

Names are those of the semantic conventions for HTTP client spans (OpenTelemetry, "HTTP spans",
version 1.36): a span covers the whole call, so each further request of it (a redirect, a retry) is
an event and counts in `http.request.resend_count`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .locking import new_lock
from .messages import HttpRequest
from .observers import Event, Failed, Judged, Prepared, Received, Sent

__all__ = ["OpenTelemetryObserver"]


class OpenTelemetryObserver:
    """Makes a span for each call; each violation of the document is an event of it.

    tracer  an OpenTelemetry Tracer; default: that of the global provider, named `dynclient`

    ImportError, naming the extra, where opentelemetry is not installed. Credentials are masked.
    """

    def __init__(self, tracer: Any = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise ImportError(
                "OpenTelemetryObserver needs opentelemetry: pip install 'dynclient[otel]'"
            ) from None
        self._trace = trace
        self._tracer = tracer or trace.get_tracer("dynclient")
        self._spans: dict[int, Any] = {}
        self._lock = new_lock()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event.operation is None:  # a request beside a call, such as one for a token
            return
        if isinstance(event, Prepared):
            self._begin(event)
            return
        span = self._spans.get(event.call)
        if span is None:
            return
        if isinstance(event, Sent):
            if event.hop > 1:
                span.set_attribute("http.request.resend_count", event.hop - 1)
                span.add_event("resend", {"url.full": _url(event.request)})
        elif isinstance(event, Received):
            span.set_attribute("http.response.status_code", event.status)
        elif isinstance(event, Judged):
            self._judged(span, event)
        elif isinstance(event, Failed):
            self._end(event, span, type(event.error).__name__)

    def _begin(self, event: Prepared) -> None:
        operation, request = event.operation, event.request
        assert operation is not None  # noqa: S101
        parts = urlsplit(request.url)
        attributes: dict[str, Any] = {
            "http.request.method": request.method,
            "url.full": _url(request),
            "url.template": operation.path,
            "server.address": parts.hostname or "",
            "dynclient.operation": operation.name,
        }
        if parts.port is not None:
            attributes["server.port"] = parts.port
        kind = self._trace.SpanKind.CLIENT
        span = self._tracer.start_span(operation.name, kind=kind, attributes=attributes)
        with self._lock:
            self._spans[event.call] = span

    def _judged(self, span: Any, event: Judged) -> None:
        violations = event.response.violations
        span.set_attribute("dynclient.violations", len(violations))
        for violation in violations:
            span.add_event("violation", {k: str(v) for k, v in violation.as_dict().items()})
        status = event.response.status
        failed = None if event.error is None else type(event.error).__name__
        self._end(event, span, str(status) if status >= 400 else failed)

    def _end(self, event: Judged | Failed, span: Any, error_type: str | None) -> None:
        if error_type:
            span.set_attribute("error.type", error_type)
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))
        span.end()
        with self._lock:
            self._spans.pop(event.call, None)


def _url(request: HttpRequest) -> str:
    return request.redactor.url(request.url)
