"""Schema Objects to validators: closures, translation between versions, explanations."""

from .closure import Closure, extract
from .compiled import Judge, Validator, compile_validator
from .directions import Direction

__all__ = ["Closure", "Direction", "Judge", "Validator", "compile_validator", "extract"]
