"""A response of which the header is here, and the body still to be read."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, ClassVar, Generic, Self, TypeVar

from ..errors import ResponseTooLarge
from ..messages import Headers, HttpRequest
from ..remedies import give

__all__ = ["AsyncOpenResponse", "OpenResponse", "too_large"]


_Body = TypeVar("_Body")
_End = TypeVar("_End")


class _Opened(Generic[_Body, _End]):
    """What both kinds share."""

    __slots__ = ("_content", "_end", "_pieces", "headers", "limit", "request", "status")

    #: Makes the iterator of a body.
    _iterator: ClassVar[Any]

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes | _Body = b"",
        *,
        request: HttpRequest,
        end: _End | None = None,
        limit: int | None = None,
    ) -> None:
        """`end` is called once, with whether `body` was read to its end."""
        self.status = status
        self.headers = headers
        self.request = request
        self.limit = limit
        #: What is left of a body that is all here; None if it has to be waited for.
        self._content = body if isinstance(body, bytes) else None
        self._pieces: Any = None if isinstance(body, bytes) else self._iterator(body)
        self._end = end

    def unread(self, content: bytes) -> None:
        """Give back the body that was read: the next one who reads gets it again."""
        self._content = content

    def _is_too_large(self, size: int) -> bool:
        return self.limit is not None and size > self.limit

    def _announces_too_much(self) -> bool:
        length = self.headers.get("Content-Length", "")
        has_body = self.request.method != "HEAD" and self.status not in {204, 304}
        return has_body and length.isdecimal() and self._is_too_large(int(length))

    def _too_large(self) -> ResponseTooLarge:
        return too_large(self.limit, self.request)

    def __repr__(self) -> str:
        kind = self.headers.get("Content-Type", "no content type")
        return f"<{type(self).__name__} {self.status} {kind}>"


class OpenResponse(_Opened[Iterable[bytes], Callable[[bool], object]]):
    """Status and fields of a response, and its decoded body as an iterator over bytes.

    status   the HTTP status
    headers  its fields
    request  what was sent, for errors
    limit    the most bytes that `read` returns (max_response_bytes); None for no bound

    A piece is never empty, and comes as soon as it has arrived; iteration has no bound. The
    connection is used again once the body was read to its end, and is closed otherwise: by
    `close`, or by the first error. For one thread at a time.
    """

    __slots__ = ()
    _iterator = staticmethod(iter)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece. Raises `TransportError`; ValueError once `close` was called."""
        if self._content is not None:
            content, self._content = self._content, b""
            if content:
                return content
            self._finish(True)
            raise StopIteration
        if self._pieces is None:
            raise ValueError("the response is closed")
        try:
            piece: bytes = next(self._pieces)
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
        """The rest of the body, `limit` bytes at most. Raises `TransportError` as `open` does."""
        if self._content is not None:
            content, self._content = self._content, b""
            if self._end is not None:
                self._finish(True)
            if self.limit is not None and len(content) > self.limit:
                raise self._too_large()
            return content
        whole = BytesIO()  # whose value is what was written, and not a copy of it
        if self._announces_too_much():
            self.close()
            raise self._too_large()
        for piece in self:
            whole.write(piece)
            if self._is_too_large(whole.tell()):
                self.close()
                raise self._too_large()
        return whole.getvalue()

    def close(self) -> None:
        """Close the connection, unless the body was read to its end; may be called twice."""
        self._content = self._pieces = None
        self._finish(False)

    def _finish(self, whole: bool) -> None:
        end, self._end = self._end, None
        if end is not None:
            end(whole)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncOpenResponse(_Opened[AsyncIterable[bytes], Callable[[bool], Awaitable[object]]]):
    """The same with `async for`, `await read()` and `await aclose()`. For one task at a time."""

    __slots__ = ()
    _iterator = staticmethod(aiter)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next piece. Raises `TransportError`; ValueError once `aclose` was called."""
        if self._content is not None:
            content, self._content = self._content, b""
            if content:
                return content
            await self._finish(True)
            raise StopAsyncIteration
        if self._pieces is None:
            raise ValueError("the response is closed")
        try:
            piece: bytes = await anext(self._pieces)
            while not piece:
                piece = await anext(self._pieces)
        except StopAsyncIteration:
            await self._finish(True)
            raise
        except BaseException:
            await self.aclose()
            raise
        return piece

    async def read(self) -> bytes:
        """The rest of the body, `limit` bytes at most. Raises `TransportError` as `open` does."""
        if self._content is not None:
            content, self._content = self._content, b""
            if self._end is not None:
                await self._finish(True)
            if self.limit is not None and len(content) > self.limit:
                raise self._too_large()
            return content
        whole = BytesIO()  # whose value is what was written, and not a copy of it
        if self._announces_too_much():
            await self.aclose()
            raise self._too_large()
        async for piece in self:
            whole.write(piece)
            if self._is_too_large(whole.tell()):
                await self.aclose()
                raise self._too_large()
        return whole.getvalue()

    async def aclose(self) -> None:
        """Close the connection, unless the body was read to its end; may be called twice."""
        self._content = self._pieces = None
        await self._finish(False)

    async def _finish(self, whole: bool) -> None:
        end, self._end = self._end, None
        if end is not None:
            await end(whole)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def too_large(limit: int | None, request: HttpRequest) -> ResponseTooLarge:
    """The error for a body that is longer than its bound, in bytes."""
    return ResponseTooLarge(
        f"the response is longer than {limit} bytes",
        request=request,
        remedy=give(trust={"max_response_bytes": ...}).otherwise(
            transport={"max_response_bytes": ...}
        ),
    )
