"""The environment variables that this package reads, by name.

docs/auth.md, docs/cli.md and docs/loading.md describe what each of them does.
"""

from __future__ import annotations

import re

__all__ = [
    "AUTH_PREFIX",
    "CACHE_VARIABLE",
    "DOCUMENT_VARIABLE",
    "TOKENS_VARIABLE",
    "URL_VARIABLE",
    "environment_name",
]

#: Where the service of the usual document is.
URL_VARIABLE = "DYNCLIENT_BASE_URL"
#: The document that is opened where none is named.
DOCUMENT_VARIABLE = "DYNCLIENT_DOC"
#: `off`, or the folder of the cache of parsed documents.
CACHE_VARIABLE = "DYNCLIENT_CACHE"
#: Where tokens outlive a process: `file`, `keyring`, or the path of a file.
TOKENS_VARIABLE = "DYNCLIENT_TOKENS"
#: What the variable of a security scheme starts with.
AUTH_PREFIX = "DYNCLIENT_AUTH_"


def environment_name(scheme: str) -> str:
    """The variable for a security scheme: `IBMCloudAuth` → `DYNCLIENT_AUTH_IBMCLOUDAUTH`."""
    return AUTH_PREFIX + re.sub(r"[^A-Z0-9]", "_", scheme.upper())
