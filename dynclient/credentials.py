"""Which credentials a client uses when it was given none, and what its document calls secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .auth import Authenticator, AuthPlan, SecurityScheme
from .document import Document
from .errors import AuthError, DocumentError
from .operation import Operation
from .operation.security import security_schemes
from .redaction import DEFAULT_REDACTOR, Redactor

if TYPE_CHECKING:
    from .auth import Account

__all__ = ["AuthChoice", "Credentials", "redactor_for", "schemes_of"]


def schemes_of(document: Document) -> dict[str, SecurityScheme]:
    """The security schemes of a document by name; a broken one is noted and left out."""
    schemes: dict[str, SecurityScheme] = {}
    for name, value in security_schemes(document):
        try:
            schemes[name] = SecurityScheme.from_mapping(name, value)
        except DocumentError as error:
            at = document.resources.root.child("components", "securitySchemes", name)
            document.note(at, error.problem, "security-scheme")
    return schemes


def redactor_for(schemes: Mapping[str, SecurityScheme]) -> Redactor:
    """A redactor that knows the headers, query parameters and cookies of these schemes."""
    redactor = DEFAULT_REDACTOR
    for scheme in schemes.values():
        redactor = scheme.redact(redactor)
    return redactor


class AuthChoice(NamedTuple):
    """How one operation is authenticated.

    account  the saved account in use, which also says where its service is
    refusal  why it can't be authenticated; then `plan` adds nothing
    """

    plan: AuthPlan
    account: Account | None = None
    refusal: AuthError | None = None

    def fills_in(self, operation: Operation) -> frozenset[str]:
        """Keys of the parameters that a scheme in use sends: publishers declare some twice."""
        sent = {
            (step.scheme.location, str(step.scheme.parameter_name).lower())
            for step in self.plan.steps
            if step.scheme.type == "apiKey"
        }
        return frozenset(
            p.key for p in operation.parameters if (p.location, p.name.lower()) in sent
        )


class Credentials:
    """A client's credentials: those it was given, or else those that lie about.

    One `Authenticator` serves all operations, so that one fetched token does.
    """

    def __init__(
        self,
        schemes: Mapping[str, SecurityScheme],
        auth: Mapping[str, Any] | None,
        *,
        bundled: bool,
    ) -> None:
        self._schemes = schemes
        self._auth = auth
        self._bundled = bundled
        self._known: dict[bool, tuple[Authenticator, Account | None]] = {}
        self._headers = frozenset(
            str(scheme.parameter_name or "authorization").lower()
            for scheme in schemes.values()
            if scheme.location in (None, "header")
        )

    def carried_by(self, headers: Mapping[str, str] | None) -> bool:
        """Whether header fields of a call's own carry what a scheme would."""
        return any(name.lower() in self._headers for name in headers or ())

    def replaced(self, auth: Mapping[str, Any] | None) -> Credentials:
        """Other credentials for the same document."""
        return Credentials(self._schemes, auth, bundled=self._bundled)

    def choose(
        self, operation: Operation, auth: Mapping[str, Any] | None, *, own_server: bool
    ) -> AuthChoice:
        """The choice for an operation; `auth` of one call goes before the client's.

        `own_server` tells whether the request goes to a server that the document names.
        """
        requirements = operation.security
        try:
            if auth is not None or not requirements:
                authenticator, account = Authenticator(self._schemes, auth), None
            else:
                authenticator, account = self._authenticator(own_server)
            return AuthChoice(authenticator.plan(operation.name, requirements), account)
        except AuthError as error:
            return AuthChoice(AuthPlan((), "not authenticated"), refusal=error)

    def _authenticator(self, own_server: bool) -> tuple[Authenticator, Account | None]:
        known = self._known.get(own_server)
        if known is None:
            auth, account = self._auth, None
            if auth is None:
                auth, account = self._found(own_server)
            made = (Authenticator(self._schemes, auth), account)
            # Of threads that come here together one wins: all share its handlers and tokens.
            known = self._known.setdefault(own_server, made)
        return known

    def _found(self, own_server: bool) -> tuple[Mapping[str, Any], Account | None]:
        """The credentials of the surroundings.

        Only for a document that came with this package: any other may call its schemes what it
        likes, and would be handed secrets that were meant for somebody else. The account that
        Qiskit users have saved is meant for IBM's own servers, so it is used only where the
        document's own servers are, never for a `base_url` of the caller's.
        """
        if not self._bundled:
            return {}, None
        from .auth import environment_auth, qiskit_account

        auth = environment_auth(self._schemes)
        if auth or not own_server:
            return auth, None
        account = qiskit_account()
        return (account.auth(), account) if account else ({}, None)
