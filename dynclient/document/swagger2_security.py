"""Security Scheme Objects of Swagger 2.0 in terms of OpenAPI 3.0.

Source: Swagger 2.0, section "Security Scheme Object".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .resources import Location
from .swagger2_context import Note

__all__ = ["upgrade_security"]

#: `flow` → the name of the flow in OpenAPI 3, and the addresses it needs.
_FLOWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}
_MOVED = frozenset({"type", "flow", "authorizationUrl", "tokenUrl", "scopes"})


def upgrade_security(schemes: Mapping[str, Any], at: Location, note: Note) -> dict[str, Any]:
    """`securityDefinitions` as `components.securitySchemes`.

    A scheme of a type that Swagger 2.0 does not have stays as it is: using it is an error.
    """
    return {name: _scheme(value, at.child(name), note) for name, value in schemes.items()}


def _scheme(value: Any, at: Location, note: Note) -> Any:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in ("basic", "oauth2") or (kind == "oauth2" and "flows" in value):
        return value
    rest = {key: member for key, member in value.items() if key not in _MOVED}
    if kind == "basic":
        return {"type": "http", "scheme": "basic", **rest}
    flow = value.get("flow")
    if not isinstance(flow, str) or flow not in _FLOWS:
        known = ", ".join(_FLOWS)
        note(at.child("flow"), f"the flow {flow!r} is none of {known}", "security-scheme")
        return {"type": "oauth2", "flows": {}, **rest}
    name, addresses = _FLOWS[flow]
    settings: dict[str, Any] = {}
    for key in addresses:
        if key in value:
            settings[key] = value[key]
        else:
            note(at, f"the flow {flow} needs {key!r}", "security-scheme")
    scopes = value.get("scopes")
    settings["scopes"] = scopes if isinstance(scopes, Mapping) else {}
    return {"type": "oauth2", "flows": {name: settings}, **rest}
