"""Answers read as they come: items of a row one at a time, bytes piece by piece.

    with client.stream("watch_jobs", limit=5) as response:
        for item in response:
            ...

Source: OpenAPI 3.2.0, section "Sequential Media Types".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, NoReturn

from .calls import CallPlan, settle
from .messages import Headers, HttpRequest, HttpResponse, Response, Violation
from .operation import Operation, Prepared
from .operation.response import Begun
from .transport import OpenResponse, Transport
from .transport.opened import too_large

__all__ = ["Opening", "StreamedResponse"]


@contextmanager
def _opened(
    plan: CallPlan, prepared: Prepared, transport: Transport, own: Mapping[str, str] | None
) -> Generator[StreamedResponse, None, None]:
    """Send the request on entering the block, and close the answer on leaving it.

    `own` are the fields that this call sets, which go before the client's credentials.
    Raises AuthError and TransportError; StatusError for an answer of 4xx or 5xx, which is read
    whole; InvalidResponse for one whose status, content type or fields break the document.
    """
    started = perf_counter()
    send = transport.send
    request = plan.auth.authenticate(prepared.request, send)
    if own:
        request = request.with_headers(own)
    answer = _open(transport, request)
    try:
        content = answer.read() if answer.status >= 400 else b""
        once = isinstance(request.content, Iterator)
        if answer.status == 401 and plan.auth.refused() and not once:
            # A token may have been revoked before its time: one more try, with a fresh one.
            request = plan.auth.authenticate(prepared.request, send)
            if own:
                request = request.with_headers(own)
            answer = _open(transport, request)
            content = answer.read() if answer.status >= 400 else b""
        if answer.status >= 400:
            elapsed = perf_counter() - started
            http = HttpResponse(answer.status, answer.headers, content, answer.url, elapsed)
            settle(plan.parse(http, request), plan.policy, prepared.violations)
        yield StreamedResponse(plan, request, answer, prepared.violations, started)
    finally:
        answer.close()


def _open(transport: Transport, request: HttpRequest) -> OpenResponse:
    """The answer, opened; of a transport that can't, one that is there as a whole."""
    opener: Callable[[HttpRequest], OpenResponse] | None = getattr(transport, "open", None)
    if opener is not None:
        return opener(request)
    http = transport.send(request)
    return OpenResponse(
        http.status, http.headers, http.url or request.url, (http.content,), request=request
    )


class Opening(AbstractContextManager["StreamedResponse"]):
    """What `Client.stream` returns: a request, sent on entering it as a `with` block.

    Whoever takes it for the response itself is told so, by the error that its use as one raises.
    """

    def __init__(
        self,
        plan: CallPlan,
        prepared: Prepared,
        transport: Transport,
        own: Mapping[str, str] | None,
    ) -> None:
        """`own` as for the block itself; see `_opened`."""
        self._block = _opened(plan, prepared, transport, own)

    def __enter__(self) -> StreamedResponse:
        return self._block.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._block.__exit__(kind, error, traceback)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"no {name!r} yet: {_NOT_SENT}", name=name, obj=self)

    def __iter__(self) -> NoReturn:
        raise TypeError(f"no items yet: {_NOT_SENT}")


_NOT_SENT = (
    "the request is sent on entering a `with` block; write "
    "`with client.stream(...) as response:` and use the response in it"
)


class StreamedResponse:
    """An answer whose body is still to be read, in one way: as items, as bytes, or whole.

    status      the HTTP status, less than 400
    headers     its fields
    url         the address that answered, which differs from the request's after a redirect
    operation   what was called
    request     what was sent
    media_type  the declared media type it was matched with; None if there is none
    violations  what was told so far at a level of "warn"; more may be added as items come

    For one thread at a time, and until the end of the `with` block.
    """

    def __init__(
        self,
        plan: CallPlan,
        request: HttpRequest,
        answer: OpenResponse,
        told_before: tuple[Violation, ...],
        started: float,
    ) -> None:
        """`started` is of perf_counter. InvalidResponse if the header breaks the document."""
        self._plan = plan
        self._answer = answer
        self._started = started
        self.status: int = answer.status
        self.headers: Headers = answer.headers
        self.url: str = answer.url
        self.operation: Operation = plan.operation
        self.request: HttpRequest = request
        self._begun: Begun
        self._begun, faults = plan.responses.begin(answer.status, answer.headers, plan.policy)
        self.media_type: str | None = self._begun.media_type
        head = settle(self._response(None, b"", faults), plan.policy, told_before)
        self.violations: tuple[Violation, ...] = head.violations
        self._mode = ""
        self._records: Iterator[bytes] = iter(())
        self._index = -1
        self._since = 0

    # Items --------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        """The items of a row: JSON Lines, JSON text sequences, server-sent events.

        Each is judged by the document's `itemSchema` as it comes. One that breaks it raises
        InvalidResponse with the item as its `data`, and iterating anew goes on behind it; at a
        level of "warn" it is logged and yielded, as bytes if it can't be decoded.
        TypeError if the content is no row of items.
        """
        records = self._begun.records
        if records is None and not self._begun.bodiless:
            kind = self.headers.get("Content-Type", "without a type")
            raise TypeError(
                f"{self.operation.name}: content {kind} is no row of items; "
                "use iter_bytes(), save() or read()"
            )
        self._read_as("items")
        if self._index < 0 and records is not None:
            self._index = 0
            self._records = records.cut(self._counted())
        return self._items()

    def _items(self) -> Iterator[Any]:
        for record in self._records:
            self._since = 0
            yield self._item(record)

    def _counted(self) -> Iterator[bytes]:
        """The pieces, with a bound on those of a single item."""
        limit = self._answer.limit
        for piece in self._answer:
            self._since += len(piece)
            if limit is not None and self._since - len(piece) > limit:
                raise too_large(limit, self.request)
            yield piece

    def _item(self, record: bytes) -> Any:
        """One item, decoded and judged."""
        index, begun, policy = self._index, self._begun, self._plan.policy
        self._index += 1
        assert begun.records is not None  # noqa: S101
        item: Any = record
        faults: list[Violation] = []
        try:
            item = begun.records.decode(record)
        except ValueError as error:
            reason = f"the item can't be read as {self.headers.get('Content-Type')}: {error}"
            faults.append(Violation("response.body", f"/{index}", "", "encoding", reason))
        else:
            if policy.body != "off":
                faults += [
                    replace(violation, pointer=f"/{index}{violation.pointer}")
                    for violation in begun.judge(item)
                ]
        if faults:
            faults = self.operation.document.published(faults)
            settled = settle(self._response(item, record, faults), policy)
            self.violations += settled.violations
        return item

    # Bytes --------------------------------------------------------------------------------------

    def iter_bytes(self) -> Iterator[bytes]:
        """The decoded body in pieces, as they come; none is empty. Raises TransportError."""
        self._read_as("bytes")
        return iter(self._answer)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the rest of the body to a file; the number of bytes.

        A file of that name is replaced once all has come: after an error it is as it was.
        Raises TransportError and OSError.
        """
        target = Path(path)
        if target.exists() and not target.is_file():
            return self._write(target)  # a pipe or a device: nothing to replace
        target = target.resolve()
        part = target.with_name(f"{target.name}.{os.getpid()}-{id(self):x}.part")
        try:
            size = self._write(part)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return size

    def _write(self, path: Path) -> int:
        with path.open("wb") as file:
            return sum(map(file.write, self.iter_bytes()))

    def read(self) -> Response:
        """The whole body, parsed and judged as `Client.request` would.

        Raises what that raises, and ResponseTooLarge for more than the transport's
        max_response_bytes.
        """
        self._read_as("whole")
        content = self._answer.read()
        elapsed = perf_counter() - self._started
        http = HttpResponse(self.status, self.headers, content, self.url, elapsed)
        response = self._plan.parse(http, self.request)
        # What was told of the header is not told again.
        new = tuple(fault for fault in response.violations if fault not in self.violations)
        response = settle(replace(response, violations=new), self._plan.policy)
        return replace(response, violations=(*self.violations, *response.violations))

    def close(self) -> None:
        """Close the connection unless all was read; the end of the `with` block does the same."""
        self._answer.close()

    def _read_as(self, mode: str) -> None:
        if self._mode not in ("", mode) or (mode == "whole" and self._mode):
            raise RuntimeError(f"the response has been read already, as {self._mode}")
        self._mode = mode

    def _response(self, data: Any, content: bytes, faults: list[Violation]) -> Response:
        return Response(
            data,
            self.status,
            self.headers,
            content,
            self.operation.info,
            perf_counter() - self._started,
            self.request,
            self.media_type,
            tuple(faults),
        )

    def __repr__(self) -> str:
        return f"<StreamedResponse {self.status} to {self.operation.name}>"
