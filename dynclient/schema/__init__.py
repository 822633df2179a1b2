"""Schema Objects to validators: closures, translation between versions, explanations."""

from .closure import Closure, extract
from .compiled import Validator, compile_validator
from .directions import Direction

__all__ = ["Closure", "Direction", "Validator", "compile_validator", "extract"]
