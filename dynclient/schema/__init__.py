"""Schema Objects to validators: closures, translation between versions, two engines."""

from .closure import Closure, Direction, extract
from .compiled import Validator, compile_validator

__all__ = ["Closure", "Direction", "Validator", "compile_validator", "extract"]
