"""An addon for mitmproxy that judges each flow, live.

    mitmdump -s PATH --set dynclient_spec=openapi.yaml --set dynclient_ledger=drift.db

`python -m dynclient.conformance.mitmproxy_addon` prints PATH. mitmproxy is no dependency of this
package, and clashes with its extras: install both, without extras, in an environment of their own.
"""

from __future__ import annotations

import logging
from typing import Any

from dynclient.conformance.exchanges import Exchange
from dynclient.conformance.judge import Judge
from dynclient.conformance.ledger import Ledger
from dynclient.conformance.report import render
from dynclient.conformance.tally import Tally
from dynclient.errors import DynclientError
from dynclient.messages import Headers, HttpRequest, HttpResponse
from dynclient.transport.asgi_scope import pairs_of

__all__ = ["Addon", "addons"]

_log = logging.getLogger("dynclient")


class Addon:
    """The events of mitmproxy that concern a judge; see its documentation, "Event Hooks"."""

    def __init__(self) -> None:
        self._judge: Judge | None = None
        self._ledger: Ledger | None = None
        self._tally = Tally()

    def load(self, loader: Any) -> None:
        """Declare the options."""
        for name, told in (
            ("dynclient_spec", "The OpenAPI document: a path, a URL or a bundled name."),
            ("dynclient_server", "Where the service is, if not at the document's servers."),
            ("dynclient_ledger", "A ledger to which everything is added."),
        ):
            loader.add_option(name, str, "", told)

    def configure(self, updated: set[str]) -> None:
        """Open what the options name."""
        from mitmproxy import ctx, exceptions  # type: ignore[import-not-found]  # in its own place

        if not updated & {"dynclient_spec", "dynclient_server", "dynclient_ledger"}:
            return
        options = ctx.options
        if not options.dynclient_spec:
            return
        try:
            server = options.dynclient_server or None
            self._judge = Judge(options.dynclient_spec, base_url=server)
            if options.dynclient_ledger and self._ledger is None:
                self._ledger = Ledger(options.dynclient_ledger)
        except (DynclientError, ValueError) as error:
            raise exceptions.OptionsError(f"dynclient: {error}") from None

    def response(self, flow: Any) -> None:
        """Judge a flow that is complete."""
        if self._judge is None or flow.websocket is not None:
            return
        exchange = _exchange(flow)
        verdict = self._judge.check_exchange(exchange)
        self._tally.add(verdict, exchange)
        if self._ledger is not None:
            self._ledger.add(verdict, exchange, self._judge.operations)
        for each in verdict.findings:
            if each.severity != "info":
                where = verdict.operation.name if verdict.operation else flow.request.path
                _log.warning("%s %s: %s", each.code, where, each.violation.message)

    def done(self) -> None:
        """The end: what was found."""
        if self._ledger is not None:
            self._ledger.close()
        if self._judge is not None:
            _log.warning(
                "%s", render(self._tally, self._judge.document, self._judge.operations, "text")
            )


def _exchange(flow: Any) -> Exchange:
    asked, given = flow.request, flow.response
    request = HttpRequest(
        asked.method,
        asked.pretty_url,
        Headers(pairs_of(asked.headers.fields)),
        asked.get_content(strict=False) or None,
    )
    elapsed = (given.timestamp_end or 0.0) - (asked.timestamp_start or 0.0)
    response = HttpResponse(
        given.status_code,
        Headers(pairs_of(given.headers.fields)),
        given.get_content(strict=False) or b"",
        asked.pretty_url,
        max(elapsed, 0.0),
    )
    return Exchange(request, response, asked.timestamp_start or 0.0)


addons = [Addon()]

if __name__ == "__main__":
    print(__file__)
