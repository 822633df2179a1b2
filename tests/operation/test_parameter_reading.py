"""Parameters read back from a request by their styles: what was given comes back."""

from __future__ import annotations

import functools
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE, one_operation, parameter
from test_parameter_styles import STYLE_EXAMPLES

from dynclient import Client, Headers, InvalidRequest, Operation, Options
from dynclient.operation.fields import styles

LOCATIONS = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
STRINGS = {"type": "array", "items": {"type": "string"}}
SCHEMAS: dict[str, Any] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array": STRINGS,
    "numbers": {"type": "array", "items": {"type": "integer"}},
    "object": {
        "type": "object",
        "properties": {"R": {"type": "integer"}, "a b": {"type": "string"}},
        "additionalProperties": {"type": "string"},
    },
}


def client_for(location: str, schema: Any, name: str = "p", **more: Any) -> Client:
    version = "3.2.0" if more.get("style") == "cookie" else "3.1.1"
    path = f"/x/{{{name}}}" if location == "path" else "/x"
    entry = parameter(location, schema, name, **more)
    return Client(one_operation(path=path, parameters=[entry], version=version))


def read_back(client: Client, request: Any, name: str = "p") -> Any:
    """The one value that is read from a request; None if there is none."""
    url = urlsplit(request.url)
    operation = client.operations["op"]
    pattern = re.escape(urlsplit(BASE).path + operation.path).replace(r"\{" + name + r"\}", "(.*)")
    found = re.fullmatch(pattern, url.path)
    assert found
    texts = dict(zip([name], found.groups(), strict=False))
    values = operation.read_parameters(texts, url.query, request.headers)
    assert len(values) <= 1
    return next(iter(values.values()), None)


@pytest.mark.parametrize(("location", "style", "explode", "value", "text"), STYLE_EXAMPLES)
def test_the_examples_of_the_specification_are_read(
    location: str, style: str, explode: bool, value: Any, text: str
) -> None:
    kind = {str: "string", list: "array", dict: "object"}[type(value)]
    numbers = {"type": "object", "additionalProperties": {"type": "integer"}}
    schema = numbers if kind == "object" else SCHEMAS[kind]
    operation = client_for(location, schema, "color", style=style, explode=explode).operations["op"]
    headers = {"header": {"color": text}, "cookie": {"Cookie": text}}.get(location, {})
    path, query = {"color": text}, text if location == "query" else ""
    read = operation.read_parameters(path if location == "path" else {}, query, Headers(headers))
    assert read == {f"{location}.color": value}


TEXTS = (
    st.text(
        st.characters(codec="latin-1", exclude_categories=("Cc",), exclude_characters="\xa0\xad;"),
        min_size=1,
    )
    .map(str.strip)
    .filter(lambda text: text not in ("", ".", "..") and text == text.strip())
)
NAMES = st.sampled_from(["R", "a b", "free", "x;y=z", "ü"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "array": st.lists(TEXTS, min_size=1),
    "numbers": st.lists(st.integers(), min_size=1),
    "object": st.dictionaries(NAMES, TEXTS, min_size=1).map(
        lambda each: {k: 5 if k == "R" else v for k, v in each.items()}
    ),
}
CASES = [
    (location, style, explode, shape)
    for location, styles in LOCATIONS.items()
    for style in styles
    for explode in (False, True)
    for shape in SCHEMAS
    if not (style == "deepObject" and shape != "object")
]


@settings(max_examples=10, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(("location", "style", "explode", "shape"), CASES)
def test_what_was_given_comes_back_from_every_style(
    location: str, style: str, explode: bool, shape: str, data: st.DataObject
) -> None:
    client = client_for(location, SCHEMAS[shape], style=style, explode=explode)
    value = data.draw(VALUES[shape])
    try:
        request = client.prepare("op", p=value)
    except InvalidRequest:
        return  # the style can't hold it, and says so
    assert read_back(client, request) == value or _can_not_be_told(value, style, explode, location)


def _can_not_be_told(value: Any, style: str, explode: bool, location: str) -> bool:
    """What the styles themselves can't tell apart once a separator is not encoded.

    A dot of a member of style label, an equals sign in a name where nothing is encoded, and in a
    header quotes, which hold a comma together (RFC 9110, section 5.6.4).
    """
    members = [*value, *value.values()] if isinstance(value, dict) else value
    texts = [str(each) for each in members] if isinstance(value, list | dict) else [str(value)]
    if style == "label":
        return explode and any("." in text for text in texts)
    if style == "cookie" and isinstance(value, dict):
        return any("=" in text or text != text.strip() for text in value)
    if location == "header":
        return any('"' in text or "=" in text for text in texts)
    return False


FILTER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "ids": {"type": "array", "items": {"type": "integer"}},
        "range": {"type": "object", "properties": {"gte": {"type": "number"}}},
        "rules": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
    },
}


@pytest.mark.parametrize(
    ("deep_object", "value"),
    [
        (None, {"id": 1, "ids": [1, 2]}),
        ("repeat", {"id": 1, "ids": [1, 2], "range": {"gte": 0.5}}),
        ("brackets", {"ids": [1, 2], "range": {"gte": 0.5}}),
        ("brackets", {"rules": [{"n": 1}]}),
        ("indices", {"ids": [1, 2], "rules": [{"n": 1}, {"n": 2}], "range": {"gte": 1}}),
    ],
)
def test_names_in_brackets_are_read_whatever_the_server_wants(deep_object: Any, value: Any) -> None:
    client = client_for("query", FILTER, style="deepObject", explode=True)
    request = client.prepare("op", p=value, options=Options(deep_object=deep_object))
    assert read_back(client, request) == value


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("p=a%20b", ["a b"]),
        ("p=a+b&p=c%2Cd", ["a b", "c,d"]),
        ("q=1", None),
        ("p=", [""]),
        ("", None),
    ],
)
def test_a_query_of_somebody_else_is_read(query: str, value: Any) -> None:
    operation = client_for("query", STRINGS).operations["op"]
    read = operation.read_parameters({}, query, Headers())
    assert read == ({} if value is None else {"query.p": value})


def test_members_that_stand_alone_are_told_from_other_parameters() -> None:
    spread = {"type": "object", "additionalProperties": {"type": "integer"}}
    entries = [parameter("query", spread, "f"), parameter("query", {"type": "string"}, "q")]
    operation = Client(one_operation(parameters=entries)).operations["op"]
    assert operation.read_parameters({}, "a=1&q=x&b=2", Headers()) == {
        "query.f": {"a": 1, "b": 2},
        "query.q": "x",
    }


@pytest.mark.parametrize(
    ("settings", "query", "value"),
    [
        ({"content": {"application/json": {"schema": {}}}}, "p=%7B%22a%22%3A1%7D", {"a": 1}),
        ({"content": {"text/plain": {"schema": {"type": "string"}}}}, "p=1", "1"),
    ],
)
def test_a_parameter_with_content_is_read_by_its_media_type(
    settings: Any, query: str, value: Any
) -> None:
    operation = client_for("query", None, **settings).operations["op"]
    assert operation.read_parameters({}, query, Headers()) == {"query.p": value}


@pytest.mark.parametrize(
    "name", ["p" + "[a]" * 5000 + "=1", "p[[a]]=1", "p[a=1", "p]=1", "px[a]=1"], ids=range(5)
)
def test_names_that_nobody_means_are_not_read(name: str) -> None:
    operation = client_for("query", FILTER, style="deepObject").operations["op"]
    assert operation.read_parameters({}, name, Headers()) == {}


@pytest.mark.parametrize("inner", ["csv", "ssv", "tsv", "pipes"])
@pytest.mark.parametrize("outer", ["multi", "csv", "ssv", "tsv", "pipes"])
def test_arrays_in_arrays_of_swagger_2_come_back(outer: str, inner: str) -> None:
    items = {"type": "array", "items": {"type": "integer"}, "collectionFormat": inner}
    entry = {"name": "p", "in": "query", "type": "array", "items": items}
    operation = {
        "operationId": "op",
        "parameters": [{**entry, "collectionFormat": outer}],
        "responses": {"200": {"description": "ok"}},
    }
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "api.test",
        "basePath": "/v1",
        "paths": {"/x": {"get": operation}},
    }
    client = Client(document)
    value = [[1, 2], [3]] if outer != inner else [[1], [3]]  # one separator for both says no more
    assert read_back(client, client.prepare("op", p=value)) == value


@pytest.mark.parametrize("explode", [False, True])
@pytest.mark.parametrize("value", [["a", "b c", "d,e"], {"R": 1, "free": "x y"}])
def test_a_new_style_is_a_row_of_the_table_both_ways(
    monkeypatch: pytest.MonkeyPatch, value: Any, explode: bool
) -> None:
    shape = styles.Shape("", "&" if explode else "%3B", named=True, spread=explode, taken=";")
    monkeypatch.setitem(styles._SHAPES, ("semicolonDelimited", explode), shape)
    places = (*styles.STYLES_BY_LOCATION["query"], "semicolonDelimited")
    monkeypatch.setitem(styles.STYLES_BY_LOCATION, "query", places)
    schema = SCHEMAS["array" if isinstance(value, list) else "object"]
    client = client_for("query", schema, style="semicolonDelimited", explode=explode)
    request = client.prepare("op", p=value)
    assert ("%3B" in request.url) is not explode
    assert read_back(client, request) == value
    with pytest.raises(InvalidRequest, match="a text with ';' can't be serialized"):
        client.prepare("op", p=["a;b"] if isinstance(value, list) else {"free": "a;b"})


ODD = st.text(st.sampled_from('ap[]=&%2c,;|. +"0²٣é\x00\ud800{}:'), max_size=30)


@functools.cache
def odd_operation(style: str) -> Operation:
    deep = {"type": "array", "items": SCHEMAS["object"]}
    entries = [
        parameter("path", SCHEMAS["numbers"], "a", style="matrix", explode=True),
        parameter("query", deep if style == "deepObject" else SCHEMAS["object"], "p", style=style),
        parameter("query", FILTER, "a", content={"application/json": {"schema": FILTER}}),
        parameter("header", SCHEMAS["object"], "p", explode=True),
        parameter("cookie", SCHEMAS["numbers"], "a"),
    ]
    return Client(one_operation(path="/x/{a}", parameters=entries)).operations["op"]


@settings(max_examples=200, deadline=None)
@given(path=ODD, query=ODD, header=ODD, cookie=ODD)
@pytest.mark.parametrize("style", ["form", "deepObject", "pipeDelimited"])
def test_reading_never_fails_whatever_came(
    style: str, path: str, query: str, header: str, cookie: str
) -> None:
    headers = Headers({"p": header, "Cookie": cookie})
    odd_operation(style).read_parameters({"a": path}, query, headers)


@pytest.mark.parametrize(
    ("name", "value"), [("p[²]", {"²": "1"}), ("p[1" + "0" * 5000 + "]", None), ("p[٣]", ["1"])]
)
def test_odd_indices_are_read_as_names(name: str, value: Any) -> None:
    operation = client_for("query", STRINGS, style="deepObject").operations["op"]
    read = operation.read_parameters({}, f"{name}=1", Headers())["query.p"]
    assert read == (value or {name[2:-1]: "1"})
