"""The backends that the emulator offers.

All of them run on the same state-vector simulation; they differ in what a caller sees: size, kind
and availability. A job for a paused backend stays in the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["BACKENDS", "MAX_SHOTS", "Backend", "backend_view", "online_names"]

#: Shots that one pub may ask for, on every backend.
MAX_SHOTS = 100_000


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend as `list_backends` tells it (BackendDevice); `two_q_error` is a probability."""

    name: str
    qubits: int
    status: str = "online"
    status_reason: str | None = None
    is_simulator: bool = False
    clops: int | None = None
    family: str | None = None
    revision: str | None = None
    two_q_gate: str | None = None
    two_q_error: float | None = None


_ALL = (
    Backend("ibm_brisbane", 127, clops=180_000, family="Eagle", revision="3",
            two_q_gate="ecr", two_q_error=0.0041),
    Backend("ibm_fez", 156, clops=195_000, family="Heron", revision="2",
            two_q_gate="cz", two_q_error=0.0015),
    Backend("ibm_torino", 133, status="paused", status_reason="maintenance", clops=210_000,
            family="Heron", revision="1", two_q_gate="cz", two_q_error=0.0019),
    Backend("simulator_statevector", 20, is_simulator=True),
)  # fmt: skip

#: Every backend by name.
BACKENDS: Mapping[str, Backend] = MappingProxyType({backend.name: backend for backend in _ALL})


def online_names() -> list[str]:
    """Names of the backends that work off their queue."""
    return [backend.name for backend in _ALL if backend.status == "online"]


def backend_view(backend: Backend, queue_length: int) -> dict[str, Any]:
    """`backend` as the list shows it; `queue_length` counts the jobs that wait for it."""
    status = {"name": backend.status}
    if backend.status_reason:
        status["reason"] = backend.status_reason
    view: dict[str, Any] = {
        "name": backend.name,
        "status": status,
        "is_simulator": backend.is_simulator,
        "qubits": backend.qubits,
        "queue_length": queue_length,
    }
    if backend.clops is not None:
        view["clops"] = {"type": "hardware", "value": backend.clops}
    if backend.family is not None:
        view["processor_type"] = {"family": backend.family, "revision": backend.revision}
    if backend.two_q_gate is not None:
        best = {"value": backend.two_q_error, "gate": backend.two_q_gate, "qubits": [0, 1]}
        view["performance_metrics"] = {"two_q_error_best": best}
    return view
