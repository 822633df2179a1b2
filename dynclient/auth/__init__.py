"""Authentication, without I/O: schemes, credentials, handlers, and the requirement solver.

    Security Scheme Objects ─▶ SecurityScheme ┐
    auth={"Name": value}  ─▶ Handler          ├─ Authenticator.plan(operation) ─▶ AuthPlan
    Security Requirement Objects              ┘        AuthPlan.flow(request)

Nothing here imports an HTTP library: what must be fetched is yielded as an `HttpRequest`.
"""

from typing import TYPE_CHECKING, Any

from .credential import Credential
from .handlers import APIKeyHeader, AuthValue, BearerToken, Handler
from .plan import AuthPlan, AuthStep, RoundTrip
from .plugins import OfType
from .schemes import SecurityScheme
from .solver import Authenticator

if TYPE_CHECKING:
    from .account import ACCOUNT_FILE, Account, environment_auth, qiskit_account
    from .digest import DigestAuth
    from .dpop import DPoP
    from .iam import IAM_URL, IAMAuth
    from .login import BrowserLogin, DeviceLogin, DevicePrompt
    from .oauth2 import OAuth2
    from .signatures import MessageSignature
    from .stores import KeyringTokens, TokenFile, TokenStore
    from .token_exchange import TokenExchange

__all__ = [
    "ACCOUNT_FILE",
    "IAM_URL",
    "APIKeyHeader",
    "Account",
    "AuthPlan",
    "AuthStep",
    "AuthValue",
    "Authenticator",
    "BearerToken",
    "BrowserLogin",
    "Credential",
    "DPoP",
    "DeviceLogin",
    "DevicePrompt",
    "DigestAuth",
    "Handler",
    "IAMAuth",
    "KeyringTokens",
    "MessageSignature",
    "OAuth2",
    "OfType",
    "RoundTrip",
    "SecurityScheme",
    "TokenExchange",
    "TokenFile",
    "TokenStore",
    "environment_auth",
    "qiskit_account",
]

#: What most calls never need is imported when it is asked for.
_ROOMS = {
    "ACCOUNT_FILE": ".account",
    "Account": ".account",
    "BrowserLogin": ".login",
    "DPoP": ".dpop",
    "DeviceLogin": ".login",
    "DevicePrompt": ".login",
    "DigestAuth": ".digest",
    "IAMAuth": ".iam",
    "IAM_URL": ".iam",
    "KeyringTokens": ".stores",
    "MessageSignature": ".signatures",
    "OAuth2": ".oauth2",
    "TokenExchange": ".token_exchange",
    "TokenFile": ".stores",
    "TokenStore": ".stores",
    "environment_auth": ".account",
    "qiskit_account": ".account",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name], __name__), name)
