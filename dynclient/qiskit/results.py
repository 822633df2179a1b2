"""Results of jobs as Qiskit's own containers."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin

from ..errors import DynclientError

if TYPE_CHECKING:
    from ..client import Client

__all__ = ["JobFailed", "counts", "decoded", "result", "values"]

_ENDED = ("Completed", "Failed", "Cancelled", "Cancelled - Ran too long")


class JobFailed(DynclientError):
    """The job ended without a result; `job` is what the service says of it."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        state = job["state"]
        reason = state.get("reason", "no reason is given")
        solution = f" {state['reason_solution']}" if "reason_solution" in state else ""
        super().__init__(f"job {job['id']} ended as {job['status']}: {reason}{solution}")
        self.job = job


def result(
    client: Client,
    job: str | Mapping[str, Any],
    *,
    every: float = 0.5,
    timeout: float | None = None,
) -> PrimitiveResult:
    """The result of a job, once it has ended.

    `job` is its id, or what `create_job` returned. Its status is asked for `every` so many seconds.
    Raises `JobFailed` if it ends without a result, PollTimeout if it doesn't end within `timeout`
    seconds, ValueError for the result of a program that is no primitive.
    """
    job_id = job if isinstance(job, str) else job["id"]
    details, results = _operations(client)
    given = {"id": job_id, "exclude_params": True}
    ended = {"status": _ENDED}
    shown = client.poll(details, given, until=ended, every=every, timeout=timeout)
    if shown["status"] != "Completed":
        raise JobFailed(shown)
    return decoded(client.call(results, id=job_id))


def _operations(client: Client) -> tuple[str, str]:
    """How the two operations are called in this version of the API."""
    details = "get_job" if "get_job" in client.operations else "get_job_details_jid"
    return details, "get_job_results_jid"


def decoded(data: Any) -> PrimitiveResult:
    """A result as the API sends it, plain JSON or Qiskit's encoding, data or text of either.

    ValueError if it is neither.
    """
    data = json.loads(data) if isinstance(data, str) else data
    if isinstance(data, PrimitiveResult):
        return data
    if isinstance(data, Mapping) and "__type__" in data:
        found = _decode(data)
    elif isinstance(data, Mapping) and isinstance(data.get("results"), list):
        pubs = [_plain_pub(pub) for pub in data["results"]]
        found = PrimitiveResult(pubs, metadata=dict(data.get("metadata") or {}))
    else:
        found = None
    if isinstance(found, PrimitiveResult):
        return found
    raise ValueError("this is no result of a primitive")


# ── plain JSON ───────────────────────────────────────────────────────────────────────────────


def _plain_pub(pub: Mapping[str, Any]) -> PubResult:
    data, metadata = pub["data"], dict(pub.get("metadata") or {})
    if "evs" in data:
        arrays = {name: np.asarray(value) for name, value in data.items()}
        return PubResult(DataBin(**arrays, shape=arrays["evs"].shape), metadata)
    # The points of a sweep follow one another; the metadata says how many shots each has.
    shape = tuple(metadata.get("shape", ()))
    bits = {name: _bits(register, shape) for name, register in data.items()}
    return SamplerPubResult(DataBin(**bits, shape=shape), metadata)


def _bits(register: Mapping[str, Any], shape: tuple[int, ...]) -> BitArray:
    bits = BitArray.from_samples(register["samples"], num_bits=register["num_bits"])
    shots = bits.num_shots // int(np.prod(shape, dtype=int))
    return BitArray(bits.array.reshape(*shape, shots, -1), bits.num_bits) if shape else bits


# ── Qiskit's encoding ────────────────────────────────────────────────────────────────────────


def _decode(value: Any) -> Any:
    """Plain data with what is encoded in it decoded; what is not known stays as it is."""
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = str(value.get("__type__"))
    if kind == "ndarray":
        return _array(value["__value__"])
    if kind in _KINDS:
        return _KINDS[kind](_decode(value["__value__"]))
    return {name: _decode(member) for name, member in value.items()}


def _array(value: Any) -> Any:
    if not isinstance(value, str):
        return np.asarray(value)
    return np.load(io.BytesIO(zlib.decompress(base64.b64decode(value))), allow_pickle=False)


def _data_bin(value: Mapping[str, Any]) -> DataBin:
    return DataBin(**value["fields"], shape=tuple(value["shape"] or ()))


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "PrimitiveResult": lambda v: PrimitiveResult(v["pub_results"], metadata=v["metadata"]),
    "SamplerPubResult": lambda v: SamplerPubResult(v["data"], v["metadata"]),
    "PubResult": lambda v: PubResult(v["data"], v["metadata"]),
    "EstimatorPubResult": lambda v: PubResult(v["data"], v["metadata"]),
    "DataBin": _data_bin,
    "BitArray": lambda v: BitArray(v["array"], v["num_bits"]),
    "complex": lambda v: complex(*v),
}


# ── what people look at ──────────────────────────────────────────────────────────────────────


def counts(results: Any, pub: int = 0) -> dict[str, int]:
    """How often each bit string came up in one pub of a sampler's result, all its points together.

    `results` is what `result` returns, or a result as the API sends it. Registers are joined as
    Qiskit joins them. ValueError for an estimator's.
    """
    found = decoded(results)[pub]
    if not isinstance(found, SamplerPubResult):
        raise ValueError("an estimator counts nothing: see values")  # noqa: TRY004 - it is data
    return dict(sorted(found.join_data().get_counts().items()))


def values(results: Any, pub: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The expectation values of one pub of an estimator's result, in the shape of the pub.

    ValueError for a sampler's.
    """
    data = decoded(results)[pub].data
    if "evs" not in data:
        raise ValueError("a sampler has no expectation values: see counts")
    return np.asarray(data.evs)
