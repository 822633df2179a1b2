"""Names in brackets, as style deepObject has them: `a[b][c]=1`, `a[b][]=1`, `a[b][0]=1`.

Source: OpenAPI 3.1.1, section "Style Values"; for what is deeper than one level servers have
conventions of their own, and all of them are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ...document import Node
from .texts import scalar_reader

__all__ = ["Tree", "tokens_of"]

_DEEPEST = 100
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")


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
        if "array" in types and all(not name or name.isdigit() for name in self.members):
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
