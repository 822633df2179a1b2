"""A response of which the header is here, and the body still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Self

from ..errors import ResponseTooLarge
from ..messages import Headers, HttpRequest
from ..remedies import give

__all__ = ["OpenResponse", "too_large"]


class OpenResponse:
    """Status and fields of a response, and its decoded body as an iterator over bytes.

    status   the HTTP status
    headers  its fields
    url      the address that answered, which differs from the request's after a redirect
    request  what was sent, for errors
    limit    the most bytes that `read` makes (max_response_bytes); None for no bound

    A piece is never empty, and comes as soon as it has arrived; iteration has no bound. Its
    connection is used again once the body was read to its end, and is closed otherwise: by
    `close`, or by the first error. For one thread at a time.
    """

    __slots__ = ("_end", "_pieces", "headers", "limit", "request", "status", "url")

    def __init__(
        self,
        status: int,
        headers: Headers,
        url: str,
        pieces: Iterable[bytes],
        *,
        request: HttpRequest,
        end: Callable[[bool], object] | None = None,
        limit: int | None = None,
    ) -> None:
        """`end` is called once, with whether `pieces` have come to their end."""
        self.status = status
        self.headers = headers
        self.url = url
        self.request = request
        self.limit = limit
        self._pieces: Iterator[bytes] | None = iter(pieces)
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece. Raises `TransportError`; ValueError once `close` was called."""
        if self._pieces is None:
            raise ValueError("the response is closed")
        try:
            piece = next(self._pieces)
            while not piece:
                piece = next(self._pieces)
        except StopIteration:
            self._finish(True)
            raise
        except BaseException:
            self.close()
            raise
        return piece

    def read(self) -> bytes:
        """The rest of the body, `limit` bytes at most. Raises `TransportError` as `send` does."""
        whole = bytearray()
        for piece in self:
            whole += piece
            if self.limit is not None and len(whole) > self.limit:
                self.close()
                raise too_large(self.limit, self.request)
        return bytes(whole)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end; may be called twice."""
        self._pieces = None
        self._finish(False)

    def _finish(self, whole: bool) -> None:
        end, self._end = self._end, None
        if end is not None:
            end(whole)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = self.headers.get("Content-Type", "no content type")
        return f"<OpenResponse {self.status} {kind}>"


def too_large(limit: int, request: HttpRequest) -> ResponseTooLarge:
    """The error for a body that is longer than its bound, in bytes."""
    return ResponseTooLarge(
        f"the response is longer than {limit} bytes",
        request=request,
        remedy=give(trust={"max_response_bytes": ...}),
    )
