"""Which credentials a client uses when it was given none, and what its document calls secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .auth import SecurityScheme
from .document import Document
from .errors import DocumentError
from .redaction import DEFAULT_REDACTOR, Redactor

if TYPE_CHECKING:
    from .auth import Account

__all__ = ["found_credentials", "redactor_for", "schemes_of"]


def schemes_of(document: Document) -> dict[str, SecurityScheme]:
    """The security schemes of a document by name; a broken one is noted and left out."""
    schemes: dict[str, SecurityScheme] = {}
    for name in document.component_names("securitySchemes"):
        at = document.resources.root.child("components", "securitySchemes", name)
        try:
            found = document.component("securitySchemes", name)
            if found is not None:
                schemes[name] = SecurityScheme.from_mapping(name, found[0])
        except DocumentError as error:
            document.note(at, error.problem, "security-scheme")
    return schemes


def redactor_for(schemes: Mapping[str, SecurityScheme]) -> Redactor:
    """A redactor that knows the headers, query parameters and cookies of these schemes."""
    redactor = DEFAULT_REDACTOR
    for scheme in schemes.values():
        redactor = scheme.redact(redactor)
    return redactor


def found_credentials(
    schemes: Mapping[str, SecurityScheme], *, bundled: bool, own_server: bool
) -> tuple[dict[str, Any], Account | None]:
    """The credentials of the surroundings, for a caller that gave none.

    Only for a document that came with this package: any other may call its schemes what it likes,
    and would be handed secrets that were meant for somebody else. The account that Qiskit users
    have saved is meant for IBM's own servers, so it is used only where the document's own servers
    are (`own_server`), never for a `base_url` of the caller's.
    """
    if not bundled:
        return {}, None
    from .auth import environment_auth, qiskit_account

    auth = environment_auth(schemes)
    if auth or not own_server:
        return dict(auth), None
    account = qiskit_account()
    return (account.auth(), account) if account else ({}, None)
