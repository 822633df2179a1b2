"""Opening documents: from anywhere, and what is said of those that can't be opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Answer, Scripted, one_operation

from dynclient import Client, DocumentError, Trust, bundled_names, load

MINIMAL = "openapi: 3.1.1\ninfo: {title: T, version: '1'}\npaths: {}\n"


def refused(source: Any, **settings: Any) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(source, **settings)
    return caught.value


def written(folder: Path, content: str | bytes, name: str = "api.yaml") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


# ── what opens ───────────────────────────────────────────────────────────────────────────────────


def test_a_document_opens_by_name_path_url_and_as_data(tmp_path: Path, service: Scripted) -> None:
    file = written(tmp_path, json.dumps(one_operation()), "api.json")
    service.answers.append(Answer(file.read_bytes()))
    assert "qiskit-runtime" in bundled_names()
    assert len(Client("qiskit-runtime").operations) == 32
    for source in (str(file), file, file.as_uri(), one_operation(), f"{service.url}/api.json"):
        with Client(source) as client:
            assert list(client.operations) == ["op"]
            assert (client.document.title, client.document.dialect) == ("Test", "3.1")


@pytest.mark.parametrize("name", ["api.yaml", "api.json", "api", "api.txt"])
@pytest.mark.parametrize("form", ["yaml", "json", "json with a BOM", "utf-16"])
def test_the_text_decides_whether_it_is_json_or_yaml(tmp_path: Path, name: str, form: str) -> None:
    as_json = json.dumps(one_operation())
    contents = {
        "yaml": MINIMAL.encode(),
        "json": as_json.encode(),
        "json with a BOM": b"\xef\xbb\xbf" + as_json.encode(),
        "utf-16": as_json.encode("utf-16"),
    }
    assert load(written(tmp_path, contents[form], name)).version == "3.1.1"


def test_yaml_in_flow_style_opens(tmp_path: Path) -> None:
    text = "{openapi: 3.0.4, info: {title: T, version: '1'}, paths: {}}"
    assert load(written(tmp_path, text)).dialect == "3.0"


# ── what does not ────────────────────────────────────────────────────────────────────────────────


def test_a_missing_file_says_what_there_is(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.yaml")
    assert "no such file or directory; bundled: " in str(error)
    assert error.source == str(tmp_path / "none.yaml")
    assert "did you mean the bundled 'qiskit-runtime'?" in str(refused("qiskit-runtim"))


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    assert "is a directory" in str(refused(tmp_path))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("openapi: 3.1.1\ninfo: [1, 2\npaths: {}\n", 3, None),
        ("openapi: 3.1.1\n\tinfo: {}\n", 2, 1),
        ("a: 1\nb: 'text\n", None, None),
        ("a: *nowhere\n", 1, 4),
    ],
)
def test_a_yaml_syntax_error_names_line_and_column(
    tmp_path: Path, text: str, line: int | None, column: int | None
) -> None:
    file = written(tmp_path, text)
    error = refused(file)
    assert "YAML" in error.problem
    assert error.line is not None
    assert error.column is not None
    assert line is None or error.line == line
    assert column is None or error.column == column
    assert str(error).startswith(f"{file}, line {error.line}, column {error.column}: ")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{\n  "openapi": "3.1.1",\n  "info": ,\n}', 3, 11),
        ('{"a": 1,}', 1, 9),
        ('{"a": NaN}', 1, 7),
    ],
)
def test_a_json_syntax_error_names_line_and_column(
    tmp_path: Path, text: str, line: int, column: int
) -> None:
    error = refused(written(tmp_path, text, "api.json"))
    assert "JSON" in error.problem
    assert (error.line, error.column) == (line, column)


NO_OPENAPI = [
    ({}, "it has no field `openapi` at its root", ""),
    ({"info": {}}, "it has no field `openapi` at its root", ""),
    ({"openapi": "4.0.0"}, "4.0.0 is not supported; 3.0, 3.1, 3.2 and Swagger 2.0", "/openapi"),
    ({"openapi": "2.0"}, "OpenAPI 2.0 is not supported", "/openapi"),
    ({"openapi": None}, "is not supported", "/openapi"),
]


@pytest.mark.parametrize(("data", "message", "pointer"), NO_OPENAPI)
def test_data_that_is_no_openapi_is_refused(data: Any, message: str, pointer: str) -> None:
    error = refused(data)
    assert message in str(error)
    assert error.pointer == pointer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "its root is a list"),
        ("just text", "its root is a text"),
        ("42", "its root is a number"),
        ("", "the document is empty"),
        ("  \n ", "the document is empty"),
        ("<html><body>Sign in</body></html>", "its root is a text"),
    ],
)
def test_text_that_is_no_openapi_says_what_it_is(tmp_path: Path, text: str, message: str) -> None:
    assert message in str(refused(written(tmp_path, text)))


@pytest.mark.parametrize("source", [None, 5, b"bytes", ["list"]])
def test_what_is_no_source_is_refused(source: Any) -> None:
    assert "a bundled name, a path, a URL or a mapping" in str(refused(source))


def test_a_url_that_responds_with_an_error_is_refused(service: Scripted) -> None:
    service.answers.append(Answer(b"no", 404))
    with pytest.raises(DocumentError, match="the server responded with 404"):
        Client(f"{service.url}/api.json")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a\0b", "null byte"),
        ("file:///%00", "null byte"),
        ("\ud800", "lone surrogate"),
        ("sub/\ud800.json", "lone surrogate"),
        ("~nouser/x", "could not determine home directory"),
        ("x" * 5000, "file name too long"),
        ("file:///" + "x" * 5000, "file name too long"),
        ("file://host/etc/hostname", "the file is on another host, host"),
        (".", "is a directory"),
        ("http://[no", "not a URL that can be opened"),
        ("http://", "names no host"),
        ("http://h:99999/api.json", "no valid host and port"),
        ("http://h:PORT/api.json", "no valid host and port"),
    ],
)
def test_a_source_that_nothing_can_be_opened_from_is_refused_in_few_words(
    source: str, reason: str
) -> None:
    error = refused(source)
    assert reason in error.problem
    assert len(str(error)) < 500
    assert str(error).encode("utf-8").isascii() or "…" in str(error)
    with pytest.raises(DocumentError):
        Client(source)


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["openapi: 3.1.1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 10):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    error = refused(written(tmp_path, "\n".join(lines)))
    assert "aliases" in str(error)


def test_an_alias_that_contains_itself_is_refused(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "openapi: 3.1.1\nx: &x {self: *x}\n"))
    assert "alias" in str(error)


def ring() -> dict[str, Any]:
    data = one_operation()
    data["x-ring"] = [{"again": data}]
    return data


def ring_of_two() -> dict[str, Any]:
    return {**one_operation(), "x": (one := []), "y": one.append([one]) or one}


def bomb() -> dict[str, Any]:
    value: list[Any] = ["x"]
    for _ in range(60):
        value = [value] * 4
    return {**one_operation(), "x": value}


def deep() -> dict[str, Any]:
    value: Any = 1
    for _ in range(3000):
        value = {"a": (value,)}
    return {**one_operation(), "x": value}


@pytest.mark.parametrize(
    ("make", "reason", "pointer"),
    [
        (ring, "contains itself", "/x-ring/0/again"),
        (ring_of_two, "contains itself", "/y/0/0"),
        (bomb, "more than 20000000 values", None),
        (deep, "deeper than 1000 levels", None),
    ],
)
def test_data_without_an_end_is_refused(make: Any, reason: str, pointer: str | None) -> None:
    error = refused(make())
    assert reason in str(error)
    assert pointer is None or error.pointer == pointer


def test_data_whose_parts_are_shared_is_opened() -> None:
    shared = {"type": "object", "properties": {"a": {"type": "string"}}}
    schemas = {f"S{n}": shared for n in range(100)}
    assert load(one_operation(components={"schemas": schemas})).data["components"]


DEEP = {
    "lists": "[" * 5000 + "]" * 5000,
    "objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "yaml": "- " * 5000 + "a",
    "never closed": "a: " + "[" * 3000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_deep_nesting_is_refused_and_takes_nothing_down(
    tmp_path: Path, text: str, name: str
) -> None:
    assert isinstance(refused(written(tmp_path, text, name)), DocumentError)


def test_a_document_that_is_too_long_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, MINIMAL)
    error = refused(file, trust=Trust(max_document_bytes=10))
    assert "over the limit of 10" in str(error)
    assert "Trust(max_document_bytes=...)" in str(error)


# ── YAML 1.2 ─────────────────────────────────────────────────────────────────────────────────────

SCALARS = [
    ("2025-01-01", "2025-01-01"),
    ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("Off", "Off"),
    ("y", "y"),
    ("true", True),
    ("False", False),
    ("null", None),
    ("~", None),
    ("''", ""),
    ("0o17", 15),
    ("0x1F", 31),
    ("017", 17),
    ("1_000", "1_000"),
    ("12:30:45", "12:30:45"),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("+12", 12),
    ("123456789012345678901234567890", 123456789012345678901234567890),
    ("=", "="),
    ("0b11", "0b11"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_what_yaml_1_2_says(tmp_path: Path, text: str, value: Any) -> None:
    data = load(written(tmp_path, f"{MINIMAL}x-value: {text}\n")).data
    assert data["x-value"] == value
    assert type(data["x-value"]) is type(value)


def test_keys_are_strings_as_they_are_written(tmp_path: Path) -> None:
    data = load(written(tmp_path, f"{MINIMAL}x-map: {{200: a, 2.0: b, yes: c, null: d}}\n")).data
    assert data["x-map"] == {"200": "a", "2.0": "b", "yes": "c", "null": "d"}


ANCHORS = [
    ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "c": 2, "d": 2}),
    ("a: &x {k: &x 3}\nb: *x\n", {"a": {"k": 3}, "b": 3}),
    ("a: &x.y {k: 1}\nb: {<<: *x.y}\n", {"a": {"k": 1}, "b": {"k": 1}}),
    ("a: &x:y v\nb: *x:y\n", {"a": "v", "b": "v"}),
    ("a: &x?y v\nb: &k 1\nc: *k\n", {"a": "v", "b": 1, "c": 1}),
    ("&k.1 key: v\na: *k.1\n", {"key": "v", "a": "key"}),
    *(
        (f"a: &x{c}y {{k: 1}}\nb: [*x{c}y, *x{c}y]\n", {"a": {"k": 1}, "b": [{"k": 1}] * 2})
        for c in "/.:@#+*!=%'\"`?|>&~^$()ü€\U0001f600"
    ),
]


@pytest.mark.parametrize(("text", "value"), ANCHORS)
def test_the_names_of_anchors_are_what_yaml_1_2_says(tmp_path: Path, text: str, value: Any) -> None:
    # YAML 1.2.2, sections 6.9.2 and 7.1: any name without blanks and brackets, and used again.
    indented = text.replace("\n", "\n  ")
    data = load(written(tmp_path, f"{MINIMAL}x-value:\n  {indented}\n")).data
    assert data["x-value"] == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x. [*y.]\n", "undefined alias"),
        ("a: & b\n", "it has no name"),
        ("a: &x. [*x.]\n", "contains itself"),
        ("a: &x. [1\n", "while parsing a flow sequence"),
    ],
)
def test_an_anchor_that_is_wrong_is_reported(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in str(refused(written(tmp_path, text)))


def test_aliases_and_merge_keys_are_written_out(tmp_path: Path) -> None:
    text = f"{MINIMAL}x-a: &a {{one: 1}}\nx-b: {{<<: *a, two: 2}}\nx-c: *a\n"
    data = load(written(tmp_path, text)).data
    assert data["x-b"] == {"one": 1, "two": 2}
    assert data["x-c"] == {"one": 1}
