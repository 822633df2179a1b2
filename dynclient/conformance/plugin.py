"""A pytest plugin: tests call a service, and fail where it breaks its document.

    def test_an_order(conformance_client):
        assert conformance_client.call("getOrder", id=1)["state"] == "open"

pytest loads this module in every run of whoever has the package: it imports nothing before its use.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client
    from .findings import Verdict
    from .judge import Judge
    from .ledger import Ledger
    from .tally import Tally

__all__ = ["async_conformance_client", "conformance_client"]

_OPTIONS = (
    ("spec", "DOC", "the OpenAPI document: a bundled name, a path or a URL"),
    ("url", "URL", "where the service is; default: the document's server"),
    ("app", "MODULE:ATTRIBUTE", "the service as a WSGI or ASGI application, called in process"),
    ("report", "FILE", "write a report: .json, .md, .xml (JUnit) or text by the name of the file"),
    ("fail-under", "PERCENT", "fail the run if fewer of the operations were called"),
    ("baseline", "FILE", "findings that are accepted, as --write-baseline of the command writes"),
)
_FORMATS = {".json": "json", ".md": "markdown", ".xml": "junit"}
_FOLDER = "dynclient_conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("conformance", "OpenAPI conformance (dynclient)")
    for name, metavar, text in _OPTIONS:
        kind = float if name == "fail-under" else str
        group.addoption(f"--conformance-{name}", metavar=metavar, type=kind, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Check that the options go together."""
    given = {name: config.getoption(f"--conformance-{name}") for name, _, _ in _OPTIONS}
    others = [f"--conformance-{name}" for name, value in given.items() if value is not None]
    if given["spec"] is None:
        if others:
            raise pytest.UsageError(f"{others[0]} needs --conformance-spec")
        return
    if given["url"] is not None and given["app"] is not None:
        raise pytest.UsageError("give --conformance-url or --conformance-app, not both")
    under = given["fail-under"]
    if under is not None and not 0 <= under <= 100:
        raise pytest.UsageError(f"--conformance-fail-under={under:g}: a percentage, 0 to 100")
    config.pluginmanager.register(_Session(config), "dynclient-conformance-session")


class _Session:
    """One run: the clients' document, what was found, and the summary.

    With pytest-xdist each worker has a ledger, and the controller adds them up.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._judge: Judge | None = None
        self._client: Client | None = None
        self._ledger: Ledger | None = None
        self._accepted: frozenset[Any] | None = None
        self._tally: Tally | None = None
        self._worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._folder: Any = None

    def option(self, name: str) -> Any:
        return self.config.getoption(f"--conformance-{name}")

    # ── the service ──────────────────────────────────────────────────────────────────────────

    def client(self) -> Client:
        """The session's client, made when the first test asks for one."""
        if self._client is None:
            from ..client import Client

            client = Client(self.option("spec"), **self.settings(asynchronous=False))
            self._client = client.with_options(base_url=self.base_url(client.document.servers))
        return self._client

    def settings(self, *, asynchronous: bool) -> dict[str, Any]:
        """What a client is made with: it judges nothing itself, and sends nothing twice."""
        transport, app = None, self.option("app")
        if app is not None:
            from .apps import app_named, transport_to

            try:
                transport = transport_to(app_named(app), asynchronous=asynchronous)
            except ValueError as error:
                raise pytest.UsageError(f"--conformance-app={error}") from None
        return {"transport": transport, "validate": "off", "retries": 0}

    def base_url(self, servers: Any) -> str | None:
        """Where the service is; one in process needs no server that the document names."""
        url: str | None = self.option("url")
        if url is not None or self.option("app") is None:
            return url
        from .apps import base_url_in_process

        return base_url_in_process(servers)

    def judge(self) -> Judge:
        """What judges the exchanges."""
        if self._judge is None:
            from .judge import Judge

            client = self.client()
            self._judge = Judge(client, base_url=self.base_url(client.document.servers))
        return self._judge

    # ── what is found ────────────────────────────────────────────────────────────────────────

    def observer(self, found: list[Verdict]) -> Callable[[Any], None]:
        """An observer that judges each exchange, counts it, and keeps the verdict in `found`."""
        from .recorder import Recorder

        def take(exchange: Any) -> None:
            judge = self.judge()
            verdict = judge.check_exchange(exchange)
            self.ledger().add(verdict, exchange, judge.operations)
            found.append(verdict)

        return Recorder(take)

    def ledger(self) -> Ledger:
        """What this process found."""
        if self._ledger is None:
            from .ledger import Ledger

            path = ":memory:"
            if self._worker is not None:
                folder, name = self._worker[_FOLDER], self._worker["workerid"]
                path = str(Path(folder) / f"{name}.db")
            self._ledger = Ledger(path)
        return self._ledger

    def broken(self, verdicts: list[Verdict]) -> list[str]:
        """What fails a test: a wrong request that was refused is the test's own business."""
        lines = []
        for verdict in verdicts:
            for finding in verdict.findings:
                known = finding.key(verdict.operation) in self.accepted()
                if finding.severity == "error" and finding.refused is not True and not known:
                    lines.append(f"{finding.code} {finding.violation}")
        return lines

    def accepted(self) -> frozenset[Any]:
        """The findings of the baseline."""
        if self._accepted is None:
            from .baseline import read_baseline

            path = self.option("baseline")
            self._accepted = frozenset() if path is None else read_baseline(path)
        return self._accepted

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Of pytest-xdist: a worker is about to start."""
        from tempfile import TemporaryDirectory

        if self._folder is None:
            self._folder = TemporaryDirectory()
        node.workerinput[_FOLDER] = self._folder.name

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Add up, write the report, and fail the run that called too little."""
        if self._client is not None:
            self._client.close()
        if self._worker is not None:
            if self._ledger is not None:
                self._ledger.close()
            return
        if self._folder is not None:
            from .ledger import Ledger, merge

            parts = sorted(Path(self._folder.name).glob("*.db"))
            total = Path(self._folder.name) / "all"
            if parts:
                merge(total, parts)
                self._ledger = Ledger(total)
        self._tally = self.ledger().tally()
        self._ledger, ledger = None, self.ledger()
        ledger.close()
        if self._folder is not None:
            self._folder.cleanup()
        if (path := self.option("report")) is not None:
            form = _FORMATS.get(Path(path).suffix, "text")
            Path(path).write_text(f"{self._report(form)}\n", encoding="utf-8")
        under = self.option("fail-under")
        if under is not None and self._share() < under and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _share(self) -> float:
        """The percentage of operations that were called."""
        operations = self.judge().operations
        assert self._tally is not None  # noqa: S101  for mypy
        called = len(operations) - len(self._tally.untouched(operations))
        return 100 * called / len(operations) if operations else 100.0

    def _report(self, form: str) -> str:
        from .report import render

        assert self._tally is not None  # noqa: S101  for mypy
        judge = self.judge()
        return render(self._tally, judge.document, judge.operations, form)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """What was found, at the end."""
        if self._tally is None:
            return
        terminalreporter.section("OpenAPI conformance")
        for line in self._report("text").splitlines():
            terminalreporter.write_line(line)
        under = self.option("fail-under")
        if under is not None and self._share() < under:
            terminalreporter.write_line(
                f"FAILED: {self._share():.0f} % of the operations were called, and "
                f"--conformance-fail-under is {under:g}",
                red=True,
            )


def _session(request: pytest.FixtureRequest) -> _Session:
    session = request.config.pluginmanager.get_plugin("dynclient-conformance-session")
    if not isinstance(session, _Session):
        pytest.fail("the fixture needs --conformance-spec=DOC", pytrace=False)
    return session


def _fail(session: _Session, found: list[Verdict]) -> None:
    if lines := session.broken(found):
        listed = "\n".join(f"  {line}" for line in lines)
        pytest.fail(f"the service breaks its document:\n{listed}", pytrace=False)


@pytest.fixture
def conformance_client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of the service under test; what it breaks of its document fails the test."""
    session = _session(request)
    found: list[Verdict] = []
    yield session.client().with_options(observers=[session.observer(found)])
    _fail(session, found)


@pytest.fixture
def async_conformance_client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same for `async with async_conformance_client() as client:`."""
    from contextlib import asynccontextmanager

    session = _session(request)
    found: list[Verdict] = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncClient]:
        from ..async_client import AsyncClient

        settings = session.settings(asynchronous=True)
        observer = session.observer(found)
        async with AsyncClient(session.option("spec"), observers=[observer], **settings) as client:
            url = session.base_url(client.document.servers)
            yield client.with_options(base_url=url)

    yield opened
    _fail(session, found)
