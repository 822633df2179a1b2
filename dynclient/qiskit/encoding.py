"""Qiskit's objects as the API takes them in `params`."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

__all__ = ["encoders"]

#: The newest version of QPY that the services are known to read.
_QPY_VERSION = min(qpy.QPY_VERSION, 14)


def _typed(name: str, value: Any) -> dict[str, Any]:
    return {"__type__": name, "__value__": value}


def _compressed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode("ascii")


def _circuit(circuit: QuantumCircuit) -> dict[str, Any]:
    file = io.BytesIO()
    qpy.dump(circuit, file, version=_QPY_VERSION)
    return _typed("QuantumCircuit", _compressed(file.getvalue()))


def _array(array: Any) -> dict[str, Any]:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=False)
    return _typed("ndarray", _compressed(file.getvalue()))


def _bindings(bindings: BindingsArray) -> dict[str, Any]:
    """Each parameter under its name."""
    return {
        name: _array(block[..., place])
        for names, block in bindings.data.items()
        for place, name in enumerate(names)
    }


def _observables(observables: ObservablesArray) -> Any:
    return observables.tolist()


def _operator(operator: Any) -> Any:
    """A sum of Pauli terms; TypeError for one that isn't Hermitian."""
    return ObservablesArray.coerce(operator).tolist()


def _values(pub: SamplerPub | EstimatorPub) -> Any:
    bindings = pub.parameter_values
    return _array(bindings.as_array(pub.circuit.parameters)) if bindings.num_parameters else None


def _sampler_pub(pub: SamplerPub) -> list[Any]:
    return [_circuit(pub.circuit), _values(pub), pub.shots]


def _estimator_pub(pub: EstimatorPub) -> list[Any]:
    return [_circuit(pub.circuit), _observables(pub.observables), _values(pub), pub.precision]


#: For `Client(encoders=...)`: circuits, parameter values, observables and whole pubs.
encoders: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        QuantumCircuit: _circuit,
        np.ndarray: _array,
        BindingsArray: _bindings,
        ObservablesArray: _observables,
        SparsePauliOp: _operator,
        SparseObservable: _operator,
        Pauli: _operator,
        SamplerPub: _sampler_pub,
        EstimatorPub: _estimator_pub,
    }
)
