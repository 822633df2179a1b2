"""Swagger 2.0, read as the OpenAPI 3.0 it amounts to, so that nothing else has to know it.

`upgrade` makes the 3.0 form of a document: a new root, new path items and operations; schemas are
shared with the original wherever they mean the same in both. `definitions` stays where it is and
is `components.schemas` as well, so every reference to a schema leads on as it was written.

What stands elsewhere in the upgraded form (a body is a `requestBody`, a type is a `schema`) is
kept in a table, so that errors and problems name the place in the document as published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .resources import Location
from .swagger2_context import Context, Follow, Note
from .swagger2_parameters import Group, request_body, upgrade_group, upgrade_parameter
from .swagger2_responses import upgrade_response, upgrade_responses
from .swagger2_schemas import upgrade_file, upgrade_schema

__all__ = ["Upgraded", "upgrade", "upgrade_file"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
# https first: of two ways to the same service a client takes the one that keeps secrets.
_SCHEMES = ("https", "http", "wss", "ws")
_ROOT_MOVED = frozenset({"swagger", "host", "basePath", "schemes", "consumes", "produces"})
_OPERATION_MOVED = frozenset({"consumes", "produces", "schemes", "parameters", "responses"})

#: `flow` → the name of the flow in OpenAPI 3, and the addresses it needs.
_FLOWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}
_SCHEME_MOVED = frozenset({"type", "flow", "authorizationUrl", "tokenUrl", "scopes"})


class Upgraded(NamedTuple):
    """A document in terms of OpenAPI 3.0.

    moved    pointer of an upgraded part → the place in the original that it stands for; what has no
             entry, and no ancestor with one, stands where it stood
    missing  the URLs that it needs, and that are not loaded
    """

    data: dict[str, Any]
    moved: Mapping[str, Location]
    missing: Set[str]


def upgrade(data: Mapping[str, Any], note: Note, follow: Follow, uri: str = "") -> Upgraded:
    """The OpenAPI 3.0 form of a Swagger 2.0 document; `data` itself is not changed.

    `note` is called for every problem, `follow` leads through the `$ref`s of path items,
    parameters and responses (those of schemas stay), `uri` is where the document came from.
    Source: the specification of Swagger 2.0, section "Swagger Object".
    """
    context = Context(uri, note, follow)
    root = context.root
    result: dict[str, Any] = {"openapi": "3.0.4"}
    result.update((key, value) for key, value in data.items() if key not in _ROOT_MOVED)
    result["servers"] = _servers(context, data, data.get("schemes"), root)
    if isinstance(definitions := data.get("definitions"), Mapping):
        at = root.child("definitions")
        result["definitions"] = {
            name: upgrade_schema(schema, at.child(name), note)
            for name, schema in definitions.items()
        }
    result["components"] = _components(context, data, result)
    if isinstance(paths := data.get("paths"), Mapping):
        reader = _Paths(context, data)
        at = root.child("paths")
        result["paths"] = {path: reader.item(item, at.child(path)) for path, item in paths.items()}
    return Upgraded(result, context.moved, context.missing)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


def _servers(
    context: Context, data: Mapping[str, Any], schemes: Any, at: Location
) -> list[dict[str, Any]]:
    """`schemes`, `host` and `basePath` as Server Objects, https before http.

    A missing host is the one that served the document, a missing scheme the one it was served by,
    or https where the document was not served at all.
    Source: Swagger 2.0, section "Swagger Object", host, basePath and schemes.
    """
    root = context.root
    own = urlsplit(context.uri)
    served = own.scheme in ("http", "https")
    base = data.get("basePath") or "/"
    if not isinstance(base, str) or not base.startswith("/"):
        context.note(root.child("basePath"), "it must start with '/'", "base-path")
        base = f"/{base}"
    host = data.get("host")
    if isinstance(host, str) and ("://" in host or "/" in host):
        context.note(root.child("host"), "it must be a host (and port) alone", "host")
        host = host.rpartition("://")[2].rstrip("/")
    if not isinstance(host, str) or not host:
        if not served or not schemes:
            return [{"url": base}]
        host = own.netloc
    named = _scheme_names(context, schemes, at.child("schemes"))
    return [
        {"url": f"{scheme}://{host}{base}"}
        for scheme in named or (own.scheme if served else "https",)
    ]


def _scheme_names(context: Context, schemes: Any, at: Location) -> Sequence[str]:
    if schemes is None:
        return ()
    names = [schemes] if isinstance(schemes, str) else schemes
    if not isinstance(names, list):
        context.note(at, "`schemes` must be a list; it is ignored", "schemes")
        return ()
    for index, name in enumerate(names):
        if name not in _SCHEMES:
            known = ", ".join(_SCHEMES)
            context.note(at.child(index), f"the scheme {name!r} is none of {known}", "schemes")
    return [scheme for scheme in _SCHEMES if scheme in names]


# ── components ───────────────────────────────────────────────────────────────────────────────────


def _components(
    context: Context, data: Mapping[str, Any], upgraded: Mapping[str, Any]
) -> dict[str, Any]:
    """`definitions`, `parameters`, `responses` and `securityDefinitions` as `components`."""
    root, here = context.root, context.root.child("components")
    components: dict[str, Any] = {}
    if "definitions" in upgraded:
        components["schemas"] = upgraded["definitions"]
        context.move(here.child("schemas"), root.child("definitions"))
    schemes = data.get("securityDefinitions")
    if isinstance(schemes, Mapping):
        at = root.child("securityDefinitions")
        components["securitySchemes"] = {
            name: _security_scheme(value, at.child(name), context.note)
            for name, value in schemes.items()
        }
        context.move(here.child("securitySchemes"), at)
    parameters = data.get("parameters")
    if isinstance(parameters, Mapping):
        at, new = root.child("parameters"), here.child("parameters")
        components["parameters"] = {
            name: upgrade_parameter(context, value, at.child(name), new.child(name))
            for name, value in parameters.items()
            if isinstance(value, Mapping) and value.get("in") in ("query", "path", "header")
        }
        context.move(new, at)
    responses = data.get("responses")
    if isinstance(responses, Mapping):
        at, new = root.child("responses"), here.child("responses")
        produces = context.media_types(data.get("produces"), root.child("produces"))
        components["responses"] = {
            name: upgrade_response(context, value, at.child(name), produces, new.child(name))
            for name, value in responses.items()
        }
        context.move(new, at)
    return components


def _security_scheme(value: Any, at: Location, note: Note) -> Any:
    """A Security Scheme Object (Swagger 2.0, section "Security Scheme Object").

    One of a type that Swagger 2.0 does not have stays as it is: using it is an error.
    """
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in ("basic", "oauth2") or (kind == "oauth2" and "flows" in value):
        return value
    rest = {key: member for key, member in value.items() if key not in _SCHEME_MOVED}
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


# ── path items ───────────────────────────────────────────────────────────────────────────────────


class _Paths:
    """Upgrades path items, with what the root declares for all of them."""

    def __init__(self, context: Context, data: Mapping[str, Any]) -> None:
        root = context.root
        self._context = context
        self._data = data
        self._consumes_at = root.child("consumes")
        self._consumes = context.media_types(data.get("consumes"), self._consumes_at)
        self._produces = context.media_types(data.get("produces"), root.child("produces"))

    def item(self, value: Any, here: Location) -> Any:
        """A Path Item Object; a `$ref` in it is written out, and what stands beside it wins.

        `here` is its place, before and after. Source: Swagger 2.0, section "Path Item Object".
        """
        context = self._context
        target, at = context.follow(value, here)
        if not isinstance(target, Mapping) or "$ref" in target:
            return target
        if at != here:
            context.move(here, at)
        beside = {} if target is value else {k: v for k, v in value.items() if k != "$ref"}
        places = {key: here if key in beside else at for key in (*target, *beside)}
        whole = {**target, **beside}
        for key in beside:
            context.moved[here.child(key).pointer] = here.child(key)
        result = dict(whole)
        place = places.get("parameters", at).child("parameters")
        shared = upgrade_group(context, whole.get("parameters"), place, here.child("parameters"))
        if "parameters" in whole:
            result["parameters"] = shared.stays
        for method in METHODS:
            if isinstance(operation := whole.get(method), Mapping):
                place = places[method].child(method)
                result[method] = self._operation(operation, place, here.child(method), shared)
        return result

    def _operation(
        self, value: Mapping[str, Any], at: Location, here: Location, shared: Group
    ) -> dict[str, Any]:
        """An Operation Object. Source: Swagger 2.0, section "Operation Object".

        Its own `consumes`, `produces` and `schemes` stand for the root's, even if they are empty.
        """
        context = self._context
        consumes, consumes_at = self._consumes, self._consumes_at
        if "consumes" in value:
            consumes_at = at.child("consumes")
            consumes = context.media_types(value["consumes"], consumes_at)
        produces = self._produces
        if "produces" in value:
            produces = context.media_types(value["produces"], at.child("produces"))
        result = {key: member for key, member in value.items() if key not in _OPERATION_MOVED}
        new = here.child("parameters")
        own = upgrade_group(context, value.get("parameters"), at.child("parameters"), new)
        if "parameters" in value:
            result["parameters"] = own.stays
        new = here.child("requestBody")
        body = request_body(context, (own, shared), consumes, consumes_at, new)
        if body is not None:
            result["requestBody"] = body
        if not isinstance(value.get("responses"), Mapping):
            context.note(at, "an operation needs an object of `responses`", "responses")
        elif not value["responses"]:
            context.note(at.child("responses"), "an operation needs a response", "responses")
        new = here.child("responses")
        result["responses"] = upgrade_responses(
            context, value.get("responses", {}), at.child("responses"), produces, new
        )
        if "schemes" in value:
            result["servers"] = _servers(context, self._data, value["schemes"], at)
        return result
