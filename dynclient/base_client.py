"""What the two clients are: everything of a call but the driver that runs it.

The methods that begin with `_` here return generators of commands; `Client` runs them with `drive`,
`AsyncClient` with `drive_async`, and neither does anything besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .commands import Commands
from .core import Core, Engine, Settings
from .credentials import Credentials
from .document import Document, Source, Trust, bundled_path, loading
from .errors import NotLoaded
from .exchange import Conduct, Opened, at_hand, exchange, fetching, loaded, opening
from .messages import HttpRequest, Response, TimeoutValue
from .operation import DeepObject, Operations, Options, Prepared
from .plans import CallPlan, Plans
from .redaction import DEFAULT_REDACTOR
from .transport import transport_for
from .validation import Level, Validation

if TYPE_CHECKING:
    from .explanation import Explanation
    from .observers import Observer
    from .operation.content.codec import Codec
    from .operation.only import Only

__all__ = ["BaseClient"]

#: Attributes of a client that are its own; what else a subclass has goes along with it.
_OWN = frozenset(
    {"_settings", "_core", "_plans", "_credentials", "_conduct", "_transport", "_owned", "ops"}
)


class BaseClient:
    """Calls the operations of one OpenAPI document.

    source            a bundled name (`"qiskit-runtime"`), a path, a URL, or a mapping
    base_url          where the service is; default: DYNCLIENT_BASE_URL for the bundled document,
                      see docs/auth.md, else the server the document names
    auth              credentials by security scheme: `{"IBMCloudAuth": "token"}`; see docs/auth.md
    defaults          values by parameter name, for every operation that declares it
    validate          "strict", "warn" or "off", or a `Validation` with a level for each layer
    engine            "compiled", or "openapi-core" to have every exchange judged by the reference
    timeout           seconds for connecting and for each read, (connect, read), or a `Timeout`
    server_variables  values for the variables of the document's servers
    transport         how requests are sent; see docs/transport.md
    trust             what the document may make the client do
    only              which operations there are, of a big document; see `Only`
    deep_object       how style deepObject serializes what is inside of an object; see `Options`
    observers         functions that are told of every step of a call; see docs/observers.md
    document_auth     header fields by origin, for fetching the document and what it refers to:
                      `{"https://docs.example": {"Authorization": "Bearer …"}}`. The credentials of
                      `auth` are never sent there
    overlays          OpenAPI Overlays to apply to the document: paths, URLs or mappings
    codecs            for media types of your own; see docs/bodies.md
    encoders          a function for each type of yours, from a value to plain data; see
                      docs/bodies.md

    Raises DocumentError if the document can't be opened, UnknownOperation if `validate` names an
    operation that it does not have, ValueError if `defaults` name a parameter that none of its
    operations has, or `only` what the document does not have.
    """

    _asynchronous: ClassVar[bool]

    def __init__(
        self,
        source: Source,
        *,
        base_url: str | None = None,
        auth: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        validate: Level | Validation = "strict",
        engine: Engine = "compiled",
        timeout: TimeoutValue | None = None,
        server_variables: Mapping[str, str] | None = None,
        transport: Any = None,
        trust: Trust | None = None,
        only: Only | None = None,
        deep_object: DeepObject | None = None,
        observers: Sequence[Observer] = (),
        document_auth: Mapping[str, Mapping[str, str]] | None = None,
        overlays: Sequence[Source] = (),
        codecs: Sequence[Codec] = (),
        encoders: Mapping[type, Callable[[Any], Any]] | None = None,
    ) -> None:
        self._begin(
            Settings.of(
                source=source,
                base_url=base_url,
                auth=auth,
                defaults=defaults,
                validate=validate,
                engine=engine,
                timeout=timeout,
                server_variables=server_variables,
                transport=transport,
                trust=trust or Trust(),
                only=only,
                deep_object=deep_object,
                observers=observers,
                document_auth=document_auth,
                overlays=overlays,
                codecs=codecs,
                encoders=encoders,
            )
        )

    def _begin(self, settings: Settings) -> None:
        """A new client: its transport is made, its document opened as far as that may be now."""
        self._core: Core | None = None
        self._settings = settings
        self._conduct = _conduct(settings)
        limit = settings.trust.max_response_bytes
        self._transport, self._owned = transport_for(
            settings.transport, asynchronous=self._asynchronous, max_response_bytes=limit
        )
        self._open_now()

    def _open_now(self) -> None:
        raise NotImplementedError

    # ── the document ─────────────────────────────────────────────────────────────────────────

    @property
    def document(self) -> Document:
        """The document: its version, title, servers, and what is wrong with it."""
        return self._opened_core.document

    @property
    def operations(self) -> Operations:
        """Every operation, by name; see `Operations`."""
        return self._opened_core.operations

    @property
    def _opened_core(self) -> Core:
        if self._core is None:
            raise RuntimeError(
                f"the document at {DEFAULT_REDACTOR.url(str(self._settings.source))} is not open "
                "yet: use `async with AsyncClient(...) as client:`, or `await client.open()`"
            )
        return self._core

    def _opening_document(self) -> Commands[None]:
        """Open the document; nothing if it is open."""
        if self._core is not None:
            return
        settings, conduct = self._settings, self._conduct
        document = yield from fetching(
            loading(settings.source, trust=settings.trust, overlays=settings.overlays), conduct
        )
        core = yield from loaded(partial(Core.of, document, settings), document, conduct)
        yield from loaded(partial(self._use, settings, core), document, conduct)

    def _use(self, settings: Settings, core: Core, credentials: Credentials | None = None) -> None:
        """Take settings and a document in use; and credentials, with the tokens they have."""
        self._settings = settings = settings.within(core)
        self._conduct = _conduct(settings)
        if credentials is None:
            bundled = isinstance(settings.source, str) and bundled_path(settings.source) is not None
            credentials = Credentials(core.schemes, settings.auth, bundled=bundled)
        self._credentials = credentials
        self._plans = Plans(settings, core, credentials)
        self._core = core

    # ── calls ────────────────────────────────────────────────────────────────────────────────

    def _requesting(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options,
        named: Mapping[str, Any],
    ) -> Commands[Response]:
        """A whole call."""
        bind = partial(self._bound, operation, arguments, body, options, named)
        try:
            plan, prepared = self._bound(operation, arguments, body, options, named)
        except NotLoaded:
            plan, prepared = yield from loaded(bind, self.document, self._conduct)
        return (yield from exchange(plan, prepared, self._conduct))

    def _streaming(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options,
        named: Mapping[str, Any],
    ) -> Callable[[], Commands[Opened]]:
        """A call up to the body of its response. Arguments are validated at once."""
        bind = partial(self._bound, operation, arguments, body, options, named)
        try:
            plan, prepared = bind()
        except NotLoaded:
            return partial(self._streaming_later, bind)
        return partial(opening, plan, prepared, self._conduct)

    def _streaming_later(self, bind: Callable[[], tuple[CallPlan, Prepared]]) -> Commands[Opened]:
        plan, prepared = yield from loaded(bind, self.document, self._conduct)
        return (yield from opening(plan, prepared, self._conduct))

    def _sending(self, request: HttpRequest, options: Options) -> Commands[Response]:
        """A call whose request is there already."""
        if not isinstance(request, HttpRequest):
            raise TypeError(f"send() takes an HttpRequest, not {type(request).__name__}")
        if request.operation is None:
            raise ValueError(
                "the request names no operation: give one that prepare() made, or "
                "HttpRequest(..., operation=name)"
            )
        get = partial(self._plans.get, request.operation, options)
        plan = yield from loaded(get, self.document, self._conduct)
        plan = replace(plan, auth=plan.auth.lacking(request))
        prepared = Prepared(request, (), options.headers)
        return (yield from exchange(plan, prepared, self._conduct))

    def _preparing(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options,
        named: Mapping[str, Any],
    ) -> Commands[HttpRequest]:
        bind = partial(self._bound, operation, arguments, body, options, named, refuse=False)
        plan, prepared = yield from loaded(bind, self.document, self._conduct)
        return (yield from at_hand(plan, prepared))

    def _explaining(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options,
        named: Mapping[str, Any],
    ) -> Commands[Explanation]:
        bind = partial(self._bound, operation, arguments, body, options, named, refuse=False)
        plan, prepared = yield from loaded(bind, self.document, self._conduct)
        request = yield from at_hand(plan, prepared)
        given = {**(self._settings.defaults or {}), **(arguments or {}), **named}
        from .explanation import explain_call

        return explain_call(plan, request, given)

    def _compiling(self, operation: str) -> Commands[None]:
        compiled = self.operations[operation].compile
        return (yield from loaded(compiled, self.document, self._conduct))

    def _bound(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        body: Any,
        options: Options,
        named: Mapping[str, Any],
        *,
        refuse: bool = True,
    ) -> tuple[CallPlan, Prepared]:
        """The plan of the operation, and the request for these arguments. Pure."""
        if self._core is None:
            _ = self._opened_core  # says what to do
        plans = self._plans
        plan = plans.get(operation, options)
        prepared = plan.prepare(arguments, named, body, options)
        if refuse and plan.refusal is not None:
            plans.check_carried(plan, options)
        return plan, prepared

    # ── another client ───────────────────────────────────────────────────────────────────────

    def with_options(self, **changes: Any) -> Self:
        """Another client on the same compiled document and transport, some options changed.

        Takes `base_url`, `auth`, `defaults`, `validate`, `engine`, `timeout`, `deep_object` and
        `observers`, which mean what they mean to the constructor. Credentials are never shared
        between the two unless the new one was given the same handler object. Closing this client
        closes the new one too, as its connections are this one's; closing the new one leaves this
        one open. Attributes of a subclass are the new client's too.
        """
        if unknown := changes.keys() - _CHANGEABLE:
            raise TypeError(
                f"with_options() takes {', '.join(sorted(_CHANGEABLE))}; not {', '.join(unknown)}"
            )
        core = self._opened_core
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.pop("ops", None)
        other._owned = None
        kept = None if "auth" in changes else self._credentials
        other._use(self._settings.changed(**changes), core, kept)
        return other

    # ── life cycle ───────────────────────────────────────────────────────────────────────────

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled validators and sockets don't travel: a worker opens the document again.
        more = {name: value for name, value in self.__dict__.items() if name not in _OWN}
        return _reopened, (type(self), self._settings, more)

    def __repr__(self) -> str:
        where = DEFAULT_REDACTOR.url(self._settings.base_url or "the document's server")
        title = "a document" if self._core is None else self._core.document.title or "a document"
        return f"<{type(self).__name__} of {title} at {where}>"


_CHANGEABLE = frozenset(
    {
        "base_url",
        "auth",
        "defaults",
        "validate",
        "engine",
        "timeout",
        "deep_object",
        "observers",
    }
)


def _conduct(settings: Settings) -> Conduct:
    return Conduct(
        settings.trust,
        settings.observers,
        settings.document_auth or {},
        settings.timeout,
    )


def _reopened(kind: type[BaseClient], settings: Settings, more: Mapping[str, Any]) -> BaseClient:
    client = object.__new__(kind)
    client.__dict__.update(more)
    client._begin(settings)
    return client
