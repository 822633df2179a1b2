"""The client: a document's operations, called.

    client = Client("qiskit-runtime", auth={"IBMCloudAuth": "token", "ServiceCRN": "crn:v1:..."})
    job = client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})

What a call needs is worked out once per operation and kept in a `CallPlan`; a call is then: bind
and validate the arguments, add the credentials, send, read and judge the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from .calls import CallPlan, settle
from .credentials import AuthChoice, Credentials, redactor_for, schemes_of
from .document import Document, Source, Trust, bundled_path, completing, driven, load
from .errors import DocumentError, NotLoaded
from .messages import HttpRequest, Response
from .operation import NO_OPTIONS, UNSET, Operation, Operations, Options, Prepared, base_url
from .ops import Ops
from .redaction import DEFAULT_REDACTOR
from .settings import (
    Timeout,
    base_url_of,
    call_timeout,
    checked_defaults,
    checked_source,
    fetcher,
    transport_for,
)
from .transport.base import CLOSED
from .validation import Level, Validation

if TYPE_CHECKING:
    from .explanation import Explanation
    from .reference import ReferenceEngine
    from .streaming import StreamedResponse

__all__ = ["Client", "Engine"]

T = TypeVar("T")

#: Which validators judge: our compiled ones, or openapi-core.
Engine: TypeAlias = Literal["compiled", "openapi-core"]


class Client:
    """Calls the operations of one OpenAPI document. Thread-safe; a context manager; picklable.

    source            a bundled name (`"qiskit-runtime"`), a path, a URL, or a mapping
    base_url          where the service is; default: DYNCLIENT_BASE_URL for the bundled document,
                      see docs/auth.md, else the server the document names
    auth              credentials by security scheme: `{"IBMCloudAuth": "token"}`; see docs/auth.md
    defaults          values by parameter name, for every operation that declares it
    validate          "strict", "warn" or "off", or a `Validation` with a level for each layer
    engine            "compiled", or "openapi-core" to have every exchange judged by the reference
    timeout           seconds for connecting and for each read, or (connect, read); default: 30, or
                      that of the `transport` given
    server_variables  values for the variables of the document's servers
    transport         anything with `send(HttpRequest) -> HttpResponse`, or a `requests.Session`
    trust             what the document may make the client do

    Raises DocumentError if the document can't be opened, UnknownOperation if `validate` names an
    operation that it does not have, ValueError if `defaults` name a parameter that none of its
    operations has.
    """

    def __init__(
        self,
        source: Source,
        *,
        base_url: str | None = None,
        auth: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        validate: Level | Validation = "strict",
        engine: Engine = "compiled",
        timeout: Timeout | None = None,
        server_variables: Mapping[str, str] | None = None,
        transport: Any = None,
        trust: Trust | None = None,
    ) -> None:
        if engine not in ("compiled", "openapi-core"):
            raise ValueError(f"engine={engine!r}: give 'compiled' or 'openapi-core'")
        self._source = checked_source(source)
        self._settings: dict[str, Any] = {
            "base_url": base_url_of(source, base_url),
            "auth": auth,
            "defaults": defaults,
            "validate": Validation.of(validate),
            "engine": engine,
            "timeout": timeout,
            "server_variables": dict(server_variables) if server_variables else None,
            "transport": transport,
            "trust": trust or Trust(),
        }
        self._transport, self._own_transport = transport_for(transport, timeout, self._settings)
        # A transport of our own knows its timeout; one of the caller's is told at each call.
        self._call_timeout = None if self._own_transport else call_timeout(timeout, transport)
        self._plans: dict[str, CallPlan] = {}
        try:
            self.document: Document = load(
                source, trust=self._settings["trust"], fetch=fetcher(self._transport)
            )
            self._schemes = self._complete(lambda: schemes_of(self.document))
            #: Every operation, by name; see `Operations`.
            self.operations = self._complete(
                lambda: Operations(self.document, redactor_for(self._schemes))
            )
        except BaseException:
            self.close()
            raise
        self._reference = _reference() if engine == "openapi-core" else None
        self._settings["validate"] = self._policy(validate)
        self._settings["defaults"] = self._complete(
            lambda: checked_defaults(defaults, self.operations, self.document)
        )
        bundled = isinstance(source, str) and bundled_path(source) is not None
        self._credentials = Credentials(self._schemes, auth, bundled=bundled)

    # ── calling ──────────────────────────────────────────────────────────────────────────────

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Any:
        """Call an operation and return the data of its answer (None where there is no body).

        `operation` is its name or `"METHOD /path"`; `arguments` go by wire name, keywords by wire
        or Python name. Raises UnknownOperation, InvalidRequest or AuthError before anything is
        sent; TransportError, StatusError or InvalidResponse after.
        """
        return self.request(
            operation, arguments, body=body, options=options, **named_arguments
        ).data

    def request(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Response:
        """As `call`, but returns the whole Response: status, headers, violations and all."""
        if options is None:
            options = NO_OPTIONS
            plan = self._plans.get(operation) or self._plan(operation)
        else:
            plan = self._plan_with(operation, options)
        prepared = self._prepared(plan, arguments, named_arguments, body, options)
        own = options.headers
        if plan.refusal is not None and not self._credentials.carried_by(own):
            raise plan.refusal
        send = self._transport.send
        request = plan.auth.authenticate(prepared.request, send)
        if own:  # what one call says of its headers goes before the client's credentials
            request = request.with_headers(own)
        http = send(request)
        if http.status == 401 and plan.auth.refused() and not isinstance(request.content, Iterator):
            # A token may have been revoked before its time: one more try, with a fresh one.
            request = plan.auth.authenticate(prepared.request, send)
            http = send(request.with_headers(own) if own else request)
        try:
            response = plan.parse(http, request)
        except NotLoaded:
            response = self._complete(lambda: plan.parse(http, request))
        if http.status < 400 and not response.violations and not prepared.violations:
            return response
        return settle(response, plan.policy, prepared.violations)

    def stream(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> AbstractContextManager[StreamedResponse]:
        """As `request`, for an answer that is read as it comes: `with client.stream(...) as r:`.

        The request is sent on entering the block, and the connection closed on leaving it unless
        all was read. Items and bytes are told of in `StreamedResponse`, docs/streaming.md.
        """
        from .streaming import Opening

        options = options or NO_OPTIONS
        plan = self._plan_with(operation, options)
        prepared = self._prepared(plan, arguments, named_arguments, body, options)
        own = options.headers
        if plan.refusal is not None and not self._credentials.carried_by(own):
            raise plan.refusal
        with suppress(DocumentError):  # which is raised where it matters
            self._complete(plan.responses.compile)
        return Opening(plan, prepared, self._transport, own)

    @cached_property
    def ops(self) -> Ops:
        """The operations as attributes: `client.ops.create_job(...)`."""
        return Ops(self)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def prepare(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> HttpRequest:
        """The request that a call would send; nothing is sent.

        Credentials are on it as far as they are at hand: a token that would have to be fetched
        first is not, and neither is what the client was never given.
        """
        options = options or NO_OPTIONS
        plan = self._plan_with(operation, options)
        prepared = self._prepared(plan, arguments, named_arguments, body, options)
        request = prepared.request
        for step in plan.auth.steps:
            credential = step.ready()
            if credential is not None:
                request = step.handler.modify(credential.apply(request))
        return request

    def explain(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Explanation:
        """Why the request would be what it would be: `str()` for people, `.curl` for a shell.

        Server, credentials, every value's text. Redacted; nothing is sent.
        """
        plan = self._plan_with(operation, options or NO_OPTIONS)
        request = self.prepare(operation, arguments, body=body, options=options, **named_arguments)
        given = {**(self._settings["defaults"] or {}), **(arguments or {}), **named_arguments}
        from .explanation import explain_call

        return self._complete(lambda: explain_call(plan, request, given))

    def with_options(self, **changes: Any) -> Client:
        """Another client on the same compiled document and transport, some options changed.

        Takes `base_url`, `auth`, `defaults`, `validate`, `engine` and `timeout`, which mean what
        they mean to `Client`. Credentials are never shared between the two unless the new one was
        given the same handler object. Closing this client closes the new one too, as its
        connections are this one's; closing the new one leaves this one open.
        """
        allowed = {"base_url", "auth", "defaults", "validate", "engine", "timeout"}
        if unknown := changes.keys() - allowed:
            raise TypeError(
                f"with_options() takes {', '.join(sorted(allowed))}; not {', '.join(unknown)}"
            )
        other = object.__new__(type(self))
        other.__dict__.update(
            {key: value for key, value in self.__dict__.items() if key in _SHARED}
        )
        settings = {**self._settings, **changes}
        settings["validate"] = self._policy(settings["validate"])
        settings["base_url"] = base_url_of(self._source, settings["base_url"])
        if "defaults" in changes:
            defaults = checked_defaults(changes["defaults"], self.operations, self.document)
            settings["defaults"] = defaults
        other._settings = settings
        other._own_transport = None
        other._plans = {}
        if "timeout" in changes:
            other._call_timeout = call_timeout(settings["timeout"], settings["transport"])
        if "auth" in changes:
            other._credentials = self._credentials.replaced(changes["auth"])
        if settings["engine"] == "openapi-core":
            other._reference = self._reference or _reference()
        else:
            other._reference = None
        return other

    # ── life cycle ───────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Close the connections; every later call raises RuntimeError, and nothing is sent.

        So do the calls of clients that `with_options` made of this one. A transport that the
        caller gave stays open. Calls and streams under way come to their end. May be called twice.
        """
        if self._own_transport is not None:
            self._own_transport.retire()
        else:
            self._transport = CLOSED

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled validators and sockets don't travel: a worker opens the document again.
        return _reopen, (type(self), self._source, self._settings)

    def __repr__(self) -> str:
        where = DEFAULT_REDACTOR.url(self._settings["base_url"] or "the document's server")
        return f"<Client of {self.document.title or 'a document'} at {where}>"

    # ── plans ────────────────────────────────────────────────────────────────────────────────

    def _plan(self, name: str) -> CallPlan:
        plan = self._make_plan(self.operations[name], NO_OPTIONS)
        if plan.refusal is None:
            self._plans[name] = plan
        return plan

    def _plan_with(self, name: str, options: Options) -> CallPlan:
        if not isinstance(options, Options):
            raise TypeError(f"options= takes Options(...), not {type(options).__name__}")
        own = (options.validate, options.auth, options.server, options.deep_object)
        if all(each is None for each in own):
            return self._plans.get(name) or self._plan(name)
        return self._make_plan(self.operations[name], options)

    def _policy(self, validate: Level | Validation) -> Validation:
        """The policy, its operations under their own names; UnknownOperation for a stranger."""
        policy = Validation.of(validate)
        names = {self.operations[name].name: level for name, level in policy.operations.items()}
        return replace(policy, operations=names)

    def _complete(self, make: Callable[[], T]) -> T:
        """What `make` returns, once every file is fetched that it needs."""
        return driven(completing(self.document, make), fetcher(self._transport))

    def _prepared(
        self,
        plan: CallPlan,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        body: Any,
        options: Options,
    ) -> Prepared:
        try:
            return plan.prepare(arguments, named, body, options)
        except NotLoaded:
            return self._complete(lambda: plan.prepare(arguments, named, body, options))

    def _make_plan(self, operation: Operation, options: Options) -> CallPlan:
        return self._complete(lambda: self._compiled_plan(operation, options))

    def _compiled_plan(self, operation: Operation, options: Options) -> CallPlan:
        policy = self._policy(options.validate or self._settings["validate"])
        policy = policy.for_operation(operation.name)
        formats = policy.formats != "off"
        own_server = self._settings["base_url"] is None and options.server is None
        auth = self._credentials.choose(operation, options.auth, own_server=own_server)
        declared = {p.name for p in operation.parameters}
        declared |= {p.python_name for p in operation.parameters}
        defaults = {
            name: value
            for name, value in (self._settings["defaults"] or {}).items()
            if name in declared
        }
        return CallPlan(
            operation,
            policy,
            self._url(operation, options, auth),
            defaults or None,
            auth.plan,
            operation.request_plan(formats, options.deep_object),
            operation.response_plan(formats),
            self._reference,
            auth.refusal,
            auth.fills_in(operation),
            self._call_timeout,
        )

    def _url(self, operation: Operation, options: Options, auth: AuthChoice) -> str:
        """Where the operation is served."""
        if options.server is None and self._settings["base_url"] is not None:
            return str(self._settings["base_url"])
        if auth.account is not None:
            return auth.account.base_url()
        variables = self._settings["server_variables"]
        return base_url(self.document, operation.servers, options.server, variables)


#: What two clients made by `with_options` have in common.
_SHARED = frozenset(
    {
        "_call_timeout",
        "_credentials",
        "_reference",
        "_schemes",
        "_source",
        "_transport",
        "document",
        "operations",
    }
)


def _reference() -> ReferenceEngine:
    from .reference import ReferenceEngine

    return ReferenceEngine()


def _reopen(kind: type[Client], source: Source, settings: dict[str, Any]) -> Client:
    return kind(source, **settings)
