"""Who is asking: credentials and the instance they come with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..settings import CRN, Settings
from .errors import NOT_AUTHORIZED, ApiError, unauthenticated
from .iam import USER_ID, TokenService

__all__ = ["Access", "Caller"]

#: Ten colon-separated segments that begin with crn:v1 (IBM Cloud resource names).
_CRN_SHAPE = re.compile(r"crn:v1(:[^:\s]*){8}")
_SERVICE_HEADERS = ("backend-authentication", "external-service-token")


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: `instance` is the CRN that owns what it creates."""

    instance: str
    user_id: str = USER_ID


class Access:
    """Checks the values of credentials; that they are present at all is judged by the document."""

    def __init__(self, settings: Settings, token_service: TokenService) -> None:
        self._tokens = settings.tokens
        self._api_keys = settings.api_keys
        self._crns = settings.crns
        self._token_service = token_service

    def identify(self, headers: Mapping[str, str]) -> Caller:
        """The caller behind these header fields; raises `ApiError` 401 or 403."""
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if not self._knows(scheme.lower(), credential.strip(), headers):
            raise unauthenticated("The token or API key is unknown or has expired.")
        crn = headers.get("service-crn", CRN)
        if not _CRN_SHAPE.fullmatch(crn):
            raise ApiError(
                403, "Not authorized: the Service-CRN is not a CRN.", code=NOT_AUTHORIZED
            )
        if self._crns and crn not in self._crns:
            raise ApiError(403, f"Not authorized for the instance {crn}.", code=NOT_AUTHORIZED)
        return Caller(instance=crn)

    def _knows(self, scheme: str, credential: str, headers: Mapping[str, str]) -> bool:
        if scheme == "bearer":
            return credential in self._tokens or self._token_service.accepts(credential)
        if scheme == "apikey":
            return credential in self._api_keys
        # Service-internal schemes carry an opaque token of their own.
        return not scheme and any(headers.get(name) in self._tokens for name in _SERVICE_HEADERS)
