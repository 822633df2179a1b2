"""Fixtures for every room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import Scripted


@pytest.fixture
def service() -> Iterator[Scripted]:
    """A scripted service on loopback: it records what reaches it."""
    scripted = Scripted()
    try:
        yield scripted
    finally:
        scripted.server.close()
