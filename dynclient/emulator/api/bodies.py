"""Reading the body of a request, up to a bound."""

from __future__ import annotations

from starlette.requests import Request

from .errors import ApiError

__all__ = ["read_body"]


async def read_body(request: Request, limit: int) -> bytes:
    """The body; raises 413 without reading on once it has more than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    pieces: list[bytes] = []
    size = int(declared) if declared.isdecimal() else 0
    if size <= limit:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                break
            pieces.append(piece)
    if size > limit:
        raise ApiError(
            413, f"The body has more than {limit} bytes.", headers={"Connection": "close"}
        )
    return b"".join(pieces)
