"""What the estimator's resilience options do against the noise of an emulated device.

Reading errors are taken as symmetric, as if measurements were twirled. `measure_mitigation` takes
them away; `zne_mitigation` evaluates at amplified noise and extrapolates; `pec_mitigation`
evaluates at the noise that `noise_gain` leaves, none by default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray

from .aer import Noise, aer_expectations, readout_factors
from .circuits import IdleFree
from .encoding import decode_values, is_encoded
from .failures import JobFailure
from .task import Task

__all__ = ["extrapolate", "mitigated"]

_NOISE_FACTORS = (1.0, 1.5, 2.0)
_EXTRAPOLATORS = ("exponential", "linear")
_DEFAULT_LEVEL = 1


def mitigated(
    task: Task, pub: EstimatorPub, active: IdleFree, noise: Noise, rng: np.random.Generator
) -> tuple[Any, dict[str, Any]]:
    """The expectation values that are left after mitigation, and what was done."""
    level = task.params.get("resilience_level", _DEFAULT_LEVEL)
    options: Mapping[str, Any] = task.options.get("resilience") or {}
    measure = options.get("measure_mitigation", level >= 1)
    zne = options.get("zne_mitigation", level >= 2)
    if not measure and not is_encoded(task.simulator.get("noise_model"), "NoiseModel"):
        pub = _misread(pub, readout_factors(task, active))

    def at(gain: float) -> Any:
        return aer_expectations(pub, noise, gain, rng)

    done: dict[str, Any] = {"measure_mitigation": bool(measure)}
    if options.get("pec_mitigation"):
        gain = (options.get("pec") or {}).get("noise_gain", "auto")
        done["pec_mitigation"] = True
        return at(0.0 if gain == "auto" else float(gain)), done
    if zne:
        settings = options.get("zne") or {}
        factors = [float(f) for f in _factors(settings.get("noise_factors"))]
        names = settings.get("extrapolator") or _EXTRAPOLATORS
        chosen = [names] if isinstance(names, str) else list(names)
        values = np.stack([at(factor) for factor in factors])
        done |= {"zne_mitigation": True, "zne": {"noise_factors": factors}}
        return extrapolate(factors, values, chosen), done
    return at(1.0), done


def _factors(given: Any) -> Sequence[float]:
    if given is None or given == "auto":
        return _NOISE_FACTORS
    factors = np.atleast_1d(np.asarray(decode_values(given), dtype=float))
    if factors.ndim != 1 or not factors.size or factors.min() < 1:
        raise JobFailure("zne.noise_factors must be numbers of at least 1.")
    return factors.tolist()  # type: ignore[no-any-return]


def _misread(pub: EstimatorPub, factors: Mapping[int, float]) -> EstimatorPub:
    """The pub with each Pauli term shrunk as reading errors shrink it."""
    observables = pub.observables
    terms = np.empty(observables.shape, dtype=object)
    for index in np.ndindex(observables.shape):
        terms[index] = {
            term: coefficient * _factor(term, factors)
            for term, coefficient in observables[index].items()
        }
    return EstimatorPub(pub.circuit, ObservablesArray(terms), pub.parameter_values, pub.precision)


def _factor(term: str, factors: Mapping[int, float]) -> float:
    letters = enumerate(reversed(term))
    return math.prod(factors[qubit] for qubit, letter in letters if letter != "I")


def extrapolate(factors: Sequence[float], values: Any, names: Sequence[str]) -> Any:
    """The values at no noise; the first axis of `values` runs over `factors`.

    The curves are tried in order, for each value by itself: the first that can be fitted wins.
    """
    flat = values.reshape(len(factors), -1)
    found = [_extrapolated(np.asarray(factors), column, names) for column in flat.T]
    return np.asarray(found).reshape(values.shape[1:])


def _extrapolated(factors: Any, values: Any, names: Sequence[str]) -> float:
    for name in names:
        if name == "exponential" and (np.all(values > 0) or np.all(values < 0)):
            _, start = np.polyfit(factors, np.log(np.abs(values)), 1)
            return float(np.sign(values[0]) * np.exp(start))
        degree = 1 if name == "linear" else _degree(name)
        if degree is not None and len(factors) > degree:
            return float(np.polyfit(factors, values, degree)[-1])
    return float(values[np.argmin(factors)])


def _degree(name: str) -> int | None:
    prefix = "polynomial_degree_"
    return int(name.removeprefix(prefix)) if name.startswith(prefix) else None
