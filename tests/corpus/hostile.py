"""Documents that mean harm, or were made by a broken program: each as the bytes of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

__all__ = ["HOSTILE", "document", "get"]

_REF = "#/components/schemas/"


def document(version: str = "3.1.0", **fields: Any) -> dict[str, Any]:
    """The least an OpenAPI document can be, with these fields besides."""
    return {"openapi": version, "info": {"title": "Hostile", "version": "1"}, "paths": {}, **fields}


def get(schema: Any, **fields: Any) -> dict[str, Any]:
    """A path with one operation that answers with `schema`."""
    content = {"application/json": {"schema": schema}}
    operation = {"operationId": "op", "responses": {"200": {"content": content}}, **fields}
    return {"/thing": {"get": operation}}


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


def _answering(schema: Any, schemas: Mapping[str, Any] | None = None, **fields: Any) -> bytes:
    return _text(document(paths=get(schema), components={"schemas": schemas or {}}, **fields))


def _linked(count: int, link: Callable[[str], Any], last: Any, **fields: Any) -> bytes:
    """Schemas S0 … S(count-1), each made by `link` of a reference to the next, then `last`."""
    schemas = {f"S{n}": link(f"{_REF}S{n + 1}") for n in range(count)}
    return _answering({"$ref": f"{_REF}S0"}, {**schemas, f"S{count}": last}, **fields)


def _to(reference: str) -> dict[str, str]:
    return {"$ref": reference}


def _nested_json(levels: int, opening: str, closing: str) -> bytes:
    frame = _answering("HERE").decode()
    return frame.replace('"HERE"', opening * levels + "{}" + closing * levels).encode()


_YAML_HEAD = "openapi: 3.1.0\ninfo: {title: Hostile, version: '1'}\npaths: {}\n"


def _yaml(line: str) -> Callable[[], bytes]:
    return f"{_YAML_HEAD}{line}\n".encode


def _wide_merges(count: int) -> bytes:
    wide = ", ".join(f"k{n}: 1" for n in range(count))
    return _yaml(f"x: &x {{{wide}}}\ny: {{<<: [{', '.join(['*x'] * count)}]}}")()


def _yaml_block(levels: int) -> bytes:
    lines = "".join(f"{' ' * (n + 1)}a:\n" for n in range(levels))
    return f"{_YAML_HEAD}x-deep:\n{lines}".encode()


def _yaml_dashes(levels: int) -> bytes:
    return f"{_YAML_HEAD}x-deep:\n{'- ' * levels}a\n".encode()


def _yaml_flow(levels: int) -> bytes:
    return f"{_YAML_HEAD}x-deep: {'[' * levels}{']' * levels}\n".encode()


def _yaml_lists_of_aliases(levels: int) -> bytes:
    rows = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    rows += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels)]
    return (_YAML_HEAD + "\n".join(rows) + "\n").encode()


def _yaml_merges(levels: int) -> bytes:
    rows = ["x0: &x0 {a: 1, b: 2}"]
    rows += [f"x{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}]}}" for n in range(1, levels)]
    return (_YAML_HEAD + "\n".join(rows) + "\n").encode()


def _parameters(count: int) -> bytes:
    entries = [{"name": f"p-{n}", "in": "query", "schema": {}} for n in range(count)]
    return _text(document(paths=get({}, parameters=entries)))


def _alike_parameters(count: int) -> bytes:
    entries = [{"name": "p" + "-" * n, "in": "query", "schema": {}} for n in range(count)]
    return _text(document(paths=get({}, parameters=entries)))


def _operations(count: int, **operation: Any) -> bytes:
    return _text(document(paths={f"/{'-' * (n % 7)}{n}": {"get": operation} for n in range(count)}))


def _alike_paths(count: int) -> bytes:
    return _text(document(paths={"/a" + "-" * n: {"get": {}} for n in range(count)}))


def _pattern(pattern: str) -> bytes:
    return _answering({"type": "string", "pattern": pattern})


def _path_items(count: int) -> bytes:
    items = {f"/p{n}": {"$ref": f"#/paths/~1p{(n + 1) % count}"} for n in range(count)}
    return _text(document(paths=items))


def _reference(reference: Any) -> bytes:
    return _answering({"type": "object", "properties": {"a": {"$ref": reference}}})


_ODD_REFERENCES: Mapping[str, Any] = {
    "number": 3,
    "object": {"$ref": "#/info"},
    "null": None,
    "list": ["#/info"],
    "empty": "",
    "fragment only": "#",
    "no IPv6 address": "http://[::1/x#/y",
    "port out of range": "http://host:99999999/x",
    "spaces": "http://ho st/a b#/c d",
    "local file": "file:///etc/passwd",
    "folder": "./",
    "out of the folder": "../../../../../../etc/passwd",
    "other scheme": "data:application/json,{}",
    "javascript": "javascript:alert(1)",
    "half an escape": "#/components/schemas/%zz~2~",
    "NUL": "a\0b#/c",
    "NUL in the fragment": "#/a\0b",
    "surrogate": "#/\ud800",
    "an anchor nobody set": "#nowhere",
    "no pointer": "#components/schemas",
    "endless index": "#/servers/" + "9" * 5000,
    "odd digit": "#/tags/\u00b2",
    "long": "#/" + "a/" * 500_000,
}

_ODD_DOCUMENTS = (
    "null",
    "[]",
    '"text"',
    "3",
    "true",
    '{"openapi": ["3.1.0"]}',
    '{"openapi": 3.1}',
    '{"openapi": "3.1.0", "paths": []}',
    '{"openapi": "3.1.0", "paths": {"/a": []}, "components": [], "servers": {"url": 3}}',
)
_HUGE = "1" + "0" * 4000

#: The name of each document, what its file is called, and its content.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a ring of references": (
        "d.json",
        lambda: _linked(9_999, _to, _to(f"{_REF}S0")),
    ),
    "a ring of references in 3.0": (
        "d.json",
        lambda: _linked(9_999, _to, _to(f"{_REF}S0"), openapi="3.0.3"),
    ),
    "a chain of references": ("d.json", lambda: _linked(10_000, _to, {"type": "integer"})),
    "a chain through properties": (
        "d.json",
        lambda: _linked(10_000, lambda to: {"properties": {"next": _to(to)}}, {"type": "integer"}),
    ),
    "a chain through allOf": (
        "d.json",
        lambda: _linked(10_000, lambda to: {"allOf": [_to(to)]}, {"type": "integer"}),
    ),
    "a chain through oneOf": (
        "d.json",
        lambda: _linked(10_000, lambda to: {"oneOf": [_to(to), {}]}, {"type": "integer"}),
    ),
    "a chain longer than the policy": ("d.json", lambda: _linked(30_000, _to, {})),
    "a ring through allOf": (
        "d.json",
        lambda: _linked(9_999, lambda to: {"allOf": [_to(to)]}, {"allOf": [_to(f"{_REF}S0")]}),
    ),
    "branches that double": (
        "d.json",
        lambda: _linked(60, lambda to: {"allOf": [_to(to), _to(to)]}, {"type": "integer"}),
    ),
    "dynamic references in a ring": (
        "d.json",
        lambda: _linked(
            200, lambda to: {"$id": to, "$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}, {}
        ),
    ),
    "a schema nested 10,000 deep": (
        "d.json",
        lambda: _nested_json(10_000, '{"properties":{"a":', "}}"),
    ),
    "a schema nested 400 deep": ("d.json", lambda: _nested_json(400, '{"properties":{"a":', "}}")),
    "a schema of 400 nested allOf": ("d.json", lambda: _nested_json(400, '{"allOf":[', "]}")),
    "lists nested 100,000 deep": ("d.json", lambda: _nested_json(100_000, "[", "]")),
    "YAML blocks nested 10,000 deep": ("d.yaml", lambda: _yaml_block(10_000)),
    "YAML blocks nested 900 deep": ("d.yaml", lambda: _yaml_block(900)),
    "YAML dashes nested 10,000 deep": ("d.yaml", lambda: _yaml_dashes(10_000)),
    "YAML flow nested 10,000 deep": ("d.yaml", lambda: _yaml_flow(10_000)),
    "YAML flow nested 900 deep": ("d.yaml", lambda: _yaml_flow(900)),
    "YAML aliases that multiply": ("d.yaml", lambda: _yaml_lists_of_aliases(40)),
    "YAML merges that multiply": ("d.yaml", lambda: _yaml_merges(40)),
    "YAML merges of a wide mapping": ("d.yaml", lambda: _wide_merges(20_000)),
    "a YAML alias in itself": ("d.yaml", _yaml("x: &x [*x]")),
    "a YAML merge of itself": ("d.yaml", _yaml("x: &x {<<: *x}")),
    "a YAML tag that runs code": (
        "d.yaml",
        _yaml("x: !!python/object/apply:os.abort []"),
    ),
    "a YAML key that is a list": ("d.yaml", _yaml("? [a]\n: b")),
    "a YAML number of 100,000 digits": (
        "d.yaml",
        _yaml(f"x: {'9' * 100_000}"),
    ),
    "20,000 parameters": ("d.json", lambda: _parameters(20_000)),
    "2,000 parameters of one argument name": ("d.json", lambda: _alike_parameters(2_000)),
    "100,000 placeholders": (
        "d.json",
        lambda: _text(document(paths={"/{p}" * 100_000: {"get": {}}})),
    ),
    "5,000 operations of one id": ("d.json", lambda: _operations(5_000, operationId="op")),
    "3,000 paths of one name": ("d.json", lambda: _alike_paths(3_000)),
    "a regex of 1 MB": ("d.json", lambda: _pattern("a" * 1_000_000)),
    "a regex of 1 MB of brackets": ("d.json", lambda: _pattern("(" * 500_000 + ")" * 500_000)),
    "a regex of 1 MB of choices": ("d.json", lambda: _pattern("(a|b)?" * 170_000)),
    "a regex of 1 MB of lookaheads": ("d.json", lambda: _pattern("(?=a)" * 200_000)),
    "a regex of 1 MB of stars": ("d.json", lambda: _pattern("(a*)*\\1" * 140_000)),
    "a regex that counts far": ("d.json", lambda: _pattern("((a{1000}){1000}){1000}")),
    "a regex that counts far, with lookahead": (
        "d.json",
        lambda: _pattern("(?!b)((a{1000}){1000}){1000}"),
    ),
    "path items in a ring": ("d.json", lambda: _path_items(10_000)),
    "an enum of 500,000 values": (
        "d.json",
        lambda: _answering({"enum": [f"v{n}" for n in range(500_000)]}),
    ),
    "an enum of 20,000 objects": (
        "d.json",
        lambda: _answering({"enum": [{"a": [n]} for n in range(20_000)]}),
    ),
    "NUL bytes": ("d.json", lambda: _answering({})[:40] + b"\0\0" + _answering({})[40:]),
    "NUL bytes in YAML": ("d.yaml", lambda: _YAML_HEAD.encode() + b"x: a\0b\n"),
    "only NUL bytes": ("d.json", lambda: b"\0" * 100_000),
    "invalid UTF-8": ("d.json", lambda: _answering({"title": "x"}).replace(b"x", b"\xff\xc0")),
    "invalid UTF-8 in YAML": ("d.yaml", lambda: _YAML_HEAD.encode() + b"x: \xff\xc0\n"),
    "half of UTF-16": (
        "d.json",
        lambda: b"\xff\xfe" + _answering({}).decode().encode("utf-16")[5:],
    ),
    "UTF-32": ("d.json", lambda: _answering({}).decode().encode("utf-32")),
    "numbers without end": (
        "d.json",
        lambda: _answering("HERE").replace(
            b'"HERE"',
            f'{{"minimum": {_HUGE}, "maxLength": {_HUGE}, "minItems": 1e300, "maximum": 1e308,'
            f' "multipleOf": 1e-300, "enum": [{_HUGE}], "const": -{_HUGE}}}'.encode(),
        ),
    ),
    "a number that is infinite": ("d.json", lambda: b'{"openapi": "3.1.0", "x": 1e999}'),
    "surrogates": ("d.json", lambda: _answering({"enum": ["\ud800"], "pattern": "\ud800"})),
    "names of control characters": (
        "d.json",
        lambda: _text(
            document(
                paths={
                    "/{a\0b}\r\n": {
                        "get": {
                            "operationId": "o\0\r\np",
                            "parameters": [
                                {"name": "x\r\ny", "in": "header", "schema": {}},
                                {"name": "", "in": "query"},
                            ],
                            "responses": {"200": {"content": {"a\0/b\r\n": {"schema": {}}}}},
                        }
                    }
                }
            )
        ),
    ),
    "an empty file": ("d.json", lambda: b""),
    "nothing but space": ("d.yaml", lambda: b" \n\t\n"),
    **{f"a document that is {value}": ("d.json", value.encode) for value in _ODD_DOCUMENTS},
    **{
        f"a reference: {name}": ("d.json", partial(_reference, value))
        for name, value in _ODD_REFERENCES.items()
    },
}
