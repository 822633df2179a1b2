"""Exchanges that both engines judge: what they agree on, what they are known not to, and what
openapi-core is not asked about.

`docs/engines.md` shows the last two tables; a test holds the page to them.
"""

# ruff: noqa: E501 - a table: one case a line

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynclient.operation import UNSET

JSON = "application/json"


@dataclass(frozen=True)
class Case:
    """One value under one schema.

    place     `body` (of a response), or a parameter's location: path, query, header, cookie
    schema    the Schema Object
    value     what is sent or answered
    verdict   the rules that it breaks, with the pointers to where
    version   the document's
    path      that of the operation, where it matters
    """

    name: str
    place: str
    schema: Any
    value: Any
    verdict: Sequence[tuple[str, str]] = ()
    version: str = "3.1.1"
    settings: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    components: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> Any:
        """The data of the answer that a server gives."""
        return self.value if self.place == "body" else None


@dataclass(frozen=True)
class Disagreement(Case):
    """A case on which the engines differ.

    compiled, reference  the rules that each finds broken
    right                `compiled` or `openapi-core`, by the specification's text
    source               where that text stands
    """

    compiled: Sequence[str] = ()
    reference: Sequence[str] = ()
    right: str = "compiled"
    why: str = ""
    source: str = ""


@dataclass(frozen=True)
class Beyond(Case):
    """A case that openapi-core is not asked about, for it would fail on what is right.

    why     what it can't do
    source  where the specification's text stands
    """

    why: str = ""
    source: str = ""


_OBJECT = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "n": {"type": "integer", "minimum": 0}},
}
_TREE = {
    "schemas": {
        "Tree": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            },
        }
    }
}
_REF = {"$ref": "#/components/schemas/Tree"}

_ONE_OF = {
    "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
    "discriminator": {"propertyName": "k"},
}
_BRANCHES = {
    "schemas": {
        "A": {"type": "object", "required": ["k"], "properties": {"x": {"type": "integer"}}},
        "B": {"type": "object", "required": ["k"], "properties": {"y": {"type": "integer"}}},
    }
}

_SHUT = {"type": "object", "additionalProperties": False}

AGREED = [
    Case("right object", "body", _OBJECT, {"id": "a", "n": 1}),
    Case("missing property", "body", _OBJECT, {}, [("", "required")]),
    Case("wrong type", "body", _OBJECT, {"id": 1}, [("/id", "type")]),
    Case("two faults", "body", _OBJECT, {"id": 1, "n": -1}, [("/id", "type"), ("/n", "minimum")]),
    Case("not an object", "body", _OBJECT, [], [("", "type")]),
    Case("null", "body", {"type": "string"}, None, [("", "type")]),
    Case("null allowed", "body", {"type": ["string", "null"]}, None),
    Case("enum", "body", {"enum": ["a", 1, None]}, "b", [("", "enum")]),
    Case("const", "body", {"const": {"a": 1}}, {"a": 2}, [("", "const")]),
    Case("no members allowed", "body", _SHUT, {"a": 1}, [("", "additionalProperties")]),
    Case("no further items allowed", "body", {"prefixItems": [{}], "unevaluatedItems": False}, [1, 2],
        [("", "unevaluatedItems")]),
    Case("no further members allowed", "body",
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}, {"a": 1, "b": 2},
        [("", "unevaluatedProperties")]),
    Case("members unknown only since their schema is broken", "body",
        {"allOf": [{"properties": {"a": {"type": "integer"}, "b": {}}}], "unevaluatedProperties": False},
        {"a": "x", "b": 1}, [("/a", "type")]),
    Case("pattern that Python does not read", "body", {"pattern": r"^\p{L}$"}, "1", [("", "pattern")]),
    Case("pattern with a word of ECMA-262", "body", {"pattern": r"\bfoo"}, "éfoo"),
    Case("pattern with another line end", "body", {"pattern": "^a.b$"}, "a\u2028b", [("", "pattern")]),
    Case("pattern with all characters", "body", {"pattern": "^[^]$"}, "\r"),
    Case("pattern that steps back again and again", "body", {"pattern": r"^(a+)+$|^[^]z"}, "a" * 40 + "b",
        [("", "pattern")]),
    Case("pattern in a parameter", "query", {"type": "string", "pattern": r"^\w+$"}, "é",
        [("", "pattern")]),
    Case("pattern that is none", "body", {"pattern": "(?i)a"}, "b"),
    Case("pattern of an alternative", "body", {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]},
        "b", [("", "pattern")]),
    Case("maximum", "body", {"maximum": 1}, 2, [("", "maximum")]),
    Case("exclusive minimum", "body", {"exclusiveMinimum": 1}, 1, [("", "exclusiveMinimum")]),
    Case("multipleOf", "body", {"multipleOf": 3}, 4, [("", "multipleOf")]),
    Case("minLength counts characters", "body", {"minLength": 2}, "😀", [("", "minLength")]),
    Case("maxLength", "body", {"maxLength": 1}, "ab", [("", "maxLength")]),
    Case("pattern is a search", "body", {"pattern": "b"}, "abc"),
    Case("pattern", "body", {"pattern": "^b"}, "abc", [("", "pattern")]),
    Case("items", "body", {"items": {"type": "integer"}}, [1, "x", 2], [("/1", "type")]),
    Case("maxItems", "body", {"maxItems": 1}, [1, 2], [("", "maxItems")]),
    Case("uniqueItems", "body", {"uniqueItems": True}, [1, 1.0], [("", "uniqueItems")]),
    Case("prefixItems", "body", {"prefixItems": [{}, {"type": "null"}]}, [1, 2], [("/1", "type")]),
    Case("contains", "body", {"contains": {"const": 1}}, [2], [("", "contains")]),
    Case("minProperties", "body", {"minProperties": 1}, {}, [("", "minProperties")]),
    Case("not", "body", {"not": {"type": "string"}}, "a", [("", "not")]),
    Case("dependentRequired", "body", {"dependentRequired": {"a": ["b"]}}, {"a": 1}, [("", "dependentRequired")]),
    Case("if and then", "body", {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, [("", "required")]),
    Case("unknown property", "body", {"additionalProperties": False}, {"a": 1}, [("", "additionalProperties")]),
    Case("unevaluated property", "body", {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}, {"a": 1, "b": 1}, [("", "unevaluatedProperties")]),
    Case("allOf", "body", {"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, [("", "required"), ("", "required")]),
    Case("oneOf twice", "body", {"oneOf": [{"type": "integer"}, {"minimum": 0}]}, 1, [("", "oneOf")]),
    Case("anyOf", "body", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
    Case("recursion", "body", _REF, {"name": "a", "children": [{"name": "b", "children": []}]}, components=_TREE),
    Case("recursion, broken below", "body", _REF, {"name": "a", "children": [{"children": []}]}, [("/children/0", "required")], components=_TREE),
    Case("integer as 1.0", "body", {"type": "integer"}, 1.0),
    Case("big integer", "body", {"type": "integer", "minimum": 10**30}, 10**30 - 1, [("", "minimum")]),
    Case("date-time", "body", {"type": "string", "format": "date-time"}, "2025-01-01T00:00:00Z"),
    Case("bad date-time", "body", {"type": "string", "format": "date-time"}, "now", [("", "format")]),
    Case("bad date", "body", {"type": "string", "format": "date"}, "2025-02-30", [("", "format")]),
    Case("bad uuid", "body", {"type": "string", "format": "uuid"}, "1", [("", "format")]),
    Case("bad int32", "body", {"type": "integer", "format": "int32"}, 2**31, [("", "format")]),
    Case("unknown format", "body", {"type": "string", "format": "colour"}, "x"),
    Case("format of another type", "body", {"format": "date"}, 5),
    Case("3.0 nullable", "body", {"type": "string", "nullable": True}, None, version="3.0.4"),
    Case("3.0 not nullable", "body", {"type": "string"}, None, [("", "type")], version="3.0.4"),
    Case("3.0 exclusive", "body", {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 2, version="3.0.4"),
    Case("3.0 readOnly in a response", "body", {"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}, {"a": "x"}, version="3.0.4"),
    Case("query integer", "query", {"type": "integer"}, 5),
    Case("query maximum", "query", {"type": "integer", "maximum": 4}, 5, [("", "maximum")]),
    Case("query enum", "query", {"type": "string", "enum": ["a"]}, "b", [("", "enum")]),
    Case("query array", "query", {"type": "array", "items": {"type": "integer"}}, [1, 2]),
    Case("query array item", "query", {"type": "array", "items": {"type": "string", "maxLength": 1}}, ["a", "bc"], [("/1", "maxLength")]),
    Case("query deepObject", "query", {"type": "object", "properties": {"a": {"type": "integer", "maximum": 1}}}, {"a": 2}, [("/a", "maximum")], settings={"style": "deepObject", "explode": True}),
    Case("path pattern", "path", {"type": "string", "pattern": "^[a-z]+$"}, "A1", [("", "pattern")]),
    Case("path label", "path", {"type": "array", "items": {"type": "integer"}}, [1, 2], settings={"style": "label"}),
    Case("path matrix", "path", {"type": "integer", "minimum": 9}, 5, [("", "minimum")], settings={"style": "matrix"}),
    Case("header boolean", "header", {"type": "boolean"}, True),
    Case("header array", "header", {"type": "array", "items": {"type": "integer"}, "maxItems": 1}, [1, 2], [("", "maxItems")]),
    Case("cookie", "cookie", {"type": "string", "maxLength": 1}, "ab", [("", "maxLength")]),
    Case("cookie, decoded", "cookie", {"type": "string", "maxLength": 3}, "a b"),
    Case("query spaceDelimited", "query", {"type": "array", "minItems": 2}, ["a", "b"], settings={"style": "spaceDelimited"}),
    Case("3.0 $ref siblings do not count", "body", {"$ref": "#/components/schemas/N", "maximum": 1}, 2, components={"schemas": {"N": {"type": "integer"}}}, version="3.0.4"),
    Case("3.0 writeOnly in a response", "body", {"type": "object", "properties": {"a": {"type": "string", "writeOnly": True}}}, {"a": "x"}, [("/a", "writeOnly")], version="3.0.4"),
    Case("3.0 enum without null", "body", {"type": "string", "nullable": True, "enum": ["a"]}, None, [("", "enum")], version="3.0.4"),
    Case("true is not 1", "body", {"enum": [1]}, True, [("", "enum")]),
    Case("email", "body", {"type": "string", "format": "email"}, "nope", [("", "format")]),
    Case("byte", "body", {"type": "string", "format": "byte"}, "!!!", [("", "format")]),
    Case("two branches, one named by the discriminator", "body", _ONE_OF, {"k": "A"}, [("", "oneOf")], components=_BRANCHES),
    Case("another branch than the discriminator names", "body", _ONE_OF, {"k": "A", "x": "text"}, components=_BRANCHES),
    Case("keywords that hold nonsense", "body", {"type": "any", "required": True, "maxLength": 1}, "ab", [("", "maxLength")]),
    Case("required with a default", "query", {"type": "integer", "default": 3}, UNSET, [("", "required")], settings={"required": True}),
    Case("default that is wrong", "query", {"type": "integer", "default": "x"}, UNSET),
    Case("query plus sign", "query", {"type": "string", "pattern": r"^a\+b$"}, "a+b", settings={"allowReserved": True}),
    Case("3.0 readOnly parameter", "query", {"type": "string", "readOnly": True}, "x", version="3.0.4"),
    Case("3.0 writeOnly items", "body", {"type": "array", "items": {"type": "string", "writeOnly": True}}, ["x"], version="3.0.4"),
    Case("3.0 writeOnly behind a reference", "body", {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/W"}}}, {"a": "x"}, [("/a", "writeOnly")], version="3.0.4", components={"schemas": {"W": {"type": "string", "writeOnly": True}}}),
    Case("3.0 required writeOnly behind a reference", "body", {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/W"}}}, {}, version="3.0.4", components={"schemas": {"W": {"type": "string", "writeOnly": True}}}),
    Case("dependentRequired of odd names", "body", {"dependentRequired": {"xml": ["a"]}}, {"xml": 1}, [("", "dependentRequired")]),
    Case("path that is encoded", "path", {"type": "string", "maxLength": 1}, "ab", [("", "maxLength")], path="/a käse/{p}"),
    Case("no branch of anyOf", "body", {"anyOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]}, {}, [("", "required")]),
    Case("content parameter", "query", {"required": ["a"]}, {}, [("", "required")], settings={"content": JSON}),
]  # fmt: skip

_DYNAMIC = {"$ref": "#/components/schemas/Node"}
_LIST = {
    "schemas": {
        "Node": {
            "$id": "http://e.test/node",
            "$dynamicAnchor": "node",
            "type": "object",
            "properties": {"next": {"$dynamicRef": "#node"}},
        }
    }
}
_SECRET = {"type": "object", "required": ["a"], "properties": {"a": {"writeOnly": True}}}

DISAGREEMENTS = [
    Disagreement("encoded comma in an array", "query", {"type": "array", "maxItems": 1}, ["a,b"],
        settings={"explode": False},
        reference=["maxItems"], why="it decodes before it splits, so that `%2C` separates",
        source="OpenAPI 3.1.1, appendix E; RFC 6570, 3.2.1"),
    Disagreement("empty text in a path, style matrix", "path", {"type": "string"}, "",
        settings={"style": "matrix"},
        reference=["required"], why="it wants `;p=`; the table has `;p`",
        source="OpenAPI 3.1.1, Style Examples"),
    Disagreement("decimal `multipleOf`", "body", {"multipleOf": 0.01}, 4.35,
        reference=["multipleOf"], why="it divides binary fractions: 4.35 / 0.01 is no whole number",
        source="JSON Schema 2020-12 validation, 6.2.1"),
    Disagreement("leap second", "body", {"type": "string", "format": "date-time"},
        "1998-12-31T23:59:60Z",
        reference=["format"], why="Python's datetime has no second 60",
        source="RFC 3339, 5.6"),
    Disagreement("time with an offset", "body", {"type": "string", "format": "time"}, "03:04:05Z",
        reference=["format"], why="it wants none, and full-time of the RFC has one",
        source="RFC 3339, 5.6"),
    Disagreement("format uri", "body", {"type": "string", "format": "uri"}, "not a uri",
        compiled=["format"], right="either",
        why="it checks a format only if a library for it is installed",
        source="JSON Schema 2020-12 validation, 7.2: checking is optional"),
    Disagreement("format duration", "body", {"type": "string", "format": "duration"}, "x",
        compiled=["format"], right="either",
        why="it checks a format only if a library for it is installed",
        source="JSON Schema 2020-12 validation, 7.2: checking is optional"),
    Disagreement("format uint8", "body", {"type": "integer", "format": "uint8"}, 256,
        compiled=["format"], right="either", why="it knows int32 and int64 of the registry only",
        source="OpenAPI Format Registry, uint8"),
    Disagreement("rule beside `$ref`, 3.1", "body",
        {"$ref": "#/components/schemas/N", "maximum": 1}, 2,
        components={"schemas": {"N": {"type": "integer"}}},
        compiled=["maximum"], why="it replaces the object by what the reference names",
        source="JSON Schema 2020-12 core, 8.2.3.1"),
    Disagreement("required writeOnly property missing in a response, 3.1", "body", _SECRET, {},
        reference=["required"], right="openapi-core",
        why="in 3.1 writeOnly is an annotation; we excuse it on purpose, as 3.0 does in words, "
        "since a server that omits writeOnly properties could not respond",
        source="JSON Schema 2020-12 validation, 9.4; OpenAPI 3.0.4, Schema Object, writeOnly"),
    Disagreement("name that breaks propertyNames", "body", {"propertyNames": {"maxLength": 1}},
        {"ab": 1},
        compiled=["propertyNames"], reference=["maxLength"], right="either",
        why="the verdict is the same; the two name the rule at different depths",
        source="JSON Schema 2020-12 core, 12: how errors are reported is left open"),
    Disagreement("integer of 20 digits in a query", "query",
        {"type": "number", "maximum": 10**20}, 10**20 + 1,
        compiled=["maximum"], why="it makes a binary fraction of every number in a text",
        source="JSON Schema 2020-12 core, 6.3: precision is not bounded"),
    Disagreement("integer as 1.0, 3.0", "body", {"type": "integer"}, 1.0, version="3.0.4",
        reference=["type"], right="either",
        why="3.0 rests on JSON Schema Wright 00, whose integer has no fraction; later drafts and "
        "most servers take 1.0",
        source="OpenAPI 3.0.4, Data Types; JSON Schema 2020-12 validation, 6.1.1"),
    Disagreement("required property that another part of allOf makes writeOnly, 3.0", "body",
        {"properties": {"a": {"writeOnly": True}}, "allOf": [{"required": ["a"]}]}, {},
        version="3.0.4", compiled=[], reference=["required"], right="compiled",
        why="it looks for the flag beside `required` only; the property is one, whichever part says it",
        source="OpenAPI 3.0.4, Schema Object, writeOnly"),
]  # fmt: skip

BEYOND = [
    Beyond("`type` is a list, in a parameter", "query", {"type": ["integer", "null"]}, "a",
        [("", "type")], why="its deserializer of styles reads one type only",
        source="JSON Schema 2020-12 validation, 6.1.1"),
    Beyond("items of several types in a parameter", "query",
        {"type": "array", "items": {"type": ["integer", "null"]}}, ["a"],
        [("/0", "type")], why="its caster reads one type only",
        source="JSON Schema 2020-12 validation, 6.1.1"),
    Beyond("parameter without a `type` of its own", "query", {"enum": [1, 2]}, 3, [("", "enum")],
        why="it judges text then, `3`; how text becomes a type is left open",
        source="OpenAPI 3.1.1, Data Types"),
    Beyond("alternatives in a parameter", "query",
        {"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}, "12",
        [("", "maxLength")],
        why="it reads text as the number it could be; how text becomes a type is left open",
        source="OpenAPI 3.1.1, Data Types"),
    Beyond("boolean schema", "body", False, 1, [("", "schema")],
        why="it reads objects only", source="JSON Schema 2020-12 core, 4.3.2"),
    Beyond("schema with a `$dynamicRef`, 3.1", "body", _DYNAMIC, {"next": {"next": 1}},
        [("/next/next", "type")], components=_LIST,
        why="it looks for dynamic anchors in whole resources, and has one operation before it",
        source="JSON Schema 2020-12 core, 8.2.3.2"),
    Beyond("schema of another dialect, 3.1", "body",
        {"$ref": "#/components/schemas/Old"}, 3, [("", "exclusiveMaximum")],
        components={"schemas": {"Old": {"$id": "http://e.test/old", "$schema":
            "http://json-schema.org/draft-04/schema#", "maximum": 3, "exclusiveMaximum": True}}},
        why="it judges a whole document by one dialect",
        source="OpenAPI 3.1.1, Schema Object, $schema"),
    Beyond("exploded object in a query, style form", "query",
        {"type": "object", "maxProperties": 1}, {"a": "b", "c": "d"}, [("", "maxProperties")],
        why="it looks for the parameter's own name, which is not sent",
        source="OpenAPI 3.1.1, Style Examples"),
    Beyond("exploded array, style pipeDelimited", "query", {"type": "array", "maxItems": 1},
        ["a", "b"], [("", "maxItems")], settings={"style": "pipeDelimited", "explode": True},
        why="it splits delimited styles always",
        source="OpenAPI 3.1.1, Parameter Object, explode"),
    Beyond("additionalProperties of a deepObject", "query",
        {"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "b"},
        [("/a", "type")], settings={"style": "deepObject", "explode": True},
        why="it turns only declared properties into their types",
        source="JSON Schema 2020-12 core, 10.3.2.3"),
    Beyond("empty text in a query", "query", {"type": "string", "minLength": 1}, "",
        [("", "minLength")],
        why="it takes no empty value; the style table has one (`color=`)",
        source="OpenAPI 3.1.1, Style Examples and Parameter Object, allowEmptyValue"),
    Beyond("empty text in a header", "header", {"type": "string", "minLength": 1}, "",
        [("", "minLength")],
        why="it can't read it where a number may be null, which is sent as an empty text",
        source="OpenAPI 3.1.1, Style Examples"),
    Beyond("empty text in a cookie", "cookie", {"type": "string", "minLength": 1}, "",
        [("", "minLength")],
        why="it can't read it where a number may be null, which is sent as an empty text",
        source="OpenAPI 3.1.1, Style Examples"),
    Beyond("style cookie, 3.2", "cookie", {"type": "string", "maxLength": 1}, "ab",
        [("", "maxLength")], version="3.2.0", settings={"style": "cookie"},
        why="it does not know the style", source="OpenAPI 3.2.0, Style Values"),
    Beyond("querystring, 3.2", "querystring",
        {"type": "object", "required": ["a"]}, {}, [("", "required")], version="3.2.0",
        settings={"content": "application/x-www-form-urlencoded"},
        why="it does not know the location", source="OpenAPI 3.2.0, Parameter Locations"),
    Beyond("name that must match a pattern with a group", "body",
        {"patternProperties": {"^(a|b)$": {"type": "integer"}}}, {"a": "x"}, [("/a", "type")],
        why="it matches names by Python's `re`, which has no bound in time and reads other patterns",
        source="JSON Schema 2020-12 core, 6.4 (ECMA-262)"),
    Beyond("two placeholders in one segment of a path", "path", {"type": "string", "maxLength": 1},
        "ab", [("", "maxLength")], path="/thing/{p}-{q}",
        why="the URL does not show where one value ends and the next begins",
        source="OpenAPI 3.1.1, Path Templating"),
]  # fmt: skip
