"""What one emulator is told at its start."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of `run` and `serve`; times are in seconds."""

    tokens: frozenset[str]
    api_keys: frozenset[str]
    token_lifetime: float = 3600.0
    job_delay: float = 0.0
    warm_up: bool = False
