"""The synchronous client: a document's operations, called.

client = Client("qiskit-runtime", auth={"IBMCloudAuth": "token", "ServiceCRN": "crn:v1:..."})
job = client.call("create_job", program_id="sampler", backend="ibm_fez", params={...})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .base_client import BaseClient
from .unset import UNSET

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from concurrent.futures import Executor
    from os import PathLike
    from pathlib import Path

    from .auth import SecurityScheme
    from .bulk.results import Outcome, Results, RowResult
    from .exchange import Opened
    from .explanation import Explanation
    from .messages import HttpRequest, Response
    from .operation import Options
    from .ops import Ops
    from .paging.pages import Pages
    from .paging.style import By
    from .polling import Every, Until
    from .streaming import StreamedResponse
    from .transport.content import Progress

__all__ = ["Client"]


_T = TypeVar("_T")


class Client(BaseClient):
    """A client for threads. Thread-safe; a context manager; picklable.

    `transport` is None (sockets of its own), "requests", a `requests.Session`, an `httpx2.Client`,
    or an object with `open(HttpRequest) -> OpenResponse`.
    """

    _asynchronous = False

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Any:
        """Call an operation and return the data of its response (None where there is no body).

        `operation` is its name or `"METHOD /path"`; `arguments` go by wire name, keywords by wire
        or Python name. Raises UnknownOperation, InvalidRequest or AuthError before anything is
        sent; TransportError, StatusError or InvalidResponse after.
        """
        flow = self._calling.requesting(operation, arguments, body, options, named_arguments)
        return self._drive(flow, self._transport).data

    def request(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Response:
        """As `call`, but returns the whole Response: status, headers, violations and all."""
        flow = self._calling.requesting(operation, arguments, body, options, named_arguments)
        return self._drive(flow, self._transport)

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
    ) -> AbstractContextManager[StreamedResponse]:
        """As `request`, for a response that is read as it comes: `with client.stream(...) as r:`.

        progress  of the body that is sent: True for a progress bar on stderr, or a function of the
                  number of bytes that were taken to be sent and of all (None if unknown)

        The request is sent on entering the block, and the connection closed on leaving it unless
        all was read. See `StreamedResponse` and docs/streaming.md for items and bytes.
        """
        from .progress import counting
        from .streaming import Opening

        begin = self._calling.streaming(operation, arguments, body, options, named_arguments)

        def send() -> Opened:
            with counting(progress, operation) as told:
                return self._drive(begin(told), self._transport)

        return Opening(send)

    def follow(
        self,
        response: Response,
        link: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
    ) -> Response:
        """The call that a link of a response leads to, by the document: its whole response.

        link       the name of one of the links that the document declares for such a response
        arguments  further arguments, and others in place of the link's
        body       in place of the link's requestBody

        Raises what a call raises, and LinkError if there is no such link, or the response lacks
        what it names. Source: OpenAPI 3.1.1, sections "Link Object" and "Runtime Expressions".
        """
        flow = self._calling.following(response, link, arguments, body, options)
        return self._drive(flow, self._transport)

    def download(
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
        """Call an operation and write the body of its response to a file; the file's path.

        to        the path of the file, which is there once all of it came
        progress  True for a progress bar on stderr, or a function of the number of bytes that are
                  there and of all (None if unknown)

        A download that broke off is gone on with, in the same call and in a later one, where the
        server says which representation it is (ETag, Last-Modified). Length and digest (RFC 9530)
        are verified where they are sent. Raises what a call raises, DownloadError and OSError.
        """
        from .progress import counting

        with counting(progress, operation) as told:
            flow = self._calling.downloading(operation, arguments, body, options, to, told)
            return self._drive(flow, self._transport)

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
    ) -> Pages:
        """The items of an operation that responds in pages: `for job in client.paginate(...)`.

        by         how the pages follow one another: "offset", "page", "token", "next" or "link", or
                   a `Paging`; by default it is found in the document (`explain` shows what)
        max_items  how many items are read at most
        max_pages  how many pages
        state      the `state` of an earlier iteration of the same call, which goes on there

        Raises, as it is iterated, what a call raises, and PagingError: it can't be told how pages
        follow one another, a page repeats, or the next is at another origin. See docs/paging.md.
        """
        from .paging.pages import Bounds, Pages

        make = partial(self._calling.paging, operation, arguments, body, options, by)
        run = partial(self._drive, transport=self._transport)
        return Pages(make, Bounds.of(max_items, max_pages), state, run=run)

    def poll(
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
        """Call an operation until its response says what one waits for; its data.

        until     a function of the response's data that returns whether the wait is over; or values
                  by the names of members: `{"status": ["Completed", "Failed"]}`
        every     seconds between two calls; or (the first, the most): each wait is half as long
                  again as the one before. A longer `Retry-After` of a response is waited out
        timeout   seconds for all of it; None for no bound
        progress  a function of each response

        A service that fails for a while, each call after its retries, is asked again, five times in
        a row at most. Raises what a call raises, and PollTimeout. An interrupt (Ctrl-C) ends the
        wait, and nothing at the service.
        """
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
        return self._drive(flow, self._transport).data

    def map(
        self,
        operation: str,
        rows: Iterable[Mapping[str, Any]],
        /,
        *,
        workers: int = 8,
        journal: str | PathLike[str] | None = None,
        repeat: Collection[Outcome] = (),
        progress: bool | Callable[[RowResult], object] = False,
        options: Options | None = None,
        executor: Executor | None = None,
        chunk: int = 50,
    ) -> Results:
        """Call an operation once for each row of arguments, several at a time.

        rows      mappings from the names of arguments to their values, `body` among them; taken one
                  by one, so any number of them
        workers   how many calls are under way at a time; of chunks, with `executor`
        journal   a file for the results, from which a run that was interrupted is resumed: with
                  the same rows, those on record are not sent again
        repeat    outcomes on record whose rows are sent again nevertheless, such as `{"failed"}`
        progress  True for a progress bar on stderr, or a function of each `RowResult`
        options   of every call
        executor  any `concurrent.futures.Executor`: its workers make the calls, in chunks of
                  `chunk` rows; needs a journal, in a place that they can reach too

        A call that raises is a result. Raised are what concerns all rows (DocumentError,
        UnknownOperation), what taking a row raises, JournalError for a journal that does not fit,
        and TypeError for a row that is no mapping. See docs/bulk.md.
        """
        from .bulk.executors import run_in_executor
        from .bulk.results import Results
        from .bulk.workers import run_in_threads
        from .progress import watching

        with watching(progress, operation, rows) as watcher:
            batch = self._calling.mapping(operation, options, journal, repeat, watcher)
            with batch:
                if executor is not None:
                    given = {"workers": workers, "chunk": chunk}
                    run_in_executor(batch, rows, executor, self, options, **given)
                else:
                    run = partial(self._drive, transport=self._transport)
                    run_in_threads(batch, rows, workers, run)
        return Results(batch.journal.counts, batch.journal.results)

    def send(self, request: HttpRequest, *, options: Options | None = None) -> Response:
        """Send a request that `prepare` made, or one of your own with `operation=` its name.

        The response is judged as that of `request`. Credentials that the request lacks are added.
        """
        return self._drive(self._calling.sending(request, options), self._transport)

    def prepare(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> HttpRequest:
        """The request that a call would send; nothing is sent.

        Credentials are on it as far as they are at hand: a token that would have to be fetched
        first is not, and neither is what the client was never given.
        """
        flow = self._calling.preparing(operation, arguments, body, options, named_arguments)
        return self._drive(flow, self._transport)

    def explain(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Explanation:
        """Why the request would be what it would be: `str()` for people, `.curl` for a shell.

        Server, credentials, how every value is serialized. Redacted; nothing is sent.
        """
        flow = self._calling.explaining(operation, arguments, body, options, named_arguments)
        return self._drive(flow, self._transport)

    def sign_in(self, scheme: str, *, scopes: Collection[str] | None = None) -> SecurityScheme:
        """Get the credential of a security scheme now, as the first call would.

        scheme  its name in the document; returned as it is placed at the service
        scopes  of OAuth 2.0; default: all that operations ask for

        Credentials are found to be wrong, and users are asked, before there is work to lose.
        AuthError if the credential can't be had, or none was given.
        """
        return self._drive(self._calling.signing_in(scheme, scopes), self._transport)

    def compile(self, operation: str) -> None:
        """Compile all that an operation can need, now, and fetch what it refers to.

        Calls do so as far as they must. DocumentError if the document breaks the operation.
        """
        self.complete(self.operations[operation].compile)

    def complete(self, make: Callable[[], _T]) -> _T:
        """What `make` returns, which reads the document; the files that it lacks are fetched.

        `make` is called again for each of them. DocumentError for a file that can't be fetched.
        """
        return self._drive(self._calling.completing(make), self._transport)

    @cached_property
    def ops(self) -> Ops:
        """The operations as attributes: `client.ops.create_job(...)`."""
        from .ops import Ops

        return Ops(self)

    # ── life cycle ───────────────────────────────────────────────────────────────────────────

    def _open_now(self) -> None:
        from .drive import drive

        self._drive = drive
        try:
            self._drive(self._calling.opening_document(), self._transport)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections; every later call raises RuntimeError, and nothing is sent.

        So do the calls of clients that `with_options` made of this one. A transport that the
        caller gave stays open. Calls and streams under way come to their end. May be called twice.
        """
        if self._owned is not None:
            self._owned.retire()
        else:
            from .transport.base import CLOSED

            self._transport = CLOSED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
