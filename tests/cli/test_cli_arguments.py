"""`key=value` and `key:=JSON`: what each text becomes."""

import json

import click
import pytest
from support import one_operation, parameter

from dynclient import Client
from dynclient.cli.arguments import read_arguments, read_body, read_parts
from dynclient.operation import UNSET, File


@pytest.fixture
def operations(shapes):
    with Client(shapes) as client:
        yield client.operations


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("kind=12", "12"),
        ("kind=a=b", "a=b"),
        ("kind=", ""),
        ("count=12", 12),
        ("count=-3", -3),
        ("count=12345678901234567890123", 12345678901234567890123),
        ("count=1.5", "1.5"),
        ("count=many", "many"),
        ("count=", ""),
        ("count:=12", 12),
        ('count:="12"', "12"),
        ("ratio=1.5", 1.5),
        ("ratio=1e3", 1000.0),
        ("ratio=2", 2),
        ("ratio=NaN", "NaN"),
        ("ratio=1e999", "1e999"),
        ("ratio=" + "[" * 50_000, "[" * 50_000),
        ("ratio=true", "true"),
        ("flag=true", True),
        ("flag=False", False),
        ("flag=yes", "yes"),
        ("ids=1,2,3", [1, 2, 3]),
        ("ids=[1, 2]", [1, 2]),
        ("ids=", []),
        ("ids=1,x", [1, "x"]),
        ("ids=[1", "[1"),
        ('where={"x": 1}', {"x": 1}),
        ("where=x", "x"),
        ("where=[1]", "[1]"),
        ("either=5", "5"),
        ("maybe=5", 5),
        ("maybe=null", None),
        ("unknown=5", "5"),
        ("unknown:=5", 5),
    ],
)
def test_a_value_is_read_by_the_type_of_its_schema(operations, item, value):
    name = item.partition("=")[0].rstrip(":")
    found = read_arguments(operations["find"], [item])
    assert found == {name: value}
    assert type(found[name]) is type(value)


def test_members_of_the_body_are_read_by_type_too(operations):
    items = ["name=7", "size=7", "colour=red", 'parts=[{"name": "x"}]', 'thing:={"a": 1}']
    assert read_arguments(operations["make"], items) == {
        "name": "7",
        "size": 7,
        "colour": "red",
        "parts": [{"name": "x"}],
        "thing": {"a": 1},
    }


def test_a_name_given_again_makes_the_list_longer(operations):
    assert read_arguments(operations["find"], ["ids=1,2", "ids=3"]) == {"ids": [1, 2, 3]}


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["count"], "argument 1 is not key=value or key:=JSON; find takes kind, count"),
        (["count=1", "=x"], "argument 2 is not"),
        (["count:={"], "count:= is not JSON"),
        (["count:=NaN"], "count:= is not JSON"),
        (["count=1", "count=2"], "'count' is given twice"),
        (["body=x"], "--body"),
        (["where:=@no-such-file"], "where: no-such-file can't be read: No such file"),
    ],
)
def test_what_is_no_argument_is_wrong_usage(operations, items, message):
    with pytest.raises(click.UsageError) as caught:
        read_arguments(operations["find"], items)
    assert message in caught.value.format_message()


def test_what_is_no_argument_is_not_repeated_since_it_may_be_a_secret(operations):
    with pytest.raises(click.UsageError) as caught:
        read_arguments(operations["find"], ["a-secret"])
    assert "a-secret" not in caught.value.format_message()


def test_json_may_come_from_a_file(operations, tmp_path):
    path = tmp_path / "where.json"
    path.write_text('{"x": 3}')
    assert read_arguments(operations["find"], [f"where:=@{path}"]) == {"where": {"x": 3}}


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"png")
    return path


def test_a_part_of_a_multipart_body_may_be_a_file(operations, photo):
    found = read_arguments(operations["upload"], [f"file=@{photo}", "title=a"])
    assert found == {"file": photo, "title": "a"}


def test_several_files_make_a_list(operations, photo):
    found = read_arguments(operations["upload"], [f"pages=@{photo}", f"pages=@{photo}"])
    assert found == {"pages": [photo, photo]}
    found = read_arguments(operations["upload"], [f"pages=@{photo}", "pages=text"])
    assert found == {"pages": [photo, "text"]}
    with pytest.raises(click.UsageError, match="'file' is given twice"):
        read_arguments(operations["upload"], [f"file=@{photo}", f"file=@{photo}"])


def test_arguments_are_read_as_members_of_the_body_type_that_was_chosen(operations, photo):
    items = ["a=5", f"file=@{photo}"]
    found = read_arguments(operations["append"], items, "multipart/form-data")
    assert found == {"a": 5, "file": photo}
    assert read_arguments(operations["append"], items) == {"a": 5, "file": photo}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nope.png", "No such file or directory"), (".", "Is a directory")],
)
def test_a_part_that_cannot_be_read_names_argument_and_file(operations, tmp_path, name, reason):
    path = tmp_path / name
    with pytest.raises(click.UsageError) as caught:
        read_arguments(operations["upload"], [f"file=@{path}"])
    said = caught.value.format_message()
    assert said.startswith("Invalid value for file: ")
    assert said.endswith(f"can't be read: {reason}")


@pytest.mark.parametrize(
    ("operation", "text", "body"),
    [
        ("make", None, UNSET),
        ("make", '{"name": "x"}', {"name": "x"}),
        ("make", "null", None),
        ("store", "abc", b"abc"),
        ("note", "grüße", "grüße"),
        ("login", '{"user": "x"}', {"user": "x"}),
        ("login", "user=x", b"user=x"),
    ],
)
def test_a_body_is_read_by_its_media_type(operations, operation, text, body):
    assert read_body(operations[operation], text, None) == body


def test_a_body_may_come_from_a_file(operations, tmp_path):
    path = tmp_path / "body"
    path.write_text(json.dumps({"name": "x"}))
    assert read_body(operations["make"], f"@{path}", None) == {"name": "x"}
    assert read_body(operations["store"], f"@{path}", None) == path


@pytest.mark.parametrize("operation", ["make", "store", "note", "append", "upload"])
def test_a_body_from_a_missing_file_is_wrong_usage(operations, operation, tmp_path):
    with pytest.raises(click.UsageError) as caught:
        read_body(operations[operation], "@no-such-file", None)
    said = caught.value.format_message()
    assert said == (
        "Invalid value for --body: no-such-file can't be read: No such file or directory"
    )
    with pytest.raises(click.UsageError, match="can't be read: Is a directory"):
        read_body(operations[operation], f"@{tmp_path}", None)


LINES = b'{"a": 1}\n{"a": 2}\n'


@pytest.mark.parametrize(
    ("operation", "content_type", "text", "body"),
    [
        ("append", "application/jsonl", LINES.decode(), LINES),
        ("append", "application/jsonl", '{"a": 1}', b'{"a": 1}'),
        ("append", "application/jsonl", '[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("append", "application/json", '{"a": 1}', {"a": 1}),
        ("append", "multipart/form-data; boundary=b", "--b--", b"--b--"),
        ("append", "foo/bar", "hello", b"hello"),
        ("find", None, "hello", "hello"),
        ("keep", "text/plain", "hello", "hello"),
        ("keep", "image/png", "hello", b"hello"),
        ("keep", None, '{"a": 1}', {"a": 1}),
    ],
)
def test_a_body_is_read_by_the_type_that_was_chosen(
    operations, operation, content_type, text, body
):
    assert read_body(operations[operation], text, content_type) == body


# ── parts by position ────────────────────────────────────────────────────────────────────────


def test_parts_are_read_by_the_schemas_of_their_positions(operations, photo):
    texts = ['{"a": 1}', "7", f"@{photo}", "8", ':=["x"]']
    assert read_parts(operations["mix"], texts, None) == [{"a": 1}, 7, photo, "8", ["x"]]


def test_a_file_may_name_its_type(operations, photo, tmp_path):
    typed = File(photo, content_type="image/png")
    assert read_parts(operations["mix"], [f"@{photo};type=image/png"], None) == [typed]
    found = read_arguments(operations["upload"], [f"file=@{photo};type=image/png"])
    assert found == {"file": typed}
    odd = tmp_path / "a;type=b"
    odd.write_bytes(b"")
    assert read_arguments(operations["upload"], [f"file=@{odd}"]) == {"file": odd}


@pytest.mark.parametrize("name", ["make", "find"])
def test_parts_need_a_multipart_body(operations, name):
    with pytest.raises(click.BadParameter, match=f"{name} declares no multipart body"):
        read_parts(operations[name], ["a"], None)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"allOf": [{"type": ["integer", "string"]}, {"type": "integer"}]}, "5", 5),
        ({"allOf": [{"type": ["integer", "string"]}, {"type": "string"}]}, "5", "5"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, "true", True),
        ({"enum": [1, 2]}, "2", 2),
        ({"const": 1}, "1", 1),
        ({}, "5", "5"),
        ({"type": "array", "items": {"allOf": [{"type": "number"}]}}, "1,2.5", [1, 2.5]),
    ],
)
def test_the_type_is_what_all_that_is_said_of_the_value_allows(schema, text, value):
    document = one_operation(parameters=[parameter("query", schema, "n")])
    operation = Client(document).operations["op"]
    assert read_arguments(operation, [f"n={text}"]) == {"n": value}


def test_an_option_says_what_stands_for_objects_in_a_deep_object(invoke, tmp_path):
    entry = parameter("query", {"type": "object"}, "q", style="deepObject")
    path = tmp_path / "api.json"
    path.write_text(json.dumps(one_operation(parameters=[entry])))
    line = ["call", "op", 'q:={"a": {"b": [1]}}', "--doc", str(path), "--dry-run"]
    done = invoke(*line)
    assert done.exit_code != 0
    assert "request.query.q at /a" in done.stderr
    assert "pass --deep-object brackets" in done.stderr
    done = invoke(*line, "--deep-object", "indices")
    assert "?q%5Ba%5D%5Bb%5D%5B0%5D=1" in done.stdout
