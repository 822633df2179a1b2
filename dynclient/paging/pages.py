"""What a caller iterates: the items of all pages, and where they stand."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..commands import Commands
from ..messages import Response
from .style import Paging
from .walk import Walk

__all__ = ["AsyncPages", "Bounds", "Pages"]


class Bounds(NamedTuple):
    """How many items and pages are read at most; ValueError for what is no such number."""

    items: float
    pages: float

    @classmethod
    def of(cls, max_items: int | None, max_pages: int | None) -> Bounds:
        for name, value in (("max_items", max_items), ("max_pages", max_pages)):
            if value is not None and (not isinstance(value, int) or value < 0):
                raise ValueError(f"{name}= is a whole number, 0 or above, not {value!r}")
        return cls(*(math.inf if each is None else each for each in (max_items, max_pages)))


class _Pages:
    """What both kinds share. `make` gives the walk, which may have to read the document."""

    def __init__(
        self, make: Callable[[], Commands[Walk]], bounds: Bounds, state: Mapping[str, Any] | None
    ) -> None:
        self._make = make
        self._bounds = bounds
        self._walk: Walk | None = None
        self._items: list[Any] = []
        self._at = 0
        self._given = 0
        self._pages = 0
        # Where the page that is being read began.
        self._position: Any = None if state is None else state["position"]
        self._skip: int = 0 if state is None else state["skip"]

    @property
    def paging(self) -> Paging | None:
        """How the pages follow one another; None before the first one is read."""
        return None if self._walk is None else self._walk.paging

    @property
    def response(self) -> Response | None:
        """The page that was read last."""
        return None if self._walk is None else self._walk.response

    @property
    def state(self) -> dict[str, Any]:
        """Where the iteration stands, as JSON can hold it: `paginate(..., state=...)` goes on."""
        return {"position": self._position, "skip": self._skip + self._at}

    def _next_page(self) -> Commands[bool]:
        """Read a page; False if there is none, or the bounds do not allow it."""
        if self._walk is None:
            self._walk = yield from self._make()
            self._walk.position = self._position
        if not self._walk.has_more or self._pages >= self._bounds.pages:
            return False
        position = self._walk.position
        items = yield from self._walk.page()
        skip = self._skip if self._pages == 0 else 0
        self._items, self._at, self._position, self._skip = items[skip:], 0, position, skip
        self._pages += 1
        return True

    def _take(self) -> Any:
        item = self._items[self._at]
        self._at += 1
        self._given += 1
        return item

    @property
    def _is_full(self) -> bool:
        return self._given >= self._bounds.items


class Pages(_Pages, Iterator[Any]):
    """The items of all pages. `state` resumes, `response` is the page read last."""

    def __init__(self, *given: Any, run: Callable[[Commands[bool]], bool]) -> None:
        super().__init__(*given)
        self._run = run

    def __next__(self) -> Any:
        while not self._is_full:
            if self._at < len(self._items):
                return self._take()
            if not self._run(self._next_page()):
                break
        raise StopIteration


class AsyncPages(_Pages, AsyncIterator[Any]):
    """The same for `async for`."""

    def __init__(self, *given: Any, run: Callable[[Commands[bool]], Awaitable[bool]]) -> None:
        super().__init__(*given)
        self._run = run

    async def __anext__(self) -> Any:
        while not self._is_full:
            if self._at < len(self._items):
                return self._take()
            if not await self._run(self._next_page()):
                break
        raise StopAsyncIteration
