"""The reference engine: the same exchange validated by openapi-core, and so by jsonschema.

Another implementation of the same specification, with other blind spots: it checks the compiled
engine's verdicts. docs/engines.md describes what it validates, and where the two differ.
"""

from __future__ import annotations

from .engine import ReferenceEngine

__all__ = ["ReferenceEngine"]
