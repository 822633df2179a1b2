"""What the two clients have in common: what they are given, and how they open and travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from .auth import AuthPlan
    from .core import Engine
    from .document import Document, Source, Trust
    from .limits import RateLimitsValue
    from .messages import TimeoutValue
    from .observers import Observer
    from .operation import DeepObject, Operations
    from .operation.content.codec import Codec
    from .operation.only import Only
    from .retries import RetriesValue
    from .validation import Level, Validation

__all__ = ["BaseClient"]

#: Attributes of a client that are its own; what else a subclass has goes along with it.
_OWN = frozenset({"_calling", "_drive", "_given", "_transport", "_owned", "ops"})


class BaseClient:
    """Calls the operations of one OpenAPI document."""

    _asynchronous: ClassVar[bool]

    def __init__(
        self,
        source: Source,
        *,
        base_url: str | None = None,
        auth: Mapping[Any, Any] | None = None,
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
        retries: RetriesValue | None = None,
        rate_limits: RateLimitsValue | None = None,
    ) -> None:
        """Open a document and be ready to call its operations.

        source            a bundled name (`"qiskit-runtime"`), a path, a URL, or a mapping
        base_url          where the service is; default: DYNCLIENT_BASE_URL for the bundled
                          document, else the server the document names; see docs/auth.md
        auth              credentials by security scheme: `{"IBMCloudAuth": "token"}`, or by the
                          type of schemes, `OfType`; see docs/auth.md
        defaults          values by parameter name, for every operation that declares it
        validate          "strict", "warn" or "off", or a `Validation` with a level for each layer
        engine            "compiled", or "openapi-core": every exchange is judged by the reference
        timeout           seconds for connecting and for each read, (connect, read), or a `Timeout`
        server_variables  values for the variables of the document's servers
        transport         how requests are sent; "mock" for responses made from the document; see
                          docs/transport.md
        trust             what the document may make the client do
        only              which operations there are, of a big document; see `Only`
        deep_object       how style deepObject serializes what is inside of an object; see `Options`
        observers         functions that get an event for every step of a call; see
                          docs/observers.md
        document_auth     header fields by origin, for fetching the document and what it refers to:
                          `{"https://docs.example": {"Authorization": "Bearer …"}}`. The
                          credentials of `auth` are never sent there
        overlays          OpenAPI Overlays to apply to the document: paths, URLs or mappings
        codecs            for media types of your own; see docs/bodies.md
        encoders          a function for each type of yours, from a value to plain data; see
                          docs/bodies.md
        retries           how often a request that failed is sent again, or a `Retries`; 0 for
                          never; default: `Retries()`; see docs/resilience.md
        rate_limits       how often operations are called at most: `{"create_job": "5/minute"}`,
                          "document" for what it says itself, or `RateLimits`; calls wait for their
                          turn

        Raises DocumentError if the document can't be opened, UnknownOperation if `validate` names
        an operation that it does not have, ValueError if `defaults` name a parameter that none of
        its operations has, or `only` what the document does not have.
        """
        self._begin(
            {
                "source": source,
                "base_url": base_url,
                "auth": auth,
                "defaults": defaults,
                "validate": validate,
                "engine": engine,
                "timeout": timeout,
                "server_variables": server_variables,
                "transport": transport,
                "trust": trust,
                "only": only,
                "deep_object": deep_object,
                "observers": observers,
                "document_auth": document_auth,
                "overlays": overlays,
                "codecs": codecs,
                "encoders": encoders,
                "retries": retries,
                "rate_limits": rate_limits,
            }
        )

    def _begin(self, given: Mapping[str, Any]) -> None:
        """A new client: its transport is made, its document opened as far as that may be now."""
        # Here, as `from dynclient import Client` need not wait for what making one needs.
        from .calling import Calling
        from .transport import transport_for

        self._calling = Calling.of(**given)
        settings = self._calling.settings
        limit = settings.trust.max_response_bytes
        transport = self._mock() if settings.transport == "mock" else settings.transport
        self._transport, self._owned = transport_for(
            transport, asynchronous=self._asynchronous, max_response_bytes=limit
        )
        self._given = given
        self._open_now()

    def _mock(self) -> Any:
        """What answers every call from the document."""
        from .mocking.transport import AsyncMock, Mock

        calling = self._calling
        return (AsyncMock if self._asynchronous else Mock)(lambda: calling.opened.operations)

    def _open_now(self) -> None:
        raise NotImplementedError

    @property
    def document(self) -> Document:
        """The document: its version, title, servers, and what is wrong with it."""
        return self._calling.opened.document

    @property
    def operations(self) -> Operations:
        """Every operation, by name; see `Operations`."""
        return self._calling.opened.operations

    @property
    def base_url(self) -> str:
        """Where the service is: `base_url=`, else the document's server. DocumentError without."""
        return self._calling.plans.base_url

    def auth_plan(self, operation: str) -> AuthPlan:
        """Which alternative of an operation's security is used, and why; see docs/auth.md.

        UnknownOperation; AuthError, with what is missing, if none can be met.
        """
        return self._calling.plans.auth(operation)

    # ── another client ───────────────────────────────────────────────────────────────────────

    def with_options(self, **changes: Any) -> Self:
        """Another client on the same compiled document and transport, some options changed.

        Takes `base_url`, `auth`, `defaults`, `validate`, `engine`, `timeout`, `retries`,
        `deep_object` and `observers`, which mean what they mean to the constructor. Credentials are
        never shared between the two unless the new one was given the same handler object. Closing
        this client closes the new one too, as its connections are this one's; closing the new one
        leaves this one open. Attributes of a subclass are the new client's too.
        """
        if unknown := changes.keys() - _CHANGEABLE:
            raise TypeError(
                f"with_options() takes {', '.join(sorted(_CHANGEABLE))}; not {', '.join(unknown)}"
            )
        calling = self._calling.changed(**changes)
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.pop("ops", None)
        other._owned = None
        other._calling = calling
        other._given = {**self._given, **changes}
        return other

    # ── life cycle ───────────────────────────────────────────────────────────────────────────

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled validators and sockets don't travel: a worker opens the document again.
        more = {name: value for name, value in self.__dict__.items() if name not in _OWN}
        return _reopened, (type(self), self._given, more)

    def __repr__(self) -> str:
        from .redaction import DEFAULT_REDACTOR

        calling = self._calling
        where = DEFAULT_REDACTOR.url(calling.settings.base_url or "the document's server")
        title = "a document" if calling.core is None else calling.core.document.title
        return f"<{type(self).__name__} of {title or 'a document'} at {where}>"


_CHANGEABLE = frozenset(
    {
        "base_url",
        "auth",
        "defaults",
        "validate",
        "engine",
        "timeout",
        "retries",
        "deep_object",
        "observers",
    }
)


def _reopened(
    kind: type[BaseClient], given: Mapping[str, Any], more: Mapping[str, Any]
) -> BaseClient:
    client = object.__new__(kind)
    client.__dict__.update(more)
    client._begin(given)
    return client
