"""Requests made from schemas by Schemathesis, as a library: right ones, and ones that are not.

The one module that knows it (extra `conformance`). Nothing of it sends anything: a case becomes a
request as it would go to the wire, and whether that is right or wrong is for our own judge to say.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from ...document import Document
from ...errors import DynclientError
from ...messages import Headers, HttpRequest
from ...operation import Operation

__all__ = ["Generator", "TimeUp", "exercise"]

#: Fields that Schemathesis adds, and those that a transport sends of its own.
_NOT_OURS = frozenset({"user-agent", "x-schemathesis-testcaseid", "content-length", "connection"})


class TimeUp(BaseException):
    """Ends a run of Hypothesis: no Exception, which it would take for what it looks for."""


class MissingExtra(DynclientError):
    """The package that makes requests is not installed."""


class Generator:
    """Strategies for the operations of a document. DynclientError without Schemathesis."""

    def __init__(self, document: Document, base_url: str) -> None:
        try:
            import schemathesis
        except ImportError:
            raise MissingExtra(
                "generated runs need Schemathesis: pip install 'dynclient[conformance]'"
            ) from None
        self._base_url = base_url
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._schema = schemathesis.openapi.from_dict(dict(document.data))
            # At once: what builds an operation first decides about its credentials.
            self._schema.config.generation.update(with_security_parameters=False)

    def strategy(
        self, operation: Operation, *, wrong: bool, known: Mapping[str, Any] | None = None
    ) -> Any:
        """A strategy of requests; `known` are values for parameters of the path.

        LookupError for an operation that Schemathesis does not see.
        """
        from hypothesis.strategies import SearchStrategy
        from schemathesis import GenerationMode

        try:
            found = self._schema[operation.path][operation.method.upper()]
        except Exception as error:  # noqa: BLE001  whatever it finds wrong with the document
            raise LookupError(f"{operation.name}: {error}") from None
        mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE
        paths = dict(known) if known else None
        strategy: SearchStrategy[Any] = found.as_strategy(mode, path_parameters=paths)
        return strategy.map(self._request)

    def _request(self, case: Any) -> HttpRequest | None:
        """The request of a case; None for what can't go to the wire."""
        import requests

        try:
            given = case.as_transport_kwargs(base_url=self._base_url)
            given = {k: given.get(k) for k in ("method", "url", "params", "headers", "cookies")} | {
                k: given[k] for k in ("data", "json", "files") if k in given
            }
            made = requests.Request(**given).prepare()
        except Exception:  # noqa: BLE001  a value that no request can carry: another is drawn
            return None
        pairs: list[tuple[str, Any]] = list(made.headers.items())  # some of them as bytes
        fields = [
            (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for name, value in pairs
            if name.lower() not in _NOT_OURS
        ]
        body: Any = made.body
        content: Any = body.encode() if isinstance(body, str) else body
        if not (content is None or isinstance(content, bytes)) or made.url is None:
            return None
        return HttpRequest(str(made.method), made.url, Headers(fields), content)


def exercise(
    strategy: Any, visit: Callable[[HttpRequest], object], *, examples: int, seed: int
) -> None:
    """Give so many requests to `visit`, and smaller ones after it has raised an AssertionError.

    What `visit` raises besides ends it. Nothing is raised for what was found, or if there is
    nothing to be made.
    """
    import hypothesis
    from hypothesis.errors import HypothesisException

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(strategy)
    def run(request: HttpRequest | None) -> None:
        hypothesis.assume(request is not None)
        visit(request)  # type: ignore[arg-type]

    quiet = logging.getLogger("hypothesis")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run()
    except (HypothesisException, AssertionError):
        return
    except BaseExceptionGroup as group:
        _, others = group.split(AssertionError)
        if others is not None:
            raise others from None
    finally:
        quiet.setLevel(level)
