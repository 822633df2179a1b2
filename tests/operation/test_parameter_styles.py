"""The style tables of OpenAPI 3.0.4 and 3.1.1 ("Style Examples"), and what they leave open."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from support import BASE, one_operation, parameter

from dynclient import Client, InvalidRequest, Options

ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}

# (location, style, explode, value, text); the texts are the specification's own.
STYLE_EXAMPLES: list[tuple[str, str, bool, Any, str]] = [
    ("path", "matrix", False, "", ";color"),
    ("path", "matrix", False, "blue", ";color=blue"),
    ("path", "matrix", False, ARRAY, ";color=blue,black,brown"),
    ("path", "matrix", False, OBJECT, ";color=R,100,G,200,B,150"),
    ("path", "matrix", True, "", ";color"),
    ("path", "matrix", True, "blue", ";color=blue"),
    ("path", "matrix", True, ARRAY, ";color=blue;color=black;color=brown"),
    ("path", "matrix", True, OBJECT, ";R=100;G=200;B=150"),
    ("path", "label", False, "blue", ".blue"),
    ("path", "label", False, ARRAY, ".blue,black,brown"),
    ("path", "label", False, OBJECT, ".R,100,G,200,B,150"),
    ("path", "label", True, "blue", ".blue"),
    ("path", "label", True, ARRAY, ".blue.black.brown"),
    ("path", "label", True, OBJECT, ".R=100.G=200.B=150"),
    ("path", "simple", False, "blue", "blue"),
    ("path", "simple", False, ARRAY, "blue,black,brown"),
    ("path", "simple", False, OBJECT, "R,100,G,200,B,150"),
    ("path", "simple", True, "blue", "blue"),
    ("path", "simple", True, ARRAY, "blue,black,brown"),
    ("path", "simple", True, OBJECT, "R=100,G=200,B=150"),
    ("header", "simple", False, "", ""),
    ("header", "simple", False, "blue", "blue"),
    ("header", "simple", False, ARRAY, "blue,black,brown"),
    ("header", "simple", False, OBJECT, "R,100,G,200,B,150"),
    ("header", "simple", True, "blue", "blue"),
    ("header", "simple", True, ARRAY, "blue,black,brown"),
    ("header", "simple", True, OBJECT, "R=100,G=200,B=150"),
    ("query", "form", False, "", "color="),
    ("query", "form", False, "blue", "color=blue"),
    ("query", "form", False, ARRAY, "color=blue,black,brown"),
    ("query", "form", False, OBJECT, "color=R,100,G,200,B,150"),
    ("query", "form", True, "", "color="),
    ("query", "form", True, "blue", "color=blue"),
    ("query", "form", True, ARRAY, "color=blue&color=black&color=brown"),
    ("query", "form", True, OBJECT, "R=100&G=200&B=150"),
    ("query", "spaceDelimited", False, ARRAY, "color=blue%20black%20brown"),
    ("query", "spaceDelimited", False, OBJECT, "color=R%20100%20G%20200%20B%20150"),
    ("query", "pipeDelimited", False, ARRAY, "color=blue%7Cblack%7Cbrown"),
    ("query", "pipeDelimited", False, OBJECT, "color=R%7C100%7CG%7C200%7CB%7C150"),
    ("query", "deepObject", True, OBJECT, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ("cookie", "form", False, "", "color="),
    ("cookie", "form", False, "blue", "color=blue"),
    ("cookie", "form", False, ARRAY, "color=blue,black,brown"),
    ("cookie", "form", False, OBJECT, "color=R,100,G,200,B,150"),
]


def sent(location: str, value: Any, version: str = "3.1.1", **settings: Any) -> str:
    """The text that one parameter called `color` becomes."""
    path = "/x/{color}" if location == "path" else "/x"
    entry = parameter(location, {}, "color", **settings)
    client = Client(one_operation(path=path, parameters=[entry], version=version))
    request = client.prepare("op", color=value)
    if location == "header":
        return request.headers["color"]
    if location == "cookie":
        return request.headers["Cookie"]
    mark = "/x/" if location == "path" else "/x?"
    assert request.url.startswith(BASE + mark)
    return request.url.removeprefix(BASE + mark)


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize(("location", "style", "explode", "value", "text"), STYLE_EXAMPLES)
def test_a_value_is_laid_out_as_the_specification_shows(
    location: str, style: str, explode: bool, value: Any, text: str, version: str
) -> None:
    assert sent(location, value, version, style=style, explode=explode) == text


@pytest.mark.parametrize(
    ("location", "value", "text"),
    [
        ("path", ARRAY, "blue,black,brown"),
        ("path", OBJECT, "R,100,G,200,B,150"),
        ("header", OBJECT, "R,100,G,200,B,150"),
        ("query", ARRAY, "color=blue&color=black&color=brown"),
        ("query", OBJECT, "R=100&G=200&B=150"),
    ],
)
def test_a_parameter_that_names_no_style_gets_the_one_of_its_place(
    location: str, value: Any, text: str
) -> None:
    assert sent(location, value) == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("form", "color=blue&color=black&color=brown"),
        ("spaceDelimited", "color=blue%20black%20brown"),
        ("pipeDelimited", "color=blue%7Cblack%7Cbrown"),
    ],
)
def test_only_form_explodes_unless_told_to(style: str, text: str) -> None:
    assert sent("query", ARRAY, style=style) == text


def test_exploded_cookies_are_cookies_of_their_own() -> None:
    assert sent("cookie", OBJECT) == "R=100; G=200; B=150"
    assert sent("cookie", ARRAY) == "color=blue; color=black; color=brown"


def test_several_cookie_parameters_share_one_header_in_the_order_of_the_document() -> None:
    entries = [parameter("cookie", {}, name) for name in ("sid", "theme", "unused")]
    request = Client(one_operation(parameters=entries)).prepare("op", theme="a b", sid=7)
    assert request.headers.get_list("Cookie") == ["sid=7; theme=a%20b"]


RESERVED = ":/?#[]@!$&'()*+,;="


@pytest.mark.parametrize("location", ["path", "query", "cookie"])
def test_reserved_characters_are_encoded(location: str) -> None:
    text = sent(location, RESERVED).removeprefix("color=")
    assert text == "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"


def test_reserved_characters_stay_where_allow_reserved_says_so() -> None:
    text = sent("query", f"{RESERVED} é%2F%zz", allowReserved=True).removeprefix("color=")
    # `#`, `[` and `]` would end the query, or may not stand in one; triples stay as they are
    assert text == ":/?%23%5B%5D@!$&'()*+,;=%20%C3%A9%2F%25zz"


def test_reserved_characters_of_a_header_stay_as_they_are() -> None:
    assert sent("header", f"{RESERVED}%") == f"{RESERVED}%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a%20b"),
        ("100%", "100%25"),
        ("%41", "%2541"),
        ("naïve", "na%C3%AFve"),
        ("量子", "%E9%87%8F%E5%AD%90"),
        ("😀", "%F0%9F%98%80"),
        ("-._~", "-._~"),
        ('"<>\\^`{|}', "%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("a\nb\x00", "a%0Ab%00"),
    ],
)
@pytest.mark.parametrize("location", ["path", "query", "cookie"])
def test_text_is_percent_encoded_as_utf_8(location: str, value: str, text: str) -> None:
    assert sent(location, value).removeprefix("color=") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1, "-1"),
        (12345678901234567890123456789, "12345678901234567890123456789"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1.0, "1"),
    ],
)
def test_scalars_are_written_as_json_writes_them(value: Any, text: str) -> None:
    assert sent("query", value) == f"color={text}"


@pytest.mark.parametrize("style", ["form", "spaceDelimited", "pipeDelimited"])
@pytest.mark.parametrize("value", [[], {}])
def test_an_array_or_object_without_members_is_not_sent(style: str, value: Any) -> None:
    entry = parameter("query", {}, "color", style=style)
    assert "?" not in Client(one_operation(parameters=[entry])).prepare("op", color=value).url


@pytest.mark.parametrize("location", ["query", "header", "cookie"])
def test_none_means_not_given(location: str) -> None:
    entry = parameter(location, {"type": "string"}, "color")
    client = Client(one_operation(parameters=[entry]))
    request = client.prepare("op", color=None)
    assert request == client.prepare("op")


def test_none_is_sent_as_nothing_where_the_schema_takes_null() -> None:
    entry = parameter("query", {"type": ["string", "null"]}, "color")
    assert Client(one_operation(parameters=[entry])).prepare("op", color=None).url == (
        f"{BASE}/thing?color="
    )


@pytest.mark.parametrize("value", [[], {}])
@pytest.mark.parametrize("style", ["simple", "matrix", "label"])
def test_a_path_never_loses_a_segment(style: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent("path", value, style=style)
    assert [(v.where, v.rule) for v in caught.value.violations] == [
        ("request.path.color", "empty-path")
    ]


ENGINES = ("compiled", "openapi-core")


def in_path(
    template: str, schema: Any, version: str = "3.1.1", validate: Any = "strict", **settings: Any
) -> Client:
    """A client of one operation at that path, every placeholder with that schema."""
    engine = settings.pop("engine", "compiled")
    names = re.findall(r"\{(.*?)\}", template)
    entries = [parameter("path", schema, name, **settings) for name in names]
    document = one_operation(path=template, parameters=entries, version=version)
    return Client(document, validate=validate, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_path_segment_is_a_violation_that_the_policy_may_let_pass(engine: Any) -> None:
    with pytest.raises(InvalidRequest, match="an empty path segment would make another path"):
        in_path("/p/{c}", {"type": "string"}, engine=engine).prepare("op", c="")
    for validate in ("warn", "off"):
        client = in_path("/p/{c}", {"type": "string"}, validate=validate, engine=engine)
        assert client.prepare("op", c="").url == f"{BASE}/p/"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("template", "schema", "value", "path"),
    [
        ("/p/x{c}y", {"type": "string"}, "", "/p/xy"),
        ("/p/{c}", {"type": "string", "enum": ["", "a"]}, "", "/p/"),
        ("/p/{c}", {"type": "string", "minLength": 0}, "", "/p/"),
        ("/p/{c}", {"const": ""}, "", "/p/"),
        ("/p/{c}", {"allOf": [{"type": "string"}, {"minLength": 0}]}, "", "/p/"),
        ("/p/{c}/z", {"type": "string", "minLength": 0}, "", "/p//z"),
        ("/p/{c}", {"type": "array", "minItems": 0}, [], "/p/"),
        ("/p?view={c}", {"type": "string"}, "", "/p?view="),
    ],
)
def test_an_empty_path_value_is_sent_beside_text_and_where_the_schema_allows_it(
    template: str, schema: Any, value: Any, path: str, engine: Any
) -> None:
    assert in_path(template, schema, engine=engine).prepare("op", c=value).url == BASE + path


def test_two_empty_values_make_an_empty_segment() -> None:
    client = in_path("/p/{a}{b}", {"type": "string"})
    assert client.prepare("op", a="", b="x").url == f"{BASE}/p/x"
    with pytest.raises(InvalidRequest, match="an empty path segment"):
        client.prepare("op", a="", b="")


@pytest.mark.parametrize("validate", ["strict", "off"])
@pytest.mark.parametrize(
    ("template", "style", "value"),
    [
        ("/x/{c}", "simple", "."),
        ("/x/{c}", "simple", ".."),
        ("/x/{c}/y", "simple", ".."),
        ("/x/{c}.", "simple", "."),
        ("/x/.{c}", "simple", ""),
        ("/x/{c}", "simple", [".."]),
        ("/x/{c}", "label", ""),
        ("/x/{c}", "label", "."),
        ("/x/{c}", "label", ["", ""]),
    ],
)
def test_no_value_makes_a_dot_segment(template: str, style: str, value: Any, validate: Any) -> None:
    explode = isinstance(value, list) and style == "label"
    client = in_path(template, {}, validate=validate, style=style, explode=explode)
    with pytest.raises(InvalidRequest, match=r"would make another path") as caught:
        client.prepare("op", c=value)
    found = [(v.where, v.rule) for v in caught.value.violations]
    assert found == [("request.path.c", "dot-segment")]


@pytest.mark.parametrize("value", ["%2e%2E", "..", "%2e.", ".%2e"])
def test_no_encoded_value_makes_one_either(value: str) -> None:
    with pytest.raises(InvalidRequest, match=r"would make another path"):
        in_path("/x/{c}", {}, "3.2.0", allowReserved=True).prepare("op", c=value)


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ("simple", "...", "..."),
        ("simple", "../admin", "..%2Fadmin"),
        ("simple", ["..", ".."], "..,.."),
        ("simple", "%2e%2e", "%252e%252e"),
        ("label", "..", "..."),
        ("matrix", "..", ";color=.."),
    ],
)
def test_what_only_looks_like_a_dot_segment_is_sent(style: str, value: Any, text: str) -> None:
    assert sent("path", value, style=style) == text


@pytest.mark.parametrize(
    ("style", "value"),
    [
        ("spaceDelimited", ["a b", "c"]),
        ("pipeDelimited", ["a|b", "c"]),
        ("pipeDelimited", {"a|b": 1}),
        ("form", [["nested"]]),
        ("form", {"a": {"b": 1}}),
        ("deepObject", ["not", "an", "object"]),
        ("deepObject", "text"),
        ("deepObject", {"a": {"b": 1}}),
    ],
)
def test_a_value_that_a_style_can_not_serialize_is_refused(style: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent("query", value, style=style)
    assert [(v.where, v.rule) for v in caught.value.violations] == [
        ("request.query.color", "style")
    ]


@pytest.mark.parametrize(
    "value",
    ["two\r\nlines", "\u20ac", "bell\x07"],
    ids=["line break", "beyond Latin-1", "control character"],
)
def test_a_header_holds_one_line_of_latin_1(value: str) -> None:
    with pytest.raises(InvalidRequest, match=r"one line of Latin-1") as caught:
        sent("header", value)
    assert caught.value.violations[0].where == "request.header.color"


class Itself(dict):  # type: ignore[type-arg]
    """A mapping that contains itself."""

    def __init__(self) -> None:
        super().__init__()
        self["me"] = self


def closed_file(*_: Any) -> Any:
    file = io.BytesIO(b"x")
    file.close()
    return file


RING: list[Any] = []
RING.append(RING)


@pytest.mark.parametrize(
    ("engine", "validate"),
    [("compiled", "strict"), ("compiled", "off"), ("openapi-core", "strict")],
)
@pytest.mark.parametrize("schema", [{}, {"type": "string"}, {"type": "object"}])
@pytest.mark.parametrize("location", ["path", "query", "cookie", "header"])
@pytest.mark.parametrize(
    "value",
    [
        "a\ud800",
        ["b", "a\ud800"],
        {"a\ud800": "x"},
        {"x": "a\ud800"},
        b"ab",
        ["x", b"ab"],
        bytearray(b"ab"),
        io.BytesIO(b"ab"),
        closed_file(),
        object(),
        float("nan"),
        Itself(),
        RING,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_not_be_sent_is_refused_with_its_place(
    value: Any, location: str, schema: Any, validate: Any, engine: Any
) -> None:
    path = "/x/{color}" if location == "path" else "/x"
    document = one_operation(path=path, parameters=[parameter(location, schema, "color")])
    with pytest.raises(InvalidRequest) as caught:
        Client(document, validate=validate, engine=engine).prepare("op", color=value)
    assert {v.where for v in caught.value.violations} == {f"request.{location}.color"}


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (["a", {"b": 1}], "/1"),
        ({"a/b": ["c"]}, "/a~1b"),
        ([1, float("nan")], "/1"),
        ({"x": {"y": b""}}, "/x"),
    ],
)
def test_the_place_in_the_value_is_reported(value: Any, pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent("query", value)
    assert [(v.rule, v.pointer) for v in caught.value.violations] == [("style", pointer)]


@pytest.mark.parametrize(
    ("location", "value", "text"),
    [
        ("query", {"a": [1, None]}, "color=%7B%22a%22%3A%5B1%2Cnull%5D%7D"),
        ("query", "text", "color=%22text%22"),
        ("query", 5, "color=5"),
        ("path", {"a": 1}, "%7B%22a%22%3A1%7D"),
        ("header", {"a": "b c"}, '{"a":"b c"}'),
        ("cookie", [1, 2], "color=%5B1%2C2%5D"),
    ],
)
def test_a_content_parameter_is_written_as_its_media_type(
    location: str, value: Any, text: str
) -> None:
    assert sent(location, value, content={"application/json": {"schema": {}}}) == text


def test_a_text_content_parameter_is_not_quoted() -> None:
    assert sent("query", "a b", content={"text/plain": {"schema": {}}}) == "color=a%20b"


@pytest.mark.parametrize("style", ["deepObject", "matrix", "nonsense"])
def test_a_style_that_can_not_stand_there_is_noted_and_the_default_taken(style: str) -> None:
    entry = parameter("header", {}, "color", style=style)
    client = Client(one_operation(parameters=[entry]))
    assert client.prepare("op", color=ARRAY).headers["color"] == "blue,black,brown"
    assert [p.rule for p in client.document.problems] == ["style"]


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_header_parameters_that_belong_to_the_call_are_ignored_as_specified(name: str) -> None:
    client = Client(one_operation(parameters=[parameter("header", {}, name)]))
    assert client.operations["op"].parameters == ()


@pytest.mark.parametrize("name", ["a b", "filter[x]", "é", "p=1&q"])
def test_a_query_name_is_percent_encoded(name: str) -> None:
    from urllib.parse import parse_qsl, urlsplit

    client = Client(one_operation(parameters=[parameter("query", {}, name)]))
    url = client.prepare("op", {name: "v"}).url
    assert parse_qsl(urlsplit(url).query) == [(name, "v")]


@pytest.mark.parametrize("location", ["path", "query", "header", "cookie"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), [float("-inf")]])
def test_what_is_no_number_is_refused(location: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match="is not a number that can be serialized"):
        sent(location, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.1000000000000000000000000001"), "0.1000000000000000000000000001"),
        (Decimal("3.0"), "3"),
        (date(2025, 1, 2), "2025-01-02"),
        (datetime(2025, 1, 2, 3, tzinfo=UTC), "2025-01-02T03:00:00+00:00"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (IntEnum("Level", "LOW HIGH").HIGH, "2"),  # type: ignore[attr-defined]
    ],
)
def test_python_values_are_sent_as_what_they_stand_for(value: Any, text: str) -> None:
    assert sent("query", value) == f"color={quote(text)}"
    assert sent("header", [value, value]) == f"{text},{text}"


def test_a_datetime_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="needs a time zone"):
        sent("query", datetime(2025, 1, 2))


def test_style_cookie_encodes_nothing() -> None:
    assert sent("cookie", "a b=é%", "3.2.0", style="cookie") == "color=a b=é%"
    assert sent("cookie", OBJECT, "3.2.0", style="cookie") == "R=100; G=200; B=150"


@pytest.mark.parametrize("value", ["a; admin=1", "a\r\nX-Evil: 1", "\x00", "\u20ac", {"a": "b;c"}])
def test_style_cookie_refuses_what_would_end_the_cookie(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="encode it first"):
        sent("cookie", value, "3.2.0", style="cookie")


DEEP = {"a": 1, "b": [1, 2], "c": {"d": {"e": "x y"}, "f": ["g"]}, "n": None}


@pytest.mark.parametrize(
    ("deep_object", "value", "text"),
    [
        (None, {"a": 1, "b": [1, 2]}, "q[a]=1&q[b]=1&q[b]=2"),
        ("repeat", DEEP, "q[a]=1&q[b]=1&q[b]=2&q[c][d][e]=x y&q[c][f]=g"),
        ("brackets", DEEP, "q[a]=1&q[b][]=1&q[b][]=2&q[c][d][e]=x y&q[c][f][]=g"),
        ("indices", DEEP, "q[a]=1&q[b][0]=1&q[b][1]=2&q[c][d][e]=x y&q[c][f][0]=g"),
        ("indices", {"r": [{"n": 1}, {"n": [2]}]}, "q[r][0][n]=1&q[r][1][n][0]=2"),
        ("brackets", {"r": [{"n": 1}]}, "q[r][][n]=1"),
        ("repeat", ["a", "b"], "q=a&q=b"),
        ("brackets", ["a", "b"], "q[]=a&q[]=b"),
        ("indices", ["a", "b"], "q[0]=a&q[1]=b"),
        ("indices", {"e": [], "o": {}, "a": "&"}, "q[a]=%26"),
    ],
)
def test_an_option_says_how_objects_and_arrays_stand_in_a_deep_object(
    deep_object: Any, value: Any, text: str
) -> None:
    entry = parameter("query", {}, "q", style="deepObject", explode=True)
    client = Client(one_operation(parameters=[entry]))
    request = client.prepare("op", q=value, options=Options(deep_object=deep_object))
    expected = text.replace("[", "%5B").replace("]", "%5D").replace(" ", "%20")
    assert request.url == f"{BASE}/thing?{expected}"


def test_without_it_an_object_in_an_object_is_refused_with_the_place_and_the_option() -> None:
    entry = parameter("query", {}, "q", style="deepObject", explode=True)
    with pytest.raises(InvalidRequest, match=r'Options\(deep_object="brackets"\)') as caught:
        Client(one_operation(parameters=[entry])).prepare("op", q={"a": {"b": 1}})
    assert [(v.where, v.pointer) for v in caught.value.violations] == [("request.query.q", "/a")]


@pytest.mark.parametrize("deep_object", [None, "repeat"])
@pytest.mark.parametrize("value", [{"a": [{"b": 1}]}, {"a": [["b"]]}])
def test_repeated_names_hold_no_objects_and_arrays(value: Any, deep_object: Any) -> None:
    entry = parameter("query", {}, "q", style="deepObject", explode=True)
    client = Client(one_operation(parameters=[entry]), deep_object=deep_object)
    with pytest.raises(InvalidRequest, match="an array of arrays or objects") as caught:
        client.prepare("op", q=value)
    assert [v.pointer for v in caught.value.violations] == ["/a"]


def test_neither_is_an_array() -> None:
    entry = parameter("query", {}, "q", style="deepObject", explode=True)
    with pytest.raises(InvalidRequest, match=r"an array .* Options\(deep_object="):
        Client(one_operation(parameters=[entry])).prepare("op", q=["a"])


def test_an_option_of_no_such_name_is_refused() -> None:
    with pytest.raises(ValueError, match="give one of 'repeat', 'brackets', 'indices'"):
        Client(one_operation()).prepare("op", options=Options(deep_object="dots"))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_violations_point_into_a_deep_object(engine: Any) -> None:
    ids = {"type": "array", "items": {"type": "integer"}}
    range_ = {"type": "object", "properties": {"gte": {"type": "number", "minimum": 0}, "ids": ids}}
    schema = {"type": "object", "properties": {"range": range_}, "additionalProperties": False}
    entry = parameter("query", schema, "q", style="deepObject", explode=True)
    client = Client(one_operation(parameters=[entry]), engine=engine)
    with pytest.raises(InvalidRequest) as caught:
        client.prepare(
            "op",
            q={"range": {"gte": -1, "ids": [1, "x"]}},
            options=Options(deep_object="indices"),
        )
    assert {(v.where, v.pointer, v.rule) for v in caught.value.violations} == {
        ("request.query.q", "/range/gte", "minimum"),
        ("request.query.q", "/range/ids/1", "type"),
    }


@pytest.mark.parametrize(
    ("location", "style", "value"),
    [
        ("header", "simple", ["a,b"]),
        ("header", "simple", {"a": "b,c"}),
        ("cookie", "cookie", ["a,b"]),
    ],
)
def test_a_comma_is_refused_in_a_member_where_nothing_encodes_it(
    location: str, style: str, value: Any
) -> None:
    with pytest.raises(InvalidRequest, match="a text with ',' can't be serialized") as caught:
        sent(location, value, "3.2.0", style=style, explode=False)
    assert [v.pointer for v in caught.value.violations] == ["/a" if "a" in value else "/0"]
    assert sent(location, "a,b", "3.2.0", style=style, explode=False).endswith("a,b")
