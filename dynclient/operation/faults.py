"""What can be wrong with a request before it is sent, as violations."""

from __future__ import annotations

from ..messages import Violation
from .fields.parameters import Parameter

__all__ = ["UNSENDABLE", "fault", "missing", "unserializable"]

#: Rules whose breach leaves nothing to send, whatever the validation level.
UNSENDABLE = frozenset(
    {
        "unknown-argument",
        "ambiguous-argument",
        "missing-argument",
        "duplicate",
        "style",
        "unknown-body",
        "content-type",
        "encoding",
        "unreadable",
        "header",
        "empty-path",
    }
)


def fault(where: str, rule: str, message: str, document_pointer: str = "") -> Violation:
    """A violation of the request layer."""
    return Violation(where, "", document_pointer, rule, message, "request")


def unserializable(where: str, rule: str, error: ValueError) -> Violation:
    """The violation of a value that can't be serialized, with the remedy that the error names."""
    remedy = getattr(error, "remedy", None)
    return Violation(where, "", "", rule, str(error), "request", remedy)


def missing(parameter: Parameter) -> Violation:
    """The violation of a required parameter that was not given."""
    # Without a path segment there is no URL; without another one the policy decides.
    rule = "missing-argument" if parameter.location == "path" else "required"
    message = f"the argument {parameter.python_name!r} is missing"
    return fault(f"request.{parameter.key}", rule, message, parameter.at.pointer)
