"""The requirement solver: which of an operation's alternatives can be met, and by what.

OpenAPI 3.x, section "Security Requirement Object": a list of alternatives, of which one must be
met; an alternative names schemes, all of which must be met; `{}` makes credentials optional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from ..errors import AuthError
from ..remedies import Remedy, give
from .handlers import SENDS_NOTHING, AuthValue, Handler, handler_for
from .plain import example_value
from .plan import AuthPlan, AuthStep
from .plugins import OfType, installed_handler
from .schemes import SecurityScheme

__all__ = ["Authenticator"]

Requirement: TypeAlias = Mapping[str, Sequence[str]]


class Authenticator:
    """The credentials that a caller gave, matched with the schemes of a document.

    Holds no state but the handlers, which keep their own tokens: two authenticators share a
    token only if they were given the same handler object.
    """

    def __init__(
        self,
        schemes: Mapping[str, SecurityScheme],
        auth: Mapping[Any, AuthValue] | None,
        *,
        has_certificate: bool = True,
    ) -> None:
        """`has_certificate` is whether the transport may show one, which mutualTLS requires.

        Raises `AuthError` for an unknown scheme name or a value of the wrong shape.
        """
        self._schemes = dict(schemes)
        self._has_certificate = has_certificate
        self._handlers: dict[str, Handler] = {}
        self._plugged = False
        by_type: list[tuple[OfType, object]] = []
        for name, value in _entries(auth, schemes):
            if isinstance(name, OfType):
                by_type.append((name, value))
            else:
                self._handlers[name] = handler_for(self._scheme(name), value)
        for kind, value in by_type:
            for name in kind.found_in(self._schemes.values()):
                if name not in self._handlers:
                    self._handlers[name] = handler_for(self._schemes[name], value)

    def plan(self, operation: str, requirements: Sequence[Requirement] | None) -> AuthPlan:
        """Choose the alternative for an operation: the first that the credentials given meet.

        One whose scopes the tokens are known to have goes before one whose scopes they lack.

        `requirements` is the operation's `security`, or else the document's; None or empty for
        no authentication. `{}` is chosen only if no other alternative can be met in full.
        Raises `AuthError` when none can be met: `missing` names what the nearest one lacks.
        """
        if not requirements:
            return AuthPlan((), "the operation requires no credentials")
        candidates = [self._candidate(requirement) for requirement in requirements]
        met = [candidate for candidate in candidates if not candidate.lacking]
        if not met and self._plug_in():
            return self.plan(operation, requirements)
        if not met:
            raise self._unmet(operation, candidates)
        # min() keeps the document's order among equals.
        chosen = min(met, key=lambda candidate: candidate.preference)
        steps = tuple(
            AuthStep(self._schemes[name], self._handler(name), tuple(scopes))
            for name, scopes in chosen.requirement.items()
        )
        return AuthPlan(chosen.names, self._reason(chosen, candidates), steps)

    def _plug_in(self) -> bool:
        """Take handlers of installed packages for what has none; whether there are any."""
        if self._plugged:
            return False
        self._plugged = True
        lacking = [s for name, s in self._schemes.items() if name not in self._handlers]
        found = {scheme.name: installed_handler(scheme) for scheme in lacking}
        self._handlers |= {name: handler for name, handler in found.items() if handler is not None}
        return any(found.values())

    def _scheme(self, name: str) -> SecurityScheme:
        if name in self._schemes:
            return self._schemes[name]
        if not self._schemes:
            raise AuthError(f"no security scheme {name!r}: the document declares none")
        by_folded = {known.lower(): known for known in self._schemes}
        from difflib import get_close_matches

        nearest = get_close_matches(str(name).lower(), by_folded, n=2, cutoff=0.5)
        hint = " or ".join(repr(by_folded[match]) for match in nearest)
        question = f"; did you mean {hint}?" if hint else ""
        raise AuthError(
            f"the document has no security scheme {name!r}{question} "
            f"(it has {', '.join(self._schemes)})"
        )

    def _handler(self, name: str) -> Handler:
        # Only a mutualTLS scheme gets here without one: its certificate is the transport's.
        return self._handlers.get(name, SENDS_NOTHING)

    def _candidate(self, requirement: Requirement) -> _Candidate:
        undeclared = tuple(name for name in requirement if name not in self._schemes)
        missing = tuple(
            name
            for name in requirement
            if name in self._schemes
            and name not in self._handlers
            and not (self._has_certificate and self._schemes[name].type == "mutualTLS")
        )
        given = tuple(name for name in requirement if self._handler(name) is not SENDS_NOTHING)
        ungranted = tuple(
            name
            for name, scopes in requirement.items()
            if not self._handler(name).grants(tuple(scopes))
        )
        return _Candidate(requirement, given, missing, undeclared, ungranted)

    def _reason(self, chosen: _Candidate, candidates: Sequence[_Candidate]) -> str:
        others = [c for c in candidates if c is not chosen and c.lacking]
        passed_over = [candidate.complaint(self._schemes) for candidate in others]
        skipped = f" (passed over: {'; '.join(passed_over)})" if passed_over else ""
        if not chosen.requirement:
            return f"credentials are optional, and none given fit{skipped}"
        unsent = [n for n in chosen.names if self._handlers.get(n) is SENDS_NOTHING]
        nothing = f"auth gives None for {' and '.join(unsent)}: nothing is sent for it"
        if not chosen.given:
            certificate = "the client certificate of the transport meets it"
            return f"{nothing if unsent else certificate}{skipped}"
        more = f"; {nothing}" if unsent else ""
        if chosen.ungranted:
            more += f"; the token for {' and '.join(chosen.ungranted)} lacks a scope it asks for"
        elif any(c.ungranted for c in candidates if not c.lacking):
            more += ", with the scopes that the token has"
        return f"the first alternative that the given credentials meet{more}{skipped}"

    def _unmet(self, operation: str, candidates: Sequence[_Candidate]) -> AuthError:
        # Nearest to what was given; with nothing given, the document's first choice.
        nearest = min(
            candidates,
            key=lambda c: (len(c.undeclared), not c.given, len(c.missing) if c.given else 0),
        )
        lines = "".join(f"\n  - {candidate.complaint(self._schemes)}" for candidate in candidates)
        head = "none of the alternatives of its security can be met"
        return AuthError(
            f"{head}; nothing was sent:{lines}",
            operation=operation,
            missing=nearest.missing,
            remedy=self._remedy(nearest),
        )

    def _remedy(self, nearest: _Candidate) -> Remedy | None:
        if nearest.undeclared or not nearest.missing:
            return None
        lacking = [self._schemes[name] for name in nearest.missing]
        auth = {each.name: example_value(each) for each in lacking if each.type != "mutualTLS"}
        settings: dict[str, Mapping[str, object]] = {"auth": auth} if auth else {}
        if len(auth) < len(lacking):
            settings["transport"] = {"cert": ...}
        return give(**settings)


def _entries(auth: object, schemes: Iterable[str]) -> Iterable[tuple[Any, object]]:
    if auth is None:
        return ()
    if isinstance(auth, Mapping):
        return auth.items()
    example = next(iter(schemes), "SchemeName")
    raise AuthError("auth is a mapping by scheme name", remedy=give(auth={example: ...}))


class _Candidate(Struct, frozen=True):
    """One alternative, held against what the caller gave."""

    requirement: Requirement
    given: tuple[str, ...]
    missing: tuple[str, ...]
    undeclared: tuple[str, ...]
    ungranted: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.requirement)

    @property
    def lacking(self) -> tuple[str, ...]:
        return self.missing + self.undeclared

    @property
    def preference(self) -> tuple[int, bool]:
        """What the caller gave first; then a certificate, or None; then no credentials at all.

        Among the first, those whose scopes are granted.
        """
        if self.given:
            return 0, bool(self.ungranted)
        return (1 if self.requirement else 2), False

    def complaint(self, schemes: Mapping[str, SecurityScheme]) -> str:
        lacks = [f"{name} ({schemes[name].carrier}) is missing" for name in self.missing]
        lacks += [f"{name} is not declared by the document" for name in self.undeclared]
        of_several = f"{' and '.join(self.names)}: " if len(self.names) > 1 else ""
        return of_several + ", ".join(lacks)
