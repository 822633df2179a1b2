"""Bytes to Document: sources, JSON and YAML, references across files, the bundled documents.

Imports no HTTP library, and fetches nothing: who opens documents from URLs drives `loading`.
"""

from ..errors import NotLoaded
from .bundled import bundled_names, bundled_path
from .document import Document, Problem
from .load import Fetch, Fetching, Source, completing, is_remote, load, loading
from .node import Node
from .resources import Location, Resources
from .trust import Trust, may_move, moved_away

__all__ = [
    "Document",
    "Fetch",
    "Fetching",
    "Location",
    "Node",
    "NotLoaded",
    "Problem",
    "Resources",
    "Source",
    "Trust",
    "bundled_names",
    "bundled_path",
    "completing",
    "is_remote",
    "load",
    "loading",
    "may_move",
    "moved_away",
]
