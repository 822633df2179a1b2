"""The calls of one client, whichever it is: everything of a call but the driver that runs it.

The methods return generators of commands; `Client` runs them with `drive`, `AsyncClient` with
`drive_async`, and neither does anything besides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import structs

from .commands import Commands
from .core import Core, Settings
from .credentials import Credentials
from .document import Trust, bundled_path, loading
from .errors import NotLoaded
from .exchange import Opened, at_hand, exchange, opening
from .hops import Conduct, fetching, loaded, round_trip
from .messages import IDEMPOTENT, HttpRequest, Response
from .operation import NO_OPTIONS, Options, Prepared
from .plans import CallPlan, Plans
from .redaction import DEFAULT_REDACTOR
from .retries import Budget, Retries
from .transport import may_have_certificate
from .transport.content import Progress, watched
from .unset import UNSET

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from .auth import SecurityScheme
    from .bulk.batch import Batch, Watcher
    from .bulk.results import Outcome
    from .explanation import Explanation
    from .paging.style import By
    from .paging.walk import Walk
    from .polling import Every, Until

__all__ = ["Calling"]

_T = TypeVar("_T")


class Calling:
    """Settings and a document, and the calls that are made with them.

    core         the document, its operations and schemes; None until it is open
    plans        what is worked out once for an operation
    credentials  of this client, with the tokens they have
    conduct      how exchanges are conducted
    """

    plans: Plans
    credentials: Credentials

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.core: Core | None = None
        self._budget = Budget()
        self.conduct = self._conduct()

    @classmethod
    def of(cls, *, trust: Trust | None, **given: Any) -> Calling:
        """The calls of a client with these settings, as a caller gives them."""
        return cls(Settings.of(trust=trust or Trust(), **given))

    def changed(self, **changes: Any) -> Calling:
        """The calls of another client on the same document, some settings changed."""
        other = Calling(self.settings.changed(**changes))
        other._budget = self._budget  # they call the same service
        kept = None if "auth" in changes else self.credentials
        other.use(other.settings, self.opened, kept)
        return other

    @property
    def opened(self) -> Core:
        """The core. RuntimeError before the document is open."""
        if self.core is None:
            raise RuntimeError(
                f"the document at {DEFAULT_REDACTOR.url(str(self.settings.source))} is not open "
                "yet: use `async with AsyncClient(...) as client:`, or `await client.open()`"
            )
        return self.core

    # ── the document ─────────────────────────────────────────────────────────────────────────

    def opening_document(self) -> Commands[None]:
        """Open the document; nothing if it is open."""
        if self.core is not None:
            return
        settings, conduct = self.settings, self.conduct
        document = yield from fetching(
            loading(settings.source, trust=settings.trust, overlays=settings.overlays), conduct
        )
        core = yield from loaded(partial(Core.of, document, settings), document, conduct)
        yield from loaded(partial(self.use, settings, core), document, conduct)

    def use(self, settings: Settings, core: Core, credentials: Credentials | None = None) -> None:
        """Take settings and a document in use; and credentials, with the tokens they have."""
        self.settings = settings = settings.within(core)
        self.conduct = self._conduct()
        if credentials is None:
            bundled = isinstance(settings.source, str) and bundled_path(settings.source) is not None
            credentials = Credentials(
                core.schemes,
                settings.auth,
                bundled=bundled,
                has_certificate=may_have_certificate(settings.transport),
            )
        self.credentials = credentials
        self.plans = Plans(settings, core, credentials)
        self.core = core

    # ── calls ────────────────────────────────────────────────────────────────────────────────

    def requesting(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        named: Mapping[str, Any],
    ) -> Commands[Response]:
        """A whole call."""
        try:
            plan, prepared = self._bound(operation, arguments, body, options, named)
        except NotLoaded:
            bind = partial(self._bound, operation, arguments, body, options, named)
            plan, prepared = yield from loaded(bind, self.opened.document, self.conduct)
        return (yield from exchange(plan, prepared, self.conduct))

    def streaming(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        named: Mapping[str, Any],
    ) -> Callable[[Progress | None], Commands[Opened]]:
        """A call up to the body of its response. Arguments are validated at once.

        What is returned takes what is told of the body that is sent.
        """
        bind = partial(self._bound, operation, arguments, body, options, named)
        try:
            plan, prepared = bind()
        except NotLoaded:
            return partial(self._streaming_later, bind)
        return partial(self._opening, plan, prepared)

    def _opening(
        self, plan: CallPlan, prepared: Prepared, told: Progress | None
    ) -> Commands[Opened]:
        if told is not None:
            request = watched(prepared.request, told)
            prepared = Prepared(request, prepared.violations, prepared.headers)
        return opening(plan, prepared, self.conduct)

    def _streaming_later(
        self, bind: Callable[[], tuple[CallPlan, Prepared]], told: Progress | None
    ) -> Commands[Opened]:
        plan, prepared = yield from loaded(bind, self.opened.document, self.conduct)
        return (yield from self._opening(plan, prepared, told))

    def sending(self, request: HttpRequest, options: Options | None) -> Commands[Response]:
        """A call whose request is there already."""
        if not isinstance(request, HttpRequest):
            raise TypeError(f"send() takes an HttpRequest, not {type(request).__name__}")
        if request.operation is None:
            raise ValueError(
                "the request names no operation: give one that prepare() made, or "
                "HttpRequest(..., operation=name)"
            )
        options = NO_OPTIONS if options is None else options
        get = partial(self.plans.get, request.operation, options)
        plan = yield from loaded(get, self.opened.document, self.conduct)
        plan = structs.replace(plan, auth=plan.auth.lacking(request))
        prepared = Prepared(request, (), options.headers)
        return (yield from exchange(plan, prepared, self.conduct))

    def preparing(self, *call: Any) -> Commands[HttpRequest]:
        """The request that a call would send; arguments are those of `requesting`."""
        _, request = yield from self._unsent(*call)
        return request

    def explaining(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        named: Mapping[str, Any],
    ) -> Commands[Explanation]:
        """Why that request is what it is."""
        plan, request = yield from self._unsent(operation, arguments, body, options, named)
        given = {**(self.settings.defaults or {}), **(arguments or {}), **named}
        from .explanation import explain_call

        return explain_call(plan, request, given)

    def _unsent(self, *call: Any) -> Commands[tuple[CallPlan, HttpRequest]]:
        """The plan, and the request with the credentials that are at hand."""
        bind = partial(self._bound, *call, refuse=False)
        plan, prepared = yield from loaded(bind, self.opened.document, self.conduct)
        return plan, (yield from at_hand(plan, prepared))

    def signing_in(self, scheme: str, scopes: Collection[str] | None) -> Commands[SecurityScheme]:
        """Get the credential of one scheme, as a call would; its scheme, placed at the service."""
        step = self.plans.step(scheme, scopes)
        yield from step.flow(partial(round_trip, conduct=self.conduct))
        return step.scheme

    def downloading(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        to: str | PathLike[str],
        progress: Progress | None,
    ) -> Commands[Path]:
        """The body of a response, into a file."""
        from pathlib import Path

        from .downloading import downloading

        plan = self.plans.get(operation, options or NO_OPTIONS)
        return (
            yield from downloading(
                lambda given: self.streaming(operation, arguments, body, given, {})(None),
                Path(to),
                options,
                plan.policy,
                plan.retries,
                progress,
            )
        )

    def paging(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        by: By | None,
    ) -> Commands[Walk]:
        """The pages of a call. PagingError if it can't be told how they follow one another."""
        from .paging.style import paging_of
        from .paging.walk import Walk

        found = self.opened.operations[operation]
        given = {**(self.settings.defaults or {}), **(arguments or {})}
        paging = yield from self.completing(partial(paging_of, found, by))
        return Walk(
            found,
            given,
            lambda page: self._bound(found.name, page, body, options, {}),
            paging,
            self.conduct,
        )

    def following(
        self,
        response: Response,
        link: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
    ) -> Commands[Response]:
        """The call that a link of a response leads to."""
        from .links import link_of

        operations, name = self.opened.operations, response.operation.name
        base_url = self.plans.get(name).base_url
        followed = yield from self.completing(
            partial(link_of, operations, response, link, base_url)
        )
        if body is UNSET and followed.body is not None:
            body = followed.body
        if followed.server is not None and (options is None or options.server is None):
            options = replace(options or NO_OPTIONS, server=followed.server)
        given = {**followed.arguments, **(arguments or {})}
        return (yield from self.requesting(followed.operation, given, body, options, {}))

    def polling(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        *,
        until: Until,
        every: Every,
        timeout: float | None,
        progress: Callable[[Response], object] | None,
    ) -> Commands[Response]:
        """Calls of an operation until its response says what one waits for."""
        from .polling import Condition, polling

        retries = self.settings.retries
        if options is not None and options.retries is not None:
            retries = Retries.of(options.retries)
        return polling(
            lambda: self.requesting(operation, arguments, body, options, {}),
            Condition.of(until),
            every,
            timeout,
            self.conduct.clock,
            progress,
            retries.statuses,
        )

    def mapping(
        self,
        operation: str,
        options: Options | None,
        journal: str | PathLike[str] | None,
        repeat: Collection[Outcome],
        watcher: Watcher | None,
    ) -> Batch:
        """Calls of one operation, a row of arguments each. UnknownOperation, JournalError."""
        from .bulk.batch import Batch
        from .bulk.journal import FileJournal, Journal

        found = self.opened.operations[operation]
        return Batch(
            found.name,
            lambda row: self.requesting(found.name, row, UNSET, options, {}),
            Journal(repeat) if journal is None else FileJournal(journal, repeat),
            repeatable=found.method in IDEMPOTENT,
            watcher=watcher,
        )

    def completing(self, make: Callable[[], _T]) -> Commands[_T]:
        """What `make` returns, which reads the document."""
        return (yield from loaded(make, self.opened.document, self.conduct))

    def _bound(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options | None,
        named: Mapping[str, Any],
        *,
        refuse: bool = True,
    ) -> tuple[CallPlan, Prepared]:
        """The plan of the operation, and the request for these arguments. Pure."""
        if self.core is None:
            _ = self.opened  # raises an error with the remedy
        if options is None:
            options = NO_OPTIONS
        plans = self.plans
        plan = plans.get(operation, options)
        prepared = plan.prepare(arguments, named, body, options)
        if refuse and plan.refusal is not None:
            plans.check_carried(plan, options)
        return plan, prepared

    def _conduct(self) -> Conduct:
        settings = self.settings
        return Conduct(
            settings.trust,
            settings.observers,
            settings.document_auth or {},
            settings.timeout,
            self._budget,
        )
