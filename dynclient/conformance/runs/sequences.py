"""What takes several calls: an object that is created, read, deleted and read again; pages.

An operation that creates is a POST to a collection; the objects of `/jobs` are at `/jobs/{id}`. Ids
are learnt from what the service responds.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import DynclientError
from ...messages import HttpRequest
from ...operation import Operation
from ...paging.style import PagingError, paging_of
from ..exchanges import Exchange, http_of
from ..findings import Finding
from .cases import Case
from .made import arguments_for
from .probe import Probe, finding

__all__ = ["Pool", "Resource", "check_pages", "live", "resources_of"]

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
_MOST_KNOWN = 20
_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection, and what can be done with one of its objects.

    path   of an object: "/jobs/{id}"; `name` is that of its last parameter
    """

    path: str
    name: str
    create: Operation | None
    read: Operation | None
    update: Operation | None
    delete: Operation | None


def resources_of(operations: Mapping[str, Operation]) -> list[Resource]:
    """The resources of a document: each path that ends in a parameter."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in operations.values():
        by_path[operation.path][operation.method.upper()] = operation
    found = []
    for path, methods in by_path.items():
        head, _, last = path.rstrip("/").rpartition("/")
        match = _TEMPLATE.fullmatch(last)
        if match is not None:
            above = by_path.get(head) or by_path.get(f"{head}/") or {}
            found.append(
                Resource(
                    path,
                    match[1],
                    above.get("POST"),
                    methods.get("GET"),
                    methods.get("PUT"),
                    methods.get("DELETE"),
                )
            )
    return found


@dataclass
class Pool:
    """Ids that the service has told, by the path of their collection."""

    _ids: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, operation: Operation, exchange: Exchange) -> None:
        """Keep the ids of a response: of the object, or of the items of a collection."""
        response = exchange.response
        if response is None or not exchange.is_served:
            return
        kept = self._ids[operation.path.rstrip("/")]
        for value in _ids_in(response.content, operation.path):
            if value not in kept and len(kept) < _MOST_KNOWN:
                kept.append(value)

    def known_for(self, operation: Operation) -> dict[str, Any]:
        """Values for the parameters of a path, as far as they are known."""
        found: dict[str, Any] = {}
        for match in _TEMPLATE.finditer(operation.path):
            ids = self._ids.get(operation.path[: match.start()].rstrip("/"))
            if ids:
                found[match[1]] = ids[-1]
        return found

    def forget(self, operation: Operation, value: Any) -> None:
        """An object that is gone."""
        head = operation.path.rstrip("/").rpartition("/")[0]
        if value in self._ids.get(head, ()):
            self._ids[head].remove(value)


def _ids_in(content: bytes, path: str) -> Iterator[Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return
    singular = path.rstrip("/").rpartition("/")[2].removesuffix("s")
    names = ("id", f"{singular}_id", f"{singular}Id", "uuid", "name", "key")
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        items = [data, *(item for each in lists for item in each[:_MOST_KNOWN])]
    else:
        items = data[:_MOST_KNOWN] if isinstance(data, list) else []
    for item in items:
        if isinstance(item, dict):
            value = next((item[name] for name in names if item.get(name)), None)
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield value


class _Steps:
    """The steps of one object's life."""

    def __init__(self, probe: Probe, pool: Pool, resource: Resource) -> None:
        self.probe, self.pool, self.resource = probe, pool, resource

    def request(self, operation: Operation, known: Mapping[str, Any]) -> HttpRequest | None:
        """The request for a step, of an operation without a body."""
        try:
            arguments = arguments_for(operation, {**self.pool.known_for(operation), **known})
            return self.probe.unsigned.prepare(operation.name, arguments)
        except (DynclientError, ValueError, TypeError):
            return None

    def step(self, operation: Operation, request: HttpRequest) -> tuple[Case, Exchange]:
        case = Case(operation.name, request, "sequence")
        return case, self.probe.send(case)

    def count(self, case: Case, exchange: Exchange, found: Finding | None = None) -> None:
        self.probe.count(case, exchange, [] if found is None else [found])


def live(
    probe: Probe, pool: Pool, resource: Resource, create: HttpRequest, others: Sequence[Any]
) -> None:
    """Create an object, read it, read it as somebody else, put it twice, delete it, read it again.

    `others` are clients of other users, to whom the object does not belong.
    """
    made, read, delete = resource.create, resource.read, resource.delete
    if made is None or read is None:
        return
    steps = _Steps(probe, pool, resource)
    case, created = steps.step(made, create)
    steps.count(case, created)
    if created.response is None or not created.is_served:
        return
    pool.learn(made, created)
    value = next(_ids_in(created.response.content, made.path), None)
    if value is None:
        return
    known = {resource.name: value}
    asked = steps.request(read, known)
    if asked is None:
        return
    case, found = steps.step(read, asked)
    seen = None
    if found.is_served:
        seen = _another(found, resource, value)
    elif found.status in _GONE:
        message = f"{made.name} created it, {read.name} has it not"
        seen = finding("DC411", "response.status", message)
    steps.count(case, found, seen)
    for other in others:
        _read_by(steps, other, read, asked)
    if found.is_served and resource.update is not None:
        _put_twice(steps, resource.update, asked, found)
    if delete is not None:
        _delete(steps, delete, asked, known)


def _another(exchange: Exchange, resource: Resource, value: Any) -> Finding | None:
    """Whether the object has another id than the one that it was asked for by."""
    collection = resource.path.rstrip("/").rpartition("/")[0]
    content = b"" if exchange.response is None else exchange.response.content
    told = next(_ids_in(content, collection), value)
    if str(told) == str(value):
        return None
    return finding("DC414", "response.body", "the object that came has another id")


def _read_by(steps: _Steps, other: Any, read: Operation, asked: HttpRequest) -> None:
    case = Case(read.name, asked, "sequence")
    exchange = steps.probe.send(case, other)
    found = finding("DC303", "request.security", "the object of one user was served to another")
    steps.count(case, exchange, found if exchange.is_served else None)


def _put_twice(steps: _Steps, update: Operation, asked: HttpRequest, found: Exchange) -> None:
    """PUT what was read, twice: the object is the same after the second as after the first."""
    read = steps.resource.read
    if found.response is None:
        return
    kind = found.response.headers.get("Content-Type", "application/json")
    request = HttpRequest(
        "PUT", asked.url, asked.headers.merged({"Content-Type": kind}), found.response.content
    )
    if read is None or steps.probe.is_right(Case(update.name, request, "sequence")) is not True:
        return
    seen = []
    for _ in range(2):
        case, put = steps.step(update, request)
        steps.count(case, put)
        if not put.is_served:
            break
        _, now = steps.step(read, asked)
        seen.append(b"" if now.response is None else now.response.content)
    else:
        if seen[0] != seen[1]:
            message = f"after a second {update.name} the object is another one"
            steps.count(case, put, finding("DC413", "response.body", message))
        return
    if seen:  # the first was served, and the second was not
        message = f"a second {update.name} of the same fails"
        steps.count(case, put, finding("DC413", "response.status", message))


def _delete(steps: _Steps, delete: Operation, asked: HttpRequest, known: Mapping[str, Any]) -> None:
    read = steps.resource.read
    request = steps.request(delete, known)
    if request is None or read is None:
        return
    case, gone = steps.step(delete, request)
    steps.count(case, gone)
    if not gone.is_served:
        return
    steps.pool.forget(read, known[steps.resource.name])
    case, after = steps.step(read, asked)
    # 202: it will be deleted, some time.
    still = after.status == 200 and gone.status != 202
    message = f"{delete.name} deleted it, and {read.name} still has it"
    steps.count(case, after, finding("DC412", "response.status", message) if still else None)
    case, again = steps.step(delete, request)
    fails = again.response is None or again.status >= 500
    message = f"a second {delete.name} fails"
    steps.count(case, again, finding("DC413", "response.status", message) if fails else None)


#: Parameters that say how many items a page has.
_SIZES = frozenset({"limit", "per_page", "page_size", "pagesize", "size", "count", "first"})


def check_pages(probe: Probe, operation: Operation) -> None:
    """Read two small pages of a list by offset or page number: no item is on both."""
    try:
        if paging_of(operation, None).kind not in ("offset", "page"):
            return
    except DynclientError:
        return
    arguments = arguments_for(operation, {})
    arguments |= {p.python_name: 2 for p in operation.parameters if p.name.lower() in _SIZES}
    pages = probe.signed.paginate(operation.name, arguments, max_pages=2)
    read: dict[int, list[Any]] = {}
    repeats = False
    try:
        for item in pages:
            probe.check_time()
            read.setdefault(id(pages.response), []).append(item)
    except PagingError as error:
        repeats = error.repeats
    except DynclientError:
        return
    first, *others = read.values() if read else [[]]
    repeats = repeats or any(item in first for each in others for item in each)
    response = pages.response
    if not repeats or response is None:
        return
    case = Case(operation.name, response.request, "sequence")
    found = finding("DC415", "response.body", "an item of the first page is on the second too")
    probe.count(case, Exchange(response.request, http_of(response)), [found])
