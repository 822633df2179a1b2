"""PyYAML, made to read YAML 1.2's core schema: what `yaml_fast` leaves to it, and every error."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import yaml

__all__ = ["load", "nesting"]

T = TypeVar("T")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Core:
    """YAML 1.2's core schema in place of YAML 1.1's types, for one of PyYAML's safe loaders."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    yaml_constructors: dict[str | None, Callable[..., Any]] = {}
    construct_object: Callable[..., Any]
    construct_yaml_map: Callable[..., Any]
    construct_yaml_seq: Callable[..., Any]

    merged = 0

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        self._expect(node, yaml.MappingNode)
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

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Write out merge keys. They are YAML 1.1's, but documents use them.

        A mapping's own keys win, then what is merged first (https://yaml.org/type/merge.html).
        PyYAML's own way keeps a pair for each time a key is merged, and knows no bound: a text of
        some kilobytes would fill memory.
        """
        pairs = node.value
        if not any(key.tag == _MERGE for key, _ in pairs):
            return
        node.value = own = [pair for pair in pairs if pair[0].tag != _MERGE]
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for source in (value for key, value in pairs if key.tag == _MERGE):
            for member in source.value if isinstance(source, yaml.SequenceNode) else [source]:
                self._expect(member, yaml.MappingNode)
                self.flatten_mapping(member)
                self.merged += len(member.value)
                if self.merged > _MOST_MERGED:
                    raise yaml.constructor.ConstructorError(
                        "while merging mappings",
                        node.start_mark,
                        f"merge keys stand for more than {_MOST_MERGED} members",
                        node.start_mark,
                    )
                for key, value in member.value:
                    found.setdefault(str(key.value), (key, value))
        node.value = [*found.values(), *own]

    def construct_text(self, node: yaml.Node) -> str:
        self._expect(node, yaml.ScalarNode)
        return str(node.value)

    def construct_null(self, node: yaml.Node) -> None:
        self._core(node, r"~|null|Null|NULL|")

    def construct_bool(self, node: yaml.Node) -> bool:
        return self._core(node, r"true|True|TRUE|false|False|FALSE").lower() == "true"

    def construct_int(self, node: yaml.Node) -> int:
        text = self._core(node, _INT)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))

    def construct_float(self, node: yaml.Node) -> float:
        text = self._core(node, _FLOAT)
        special = re.fullmatch(r"([-+]?)\.(inf|nan)", text.lower())
        return float(special[1] + special[2] if special else text)

    def construct_untagged(self, node: yaml.Node) -> Any:
        """What stands under a tag that is not core (`!!binary`, `!mine`): as if it had none."""
        if isinstance(node, yaml.MappingNode):
            return self.construct_yaml_map(node)
        if isinstance(node, yaml.SequenceNode):
            return self.construct_yaml_seq(node)
        return self.construct_text(node)

    def _core(self, node: yaml.Node, pattern: str) -> str:
        text = self.construct_text(node)
        if not re.fullmatch(pattern, text):
            self._refuse(node, f"{text[:40]!r} is not of that type")
        return text

    def _expect(self, node: Any, kind: type[yaml.Node]) -> None:
        if not isinstance(node, kind):
            self._refuse(node, f"it stands on a {node.id}")

    def _refuse(self, node: Any, reason: str) -> None:
        raise yaml.constructor.ConstructorError(
            f"while reading a value tagged {node.tag!r}", node.start_mark, reason, node.start_mark
        )


class _CoreLoader(_Core, _Base):  # type: ignore[misc]  # in C where libyaml is there
    """Reads what YAML 1.1 and 1.2 write alike; some forty times as fast as the other one."""


class _AnchorLoader(_Core, yaml.SafeLoader):  # type: ignore[misc]
    """Reads anchors as YAML 1.2 has them, in Python.

    A name is any text without blanks and brackets (YAML 1.2.2, section 6.9.2), and may be used
    again: an alias means the last node of that name (section 7.1).
    """

    def scan_anchor(self, token: Callable[..., Any]) -> Any:
        start = self.get_mark()
        self.forward()
        name = ""
        while (character := self.peek()) not in _END_OF_NAME:
            name += character
            self.forward()
        if not name:
            raise yaml.scanner.ScannerError(
                "while scanning an anchor or alias", start, "it has no name", self.get_mark()
            )
        return token(name, start, self.get_mark())

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(self.peek_event().anchor, None)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


#: A name that libyaml would cut, and then read something else or wonder at what follows.
_CUT_NAME = re.compile(rb"(?<![^\s\[{,:?-])[&*][0-9A-Za-z_-]+[:?%@`][^\s,\[\]{}]")
#: What ends the name of an anchor.
_END_OF_NAME = frozenset("\0 \t\r\n\x85\u2028\u2029,[]{}")

#: How many members the merge keys of one document may stand for; each is a copy.
_MOST_MERGED = 1_000_000
_MERGE = "tag:yaml.org,2002:merge"
_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_RESOLVERS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
)
for _name, _pattern, _first in _RESOLVERS:
    for _character in _first:
        _Core.yaml_implicit_resolvers.setdefault(_character, []).append(
            (f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})$"))
        )
_CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "null": _Core.construct_null,
    "bool": _Core.construct_bool,
    "int": _Core.construct_int,
    "float": _Core.construct_float,
    "str": _Core.construct_text,
    "seq": yaml.constructor.SafeConstructor.construct_yaml_seq,
    "map": yaml.constructor.SafeConstructor.construct_yaml_map,
}
for _name, _constructor in _CONSTRUCTORS.items():
    _Core.yaml_constructors[f"tag:yaml.org,2002:{_name}"] = _constructor
_Core.yaml_constructors[None] = _Core.construct_untagged


def load(content: bytes) -> Any:
    """The plain data of one YAML document. yaml.YAMLError or RecursionError if it can't be read."""
    # A text that stops short is read as if its last line had ended, as YAML's test suite has it.
    content = content if content.endswith(b"\n") else content + b"\n"

    def data(loader_class: Any) -> Any:
        loader = loader_class(content)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()

    return _with_anchors(content, _CoreLoader, data)


def _with_anchors(content: bytes, usual: Any, read: Callable[[Any], T]) -> T:
    """What `read` makes of a loader: the usual one, else the one that knows YAML 1.2's anchors."""
    if not _CUT_NAME.search(content):
        try:
            return read(usual)
        except yaml.MarkedYAMLError as error:
            if not _is_about_anchors(error):
                raise
    return read(_AnchorLoader)


def _is_about_anchors(error: yaml.MarkedYAMLError) -> bool:
    context = str(error.context)
    return "duplicate anchor" in context or context.startswith(
        ("while scanning an anchor", "while scanning an alias")
    )


def nesting(content: bytes, limit: int) -> int:
    """How deep the text nests, in levels; stops counting at the first level past `limit`."""
    return _with_anchors(content, _Base, lambda loader: _nesting(content, limit, loader))


def _nesting(content: bytes, limit: int, loader: Any) -> int:
    depth = deepest = 0
    for event in yaml.parse(content, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if depth > limit:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest
