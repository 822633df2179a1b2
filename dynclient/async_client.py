"""The asynchronous client: the same calls, awaited.

async with AsyncClient("qiskit-runtime", auth={...}) as client:
    job = await client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .base_client import BaseClient
from .unset import UNSET

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Collection, Iterable
    from os import PathLike
    from pathlib import Path

    from .auth import SecurityScheme
    from .bulk.results import Outcome, Results, RowResult
    from .exchange import Opened
    from .explanation import Explanation
    from .messages import HttpRequest, Response
    from .operation import Options
    from .ops import Ops
    from .paging.pages import AsyncPages
    from .paging.style import By
    from .polling import Every, Until
    from .streaming import AsyncStreamedResponse
    from .transport.content import Progress

__all__ = ["AsyncClient"]

_T = TypeVar("_T")


class AsyncClient(BaseClient):
    """A client for asyncio. For any number of tasks; picklable.

    `transport` is None (aiohttp, of the extra `async`), an `aiohttp.ClientSession`, an
    `httpx2.AsyncClient`, or an object with `async open(HttpRequest) -> AsyncOpenResponse`.

    A document from a path or a mapping is opened at once; one from a URL by `async with` or
    `await client.open()`. Functions given as credentials may be async; others run in a thread.
    """

    _asynchronous = True

    async def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Any:
        """As `Client.call`."""
        flow = self._calling.requesting(operation, arguments, body, options, named_arguments)
        return (await self._drive(flow, self._transport)).data

    async def request(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Response:
        """As `Client.request`."""
        flow = self._calling.requesting(operation, arguments, body, options, named_arguments)
        return await self._drive(flow, self._transport)

    def stream(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        progress: bool | Progress = False,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> AbstractAsyncContextManager[AsyncStreamedResponse]:
        """As `Client.stream`: `async with client.stream(...) as response:`."""
        from .progress import counting
        from .streaming import AsyncOpening

        begin = self._calling.streaming(operation, arguments, body, options, named_arguments)

        async def send() -> Opened:
            with counting(progress, operation) as told:
                opened: Opened = await self._drive(begin(told), self._transport)
            return opened

        return AsyncOpening(send)

    async def follow(
        self,
        response: Response,
        link: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
    ) -> Response:
        """As `Client.follow`."""
        flow = self._calling.following(response, link, arguments, body, options)
        return await self._drive(flow, self._transport)

    async def download(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        to: str | PathLike[str],
        progress: bool | Progress = False,
        body: Any = UNSET,
        options: Options | None = None,
    ) -> Path:
        """As `Client.download`."""
        from .progress import counting

        with counting(progress, operation) as told:
            flow = self._calling.downloading(operation, arguments, body, options, to, told)
            return await self._drive(flow, self._transport)

    def paginate(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        by: By | None = None,
        max_items: int | None = None,
        max_pages: int | None = None,
        state: Mapping[str, Any] | None = None,
        body: Any = UNSET,
        options: Options | None = None,
    ) -> AsyncPages:
        """As `Client.paginate`: `async for job in client.paginate(...)`."""
        from .paging.pages import AsyncPages, Bounds

        make = partial(self._calling.paging, operation, arguments, body, options, by)
        run = partial(self._drive, transport=self._transport)
        return AsyncPages(make, Bounds.of(max_items, max_pages), state, run=run)

    async def poll(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        until: Until,
        every: Every = (1.0, 30.0),
        timeout: float | None = None,
        progress: Callable[[Response], object] | None = None,
        body: Any = UNSET,
        options: Options | None = None,
    ) -> Any:
        """As `Client.poll`. Cancelling the task ends the wait, and nothing at the service."""
        flow = self._calling.polling(
            operation,
            arguments,
            body,
            options,
            until=until,
            every=every,
            timeout=timeout,
            progress=progress,
        )
        return (await self._drive(flow, self._transport)).data

    async def map(
        self,
        operation: str,
        rows: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        /,
        *,
        workers: int = 8,
        journal: str | PathLike[str] | None = None,
        repeat: Collection[Outcome] = (),
        progress: bool | Callable[[RowResult], object] = False,
        options: Options | None = None,
    ) -> Results:
        """As `Client.map`; rows may come from an asynchronous iterator. Thousands may be under way:
        `workers` costs a task each.
        """
        from .bulk.results import Results
        from .bulk.workers import run_in_tasks
        from .progress import watching

        with watching(progress, operation, rows) as watcher:
            batch = self._calling.mapping(operation, options, journal, repeat, watcher)
            with batch:
                run = partial(self._drive, transport=self._transport)
                await run_in_tasks(batch, rows, workers, run)
        return Results(batch.journal.counts, batch.journal.results)

    async def send(self, request: HttpRequest, *, options: Options | None = None) -> Response:
        """As `Client.send`."""
        return await self._drive(self._calling.sending(request, options), self._transport)

    async def prepare(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> HttpRequest:
        """As `Client.prepare`. Awaited, as a function that gives a credential may have to be."""
        flow = self._calling.preparing(operation, arguments, body, options, named_arguments)
        return await self._drive(flow, self._transport)

    async def explain(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Explanation:
        """As `Client.explain`."""
        flow = self._calling.explaining(operation, arguments, body, options, named_arguments)
        return await self._drive(flow, self._transport)

    async def sign_in(
        self, scheme: str, *, scopes: Collection[str] | None = None
    ) -> SecurityScheme:
        """As `Client.sign_in`."""
        placed: SecurityScheme = await self._drive(
            self._calling.signing_in(scheme, scopes), self._transport
        )
        return placed

    async def complete(self, make: Callable[[], _T]) -> _T:
        """As `Client.complete`."""
        made: _T = await self._drive(self._calling.completing(make), self._transport)
        return made

    async def compile(self, operation: str) -> None:
        """As `Client.compile`."""
        await self.complete(self.operations[operation].compile)

    @cached_property
    def ops(self) -> Ops:
        """The operations as attributes: `client.ops.create_job(...)`."""
        from .ops import Ops

        return Ops(self)

    # ── life cycle ───────────────────────────────────────────────────────────────────────────

    def _open_now(self) -> None:
        from .document import is_remote
        from .drive import drive
        from .drive_async import drive_async
        from .transport.base import CLOSED

        self._drive = drive_async
        settings = self._calling.settings
        if not any(map(is_remote, (settings.source, *settings.overlays))):
            drive(self._calling.opening_document(), CLOSED)  # nothing is sent

    async def open(self) -> Self:
        """Open the document, if it is not open yet; `async with` does it too. The client itself."""
        await self._drive(self._calling.opening_document(), self._transport)
        return self

    async def aclose(self) -> None:
        """As `Client.close`."""
        if self._owned is not None:
            self._owned.retire()
            await self._owned.aclose()
        else:
            from .transport.base import CLOSED

            self._transport = CLOSED

    async def __aenter__(self) -> Self:
        try:
            return await self.open()
        except BaseException:
            await self.aclose()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
