"""The reference engine: the same exchange judged by openapi-core, and so by jsonschema.

Another implementation of the same specification, with other blind spots: it settles doubts about
the compiled engine's verdicts. docs/engines.md describes what it judges, and where the two differ.
"""

from __future__ import annotations

from .engine import ReferenceEngine

__all__ = ["ReferenceEngine"]
