"""Style deepObject, serialized and read: `a[b][c]=1`, `a[b][]=1`, `a[b][0]=1`.

Source: OpenAPI 3.1.1, section "Style Values"; for what is deeper than one level servers have
conventions of their own: an option says which one is sent, and all of them are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...document import Node
from ...remedies import give
from .escaping import Encode
from .styles import DeepObject, Serializer, StyleError, text_of
from .texts import scalar_reader

__all__ = ["Tree", "deep_serializer", "tokens_of"]

_DEEPEST = 100
_LONGEST_INDEX = 9
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")


def deep_serializer(key: str, encode: Encode, arrays: DeepObject | None) -> Serializer:
    """The function that makes the text of an object, or by `arrays` of an array, named `key`."""

    def pairs(name: str, value: Any, level: int) -> Iterator[str]:
        if isinstance(value, dict):
            if level and arrays is None:
                raise _unsaid("an object in an object")
            members = [(f"{name}%5B{encode(member)}%5D", member) for member in value]
        elif isinstance(value, list):
            if arrays in (None, "repeat") and any(isinstance(v, dict | list) for v in value):
                # One name for all items would not show which of them a member belongs to.
                raise _unsaid("an array of arrays or objects")
            members = [(name + _index(arrays, i), i) for i in range(len(value))]
        else:
            yield f"{name}={encode(text_of(value))}"
            return
        for inner, token in members:
            if value[token] is not None:
                try:
                    yield from pairs(inner, value[token], level + 1)
                except StyleError as error:
                    raise error.within(token) from None

    def serialize(value: Any) -> str:
        if isinstance(value, list) and arrays is None:
            raise _unsaid("an array")
        if not isinstance(value, dict | list):
            raise StyleError("only an object can be serialized with style deepObject")
        return "&".join(pairs(key, value, 0))

    return serialize


def _unsaid(what: str) -> StyleError:
    return StyleError(
        f"{what} can't be serialized with style deepObject: the specification does not define how",
        remedy=give(options={"deep_object": "brackets"}),
    )


def _index(arrays: DeepObject | None, index: int) -> str:
    """What stands behind the name of an array for one of its items.

    The specification does not define this. Servers that take arrays expect the name repeated.
    """
    return {"brackets": "%5B%5D", "indices": f"%5B{index}%5D"}.get(arrays or "", "")


def _is_index(token: str) -> bool:
    """Whether a token is empty or a number that an array could have."""
    return not token or (token.isdecimal() and len(token) <= _LONGEST_INDEX)


def tokens_of(name: str, owner: str) -> list[str] | None:
    """What stands in the brackets behind a name; None if this is no name of `owner`.

    Names that go deeper than 100 levels are nobody's.
    """
    if not name.startswith(owner):
        return None
    rest = name[len(owner) :]
    tokens = _BRACKETED.findall(rest)
    is_whole = len(rest) == sum(len(token) + 2 for token in tokens) and len(tokens) <= _DEEPEST
    return tokens if is_whole else None


class Tree:
    """The texts of a name, and of those with one more pair of brackets."""

    __slots__ = ("members", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.members: dict[str, Tree] = {}

    def __bool__(self) -> bool:
        return bool(self.texts or self.members)

    def put(self, tokens: Iterable[str], text: str) -> None:
        """Put a text, decoded, to its place."""
        tree = self
        for token in tokens:
            tree = tree.members.setdefault(token, Tree())
        tree.texts.append(text)

    def value(self, schema: Node | None) -> Any:
        """What the texts are under a schema: an array, an object or a scalar."""
        types = (schema.types() if schema is not None else None) or frozenset()
        item = schema.item() if schema is not None else None
        if "array" in types and all(map(_is_index, self.members)):
            read = scalar_reader(item)
            found = [read(text) for text in self.texts]
            for name in sorted(self.members, key=lambda name: int(name or 0)):
                inner = self.members[name]
                found += map(read, inner.texts) if inner.texts else [inner.value(item)]
            return found
        if self.members:
            return {
                name: inner.value(schema.member(name) if schema is not None else None)
                for name, inner in self.members.items()
            }
        values = list(map(scalar_reader(schema), self.texts))
        return values[0] if len(values) == 1 else values
