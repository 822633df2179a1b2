"""Bytes to plain data: JSON strictly, YAML as YAML 1.2 core reads it.

YAML 1.2's core schema (section 10.3 of its specification) has no dates and no yes/no: what looks
like one stays the string it is. Mapping keys are strings, as JSON's are, so a status key `200`
is `"200"`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import DocumentError
from ..jsontext import JsonTextError, decode
from ..remedies import give
from .pointer import append
from .trust import Trust

__all__ = ["check_data", "parse_document", "parse_yaml"]

#: From how many bytes on the garbage collector is worth stopping.
_BIG = 1 << 20
# Where a flow list or mapping may start; not the brace in the midst of a path template.
_FLOW_OPENER = re.compile(rb"(?<![^\s\[{,:])[\[{]")

#: Python 3.11 bounds the recursion of C code as it does its own; later ones know no such limit.
_DECODER_IS_BOUNDED = sys.version_info < (3, 12)
_LEAVES = frozenset({str, bool, int, float, type(None)})
#: Lists and mappings that are counted before it is looked at which of them are shared.
_MANY = 1_000_000

#: Which reading of YAML the cache holds; to be raised when any text is read otherwise than before.
_READER = 1
#: Data that its aliases make longer than this, in times the text, is not worth keeping.
_MOST_WRITTEN = 8


def parse_document(content: bytes, source: str, trust: Trust) -> Any:
    """The plain data of a JSON or YAML text. DocumentError with line and column if it is neither.

    The text itself decides: what starts with `{` or `[` is JSON (and read as YAML only if it is
    no JSON, since YAML's flow style looks the same).
    """
    if len(content) > trust.max_document_bytes:
        most = trust.max_document_bytes
        reason = f"the document has {len(content)} bytes, over the limit of {most}"
        remedy = give(trust={"max_document_bytes": ...})
        raise DocumentError(reason, source=source, remedy=remedy)
    content = _as_utf8(content, source)
    if not content.strip():
        raise DocumentError("the document is empty", source=source)
    if content.lstrip()[:1] not in (b"{", b"["):
        return parse_yaml(content, source, trust)
    try:
        return _parse_json(content, source, trust)
    except DocumentError as error:
        if isinstance(error, _TooDeep) or source.endswith(".json"):
            raise
        json_error = error
    try:
        return parse_yaml(content, source, trust)
    except DocumentError:
        # It looked like JSON, so JSON's complaint is the one that helps.
        raise json_error from None


def _as_utf8(content: bytes, source: str) -> bytes:
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise DocumentError(f"not valid UTF-16: {error.reason}", source=source) from None
    return content


def _parse_json(content: bytes, source: str, trust: Trust) -> Any:
    try:
        with _without_collector(len(content)):
            data = decode(content)
        if not _DECODER_IS_BOUNDED or trust.max_depth < sys.getrecursionlimit():
            _check_depth(_levels(data, trust.max_depth), source, trust)
    except JsonTextError as error:
        line = column = None
        if error.offset is not None:
            before = content[: error.offset]
            line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        reason = f"not valid JSON: {error}"
        raise DocumentError(reason, source=source, line=line, column=column) from None
    return data


@contextmanager
def _without_collector(size: int) -> Iterator[None]:
    """Parse a big text without the garbage collector, which would walk the growing result again
    and again and find nothing: half the time for GitHub's document."""
    import gc

    if size < _BIG or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # Straight to the oldest generation, as if it had been walked: the next collection of
            # the youngest would otherwise walk the whole document once more.
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def parse_yaml(content: bytes, source: str, trust: Trust) -> Any:
    """The plain data of a YAML 1.2 text, kept in the cache; see `parse_document`."""
    from . import cache

    entry = cache.entry(content, _READER, trust.max_depth, trust.max_nodes)
    with _without_collector(len(content)):
        data = cache.read(entry)
    if data is None:
        with _without_collector(len(content)):
            data, written = _read_yaml(content, source, trust)
        if written <= _MOST_WRITTEN * len(content):
            cache.write(entry, data)
    return data


def _read_yaml(content: bytes, source: str, trust: Trust) -> tuple[Any, int]:
    """The data, and about how many characters it has once its aliases are written out."""
    from .yaml_fast import load

    try:
        data, depth = load(content)
    except ValueError:
        return _read_yaml_by_reference(content, source, trust)
    _check_depth(depth, source, trust)
    return data, len(content)


def _read_yaml_by_reference(content: bytes, source: str, trust: Trust) -> tuple[Any, int]:
    import yaml

    from .yaml_reference import load, nesting

    try:
        # libyaml's composer recurses in C and takes the process down on deep nesting, so what
        # could be deep is measured first, event by event.
        if _could_be_deep(content, trust.max_depth):
            _check_depth(nesting(content, trust.max_depth), source, trust)
        data = load(content)
    except RecursionError:
        raise DocumentError("the document nests too deeply to be read", source=source) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        reason = f"not valid YAML: {reason}"
        raise DocumentError(reason, source=source, line=line, column=column) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DocumentError(f"not valid YAML: {error}", source=source) from None
    if b"*" in content:
        return data, _check_aliases(data, source, trust)
    return data, len(content)


def _could_be_deep(content: bytes, limit: int) -> bool:
    """Whether the text may nest deeper than that.

    A flow level costs an opener and a block level a column, or two levels do where a list stands
    under a key without being indented.
    """
    columns = (limit - len(_FLOW_OPENER.findall(content))) // 2
    return columns < 1 or re.search(rb"(?m)^[ \t?:-]{%d}" % columns, content) is not None


class _TooDeep(DocumentError):
    """A document nests deeper than is trusted, whatever it is written in."""


def check_data(data: Any, trust: Trust) -> None:
    """Refuse data that contains itself, nests too deeply or has too many values.

    For a document that the caller gives as data, of which parts may be shared.
    """
    depth = _levels(data, trust.max_depth, min(trust.max_nodes, _MANY))
    if depth > trust.max_depth:
        _check_aliases(data, "the document", trust)  # which knows what is shared, and is slower
        depth = _levels(data, trust.max_depth)
    _check_depth(depth, "the document", trust)


def _levels(data: Any, most: int, most_values: int | None = None) -> int:
    """How many levels data nests; more than `most` if it has more, or has too many values."""
    depth = values = 0
    level = [data]
    while level and depth <= most:
        depth += 1
        values += len(level)
        if most_values is not None and values > most_values:
            return most + 1
        following: list[Any] = []
        for value in level:
            if isinstance(value, Mapping):
                following += [item for item in value.values() if type(item) not in _LEAVES]
            elif isinstance(value, list | tuple):
                following += [item for item in value if type(item) not in _LEAVES]
        level = following
    return depth


def _check_depth(depth: int, source: str, trust: Trust) -> None:
    if depth > trust.max_depth:
        reason = f"the document nests deeper than {trust.max_depth} levels"
        raise _TooDeep(reason, source=source, remedy=give(trust={"max_depth": ...}))


def _check_aliases(data: Any, source: str, trust: Trust) -> int:
    """Refuse data whose aliases form a ring, or would fill memory once written out.

    PyYAML shares what an alias names, so the data is small as loaded; whoever walks it is not
    spared. Values and characters are summed bottom up, each shared value once. Returns the
    characters.
    """
    sizes: dict[int, tuple[int, int]] = {}
    open_ids: set[int] = set()
    stack: list[tuple[Any, str, bool]] = [(data, "", False)]
    while stack:
        value, pointer, done = stack.pop()
        if not isinstance(value, Mapping | list | tuple):
            continue
        key = id(value)
        children = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value))
        if done:
            open_ids.discard(key)
            values, characters = 1, 0
            for name, child in children:
                inside, written = sizes.get(id(child)) or (1, len(str(child)))
                values += inside
                characters += len(str(name)) + written
            sizes[key] = values, characters
            if values > trust.max_nodes:
                reason = f"its aliases stand for more than {trust.max_nodes} values"
                remedy = give(trust={"max_nodes": ...})
                raise DocumentError(reason, source=source, pointer=pointer, remedy=remedy)
        elif key in open_ids:
            reason = "the value contains itself; use $ref for recursion"
            raise DocumentError(reason, source=source, pointer=pointer)
        elif key not in sizes:
            open_ids.add(key)
            stack.append((value, pointer, True))
            stack.extend((child, append(pointer, name), False) for name, child in children)
    return sizes[id(data)][1] if id(data) in sizes else 0
