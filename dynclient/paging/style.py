"""How the pages of an operation follow one another: told by the caller, or found in the document.

No version of OpenAPI says it, so it is found by names that many services use. Where these speak for
more than one way, or for none, the caller has to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ..document import Node
from ..document.pointer import join
from ..errors import DynclientError

if TYPE_CHECKING:
    from ..operation import Operation, Parameter

__all__ = ["By", "Paging", "PagingError", "paging_of"]

#: "offset": a parameter counts items; "page": one counts pages; "token": one takes a text of the
#: response before; "next": the body has the URL of the next page; "link": the field Link has it.
Kind: TypeAlias = Literal["offset", "page", "token", "next", "link"]


class PagingError(DynclientError):
    """It can't be told how pages follow one another, or they do not come to an end.

    `speaks` is whether the document speaks for several ways, and not for none; `repeats` whether a
    page came again.
    """

    speaks = False
    repeats = False


@dataclass(frozen=True, slots=True)
class Paging:
    """How the pages of an operation follow one another.

    kind       "offset", "page", "token", "next" or "link"
    parameter  the name of the parameter that leads to a page: of "offset", "page" and "token"
    following  where the body has the next token or URL, as a JSON Pointer: of "token" and "next"
    items      where the body has the items, as a JSON Pointer; "" for the body itself; None: its
               only array
    why        where this was found, for people
    """

    kind: Kind
    parameter: str | None = None
    following: str | None = None
    items: str | None = None
    why: str = "the call"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"Paging({self.kind!r}): give one of {', '.join(get_args(Kind))}")

    def __str__(self) -> str:
        where = f" at {self.following}" if self.following else ""
        by = f" by {self.parameter}" if self.parameter else ""
        return f"{self.kind}{by}{where}"


#: What a caller tells: all of it, or the kind alone, whose names are found.
By: TypeAlias = Paging | Kind


def _bare(name: str) -> str:
    """A name as names are compared: `page[after]`, `pageAfter` and `page_after` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_OFFSETS = frozenset({"offset", "skip", "start", "startat", "startindex", "pageoffset"})
_PAGES = frozenset({"page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage"})
_TOKENS = frozenset(
    {
        *("cursor", "pagetoken", "nexttoken", "continuationtoken", "continuation", "marker"),
        *("startingafter", "after", "pageafter", "pagecursor", "nextpagetoken", "nextcursor"),
        *("iterator", "scrollid", "next", "continue", "paginationtoken", "pagingtoken"),
    }
)
#: Members of a body with a token for the next page …
_NEXT_TOKENS = frozenset(
    {
        *("nexttoken", "nextpagetoken", "nextcursor", "nextpagecursor", "cursor", "iterator"),
        *("continuationtoken", "continuation", "nextmarker", "endcursor", "continue", "after"),
        *("nextpage", "next", "paginationtoken", "scrollid"),
    }
)
#: … and with its URL.
_NEXT_URLS = frozenset(
    {
        *("next", "nexturl", "nextlink", "nextpageurl", "nextpage", "odatanextlink", "nexthref"),
        *("nextpageuri", "nexturi"),
    }
)
#: Objects of a body that these are looked for in.
_INSIDE = frozenset(
    {
        *("links", "paging", "pagination", "meta", "metadata", "pageinfo", "cursors", "page"),
        *("next", "responsemetadata", "cursor", "metapagination"),
    }
)
_HREFS = frozenset({"href", "link", "url"})
_ITEMS = ("items", "data", "results", "value", "values", "records", "entries", "list", "content")


def paging_of(operation: Operation, by: By | None) -> Paging:
    """How the pages of an operation follow one another. PagingError if that can't be told."""
    if isinstance(by, Paging):
        _check(operation, by)
        return by
    found = list(_candidates(operation))
    if by is not None:
        if by not in get_args(Kind):
            raise ValueError(
                f"by={by!r}: give one of {', '.join(get_args(Kind))}, or a Paging(...)"
            )
        found = [each for each in found if each.kind == by] or [Paging(by)]
        if by in ("offset", "page", "token") and found[0].parameter is None:
            raise PagingError(
                f"{operation.name} has no parameter that would be known as that of {by!r}: give "
                f"by=Paging({by!r}, parameter=...); its parameters are {_named(operation)}"
            )
        return found[0]
    # The server's own links lead to the next page whatever the parameters mean.
    for kinds in (("next",), ("token",), ("link",), ("offset", "page")):
        chosen = [each for each in found if each.kind in kinds]
        if len({each.parameter or each.following for each in chosen}) == 1:
            return chosen[0]
        if chosen:
            listed = " or ".join(map(str, chosen))
            error = PagingError(
                f"{operation.name}: the document speaks for paging {listed}; tell which by by=, "
                f"such as by={chosen[0].kind!r}"
            )
            error.speaks = True
            raise error
    raise PagingError(
        f"{operation.name}: nothing in the document says how its pages follow one another; give "
        f"by=Paging(kind, parameter=..., following=...). Its parameters are {_named(operation)}"
    )


def _check(operation: Operation, by: Paging) -> None:
    names = {name for p in operation.parameters for name in (p.name, p.python_name)}
    if by.parameter is not None and by.parameter not in names:
        raise PagingError(
            f"{operation.name} has no parameter {by.parameter!r}; it has {_named(operation)}"
        )
    if by.kind in ("offset", "page", "token") and by.parameter is None:
        raise PagingError(f"Paging({by.kind!r}) needs parameter=, the name of the one to change")
    if by.kind in ("token", "next") and by.following is None:
        raise PagingError(f"Paging({by.kind!r}) needs following=, where the body has the next one")


def _named(operation: Operation) -> str:
    return ", ".join(p.name for p in operation.parameters) or "none"


def _candidates(operation: Operation) -> Iterator[Paging]:
    """What the document speaks for."""
    schema = _schema(operation)
    where = f"{operation.method} {operation.path}"
    common = Paging("link", items=_items(schema), why=where)
    if schema is not None:
        for pointer, node in _members(schema, _NEXT_URLS, _HREFS):
            if _is_url(node, pointer):
                yield replace(common, kind="next", following=pointer)
                break
    tokens = list(_parameters(operation, _TOKENS))
    if tokens and schema is not None:
        places = [pointer for pointer, _ in _members(schema, _NEXT_TOKENS)]
        for parameter in tokens:
            if places:
                place = _nearest(parameter.name, places)
                yield replace(common, kind="token", parameter=parameter.name, following=place)
    if any(header.name.lower() == "link" for header in _headers(operation)):
        yield common
    for kind, names in (("offset", _OFFSETS), ("page", _PAGES)):
        for parameter in _parameters(operation, names):
            if _counts(parameter):
                yield replace(common, kind=kind, parameter=parameter.name)  # type: ignore[arg-type]


def _parameters(operation: Operation, names: frozenset[str]) -> Iterator[Parameter]:
    for parameter in operation.parameters:
        if parameter.location == "query" and _bare(parameter.name) in names:
            yield parameter


def _counts(parameter: Parameter) -> bool:
    types = parameter.node.types()
    return types is None or not types.isdisjoint({"integer", "number"})


def _schema(operation: Operation) -> Node | None:
    """The schema of the JSON of a success."""
    for key in ("200", "2XX", "206", "default"):
        declared = operation.responses.get(key)
        if declared is not None:
            for entry in declared.content.values():
                if entry.codec.is_json and entry.schema is not None:
                    return entry.schema
    return None


def _headers(operation: Operation) -> Iterable[Any]:
    declared = operation.responses.get("200") or operation.responses.get("2XX")
    return () if declared is None else declared.headers


def _items(schema: Node | None) -> str | None:
    """Where the items of a page are, by its schema; None if that can't be told."""
    if schema is None:
        return None
    if "array" in (schema.types() or ()):
        return ""
    properties = schema.properties()
    arrays = [name for name, node in properties.items() if "array" in (node.types() or ())]
    if len(arrays) > 1:
        known = [name for name in arrays if _bare(name) in _ITEMS]
        arrays = known if len(known) == 1 else arrays
    return join([arrays[0]]) if len(arrays) == 1 else None


def _members(
    schema: Node, names: frozenset[str], inner: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Node]]:
    """Members of the body by their names, its own first, then those of its known objects."""
    properties = schema.properties()
    for name, node in properties.items():
        if _bare(name) in names and not _is_object(node):
            yield join([name]), node
    for name, node in properties.items():
        if _bare(name) in _INSIDE and _is_object(node):
            wanted = names | inner if _bare(name) == "next" else names
            for pointer, member in _deeper(node, wanted, inner):
                yield join([name]) + pointer, member


def _deeper(node: Node, names: frozenset[str], inner: frozenset[str]) -> Iterator[tuple[str, Node]]:
    for name, member in node.properties().items():
        if _is_object(member):
            if _bare(name) in names:
                for last, found in member.properties().items():
                    if _bare(last) in inner:
                        yield join([name, last]), found
        elif _bare(name) in names:
            yield join([name]), member


def _is_object(node: Node) -> bool:
    types = node.types()
    return bool(node.properties()) and (types is None or "object" in types)


def _is_url(node: Node, pointer: str) -> bool:
    """Whether a member called `next` has a URL, and not a token or a number."""
    if node.types() is not None and "string" not in (node.types() or ()):
        return False
    last = _bare(pointer.rsplit("/", 1)[-1])
    return (
        node.get("format") in ("uri", "url", "uri-reference")
        or last in _HREFS
        or last.endswith(("url", "link", "uri"))
        or "/links/" in pointer.lower()
        or "url" in str(node.get("description", "")).lower()
        or str(node.get("example", "")).startswith(("http", "/"))
    )


def _nearest(parameter: str, pointers: list[str]) -> str:
    """The token that goes with a parameter: `page_token` with `next_page_token`."""
    name = _bare(parameter)
    named = [each for each in pointers if _bare(each.rsplit("/", 1)[-1]).endswith(name)]
    return (named or pointers)[0]
