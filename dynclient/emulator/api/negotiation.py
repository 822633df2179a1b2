"""Which of two media types a caller would rather have."""

from __future__ import annotations

__all__ = ["prefers"]


def prefers(accept: str, first: str, second: str) -> bool:
    """Whether the Accept field ranks `first` above `second`; no field ranks them alike.

    RFC 9110, section 12.5.1: the most specific range that fits gives the quality.
    """
    return _quality(accept, first) > _quality(accept, second)


def _quality(accept: str, media_type: str) -> float:
    ranges = [_media_range(item) for item in (accept or "*/*").split(",")]
    for candidate in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        for name, quality in ranges:
            if name == candidate:
                return quality
    return 0.0


def _media_range(item: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0
