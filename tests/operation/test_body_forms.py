"""Forms as answers: read by the styles and content types by which they are written."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import one_operation

from dynclient import Client, Headers, HttpResponse, InvalidRequest, Options, Response

FORM = "application/x-www-form-urlencoded"
NUMBERS = {"type": "array", "items": {"type": "integer"}}
TEXTS = {"type": "array", "items": {"type": "string"}}
POINT = {
    "type": "object",
    "required": ["x"],
    "properties": {"x": {"type": "integer"}, "y": {"type": "string"}, "z": NUMBERS},
}


def client_of(schema: Any, encoding: Any, version: str = "3.1.1") -> Client:
    """A client whose operation takes and gives a form with the member `a`."""
    whole = {"type": "object", "properties": {"a": schema, "n": {"type": "integer"}}}
    content = {FORM: {"schema": whole, "encoding": {"a": encoding}}}
    answers = {"200": {"description": "", "content": content}}
    document = one_operation(method="post", content=content, responses=answers, version=version)
    return Client(document)


def answer(client: Client, content: bytes) -> Response:
    http = HttpResponse(200, Headers([("Content-Type", FORM)]), content)
    return client.operations["op"].parse(http)


READ: list[tuple[Any, Any, str, Any]] = [
    # schema, encoding, form → the member
    (NUMBERS, {"explode": False}, "a=1,2", [1, 2]),
    (NUMBERS, {"explode": False}, "a=1", [1]),
    (TEXTS, {"explode": False}, "a=1%2C2,b+c", ["1,2", "b c"]),
    (TEXTS, {"style": "form"}, "a=1,2", ["1,2"]),
    (TEXTS, {}, "a=1,2&a=3", ["1,2", "3"]),
    (NUMBERS, {"style": "spaceDelimited"}, "a=1%202", [1, 2]),
    (NUMBERS, {"style": "spaceDelimited"}, "a=1+2", [1, 2]),
    (NUMBERS, {"style": "pipeDelimited"}, "a=1%7C2", [1, 2]),
    (NUMBERS, {"style": "pipeDelimited"}, "a=1|2", [1, 2]),
    (NUMBERS, {"style": "pipeDelimited", "explode": True}, "a=1&a=2", [1, 2]),
    (POINT, {"explode": False}, "a=x,1,y,2%2C3", {"x": 1, "y": "2,3"}),
    (POINT, {"style": "pipeDelimited"}, "a=x%7C1", {"x": 1}),
    (POINT, {"style": "form"}, "x=1&y=2", {"x": 1, "y": "2"}),
    (POINT, {"style": "deepObject", "explode": True}, "a[x]=1&a[y]=2", {"x": 1, "y": "2"}),
    (POINT, {"style": "deepObject"}, "a%5Bx%5D=1&a%5Bmore%5D=m", {"x": 1, "more": "m"}),
    (POINT, {"style": "deepObject"}, "a[x]=1&a[z]=2", {"x": 1, "z": [2]}),
    (POINT, {"style": "deepObject"}, "a[x]=1&a[z]=2&a[z]=3", {"x": 1, "z": [2, 3]}),
    (POINT, {"style": "deepObject"}, "a[x]=1&a[z][]=2&a[z][]=3", {"x": 1, "z": [2, 3]}),
    (POINT, {"style": "deepObject"}, "a[x]=1&a[z][1]=3&a[z][0]=2", {"x": 1, "z": [2, 3]}),
    (POINT, {"style": "deepObject"}, "a[x]=1&a[m][b][c]=1", {"x": 1, "m": {"b": {"c": "1"}}}),
    (NUMBERS, {"style": "deepObject"}, "a[]=1&a[]=2", [1, 2]),
    (NUMBERS, {"style": "deepObject"}, "a[0]=1&a[1]=2", [1, 2]),
    ({"type": "string"}, {"explode": False}, "a=1,2", "1,2"),
    ({"type": "integer"}, {"style": "form"}, "a=1", 1),
    ({"type": "string"}, {"contentType": "application/json"}, "a=%22x%22", "x"),
    (TEXTS, {"contentType": "application/json"}, "a=%22x%22", ["x"]),
    (POINT, {}, "a=%7B%22x%22%3A1%7D", {"x": 1}),
    (TEXTS, 5, "a=1", ["1"]),
]


@pytest.mark.parametrize(("schema", "encoding", "form", "expected"), READ)
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_a_response_is_read_by_its_encoding(
    version: str, schema: Any, encoding: Any, form: str, expected: Any
) -> None:
    client = client_of(schema, encoding, version)
    response = answer(client, f"{form}&n=1&other=o".encode())
    assert response.violations == ()
    assert response.data == {"a": expected, "n": 1, "other": "o"}


@pytest.mark.parametrize(
    ("encoding", "form", "rule"),
    [
        ({"explode": False}, "a=x", "type"),
        ({"explode": False}, "a=x,one", "type"),
        ({"style": "deepObject"}, "a[y]=2", "required"),
        ({"style": "deepObject"}, "a=1", "type"),
        ({"style": "deepObject"}, "a=1&a[x]=1", "encoding"),
        ({"style": "deepObject"}, "a[x]=1&a=1", "encoding"),
        ({}, "a", "encoding"),
    ],
)
def test_a_form_that_breaks_its_encoding_is_reported_and_kept(
    encoding: Any, form: str, rule: str
) -> None:
    response = answer(client_of(POINT, encoding), form.encode())
    assert [violation.rule for violation in response.violations] == [rule]
    assert response.content == form.encode()


def test_a_pair_that_could_be_the_forms_own_is_that() -> None:
    members = {"type": "object", "properties": {"n": {"type": "string"}, "m": {"type": "string"}}}
    response = answer(client_of(members, {"style": "form"}), b"n=1&m=2")
    assert response.data == {"n": 1, "a": {"m": "2"}}


# ── there and back ───────────────────────────────────────────────────────────────────────────────

ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PLAIN = st.text("aü&=%+,[]", min_size=1)  # without what separates in the other styles
STYLES: list[tuple[dict[str, Any], Any]] = [
    ({}, ANY),
    ({"style": "form", "explode": True}, ANY),
    ({"style": "form", "explode": False}, ANY),
    ({"style": "spaceDelimited"}, PLAIN),
    ({"style": "pipeDelimited"}, PLAIN),
    ({"contentType": "application/json"}, ANY),
]
ROUND = settings(max_examples=50, deadline=None)


def there_and_back(client: Client, value: Any) -> Any:
    content = client.prepare("op", body={"a": value}).content
    assert isinstance(content, bytes)
    response = answer(client, content)
    assert response.violations == ()
    return response.data["a"]


@pytest.mark.parametrize(("encoding", "texts"), STYLES)
def test_a_list_that_we_write_is_read_back(encoding: Any, texts: Any) -> None:
    client = client_of(TEXTS, encoding)

    @ROUND
    @given(st.lists(texts, min_size=1))
    def round_trip(value: list[str]) -> None:
        assert there_and_back(client, value) == value

    round_trip()


@pytest.mark.parametrize(
    ("encoding", "texts"), [*STYLES, ({"style": "deepObject", "explode": True}, ANY)]
)
def test_an_object_that_we_write_is_read_back(encoding: Any, texts: Any) -> None:
    members = {"p": {"type": "string"}, "q": {"type": "string"}}
    client = client_of({"type": "object", "properties": members}, encoding)

    @ROUND
    @given(st.fixed_dictionaries({"p": texts}, optional={"q": texts}))
    def round_trip(value: dict[str, str]) -> None:
        assert there_and_back(client, value) == value

    round_trip()


@ROUND
@given(st.dictionaries(ANY, ANY))
def test_a_form_of_the_standard_library_is_read(value: dict[str, str]) -> None:
    if value:
        client = Client(
            one_operation(responses={"200": {"description": "", "content": {FORM: {}}}})
        )
        assert answer(client, urlencode(value).encode()).data == value


DEEP = {"x": 1, "z": [2, 3], "m": {"b": ["c d"]}}


@pytest.mark.parametrize(
    ("deep_object", "value", "form"),
    [
        (None, {"x": 1, "z": [2, 3]}, "a[x]=1&a[z]=2&a[z]=3"),
        ("repeat", DEEP, "a[x]=1&a[z]=2&a[z]=3&a[m][b]=c+d"),
        ("brackets", DEEP, "a[x]=1&a[z][]=2&a[z][]=3&a[m][b][]=c+d"),
        ("indices", DEEP, "a[x]=1&a[z][0]=2&a[z][1]=3&a[m][b][0]=c+d"),
    ],
)
def test_an_option_says_how_a_deep_object_nests_in_a_form_too(
    deep_object: Any, value: Any, form: str
) -> None:
    client = client_of(POINT, {"style": "deepObject", "explode": True})
    body = {"a": value, "n": 1}
    options = Options(deep_object=deep_object)
    request = client.prepare("op", body=body, options=options)
    expected = form.replace("[", "%5B").replace("]", "%5D") + "&n=1"
    assert request.content == expected.encode()
    assert client.with_options(deep_object=deep_object).prepare("op", body) == request


def test_without_it_a_nested_object_is_refused_with_its_place_and_the_option() -> None:
    client = client_of(POINT, {"style": "deepObject", "explode": True})
    with pytest.raises(InvalidRequest, match=r"Options\(deep_object=") as caught:
        client.prepare("op", body={"a": DEEP})
    assert [(v.where, v.pointer) for v in caught.value.violations] == [("request.body", "/a/m")]


def test_violations_of_a_form_point_into_the_value() -> None:
    client = client_of(POINT, {"style": "deepObject", "explode": True})
    with pytest.raises(InvalidRequest) as caught:
        client.prepare(
            "op", body={"a": {"x": 1, "z": [1, "no"]}}, options=Options(deep_object="indices")
        )
    assert [(v.pointer, v.rule) for v in caught.value.violations] == [("/a/z/1", "type")]
