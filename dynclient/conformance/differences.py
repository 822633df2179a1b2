"""Two versions of a document: which changes break callers, and which break servers.

A caller that was written for the old document breaks where it may send what the new one does not
take, or get what it does not expect. A server that was written for the old one breaks where the new
one lets callers send, or makes the server promise, what it does not know. So the same change of a
schema breaks the one in a request and the other in a response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..client import Client
from ..operation import Operation, Operations, Parameter
from ..operation.declared import DeclaredResponse
from .diff_schemas import compared

if TYPE_CHECKING:
    from ..document import Node, Source
    from ..operation.content.entry import MediaEntry

__all__ = ["Breaks", "Change", "diff"]

#: Whom a change breaks: "none" is worth knowing, and breaks nobody.
Breaks: TypeAlias = Literal["callers", "servers", "both", "none"]
Direction: TypeAlias = Literal["request", "response"]

_BY_RELATION: dict[tuple[Direction, str], Breaks] = {
    ("request", "narrowed"): "callers",
    ("request", "widened"): "servers",
    ("request", "changed"): "both",
    ("response", "widened"): "callers",
    ("response", "narrowed"): "servers",
    ("response", "changed"): "both",
}
#: Rules that break others than their relation says.
_EXCEPTIONS: dict[tuple[Direction, str], Breaks] = {
    ("request", "property-removed"): "callers",
    ("response", "property-removed"): "callers",
    ("response", "property-added"): "callers",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    rule       what kind it is: operation-removed, parameter-required, type, enum, …
    breaks     "callers", "servers", "both" or "none"
    operation  its name in the document that has it
    where      `request.query.limit`, `request.body/items/*/id`, `response.200.body/state`, …
    message    a sentence
    old, new   JSON Pointers into the two documents; "" where nothing stands
    """

    rule: str
    breaks: Breaks
    operation: str
    where: str
    message: str
    old: str = ""
    new: str = ""


def diff(old: Source | Client, new: Source | Client) -> list[Change]:
    """All changes from one document to another, those that break somebody first.

    Operations are the same by method and path. Raises DocumentError.
    """
    clients = [each if isinstance(each, Client) else Client(each, auth={}) for each in (old, new)]
    before, after = (each.operations for each in clients)
    found = [*_operations(before, after), *_servers(*clients)]
    order = ("both", "callers", "servers", "none")
    return sorted(found, key=lambda each: (order.index(each.breaks), each.operation, each.where))


def _operations(before: Operations, after: Operations) -> Iterator[Change]:
    old = {(each.method, _shape(each.path)): each for each in before.values()}
    new = {(each.method, _shape(each.path)): each for each in after.values()}
    for key in old.keys() - new.keys():
        one = old[key]
        message = f"{one.method} {one.path} is gone"
        yield Change("operation-removed", "callers", one.name, "", message, one.at.pointer)
    for key in new.keys() - old.keys():
        two = new[key]
        message = f"{two.method} {two.path} is new"
        yield Change("operation-added", "servers", two.name, "", message, "", two.at.pointer)
    for key in old.keys() & new.keys():
        yield from _operation(old[key], new[key])


def _shape(path: str) -> str:
    """A path template whatever its placeholders are called."""
    import re

    return re.sub(r"\{[^{}]*\}", "{}", path)


def _operation(old: Operation, new: Operation) -> Iterator[Change]:
    name, at = new.name, (old.at.pointer, new.at.pointer)
    if old.operation_id != new.operation_id:
        message = f"its operationId was {old.operation_id!r}, and is {new.operation_id!r}"
        yield Change("operation-id", "callers", name, "", message, *at)
    if not old.deprecated and new.deprecated:
        yield Change("deprecated", "none", name, "", "it is deprecated now", *at)
    yield from _security(old, new)
    yield from _parameters(old, new)
    yield from _body(old, new)
    yield from _responses(old, new)


def _security(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = ([frozenset(each) for each in one.security] for one in (old, new))
    if not any(a <= b for a in after or [frozenset()] for b in before or [frozenset()]):
        names = " or ".join(" and ".join(sorted(each)) or "nothing" for each in after)
        message = f"it demands other credentials: {names or 'nothing'}"
        pointer = new.at.child("security").pointer
        yield Change("security", "callers", new.name, "request.security", message, "", pointer)


def _parameters(old: Operation, new: Operation) -> Iterator[Change]:
    before = {_place(old, each): each for each in old.parameters}
    after = {_place(new, each): each for each in new.parameters}
    gone = before.keys() - after.keys()
    for key in after.keys() - before.keys():
        two = after[key]
        moved = next((before[k] for k in gone if before[k].name == two.name), None)
        at = ("" if moved is None else moved.at.pointer, two.at.pointer)
        where = f"request.{two.key}"
        if moved is not None:
            gone -= {_place(old, moved)}
            message = f"it was in {moved.location}, and is in {two.location}"
            yield Change("parameter-moved", "both", new.name, where, message, *at)
        elif two.required:
            message = "it is new, and required"
            yield Change("parameter-added-required", "callers", new.name, where, message, *at)
        else:
            yield Change("parameter-added", "servers", new.name, where, "it is new", *at)
    for key in gone:
        one = before[key]
        where = f"request.{one.key}"
        yield Change("parameter-removed", "callers", new.name, where, "it is gone", one.at.pointer)
    for key in before.keys() & after.keys():
        yield from _parameter(new.name, before[key], after[key])


def _place(operation: Operation, parameter: Parameter) -> str:
    """By what a parameter is the same: of a path, its position, as its name is not sent."""
    if parameter.location != "path":
        return f"{parameter.location}.{parameter.name.lower()}"
    return f"path.{operation.path.find(f'{{{parameter.name}}}')}"


def _parameter(operation: str, old: Parameter, new: Parameter) -> Iterator[Change]:
    where, at = f"request.{new.key}", (old.at.pointer, new.at.pointer)
    if old.required != new.required:
        word = "required now" if new.required else "not required any more"
        rule = "parameter-required" if new.required else "parameter-optional"
        breaks: Breaks = "callers" if new.required else "servers"
        yield Change(rule, breaks, operation, where, f"it is {word}", *at)
    if (old.style, old.explode) != (new.style, new.explode):
        message = (
            f"it was of style {old.style}, explode {old.explode}; now {new.style}, {new.explode}"
        )
        yield Change("parameter-style", "both", operation, where, message, *at)
    yield from _schemas(operation, where, "request", old.node, new.node)


def _body(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = old.request_body, new.request_body
    at = tuple(each.at.child("requestBody").pointer for each in (old, new))
    where = "request.body"
    if before is None and after is None:
        return
    if before is None or after is None:
        is_new = before is None
        rule = "body-added" if is_new else "body-removed"
        required = is_new and after is not None and after.required
        breaks: Breaks = "callers" if required or not is_new else "servers"
        word = "there is a body now" if is_new else "there is no body any more"
        yield Change(rule, breaks, new.name, where, word, *at)
        return
    if before.required != after.required:
        rule = "body-required" if after.required else "body-optional"
        breaks = "callers" if after.required else "servers"
        word = "it is required now" if after.required else "it is not required any more"
        yield Change(rule, breaks, new.name, where, word, *at)
    types, others = ({each.media_type: each for each in body.media} for body in (before, after))
    yield from _contents(new.name, where, "request", types, others, at)


def _responses(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = old.responses, new.responses
    at = tuple(each.at.child("responses").pointer for each in (old, new))
    for status in after.keys() - before.keys():
        breaks: Breaks = "callers" if status[:1] in "123" else "none"
        where = f"response.{status}"
        yield Change("status-added", breaks, new.name, where, "it is new", *at)
    for status in before.keys() - after.keys():
        breaks = "both" if status[:1] == "2" else "servers"
        where = f"response.{status}"
        yield Change("status-removed", breaks, new.name, where, "it is gone", *at)
    for status in before.keys() & after.keys():
        yield from _response(new.name, status, before[status], after[status])


def _response(
    operation: str, status: str, old: DeclaredResponse, new: DeclaredResponse
) -> Iterator[Change]:
    where, at = f"response.{status}", (old.at.pointer, new.at.pointer)
    yield from _contents(operation, where, "response", old.content, new.content, at)
    before = {each.name.lower(): each for each in old.headers}
    after = {each.name.lower(): each for each in new.headers}
    for name in before.keys() - after.keys():
        place = f"{where}.header.{before[name].name}"
        yield Change("header-removed", "callers", operation, place, "it is gone", *at)
    for name, header in after.items():
        if header.required and (name not in before or not before[name].required):
            place = f"{where}.header.{header.name}"
            message = "it must be there now"
            yield Change("header-required", "servers", operation, place, message, *at)


def _contents(
    operation: str,
    where: str,
    direction: Direction,
    old: Mapping[str, MediaEntry],
    new: Mapping[str, MediaEntry],
    at: tuple[str, ...],
) -> Iterator[Change]:
    """The media types of a body, and the schemas of those that both have."""
    rule, word = f"{direction}-media-type", "taken" if direction == "request" else "sent"
    for key in old.keys() - new.keys():
        message = f"{key} is not {word} any more"
        yield Change(f"{rule}-removed", "callers", operation, where, message, *at)
    for key in new.keys() - old.keys():
        message = f"{key} {'is taken' if direction == 'request' else 'may be sent'} now"
        yield Change(f"{rule}-added", "servers", operation, where, message, *at)
    place = where if direction == "request" else f"{where}.body"
    for key in old.keys() & new.keys():
        yield from _schemas(operation, place, direction, old[key].schema, new[key].schema)


def _servers(old: Client, new: Client) -> Iterator[Change]:
    before, after = ([str(s.get("url")) for s in each.document.servers] for each in (old, new))
    for url in before:
        if url not in after:
            yield Change("server-removed", "callers", "", "servers", f"{url} is gone", "/servers")


def _schemas(
    operation: str, where: str, direction: Direction, old: Node | None, new: Node | None
) -> Iterator[Change]:
    for each in compared(old, new):
        yield Change(
            each.rule,
            _EXCEPTIONS.get((direction, each.rule)) or _BY_RELATION[direction, each.relation],
            operation,
            f"{where}{each.path}",
            each.message,
            "" if each.old is None else each.old.at.pointer,
            "" if each.new is None else each.new.at.pointer,
        )
