"""Where secrets stand in data: in properties of their own, and in lists and maps of them."""

from __future__ import annotations

from collections.abc import Iterator

from ...document import Location, Node
from ...schema.directions import is_secret

__all__ = ["holders", "holds_secret"]

_LISTS = ("prefixItems", "allOf", "anyOf", "oneOf")
_MEMBERS = ("items", "additionalProperties", "contains", "unevaluatedItems")
_NAMED = ("properties", "patternProperties")


def holds_secret(schema: Node) -> bool:
    """Whether a value must not be shown as a whole: itself, its items, or members of any name."""
    seen: set[Location] = set()
    stack = [schema]
    while stack:
        node = stack.pop()
        if is_secret(node):
            return True
        for each in node.in_place():
            if each.at not in seen:
                seen.add(each.at)
                stack.extend(each.child(keyword) for keyword in _MEMBERS)
                stack.extend(each.entries("prefixItems"))
                stack.extend(member for _, member in each.items("patternProperties"))
    return False


def holders(schema: Node) -> frozenset[str]:
    """The names of the properties, at any depth, whose values hold a secret without a name."""
    found: set[str] = set()
    seen: set[Location] = set()
    stack = [schema]
    while stack:
        node = stack.pop().follow()
        if node.at in seen or not isinstance(node.value, dict):
            continue
        seen.add(node.at)
        found |= {name for name, member in node.items("properties") if holds_secret(member)}
        stack.extend(_below(node))
    return frozenset(found)


def _below(node: Node) -> Iterator[Node]:
    for keyword in _MEMBERS:
        yield node.child(keyword)
    for keyword in _LISTS:
        yield from node.entries(keyword)
    for keyword in _NAMED:
        yield from (member for _, member in node.items(keyword))
