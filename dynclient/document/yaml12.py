"""PyYAML, made to read YAML 1.2's core schema. Imported only when YAML has to be parsed."""

from __future__ import annotations

import re
from typing import Any

import yaml

__all__ = ["load", "nesting"]

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _CoreLoader(_Base):  # type: ignore[misc]  # the C loader where libyaml is there, else pure Python
    """A safe loader with YAML 1.2's core schema in place of YAML 1.1's types."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        # Merge keys are YAML 1.1's, but documents use them; PyYAML's flattening knows the rules.
        self.flatten_mapping(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    "a key that is a list or a mapping has no meaning in OpenAPI",
                    key_node.start_mark,
                )
            mapping[key_node.value] = self.construct_object(value_node, deep=deep)
        return mapping

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = str(node.value)
        if text.startswith(("0o", "0x")):
            return int(text, 8 if text[1] == "o" else 16)
        lowered = text.lower()
        if lowered.endswith((".inf", ".nan")):
            return float(lowered.replace(".", ""))
        return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else float(text)


_RESOLVERS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
)
for _name, _pattern, _first in _RESOLVERS:
    _CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}",
        re.compile(rf"^(?:{_pattern})$"),
        ["" if letter == "\0" else letter for letter in _first],
    )
for _name in ("int", "float"):
    _CoreLoader.add_constructor(f"tag:yaml.org,2002:{_name}", _CoreLoader.construct_number)
# `!!timestamp`, `!!binary`, `!!set` and the like are not core: their text stays text.
for _name in ("timestamp", "binary"):
    _CoreLoader.add_constructor(f"tag:yaml.org,2002:{_name}", _CoreLoader.construct_scalar)


def load(content: bytes) -> Any:
    """The plain data of one YAML document. yaml.YAMLError or RecursionError if it can't be read."""
    loader = _CoreLoader(content)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def nesting(content: bytes, limit: int) -> int:
    """How deep the text nests, in levels; stops counting at the first level past `limit`."""
    depth = deepest = 0
    for event in yaml.parse(content, Loader=_Base):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if depth > limit:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest
