"""Qiskit's own objects for the calls of a client of the Qiskit Runtime API (extra `qiskit`).

    from dynclient import Client
    from dynclient.qiskit import counts, encoders, result

    with Client("qiskit-runtime", encoders=encoders) as client:
        params = {"pubs": [[circuit, [0.5], 1000]]}              # circuit: QuantumCircuit
        job = client.call("create_job", program_id="sampler", backend="ibm_fez", params=params)
        counts(result(client, job))                              # {"00": 497, "11": 503}

`result` waits for the job and gives a PrimitiveResult, whichever of its two forms the service
sends.
"""

from __future__ import annotations

try:
    import qiskit as _qiskit  # noqa: F401 - what everything below stands on
except ImportError as error:
    raise ImportError(f"{error}: install dynclient[qiskit]") from error

from ..histogram import histogram
from .encoding import encoders
from .plotting import plot
from .results import JobFailed, counts, decoded, result, values

__all__ = [
    "JobFailed",
    "counts",
    "decoded",
    "encoders",
    "histogram",
    "plot",
    "result",
    "values",
]
