"""What a client works out once for each operation: a plan, which its calls follow.

Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from .auth import AuthPlan, AuthStep
from .core import Core, Settings
from .credentials import AuthChoice, Credentials
from .errors import AuthError, DocumentError, NotLoaded
from .messages import IDEMPOTENT, HttpRequest, HttpResponse, Response, Timeout, Violation
from .operation import NO_OPTIONS, Operation, Options, Prepared, base_url
from .operation.request import RequestPlan
from .operation.response import Begun, ResponsePlan
from .origins import origin_of
from .retries import IDEMPOTENCY_KEY, NO_RETRIES, Retries
from .schema import compile_validator
from .validation import Formats, Validation

if TYPE_CHECKING:
    from .document import Document
    from .limits import Turns
    from .reference import ReferenceEngine

__all__ = ["CallPlan", "Plans"]

#: What a key looks like that is made for a call: a random UUID (RFC 9562, section 5.4).
_A_KEY = "4b1a1f0e-9c3d-4e52-8f67-0d2b6a7c8e91"

#: The fields by which a server announces a deprecation; see `operation.deprecation`.
_DEPRECATION = frozenset({"deprecation", "sunset"})


class CallPlan(Struct, frozen=True):
    """One operation as one client calls it: all that does not depend on the arguments.

    raises     whether 4xx and 5xx are errors
    reference  validates in place of the compiled validators, with `engine="openapi-core"`
    refusal    why the operation can't be authenticated; raised once the arguments are valid
    supplied   keys of the parameters that the credentials fill in
    timeout    for calls that name none; None for that of the transport
    server     where `base_url` comes from, for people
    retries    when a request is sent again
    pace       how often the operation is called at most; None for no limit
    key        the argument that is an Idempotency-Key, if the operation has one that may be made
    """

    operation: Operation
    policy: Validation
    base_url: str
    defaults: Mapping[str, Any] | None
    auth: AuthPlan
    requests: RequestPlan
    responses: ResponsePlan
    raises: bool = True
    reference: ReferenceEngine | None = None
    refusal: AuthError | None = None
    supplied: frozenset[str] = frozenset()
    timeout: Timeout | None = None
    server: str = ""
    retries: Retries = NO_RETRIES
    key: str | None = None
    pace: Turns | None = None

    def prepare(
        self,
        arguments: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        body: Any,
        options: Options,
    ) -> Prepared:
        """The request without credentials; InvalidRequest if the arguments break the document."""
        if self.timeout is not None and options.timeout is None:
            options = replace(options, timeout=self.timeout)
        if self.key is not None and self.retries.attempts > 1:
            named = self._with_key(arguments, named)
        return self.requests.build(
            arguments,
            named,
            body,
            base_url=self.base_url,
            defaults=self.defaults,
            options=options,
            policy=self.policy,
            supplied=self.supplied,
            second=None if self.reference is None else partial(self._judge_again, self.reference),
        )

    def _with_key(
        self, arguments: Mapping[str, Any] | None, named: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The arguments of the call with a key of its own, which all its attempts are sent with."""
        key = str(self.key)
        names = {key, IDEMPOTENCY_KEY.lower()}
        given = {each.lower() for each in (*(arguments or ()), *named, *(self.defaults or ()))}
        if given & names:
            return named
        from uuid import uuid4

        return {**named, key: str(uuid4())}

    def _judge_again(
        self, reference: ReferenceEngine, request: HttpRequest, ours: list[Violation]
    ) -> list[Violation]:
        formats = self.policy.checked
        return reference.judge_request(
            self.operation, request, ours, self.supplied, formats=formats
        )

    def declares(self, status: int) -> bool:
        """Whether a redirect of that status is the response itself, and not to be followed."""
        return self.responses.declares(status)

    def parse(self, http: HttpResponse, request: HttpRequest) -> Response:
        """The response with everything that was found."""
        if http.headers.has_any(_DEPRECATION):
            self.operation.deprecations.of_response(http.headers)
        response = self.responses.parse(self.operation, http, request, self.policy)
        if self.reference is None or not self.policy.judges_responses:
            return response
        ours, formats = response.violations, self.policy.checked
        try:
            found = self.reference.judge_response(
                self.operation, request, http, ours, formats=formats
            )
        except NotLoaded:
            raise
        except DocumentError as error:
            # The response must not be lost: that it can't be validated is a violation.
            broken = Violation(
                "response.body",
                "",
                error.pointer or "",
                "document",
                error.problem,
                "body",
                error.remedy,
            )
            found = [*ours, broken]
        return structs.replace(response, violations=tuple(found))

    def begin(self, http: HttpResponse, request: HttpRequest) -> tuple[Begun, Response]:
        """How a body that is still to come is read, and the response as far as it is there."""
        if http.headers.has_any(_DEPRECATION):
            self.operation.deprecations.of_response(http.headers)
        begun, found = self.responses.begin(http.status, http.headers, self.policy)
        return begun, Response(
            None,
            http.status,
            http.headers,
            b"",
            self.operation.info,
            http.elapsed,
            request,
            begun.media_type,
            tuple(found),
            begun.header_values,
        )


class Plans:
    """The plans of one client: made at the first call of an operation, and kept."""

    def __init__(self, settings: Settings, core: Core, credentials: Credentials) -> None:
        self._settings = settings
        self._core = core
        self._credentials = credentials
        self._kept: dict[str, CallPlan] = {}
        self._reference: ReferenceEngine | None = None
        if settings.engine == "openapi-core":
            from .reference import ReferenceEngine

            self._reference = ReferenceEngine()

    def get(self, name: str, options: Options = NO_OPTIONS) -> CallPlan:
        """The plan for calls with these options.

        UnknownOperation, DocumentError if the document breaks what the operation needs.
        """
        if not isinstance(options, Options):
            raise TypeError(f"options= takes Options(...), not {type(options).__name__}")
        plan = None if options.changes_plan else self._kept.get(name)
        if plan is None:
            plan = self._make(self._core.operations[name], options)
            # Without credentials it is made anew: those of the environment may come.
            if plan.refusal is None and not options.changes_plan:
                self._kept[name] = plan
        if options.retries is not None:
            return structs.replace(plan, retries=Retries.of(options.retries))
        return plan

    def check_carried(self, plan: CallPlan, options: Options) -> None:
        """Raises the plan's refusal, unless header fields of the call are its credentials."""
        if plan.refusal is not None and not self._credentials.carried_by(options.headers):
            raise plan.refusal

    @property
    def base_url(self) -> str:
        """Where the service is, as far as no operation, credential or call says otherwise."""
        if self._settings.base_url is not None:
            return self._settings.base_url
        document = self._core.document
        return base_url(document, document.servers, None, self._settings.server_variables)

    def auth(self, name: str) -> AuthPlan:
        """How an operation is authenticated. UnknownOperation; AuthError if it can't be."""
        operation = self._core.operations[name]
        own_server = self._settings.base_url is None
        choice = self._credentials.choose(operation, None, own_server=own_server)
        if choice.refusal is not None:
            raise choice.refusal
        return choice.plan

    def step(self, scheme: str, scopes: Collection[str] | None) -> AuthStep:
        """One scheme, its handler, and the scopes, by default all that operations ask for.

        AuthError for a scheme that the document lacks, or that has no credential.
        """
        url, own_server = self.base_url, self._settings.base_url is None
        if scopes is None:
            asked = (each.security or () for each in self._core.operations.values())
            scopes = {
                scope
                for requirements in asked
                for requirement in requirements
                for scope in requirement.get(scheme, ())
            }
        step = self._credentials.step(scheme, sorted(scopes), own_server=own_server)
        trusts = partial(_may_get_credentials, self._core.document, url)
        return AuthPlan((scheme,), "asked for", (step,)).placed(url, trusts).steps[0]

    def _make(self, operation: Operation, options: Options) -> CallPlan:
        settings = self._settings
        policy = self._core.policy(options.validate or settings.validate)
        policy = policy.for_operation(operation.name)
        formats = policy.checked
        own_server = settings.base_url is None and options.server is None
        auth = self._credentials.choose(operation, options.auth, own_server=own_server)
        declared = {p.name for p in operation.parameters}
        declared |= {p.python_name for p in operation.parameters}
        defaults = {k: v for k, v in (settings.defaults or {}).items() if k in declared}
        url, server = self._server(operation, options, auth)
        return CallPlan(
            operation,
            policy,
            url,
            defaults or None,
            auth.plan.placed(url, partial(_may_get_credentials, self._core.document, url)),
            operation.request_plan(formats, options.deep_object or settings.deep_object),
            operation.response_plan(formats, members=policy.judges_members),
            options.raise_for != "never",
            self._reference,
            auth.refusal,
            auth.fills_in(operation),
            settings.timeout,
            server,
            settings.retries,
            _key_of(operation, formats),
            self._core.paces.get(operation.name),
        )

    def _server(self, operation: Operation, options: Options, auth: AuthChoice) -> tuple[str, str]:
        """The base URL of the operation, and where that comes from."""
        settings = self._settings
        if options.server is None and settings.base_url is not None:
            return settings.base_url, settings.base_url_source or "the client's base URL"
        if auth.base_url is not None:
            return auth.base_url, auth.source
        variables = settings.server_variables
        url = base_url(self._core.document, operation.servers, options.server, variables)
        return url, "the document's server" if options.server is None else "the call's server"


def _key_of(operation: Operation, formats: Formats) -> str | None:
    """The argument for the header Idempotency-Key, where the operation has it and takes a UUID."""
    if operation.method in IDEMPOTENT:
        return None
    for parameter in operation.parameters:
        if parameter.location == "header" and parameter.name.lower() == IDEMPOTENCY_KEY.lower():
            judge = compile_validator(parameter.node, "request", formats=formats)
            return parameter.python_name if judge.is_valid(_A_KEY) else None
    return None


def _may_get_credentials(document: Document, base_url: str, url: str) -> bool:
    """Whether a document may name a URL that credentials are sent to, as it names its servers."""
    own = document.uri
    if not own.startswith(("http:", "https:")):
        return True  # what the caller opened from disk or as data is the caller's own word
    try:
        return origin_of(url) == origin_of(base_url) or document.resources.trust.allows(url, own)
    except ValueError:
        return False
