"""Circuits as they come over the wire, as Qiskit circuits that can be simulated."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NoReturn

from antlr4.error.ErrorListener import ErrorListener  # type: ignore[import-untyped]
from antlr4.error.Errors import RecognitionException  # type: ignore[import-untyped]
from openqasm3 import parser as openqasm3_parser
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Barrier
from qiskit.exceptions import QiskitError
from qiskit_qasm3_import import ConversionError, convert

from .effort import check_circuit, check_program
from .encoding import decode_base64, inflate, is_encoded
from .failures import JobFailure
from .limits import cpu_seconds

__all__ = ["MAX_ACTIVE_QUBITS", "IdleFree", "load_circuit", "to_qasm3", "without_idle_qubits"]

#: Qubits that a circuit may act on: 16 MiB of amplitudes. Idle ones cost nothing.
MAX_ACTIVE_QUBITS = 20

# The parts of the reference parser, put together below with an error listener of our own.
openqasm3: Any = openqasm3_parser

#: Characters of OpenQASM 3, or bytes of QPY, that are read in a second on a slow machine.
_READ_RATE = 20_000
_READ_SECONDS = 1

#: Coefficients below this are what is left when terms cancel.
_VANISHING = 1e-12

_FIX_CIRCUIT = "Correct the circuit and submit it again."


def load_circuit(value: Any, qubits: int) -> QuantumCircuit:
    """The circuit in `value`, OpenQASM 3 text or `{"__type__": "QuantumCircuit", ...}` with QPY.

    Raises `JobFailure` when it can't be read, or needs more than `qubits` qubits.
    """
    if isinstance(value, str):
        with cpu_seconds(_READ_SECONDS + len(value) // _READ_RATE):
            circuit = _from_qasm3(value)
    elif is_encoded(value, "QuantumCircuit"):
        data = _inflated(value["__value__"])
        with cpu_seconds(_READ_SECONDS + len(data) // _READ_RATE):
            circuit = _from_qpy(data)
    else:
        raise JobFailure("A circuit is neither OpenQASM 3 text nor an encoded QuantumCircuit.")
    check_circuit(circuit)
    if circuit.num_qubits > qubits:
        raise JobFailure(
            f"The circuit needs {circuit.num_qubits} qubits, the backend has {qubits}.",
            solution="Choose a larger backend or a smaller circuit.",
        )
    return circuit


class _FirstError(ErrorListener):  # type: ignore[misc]
    """Stops at the first syntax error, with its place; ANTLR would print it and go on."""

    def syntaxError(  # noqa: N802 - ANTLR's name
        self, _recognizer: Any, _symbol: Any, line: int, column: int, message: str, _error: Any
    ) -> NoReturn:
        raise JobFailure(
            f"The circuit is not OpenQASM 3: line {line}, column {column + 1}: {message}.",
            solution=_FIX_CIRCUIT,
        )


def _from_qasm3(text: str) -> QuantumCircuit:
    lexer = openqasm3.qasm3Lexer(openqasm3.InputStream(text))
    parser = openqasm3.qasm3Parser(openqasm3.CommonTokenStream(lexer))
    for reader in (lexer, parser):
        reader.removeErrorListeners()
        reader.addErrorListener(_FirstError())
    try:
        program = openqasm3.QASMNodeVisitor().visitProgram(parser.program())
        check_program(program)
        return convert(program)
    except (openqasm3.QASM3ParsingError, RecognitionException) as error:
        raise JobFailure(f"The circuit is not OpenQASM 3: {error}.") from error
    except (ConversionError, QiskitError) as error:
        raise JobFailure(f"The circuit can't be read: {error}.", solution=_FIX_CIRCUIT) from error
    except RecursionError as error:
        raise JobFailure("The circuit is nested too deeply.", solution=_FIX_CIRCUIT) from error


def _inflated(value: Any) -> bytes:
    try:
        return inflate(decode_base64(value))
    except ValueError as error:
        raise JobFailure(f"The QPY data can't be read: {error}.", solution=_FIX_CIRCUIT) from error


def _from_qpy(data: bytes) -> QuantumCircuit:
    try:
        circuits = qpy.load(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:
        raise JobFailure(f"The QPY data can't be read: {error}.", solution=_FIX_CIRCUIT) from error
    if len(circuits) != 1 or not isinstance(circuits[0], QuantumCircuit):
        raise JobFailure("The QPY data must hold one circuit.", solution=_FIX_CIRCUIT)
    return circuits[0]


class IdleFree:
    """A circuit over its active qubits only; `keep` lists their indices in the original.

    Circuits for a backend name its physical qubits, so most of their qubits are idle, and a
    state vector over them would not fit any memory.
    """

    def __init__(self, circuit: QuantumCircuit, keep: list[int], original_qubits: int) -> None:
        self.circuit = circuit
        self.keep = keep
        self.original_qubits = original_qubits

    def project(self, observable: dict[str, float]) -> dict[str, float]:
        """A sum of Pauli terms on the original circuit as one on this.

        Idle qubits are in state 0: there Z is 1 as I is, and a term with X or Y vanishes. Empty
        when all of them do.
        """
        projected: dict[str, float] = {}
        kept = set(self.keep)
        for term, coefficient in observable.items():
            letters = term[::-1]  # the last letter is qubit 0
            if not set(letters) <= set("IXYZ"):
                raise JobFailure(f"The observable {term} has letters other than I, X, Y and Z.")
            if any(letters[i] not in "IZ" for i in range(len(letters)) if i not in kept):
                continue
            shorter = "".join(letters[i] for i in reversed(self.keep))
            projected[shorter] = projected.get(shorter, 0.0) + coefficient
        return {term: value for term, value in projected.items() if abs(value) > _VANISHING}


def without_idle_qubits(circuit: QuantumCircuit) -> IdleFree:
    """`circuit` over the qubits that anything but a barrier or a delay touches.

    Raises `JobFailure` when those are more than `MAX_ACTIVE_QUBITS`.
    """
    passive = ("barrier", "delay")
    active = {
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name not in passive
        for qubit in instruction.qubits
    }
    keep = sorted(active) or [0]
    if len(keep) > MAX_ACTIVE_QUBITS:
        raise JobFailure(
            f"The circuit acts on {len(keep)} qubits; the emulator simulates {MAX_ACTIVE_QUBITS}.",
            solution="Use a circuit that acts on fewer qubits.",
        )
    if len(keep) >= circuit.num_qubits:
        return IdleFree(circuit, list(range(circuit.num_qubits)), circuit.num_qubits)
    return IdleFree(_restricted(circuit, keep), keep, circuit.num_qubits)


def _restricted(circuit: QuantumCircuit, keep: list[int]) -> QuantumCircuit:
    small = QuantumCircuit(len(keep), global_phase=circuit.global_phase, metadata=circuit.metadata)
    small.add_bits(circuit.clbits)
    for register in circuit.cregs:
        small.add_register(register)
    position = {circuit.qubits[old]: small.qubits[new] for new, old in enumerate(keep)}
    for instruction in circuit.data:
        qubits = [position[qubit] for qubit in instruction.qubits if qubit in position]
        operation = instruction.operation
        if operation.name == "barrier":
            operation = Barrier(len(qubits))
        if qubits or not instruction.qubits:
            small.append(operation, qubits, instruction.clbits)
    return small


def to_qasm3(circuit: QuantumCircuit) -> str:
    """`circuit` as OpenQASM 3 text; a comment with the reason if OpenQASM 3 can't express it."""
    dumps: Callable[[QuantumCircuit], str] = qasm3.dumps
    try:
        return dumps(circuit)
    except QiskitError as error:
        return f"// not expressible in OpenQASM 3: {error}"
