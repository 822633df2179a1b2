"""The document that the emulator serves, and a copy of it that names the emulator as its server."""

from __future__ import annotations

from typing import Any

import yaml

from dynclient.document.bundled import bundled_path
from dynclient.errors import DocumentError

__all__ = ["METHODS", "load_document", "served_document"]

#: The keys of a Path Item that are operations (OpenAPI 3.1, section 4.8.9).
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_NAME = "qiskit-runtime"


def load_document() -> dict[str, Any]:
    """The bundled Qiskit Runtime document as plain data."""
    path = bundled_path(_NAME)
    if path is None:
        raise DocumentError("the package lacks its bundled document", source=_NAME)
    loaded = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    if not isinstance(loaded, dict):
        raise DocumentError("the document is not a mapping", source=str(path))
    return loaded


def served_document(document: dict[str, Any], base_url: str) -> dict[str, Any]:
    """`document` with `base_url` as its only server; everything else is shared, not copied."""
    return {**document, "servers": [{"url": base_url}]}
