"""What can be wrong with a request before it is sent, as violations."""

from __future__ import annotations

from msgspec import structs

from ..messages import Violation

__all__ = ["TOO_DEEP", "UNREADABLE_TEXT", "UNSENDABLE", "masked", "unserializable", "violation"]

#: The message for a text that can't be encoded as UTF-8.
UNREADABLE_TEXT = "the text has a lone surrogate, which UTF-8 can't encode"

#: The message for a value that has no end.
TOO_DEEP = "the value contains itself, or nests too deeply"

#: Rules whose violation leaves nothing to send, whatever the validation level.
UNSENDABLE = frozenset(
    {
        "unknown-argument",
        "ambiguous-argument",
        "missing-argument",
        "duplicate",
        "style",
        "unknown-body",
        "unsendable-content-type",
        "encoding",
        "unreadable",
        "header",
        "dot-segment",
    }
)


def violation(where: str, rule: str, message: str, document_pointer: str = "") -> Violation:
    """A violation of the request layer."""
    return Violation(where, "", document_pointer, rule, message, "request")


def masked(violation: Violation) -> Violation:
    """The same violation of a secret value, without the value."""
    return structs.replace(violation, message=f"[redacted] breaks {violation.rule}")


def unserializable(where: str, rule: str, error: ValueError) -> Violation:
    """The violation of a value that can't be serialized, with the remedy that the error names."""
    pointer, remedy = getattr(error, "pointer", ""), getattr(error, "remedy", None)
    return Violation(where, pointer, "", rule, str(error), "request", remedy)
