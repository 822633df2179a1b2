"""Which credentials a client uses when it was given none, and what its document calls secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .auth import Authenticator, AuthPlan, AuthStep, SecurityScheme
from .auth.credential import Found
from .auth.solver import Requirement
from .document import Document
from .errors import AuthError, DocumentError
from .operation import Operation
from .operation.security import security_schemes
from .redaction import DEFAULT_REDACTOR, Redactor

if TYPE_CHECKING:
    from .auth import Account, AuthValue

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

    base_url  where the credentials place the service; None where they don't
    source    where `base_url` comes from, for people
    refusal   why it can't be authenticated; then `plan` adds nothing
    """

    plan: AuthPlan
    base_url: str | None = None
    source: str = ""
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
    """A client's credentials: those it was given, or else those found in the environment.

    One `Authenticator` serves all operations, so that one fetched token does.
    """

    def __init__(
        self,
        schemes: Mapping[str, SecurityScheme],
        auth: Mapping[str, Any] | None,
        *,
        bundled: bool,
        has_certificate: bool = True,
    ) -> None:
        self._schemes = schemes
        self._has_certificate = has_certificate
        self._auth = auth
        self._bundled = bundled
        self._accounts: dict[Account, Mapping[str, AuthValue]] = {}
        self._known: dict[Any, tuple[Authenticator, Found]] = {}
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
        return Credentials(
            self._schemes, auth, bundled=self._bundled, has_certificate=self._has_certificate
        )

    def choose(
        self, operation: Operation, auth: Mapping[str, Any] | None, *, own_server: bool
    ) -> AuthChoice:
        """The choice for an operation; `auth` of one call goes before the client's.

        `own_server` is whether the request goes to a server that the document names.
        """
        requirements = operation.security
        try:
            if auth is None:
                authenticator, found = self._usual(own_server, requirements)
            else:
                found = self._found(auth, own_server, requirements)
                authenticator = self._authenticator(found.auth)
            plan = authenticator.plan(operation.name, requirements)
            return AuthChoice(plan, found.base_url, found.source)
        except AuthError as error:
            return AuthChoice(AuthPlan((), "not authenticated"), refusal=error)

    def step(self, scheme: str, scopes: Sequence[str], *, own_server: bool) -> AuthStep:
        """One scheme by itself. AuthError if the document or the credentials lack it."""
        authenticator, _ = self._usual(own_server, [{scheme: scopes}])
        return authenticator.plan(f"the scheme {scheme}", [{scheme: scopes}]).steps[0]

    def _usual(
        self, own_server: bool, requirements: Sequence[Requirement]
    ) -> tuple[Authenticator, Found]:
        """What all operations share that are called without credentials of their own."""
        lacking = _lacking(self._auth, requirements) if self._bundled else ()
        key = own_server, lacking, bool(requirements)
        known = self._known.get(key)
        if known is None:
            found = self._found(self._auth, own_server, requirements)
            made = (self._authenticator(found.auth if requirements else None), found)
            # Of threads that come here together one wins: all share its handlers and tokens.
            known = self._known.setdefault(key, made)
        return known

    def _authenticator(self, auth: Mapping[str, Any] | None) -> Authenticator:
        return Authenticator(self._schemes, auth, has_certificate=self._has_certificate)

    def _found(
        self,
        given: Mapping[str, Any] | None,
        own_server: bool,
        requirements: Sequence[Requirement],
    ) -> Found:
        """The credentials given, completed by the environment to what an operation requires.

        Only for a document that came with this package: any other may call its schemes what it
        likes, and would be handed secrets that were meant for somebody else. The account that
        Qiskit users have saved is meant for IBM's own servers, so it is used only where the
        document's own servers are, never for a `base_url` of the caller's.
        """
        auth = given or {}
        lacking = _lacking(given, requirements)
        if not self._bundled or (given is not None and not lacking and not own_server):
            return Found(auth)
        from .auth.account import completed, environment_auth

        if given is None:
            auth = environment_auth(self._schemes)
        elif lacking:
            auth = {**environment_auth(lacking), **given}
        # An empty mapping is a caller who wants none.
        use_account = bool(requirements) and (given is None or bool(given))
        if not own_server:
            return Found(auth)
        return completed(auth, use_account=use_account, auth_of=self._auth_of)

    def _auth_of(self, account: Account) -> Mapping[str, AuthValue]:
        """The mapping of an account: one for all calls, so that they share its token."""
        return self._accounts.setdefault(account, account.auth())


def _lacking(
    given: Mapping[str, Any] | None, requirements: Sequence[Requirement]
) -> tuple[str, ...]:
    """What an alternative requires beside the credentials given; nothing if these meet one."""
    names = set(given or ())
    sizes = [set(alternative) for alternative in requirements]
    if not names or any(each and each <= names for each in sizes):
        return ()
    of = (alternative for alternative in requirements if names < set(alternative))
    return tuple(name for name in next(of, ()) if name not in names)
