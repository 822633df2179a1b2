"""Responses read as they come: items of a sequential media type, or bytes piece by piece.

    with client.stream("watch_jobs", limit=5) as response:
        for item in response:
            ...

Source: OpenAPI 3.2.0, section "Sequential Media Types".
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from msgspec import structs

from .errors import DynclientError
from .exchange import Opened
from .messages import Headers, HttpRequest, HttpResponse, OperationInfo, Response, Violation
from .transport.opened import AsyncOpenResponse, OpenResponse, too_large
from .verdict import verdict

if TYPE_CHECKING:
    from .operation.content.codec import Cutter

__all__ = ["AsyncOpening", "AsyncStreamedResponse", "Opening", "StreamedResponse"]


class _Streamed:
    """What the two classes of streamed responses share: what they do once bytes are read.

    status      the HTTP status
    headers     its fields
    url         the address that responded, which differs from the request's after a redirect
    operation   what was called
    request     what was sent
    media_type  the declared media type it was matched with; None if there is none
    header_values  the values of the declared headers, decoded; see `Response`
    violations  those that the validation policy let pass so far; items may add to them

    For one thread or task at a time, and until the end of the `with` block.
    """

    def __init__(self, opened: Opened) -> None:
        head = opened.head
        self._opened = opened
        self._begun = opened.begun
        self.status: int = head.status
        self.headers: Headers = head.headers
        self.request: HttpRequest = opened.request
        self.url: str = opened.request.url
        self.operation: OperationInfo = head.operation
        self.header_values: Mapping[str, Any] = head.header_values
        self.media_type: str | None = head.media_type
        self.violations: tuple[Violation, ...] = head.violations
        self._mode = ""
        self._cutter: Cutter | None = None
        self._waiting: list[bytes] = []
        self._index = 0
        self._since = 0
        self._size = 0
        self._last = head

    # Items --------------------------------------------------------------------------------------

    def _begin_items(self) -> None:
        records = self._begun.records
        if records is None and not self._begun.bodiless:
            kind = self.headers.get("Content-Type", "without a Content-Type")
            raise TypeError(
                f"{self.operation.name}: content {kind} is not a sequential media type; "
                "use iter_bytes(), save() or read()"
            )
        self._read_as("items")
        if self._cutter is None and records is not None:
            self._cutter = records.cutter()

    def _feed(self, piece: bytes | None) -> None:
        """Cut the next piece; None for the end. ResponseTooLarge for an item without an end."""
        if self._cutter is None:
            return
        if piece is None:
            self._waiting += self._cutter.end()
            self._cutter = None
            return
        self._size += len(piece)
        items = self._cutter.feed(piece)
        self._waiting += items
        self._since = 0 if items else self._since + len(piece)
        limit = self._opened.response.limit
        if limit is not None and max(self._since, *map(len, items), 0) > limit:
            raise too_large(limit, self.request)

    def _item(self) -> Any:
        """The next item that has arrived, decoded and validated."""
        record = self._waiting.pop(0)
        index, begun, plan = self._index, self._begun, self._opened.plan
        self._index += 1
        assert begun.records is not None  # noqa: S101
        item: Any = record
        found: list[Violation] = []
        try:
            item = begun.records.decode(record)
        except ValueError as error:
            reason = f"the item can't be read as {self.headers.get('Content-Type')}: {error}"
            found.append(Violation("response.body", f"/{index}", "", "encoding", reason))
        else:
            if plan.policy.body != "off":
                found += [
                    structs.replace(violation, pointer=f"/{index}{violation.pointer}")
                    for violation in begun.judge(item)
                ]
        if found:
            published = tuple(plan.operation.document.published(found))
            response = structs.replace(self._last, data=item, content=record, violations=published)
            response, failure = verdict(response, plan.policy, raises=False)
            self.violations += response.violations
            if failure is not None:
                raise failure
        return item

    # The whole body -----------------------------------------------------------------------------

    def _whole(self, content: bytes) -> Response:
        opened = self._opened
        self._size = len(content)
        elapsed = opened.conduct.clock() - opened.started
        http = HttpResponse(self.status, self.headers, content, self.url, elapsed)
        response = opened.plan.parse(http, self.request)
        # Violations of the header are known already.
        new = tuple(each for each in response.violations if each not in self.violations)
        response = structs.replace(response, violations=new)
        response, failure = verdict(response, opened.plan.policy, raises=opened.plan.raises)
        response = structs.replace(response, violations=(*self.violations, *response.violations))
        self._last, self.violations = response, response.violations
        if failure is not None:
            raise failure
        return response

    # Files --------------------------------------------------------------------------------------

    def _target(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """(the file to write, the file that is meant): the one replaces the other at the end."""
        target = Path(path)
        if target.exists() and not target.is_file():
            return target, target  # a pipe or a device: nothing to replace
        target = target.resolve()
        return target.with_name(f"{target.name}.{os.getpid()}-{id(self):x}.part"), target

    # --------------------------------------------------------------------------------------------

    def _read_as(self, mode: str) -> None:
        if self._mode not in ("", mode) or (mode == "whole" and self._mode):
            raise RuntimeError(f"the response has been read already, as {self._mode}")
        self._mode = mode

    def _tell(self, error: BaseException | None) -> None:
        """The end of the stream, for observers."""
        teller = self._opened.teller
        if teller is None:
            return
        if error is None or isinstance(error, DynclientError):
            response = structs.replace(self._last, violations=self.violations)
            teller.judged(response, error, self._size)
        else:
            teller.failed(error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} to {self.operation.name}>"


class StreamedResponse(_Streamed):
    __doc__ = f"A response whose body is still to be read: {_Streamed.__doc__}"

    @property
    def _body(self) -> OpenResponse:
        return cast("OpenResponse", self._opened.response)

    def __iter__(self) -> Iterator[Any]:
        """The items of a sequential media type: JSON Lines, json-seq, server-sent events.

        Each is judged by the document's `itemSchema` as it comes. One that breaks it raises
        InvalidResponse with the item as its `data`, and iterating anew goes on behind it; at a
        level of "warn" it is logged and yielded, as bytes if it can't be decoded.
        TypeError if the content is not a sequential media type.
        """
        self._begin_items()
        return self._items()

    def _items(self) -> Iterator[Any]:
        while True:
            while self._waiting:
                yield self._item()
            if self._cutter is None:
                return
            self._feed(next(self._body, None))

    def iter_bytes(self) -> Iterator[bytes]:
        """The decoded body in pieces, as they come; none is empty. Raises TransportError."""
        self._read_as("bytes")
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        for piece in self._body:
            self._size += len(piece)
            yield piece

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the rest of the body to a file; the number of bytes.

        A file of that name is replaced once all has come: after an error it is as it was.
        Raises TransportError and OSError.
        """
        part, target = self._target(path)
        try:
            with part.open("wb") as file:
                size = sum(map(file.write, self.iter_bytes()))
            if part != target:
                part.replace(target)
        except BaseException:
            if part != target:
                part.unlink(missing_ok=True)
            raise
        return size

    def read(self) -> Response:
        """The whole body, decoded and validated as `Client.request` does it.

        Raises what that raises, and ResponseTooLarge for more than `Trust.max_response_bytes`.
        """
        self._read_as("whole")
        return self._whole(self._body.read())

    def close(self) -> None:
        """Close the connection unless all was read; the end of the `with` block does the same."""
        self._body.close()


class AsyncStreamedResponse(_Streamed):
    __doc__ = f"As StreamedResponse, for `async with` and `async for`: {_Streamed.__doc__}"

    @property
    def _body(self) -> AsyncOpenResponse:
        return cast("AsyncOpenResponse", self._opened.response)

    def __aiter__(self) -> AsyncIterator[Any]:
        """As `StreamedResponse.__iter__`."""
        self._begin_items()
        return self._items()

    async def _items(self) -> AsyncIterator[Any]:
        while True:
            while self._waiting:
                yield self._item()
            if self._cutter is None:
                return
            self._feed(await anext(self._body, None))

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """As `StreamedResponse.iter_bytes`."""
        self._read_as("bytes")
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            self._size += len(piece)
            yield piece

    async def save(self, path: str | os.PathLike[str]) -> int:
        """As `StreamedResponse.save`; the file is written in a thread."""
        import asyncio

        part, target = self._target(path)
        size = 0
        try:
            with await asyncio.to_thread(part.open, "wb") as file:
                async for piece in self.iter_bytes():
                    size += await asyncio.to_thread(file.write, piece)
            if part != target:
                part.replace(target)
        except BaseException:
            if part != target:
                part.unlink(missing_ok=True)
            raise
        return size

    async def read(self) -> Response:
        """As `StreamedResponse.read`."""
        self._read_as("whole")
        return self._whole(await self._body.read())

    async def aclose(self) -> None:
        """As `StreamedResponse.close`."""
        await self._body.aclose()


# Blocks -------------------------------------------------------------------------------------------


class _NotSent:
    """What `stream` returns is not the response: using it as one raises an error."""

    _how = "with"

    def _reason(self) -> str:
        return (
            f"the request is sent on entering the block: `{self._how} client.stream(...) as "
            "response:`; use the response in it"
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"no {name!r} yet: {self._reason()}", name=name, obj=self)

    def __iter__(self) -> NoReturn:
        raise TypeError(f"no items yet: {self._reason()}")


class Opening(_NotSent, AbstractContextManager["StreamedResponse"]):
    """What `Client.stream` returns: a request, sent on entering it as a `with` block."""

    def __init__(self, send: Callable[[], Opened]) -> None:
        self._send = send
        self._response: StreamedResponse | None = None

    def __enter__(self) -> StreamedResponse:
        self._response = StreamedResponse(self._send())
        return self._response

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._response is not None:
            self._response.close()
            self._response._tell(error)


class AsyncOpening(_NotSent, AbstractAsyncContextManager["AsyncStreamedResponse"]):
    """What `AsyncClient.stream` returns: a request, sent on entering it as `async with`."""

    _how = "async with"

    def __init__(self, send: Callable[[], Awaitable[Opened]]) -> None:
        self._send = send
        self._response: AsyncStreamedResponse | None = None

    async def __aenter__(self) -> AsyncStreamedResponse:
        self._response = AsyncStreamedResponse(await self._send())
        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response._tell(error)
