"""What a client is made of: its settings, and what its document gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from msgspec import Struct, structs

from .credentials import redactor_for, schemes_of
from .document import Document, Source, Trust
from .environment import URL_VARIABLE
from .messages import Timeout
from .operation import DeepObject, Operations
from .operation.content.registry import CODECS, Registry
from .operation.encoders import Encoders
from .retries import RETRIES, Retries
from .settings import base_url_of, checked_defaults, checked_source
from .validation import Level, Validation

if TYPE_CHECKING:
    from .auth import SecurityScheme
    from .limits import RateLimits, Turns
    from .observers import Observer
    from .operation.only import Only

__all__ = ["Core", "Engine", "Settings"]

#: Which validators are used: our compiled ones, or openapi-core.
Engine: TypeAlias = Literal["compiled", "openapi-core"]


class Settings(Struct, frozen=True, kw_only=True):
    """What a client was given, checked as far as that needs no document. See `Client`."""

    source: Source
    base_url: str | None = None
    base_url_source: str = ""
    auth: Mapping[str, Any] | None = None
    defaults: Mapping[str, Any] | None = None
    validate: Level | Validation = "strict"
    engine: Engine = "compiled"
    timeout: Timeout | None = None
    server_variables: Mapping[str, str] | None = None
    transport: Any = None
    trust: Trust
    only: Only | None = None
    deep_object: DeepObject | None = None
    observers: tuple[Observer, ...] = ()
    document_auth: Mapping[str, Mapping[str, str]] | None = None
    overlays: tuple[Source, ...] = ()
    codecs: Registry = CODECS
    encoders: Encoders | None = None
    retries: Retries = RETRIES
    rate_limits: RateLimits | None = None

    def __post_init__(self) -> None:
        if self.engine not in get_args(Engine):
            raise ValueError(f"engine={self.engine!r}: give 'compiled' or 'openapi-core'")
        put = _put(self)
        put("source", checked_source(self.source))
        if self.base_url is None and base_url_of(self.source, None) is not None:
            put("base_url_source", URL_VARIABLE)
        put("base_url", base_url_of(self.source, self.base_url))
        put("validate", Validation.of(self.validate))
        put("server_variables", dict(self.server_variables or {}) or None)

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Settings as a caller gives them."""
        return cls(**_typed(given))

    def changed(self, **given: Any) -> Settings:
        """These settings, some of them given anew."""
        if "base_url" in given:
            given["base_url_source"] = ""
        return structs.replace(self, **_typed(given))

    def within(self, core: Core) -> Settings:
        """These settings, checked with the document.

        UnknownOperation if `validate` names an operation that it does not have, ValueError if
        `defaults` name a parameter that none of its operations has.
        """
        return structs.replace(
            self,
            validate=core.policy(self.validate),
            defaults=checked_defaults(self.defaults, core.operations, core.document),
        )


class Core(NamedTuple):
    """What clients of one document share: nothing of it depends on what `with_options` changes."""

    document: Document
    operations: Operations
    schemes: Mapping[str, SecurityScheme]
    paces: Mapping[str, Turns]

    @classmethod
    def of(cls, document: Document, settings: Settings) -> Core:
        """The core for a document. ValueError if `only` names what it does not have."""
        schemes = schemes_of(document)
        operations = Operations(
            document,
            redactor_for(schemes),
            settings.only,
            codecs=settings.codecs,
            encoders=settings.encoders,
        )
        paces: Mapping[str, Turns] = {}
        if settings.rate_limits is not None:
            from .limits import paces_of

            paces = paces_of(settings.rate_limits, operations)
        return cls(document, operations, schemes, paces)

    def policy(self, validate: Level | Validation) -> Validation:
        """The policy, its operations under their own names; UnknownOperation for a stranger."""
        policy = Validation.of(validate)
        names = {self.operations[name].name: level for name, level in policy.operations.items()}
        return replace(policy, operations=names)


def _put(settings: Settings) -> Callable[[str, Any], None]:
    return lambda name, value: structs.force_setattr(settings, name, value)


def _typed(given: dict[str, Any]) -> dict[str, Any]:
    """What callers may give in several forms, in one."""
    if given.get("timeout") is not None:
        given["timeout"] = Timeout.of(given["timeout"])
    if given.get("rate_limits") is not None:
        from .limits import RateLimits

        given["rate_limits"] = RateLimits.of(given["rate_limits"])
    if "retries" in given:
        given["retries"] = RETRIES if given["retries"] is None else Retries.of(given["retries"])
    if isinstance(given.get("overlays"), str | PathLike | Mapping):
        raise TypeError("overlays= takes a list of overlays")
    if "overlays" in given:
        given["overlays"] = tuple(given["overlays"])
    if callable(given.get("observers")):
        raise TypeError("observers= takes a list of observers")
    if "observers" in given:
        given["observers"] = tuple(given["observers"])
        for each in given["observers"]:
            if not callable(each):
                raise TypeError(f"an observer is a function of one event, not {each!r}")
    if "codecs" in given:
        given["codecs"] = CODECS.with_codecs(given["codecs"])
    for kind, encode in (given.get("encoders") or {}).items():
        if not isinstance(kind, type) or not callable(encode):
            raise TypeError(f"encoders= takes a function for each type, not {kind!r}: {encode!r}")
    return given
