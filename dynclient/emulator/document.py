"""The document that the emulator serves, and a copy of it that names the emulator as its server."""

from __future__ import annotations

from typing import Any

from dynclient.document import load

__all__ = ["METHODS", "load_document", "served_document"]

#: The keys of a Path Item that are operations (OpenAPI 3.1, section 4.8.9).
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def load_document(name: str = "qiskit-runtime") -> dict[str, Any]:
    """The bundled document of that name as plain data."""
    return dict(load(name).data)


def served_document(document: dict[str, Any], base_url: str) -> dict[str, Any]:
    """`document` with `base_url` as its only server; everything else is shared, not copied."""
    return {**document, "servers": [{"url": base_url}]}
