"""Authentication, without I/O: schemes, credentials, handlers, and the requirement solver.

    Security Scheme Objects ─▶ SecurityScheme ┐
    auth={"Name": value}  ─▶ Handler          ├─ Authenticator.plan(operation) ─▶ AuthPlan
    Security Requirement Objects              ┘        AuthPlan.authenticate(request, send)

Nothing here imports an HTTP library: what must be fetched is yielded as an `HttpRequest`.
"""

from .account import ACCOUNT_FILE, Account, environment_auth, environment_name, qiskit_account
from .credential import Credential
from .handlers import APIKeyHeader, AuthValue, Handler
from .iam import IAM_URL, IAMAuth
from .plan import AuthPlan, AuthStep, Send
from .schemes import SecurityScheme
from .solver import Authenticator

__all__ = [
    "ACCOUNT_FILE",
    "IAM_URL",
    "APIKeyHeader",
    "Account",
    "AuthPlan",
    "AuthStep",
    "AuthValue",
    "Authenticator",
    "Credential",
    "Handler",
    "IAMAuth",
    "SecurityScheme",
    "Send",
    "environment_auth",
    "environment_name",
    "qiskit_account",
]
