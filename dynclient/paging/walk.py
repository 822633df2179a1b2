"""One page after the other, as commands. Nothing here knows which client asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urljoin

from msgspec import structs

from ..commands import Commands
from ..document.pointer import lookup, split
from ..exchange import exchange
from ..hops import Conduct, loaded
from ..messages import Response
from ..operation import Operation, Prepared
from ..origins import origin_of
from ..plans import CallPlan
from .links import link_target
from .style import Paging, PagingError

__all__ = ["Walk"]

#: Members of a body that count all items, or all pages.
_TOTALS = ("total", "total_count", "totalCount", "totalItems", "total_items", "totalResults")

Bind = Callable[[Mapping[str, Any]], tuple[CallPlan, Prepared]]


class Walk:
    """The pages of one call.

    `bind(arguments)` gives the request of a page, `paging` how they follow one another. `position`
    is that of the next page: the value of the parameter that leads to it, or its URL; None for the
    first one, whose parameter is the caller's.
    """

    def __init__(
        self,
        operation: Operation,
        arguments: Mapping[str, Any],
        bind: Bind,
        paging: Paging,
        conduct: Conduct,
        position: Any = None,
    ) -> None:
        self._arguments = dict(arguments)
        self._bind = bind
        self._conduct = conduct
        self._operation = operation
        self._before: bytes | None = None
        self._size = 0
        self._seen: set[str] = set()
        self.paging = paging
        self.position = position
        #: The page that was read last, and whether there is another one.
        self.response: Response | None = None
        self.has_more = True

    def page(self) -> Commands[list[Any]]:
        """The items of the next page. Raises what a call raises, and PagingError."""
        paging, position = self.paging, self.position
        arguments = self._arguments
        if position is not None and paging.parameter is not None:
            arguments = {**self._without(paging.parameter), paging.parameter: position}
        document = self._operation.document
        plan, prepared = yield from loaded(partial(self._bind, arguments), document, self._conduct)
        if position is not None and paging.parameter is None:
            # A state may come from anywhere.
            self._check_origin(prepared.request.url, str(position))
            request = replace(prepared.request, url=str(position))
            plan = structs.replace(plan, auth=plan.auth.lacking(request))
            prepared = Prepared(request, prepared.violations, prepared.headers)
        response = yield from exchange(plan, prepared, self._conduct)
        items = self._items(response.data)
        self._check_repeat(response, items)
        self.response = response
        self.position = self._following(response, items)
        self.has_more = self.position is not None
        return items

    def _without(self, name: str) -> dict[str, Any]:
        """The arguments but for a parameter, which may have been given by either of its names."""
        parameter = self._parameter(name)
        names = {name, parameter.name, parameter.python_name}
        return {key: value for key, value in self._arguments.items() if key not in names}

    def _parameter(self, name: str) -> Any:
        return next(p for p in self._operation.parameters if name in (p.name, p.python_name))

    def _given(self, name: str) -> Any:
        """The value of a parameter in the first request: given, else its default."""
        parameter = self._parameter(name)
        for key in (parameter.name, parameter.python_name):
            if self._arguments.get(key) is not None:
                return self._arguments[key]
        return parameter.node.get("default")

    # ── what a page says ─────────────────────────────────────────────────────────────────────

    def _items(self, data: Any) -> list[Any]:
        pointer = self.paging.items
        found = data if not pointer else _at(data, pointer)
        if pointer is None and isinstance(data, Mapping):
            arrays = [value for value in data.values() if isinstance(value, list)]
            found = arrays[0] if len(arrays) == 1 else None
        if found is None and pointer:  # a page without items may lack their member
            return []
        if not isinstance(found, list):
            where = "there is not just one array" if pointer is None else f"{pointer} is none"
            raise PagingError(
                f"{self._operation.name}: the items of a page are an array, and {where}; give "
                "by=Paging(..., items=...), a JSON Pointer into the body"
            )
        return found

    def _check_repeat(self, response: Response, items: list[Any]) -> None:
        """A service that ignores the parameter responds with the same page for ever."""
        if items and self._before is not None and response.content == self._before:
            error = PagingError(
                f"{self._operation.name}: the page is the same as the one before "
                f"({self.paging}); the service seems to ignore what leads to the next one"
            )
            error.repeats = True
            raise error
        self._before = response.content

    def _following(self, response: Response, items: list[Any]) -> Any:
        """The position of the page after this one; None if it was the last."""
        kind, data = self.paging.kind, response.data
        if kind == "link":
            return self._url(response, link_target(response.headers.get("Link", ""), "next"))
        if kind in ("token", "next"):
            found = _at(data, str(self.paging.following))
            if found is None or found in ("", False):
                return None
            return self._url(response, str(found)) if kind == "next" else self._new(found)
        return self._counted(data, items)

    def _url(self, response: Response, target: str | None) -> str | None:
        if not target:
            return None
        here = response.request.url
        url = urljoin(here, target)
        self._check_origin(here, url)
        return str(self._new(url))

    def _check_origin(self, here: str, url: str) -> None:
        """PagingError for a page elsewhere: the credentials of the call would go along."""
        try:
            moved = origin_of(url) != origin_of(here)
        except ValueError:
            moved = True
        if moved:
            raise PagingError(
                f"{self._operation.name}: the next page is at another origin than this one: "
                f"{self._operation.redactor.url(url)}"
            )

    def _new(self, position: Any) -> Any:
        key = repr(position)  # a token may be any JSON
        if key in self._seen:
            raise PagingError(
                f"{self._operation.name}: the pages do not end: the next one was read before"
            )
        self._seen.add(key)
        return position

    def _counted(self, data: Any, items: list[Any]) -> int | None:
        """The next offset or page number."""
        name = str(self.paging.parameter)
        by_page = self.paging.kind == "page"
        base = self._parameter(name).node.get("minimum", 1 if by_page else 0)
        now = self.position if self.position is not None else self._given(name)
        if now is None:
            now = base
        total, before = _total(data), self._size
        self._size = len(items)
        if by_page:  # such a page may be short though others follow: what is filtered out counts
            return int(now) + 1 if items else None
        following = int(now) + len(items)
        if isinstance(total, int) and following - base >= total:
            return None
        # The size that was asked for does not count: services have bounds of their own.
        return following if len(items) >= max(before, 1) else None


def _total(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return None
    return next((data[key] for key in _TOTALS if key in data), None)


def _at(data: Any, pointer: str) -> Any:
    """The value at a JSON Pointer; None if there is none. `-1` is the last item of an array."""
    for step in split(pointer):
        if step == "-1" and isinstance(data, list):
            data = data[-1] if data else None
            continue
        try:
            data = lookup(data, [step])
        except KeyError:
            return None
    return data
