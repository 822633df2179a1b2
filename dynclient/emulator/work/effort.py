"""How much work a circuit is, found out before any of it is done.

A short text can stand for more gates than there are atoms: gates defined by gates, loops, declared
sizes. What is refused here would otherwise take the memory or the time of the job.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openqasm3 import ast
from qiskit import QuantumCircuit
from qiskit.circuit import ForLoopOp, WhileLoopOp
from qiskit.circuit.library import get_standard_gate_name_mapping

from .failures import JobFailure

__all__ = ["check_circuit", "check_program"]

#: Gates that a circuit may come to when every definition and loop is written out.
MAX_GATES = 1_000_000
#: Bits or qubits that a circuit may declare.
MAX_BITS = 100_000

_SIMPLER = "Use a smaller circuit."
_STANDARD = frozenset(get_standard_gate_name_mapping())


def check_program(program: ast.Program) -> None:
    """Raise `JobFailure` if the OpenQASM 3 program declares or stands for too much."""
    weights: dict[str, int] = {}
    _bounded(_weight(program.statements, weights))


def _weight(statements: Iterable[Any], weights: dict[str, int]) -> int:
    """Gates that the statements come to; `weights` collects those of the gates they define."""
    total = 0
    for statement in statements:
        if isinstance(statement, ast.QubitDeclaration):
            _check_size(statement.size)
        elif isinstance(statement, ast.ClassicalDeclaration):
            _check_size(getattr(statement.type, "size", None))
        elif isinstance(statement, ast.QuantumGateDefinition):
            # At least 1: a gate of nothing is still a gate to read.
            weights[statement.name.name] = max(1, _bounded(_weight(statement.body, weights)))
        elif isinstance(statement, ast.QuantumGate):
            total += weights.get(statement.name.name, 1)
        elif isinstance(statement, ast.BranchingStatement):
            total += _weight([*statement.if_block, *statement.else_block], weights)
        elif isinstance(statement, ast.ForInLoop | ast.WhileLoop):
            total += _weight(statement.block, weights)
        else:
            total += 1
    return total


def _check_size(size: Any) -> None:
    if isinstance(size, ast.IntegerLiteral) and size.value > MAX_BITS:
        raise JobFailure(
            f"The circuit declares {size.value} bits; {MAX_BITS} are possible.", solution=_SIMPLER
        )


def check_circuit(circuit: QuantumCircuit) -> None:
    """Raise `JobFailure` if running `circuit` means too many gates, or has no end."""
    if max(circuit.num_qubits, circuit.num_clbits) > MAX_BITS:
        raise JobFailure(f"The circuit has more than {MAX_BITS} bits.", solution=_SIMPLER)
    _bounded(_gates(circuit, {}))


def _gates(circuit: QuantumCircuit, known: dict[int, tuple[QuantumCircuit, int]]) -> int:
    # The circuit is kept beside its number: an id is good as long as its object lives.
    if id(circuit) in known:
        return known[id(circuit)][1]
    total = 0
    for instruction in circuit.data:
        total += _operation(instruction.operation, known)
        _bounded(total)
    known[id(circuit)] = (circuit, total)
    return total


def _operation(operation: Any, known: dict[int, tuple[QuantumCircuit, int]]) -> int:
    if isinstance(operation, WhileLoopOp):
        raise JobFailure(
            "The backend does not offer while loops.", solution="Use a loop with a known end."
        )
    if blocks := getattr(operation, "blocks", None):
        inner = sum(_gates(block, known) for block in blocks)
        rounds = len(operation.params[0]) if isinstance(operation, ForLoopOp) else 1
        return max(1, inner) * rounds
    if operation.name in _STANDARD:
        return 1
    definition = getattr(operation, "definition", None)
    return 1 if definition is None else max(1, _gates(definition, known))


def _bounded(gates: int) -> int:
    if gates > MAX_GATES:
        raise JobFailure(f"The circuit comes to more than {MAX_GATES} gates.", solution=_SIMPLER)
    return gates
