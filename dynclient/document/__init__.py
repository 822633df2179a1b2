"""Bytes to Document: sources, JSON and YAML, references across files, the bundled documents.

Imports no HTTP library: who wants documents from URLs passes a `fetch`.
"""

from .bundled import bundled_names, bundled_path
from .document import Document, Problem
from .load import Fetch, Source, is_remote, load, loading, may_move, moved
from .node import Node
from .resources import Location, Resources
from .trust import Trust

__all__ = [
    "Document",
    "Fetch",
    "Location",
    "Node",
    "Problem",
    "Resources",
    "Source",
    "Trust",
    "bundled_names",
    "bundled_path",
    "is_remote",
    "load",
    "loading",
    "may_move",
    "moved",
]
