"""Bodies that we write, others read to the same value: openapi-core, the standard library,
and two multipart parsers that share no code."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from python_multipart import FormParser
from support import json_content, one_operation
from werkzeug.formparser import parse_form_data

from dynclient import Client, File
from dynclient.messages import HttpRequest

SETTINGS = settings(max_examples=80, deadline=None)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text("abcXYZ_-", min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def client_for(media_type: str, schema: Any, **entry: Any) -> Client:
    content = {media_type: {"schema": schema, **entry}}
    return Client(one_operation(method="post", content=content))


def whole(request: HttpRequest) -> bytes:
    """The body's bytes, read if they are streamed."""
    content = request.content
    return content if isinstance(content, bytes) else b"".join(content or ())  # type: ignore[arg-type]


@given(JSON)
@example(10**40)
@example(-0.0)
@example({"": {"": [None]}})
@SETTINGS
def test_json_is_read_back_by_the_standard_library(value: Any) -> None:
    content = whole(client_for("application/json", {}).prepare("op", body=value))
    read = json.loads(content)
    assert read == value
    assert repr(read) == repr(value)  # 1 is not 1.0, and -0.0 is not 0.0


class Seen:
    """A request with a body, in openapi-core's terms."""

    def __init__(self, request: HttpRequest) -> None:
        self.host_url = "http://api.test"
        self.path = self.path_pattern = "/v1/thing"
        self.full_url_pattern = "http://api.test/v1/thing"
        self.method = "post"
        self.content_type = request.headers["Content-Type"]
        self.body = whole(request)
        self.parameters = RequestParameters()


MEMBERS = {
    "text": (TEXTS, {"type": "string"}),
    "count": (st.integers(), {"type": "integer"}),
    "ratio": (st.floats(allow_nan=False, allow_infinity=False), {"type": "number"}),
    "flag": (st.booleans(), {"type": "boolean"}),
    "many": (st.lists(TEXTS, min_size=1, max_size=4), {"type": "array", "items": {}}),
}
OBJECTS = st.fixed_dictionaries(
    {}, optional={name: values for name, (values, _) in MEMBERS.items()}
)
OBJECT_SCHEMA = {
    "type": "object",
    "properties": {name: schema for name, (_, schema) in MEMBERS.items()},
}


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded"])
def test_objects_are_read_back_by_openapi_core(media_type: str) -> None:
    document = one_operation(method="post", content=json_content(OBJECT_SCHEMA, media_type))
    client = Client(document)
    judge = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))

    # openapi-core takes an empty body for none at all, so that an empty form is "missing"
    @SETTINGS
    @given(OBJECTS.filter(bool))
    def round_trip(value: dict[str, Any]) -> None:
        result = judge.unmarshal_request(Seen(client.prepare("op", body=value)))
        assert result.errors == []
        assert dict(result.body) == value

    round_trip()


@given(st.dictionaries(TEXTS, TEXTS, max_size=5))
@example({"a b": "c+d&e=f%41"})
@SETTINGS
def test_a_form_is_read_back_by_the_standard_library(value: dict[str, str]) -> None:
    client = client_for("application/x-www-form-urlencoded", {"type": "object"})
    content = whole(client.prepare("op", body=value))
    assert dict(parse_qsl(content.decode("ascii"), keep_blank_values=True)) == value


def by_werkzeug(request: HttpRequest) -> dict[str, list[tuple[str | None, bytes]]]:
    """name → (file name, content) of every part of that name."""
    content = whole(request)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": request.headers["Content-Type"],
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }
    _, fields, files = parse_form_data(environ, silent=False)
    found: dict[str, list[tuple[str | None, bytes]]] = {}
    for name, text in fields.items(multi=True):
        found.setdefault(name, []).append((None, text.encode()))
    for name, file in files.items(multi=True):
        found.setdefault(name, []).append((file.filename, file.read()))
        file.close()
    return found


def by_python_multipart(request: HttpRequest) -> dict[str, list[tuple[str | None, bytes]]]:
    """The same by another parser."""
    found: dict[str, list[tuple[str | None, bytes]]] = {}

    def on_field(field: Any) -> None:
        name = field.field_name.decode()
        found.setdefault(name, []).append((None, field.value or b""))

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        entry = (file.file_name.decode(), file.file_object.read())
        found.setdefault(file.field_name.decode(), []).append(entry)
        file.close()

    boundary = request.headers["Content-Type"].partition("boundary=")[2]
    parser = FormParser("multipart/form-data", on_field, on_file, boundary=boundary)
    parser.write(whole(request))
    parser.finalize()
    return found


PARSERS = [by_werkzeug, by_python_multipart]
FILES = st.builds(File, st.binary(max_size=200), st.text("abc.é \"'", min_size=1, max_size=8))
PARTS = st.dictionaries(NAMES, TEXTS | FILES | st.lists(FILES, min_size=1, max_size=3), min_size=1)


def expected(value: dict[str, Any]) -> dict[str, list[tuple[str | None, bytes]]]:
    found: dict[str, list[tuple[str | None, bytes]]] = {}
    for name, part in value.items():
        for item in part if isinstance(part, list) else [part]:
            is_file = isinstance(item, File)
            entry = (item.filename, item.content) if is_file else (None, item.encode())
            found.setdefault(name, []).append(entry)
    return found


def unquoted(
    parts: dict[str, list[tuple[str | None, bytes]]],
) -> dict[str, list[tuple[str | None, bytes]]]:
    """File names with `%22` back as the quote that it stands for (as browsers write it)."""
    return {
        name: [(file and file.replace("%22", '"'), content) for file, content in entries]
        for name, entries in parts.items()
    }


@pytest.mark.parametrize("parse", PARSERS)
def test_multipart_is_read_back_by_other_parsers(parse: Any) -> None:
    client = client_for("multipart/form-data", {"type": "object"})

    @SETTINGS
    @given(PARTS)
    def round_trip(value: dict[str, Any]) -> None:
        assert unquoted(parse(client.prepare("op", body=value))) == expected(value)

    round_trip()


@pytest.mark.parametrize("parse", PARSERS)
def test_streamed_multipart_is_the_same_as_the_one_held_in_memory(parse: Any) -> None:
    client = client_for("multipart/form-data", {"type": "object"})
    streamed = client.prepare("op", body={"file": iter([b"ab", b"", b"cd"]), "note": "n"})
    assert not isinstance(streamed.content, bytes)
    assert parse(streamed) == {"file": [("file", b"abcd")], "note": [(None, b"n")]}


HOSTILE = ['q"q', "a\r\nX-Evil: 1", "a\nb", "é 文", "a;b=c", "..\\a", " ", ";", "'"]


def shown(text: str) -> str:
    """The text as a reader may show it: some undo `%22` and take backslashes for escapes."""
    return text.replace("%22", '"').replace("\\", "")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("parse", PARSERS)
def test_names_of_fields_and_files_stay_in_their_place(parse: Any, text: str) -> None:
    client = client_for("multipart/form-data", {"type": "object"})
    found = parse(client.prepare("op", body={text: "1", "f": File(b"2", text), "last": "3"}))
    written = shown(text).replace("\r", "%0D").replace("\n", "%0A")
    assert [(shown(name), parts) for name, parts in found.items() if name != "f"] == [
        (written, [(None, b"1")]),
        ("last", [(None, b"3")]),
    ]
    assert [(shown(filename), content) for filename, content in found["f"]] == [(written, b"2")]


@pytest.mark.parametrize("parse", PARSERS)
def test_a_form_without_a_part_is_read_as_one(parse: Any) -> None:
    client = client_for("multipart/form-data", {"type": "object"})
    for body in ({}, {"a": None}, {"a": []}, {"a": [None]}):
        assert parse(client.prepare("op", body=body)) == {}
