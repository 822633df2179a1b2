"""multipart bodies that are no forms: mixed, related and others, read back by the standard library.

Sources: RFC 2046, section 5.1; RFC 2183; RFC 2387; OpenAPI 3.2.0, "Encoding By Position"."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import one_operation

from dynclient import Client, File, InvalidRequest, Options

JSON, TEXT, BINARY = "application/json", "text/plain", "application/octet-stream"
Head = tuple[str, str | None, bytes]


def client_of(
    schema: Any = None, kind: str = "mixed", version: str = "3.2.0", **more: Any
) -> Client:
    entry = more if schema is None else {"schema": schema, **more}
    content = {f"multipart/{kind}": entry}
    return Client(one_operation(method="post", content=content, version=version))


def message(client: Client, body: Any, **options: Any) -> EmailMessage:
    """The request as the standard library reads it; what it finds odd fails."""
    request = client.prepare("op", body=body, options=Options(**options))
    content: Any = request.content
    whole = content if isinstance(content, bytes) else b"".join(content)
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    found = message_from_bytes(head + whole, policy=HTTP)
    assert isinstance(found, EmailMessage)
    assert found.is_multipart()
    assert not any(part.defects for part in found.walk())
    return found


def parts(client: Client, body: Any, **options: Any) -> list[Head]:
    """The content type, Content-Disposition and content of each part."""
    return [
        (part.get_content_type(), part["Content-Disposition"], content_of(part))
        for part in message(client, body, **options).iter_parts()
    ]


def content_of(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def refused(client: Client, body: Any, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body=body, options=Options(**options))
    return [(v.where + v.pointer, v.message) for v in caught.value.violations]


# ── arrays: by position (OpenAPI 3.2.0, "Encoding By Position") ──────────────────────────────────


@pytest.mark.parametrize("kind", ["mixed", "related", "parallel", "alternative", "*"])
def test_the_items_of_an_array_are_parts_without_names(kind: str) -> None:
    client = client_of({"type": "array"}, kind)
    assert parts(client, [{"a": 1}, "ü", b"\0\r\n", [1, None]]) == [
        (JSON, None, b'{"a":1}'),
        (TEXT, None, "ü".encode()),
        (BINARY, None, b"\0\r\n"),
        (JSON, None, b"[1,null]"),
    ]


def test_each_item_has_the_encoding_and_schema_of_its_position() -> None:
    schema = {
        "type": "array",
        "prefixItems": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
        "items": {"type": "object"},
    }
    first = [{}, {"contentType": "text/csv", "headers": {"X-Part": {"schema": {"const": "two"}}}}]
    rest = {"contentType": "application/problem+json"}
    client = client_of(schema, prefixEncoding=first, itemEncoding=rest)
    found = list(message(client, [["a"], "b,c", {}, {"d": 1}]).iter_parts())
    assert [(part.get_content_type(), content_of(part)) for part in found] == [
        (JSON, b'["a"]'),
        ("text/csv", b"b,c"),
        ("application/problem+json", b"{}"),
        ("application/problem+json", b'{"d":1}'),
    ]
    assert [part["X-Part"] for part in found] == [None, "two", None, None]


@pytest.mark.parametrize("style", ["form", "pipeDelimited"])
def test_styles_are_for_forms_alone(style: str) -> None:
    by_item = client_of({"type": "array"}, itemEncoding={"style": style})
    assert parts(by_item, ["a", [1]]) == [(TEXT, None, b"a"), (JSON, None, b"[1]")]
    by_name = client_of({"type": "object"}, encoding={"a": {"style": style}}, version="3.1.1")
    assert [part[2] for part in parts(by_name, {"a": [1, 2]})] == [b"1", b"2"]


def test_a_file_has_a_disposition_if_it_has_a_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"n")
    client = client_of({"type": "array"})
    body = [path, b"1", File(io.BytesIO(b"2"), 'q"\\.png'), File(b"3", "ä.png")]
    found = list(message(client, body).iter_parts())
    assert [part.get_content_disposition() for part in found] == [
        "attachment",
        None,
        "attachment",
        "attachment",
    ]
    assert [part.get_filename() for part in found] == ["notes.txt", None, 'q"\\.png', "ä.png"]
    assert [part.get_content_type() for part in found] == [TEXT, BINARY, "image/png", "image/png"]
    assert refused(client, [File(b"", "a\r\nX: y")])[0][0] == "request.body/0"


def test_a_disposition_that_the_document_or_the_caller_gives_is_taken() -> None:
    header = {"content": {"text/plain": {"schema": {"const": 'inline; x="y"'}}}}
    encoding = {"headers": {"Content-Disposition": header}}
    client = client_of({"type": "array"}, prefixEncoding=[encoding, encoding])
    own = File(b"2", "f", headers={"content-disposition": "attachment"})
    assert [part[1] for part in parts(client, ["1", own])] == ['inline; x="y"', "attachment"]


def test_items_are_judged_and_files_among_them_are_not() -> None:
    schema = {
        "type": "array",
        "prefixItems": [{"type": "object", "required": ["x"]}, {"type": "string", "minLength": 9}],
        "items": {"type": "integer"},
        "maxItems": 4,
        "uniqueItems": True,
    }
    client = client_of(schema)
    assert len(parts(client, [{"x": 1}, b"2", b"", b""])) == 4
    assert refused(client, [{}, b"2"])[0][0] == "request.body/0"
    assert [where for where, _ in refused(client, [b"", "short"])] == ["request.body/1"]
    assert [where for where, _ in refused(client, [b"", b"", "x"])] == ["request.body/2"]
    assert "at most 4" in refused(client, [b"1", b"2", b"3", b"4", b"5"])[0][1]


def test_item_schema_judges_each_part_and_gives_it_its_type() -> None:
    item = {"type": "object", "required": ["x"], "properties": {"p": {"format": "password"}}}
    client = client_of(itemSchema=item, itemEncoding={"contentType": "application/json"})
    assert [part[0] for part in parts(client, [{"x": 1}, File(b"{}")])] == [JSON, JSON]
    assert [where for where, _ in refused(client, [{"x": 1}, {}])] == ["request.body/1"]
    assert [where for where, _ in refused(client, [b"", {}])] == ["request.body/1"]
    assert "is an array, not dict" in refused(client, {"x": 1})[0][1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "needs a part"),
        ([None], "the part at index 0: null can't be serialized as text/plain"),
        (["a", "\ud800"], "the part at index 1: the text can't be encoded in utf-8"),
        ("text", "is an object or an array, not str"),
    ],
)
def test_what_can_not_be_a_part_is_refused_with_its_index(body: Any, told: str) -> None:
    assert told in refused(client_of({}), body)[0][1]


def test_an_item_that_is_null_is_null_where_its_type_is_json() -> None:
    client = client_of({"type": "array"}, itemEncoding={"contentType": JSON})
    assert parts(client, [None, 1]) == [(JSON, None, b"null"), (JSON, None, b"1")]


def test_a_part_may_be_multipart_itself() -> None:
    inner = {"contentType": "multipart/mixed", "prefixEncoding": [{"contentType": "image/png"}]}
    schema = {"type": "array", "prefixItems": [{"type": "object"}, {"type": "array"}]}
    client = client_of(schema, prefixEncoding=[{}, inner])
    body = [{"n": 1}, [b"png", File(io.BytesIO(b"2"), "b.txt"), {"deep": []}]]
    meta, files = message(client, body).iter_parts()
    assert content_of(meta) == b'{"n":1}'
    assert [(part.get_content_type(), content_of(part)) for part in files.iter_parts()] == [
        ("image/png", b"png"),
        (TEXT, b"2"),
        (JSON, b'{"deep":[]}'),
    ]
    request = client.prepare("op", body=body)
    content: Any = request.content
    assert int(request.headers["Content-Length"]) == len(b"".join(content))


def test_a_form_as_an_array_has_the_names_that_the_encoding_gives() -> None:
    header = {"content": {"text/plain": {"schema": {"const": 'form-data; name="meta"'}}}}
    first = {"headers": {"Content-Disposition": header}}
    client = client_of({"type": "array"}, "form-data", prefixEncoding=[first])
    own = File(b"2", headers={"Content-Disposition": 'form-data; name="f"; filename="x"'})
    assert [part[1] for part in parts(client, [{"a": 1}, own])] == [
        'form-data; name="meta"',
        'form-data; name="f"; filename="x"',
    ]
    where, reason = refused(client, [{"a": 1}, 2])[0]
    assert (where, reason[:41]) == ("request.body/1", "the part at index 1: a part of a form nee")


# ── objects: by name, in the order of the properties (OpenAPI 3.1.1, "Encoding Object") ──────────


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("kind", ["mixed", "related"])
def test_the_members_of_an_object_go_by_name_in_the_order_of_the_properties(
    kind: str, version: str
) -> None:
    texts = {"type": "array", "items": {"type": "string"}}
    properties = {"meta": {"type": "object"}, "data": texts}
    client = client_of({"type": "object", "properties": properties}, kind, version)
    assert parts(client, {"more": 1, "data": ["a", "b"], "meta": {}}) == [
        (JSON, 'form-data; name="meta"', b"{}"),
        (TEXT, 'form-data; name="data"', b"a"),
        (TEXT, 'form-data; name="data"', b"b"),
        (TEXT, 'form-data; name="more"', b"1"),
    ]


def test_a_declared_disposition_stands_for_the_name() -> None:
    header = {"schema": {"type": "string", "default": "inline"}}
    encoding = {"a": {"headers": {"content-disposition": header}}}
    client = client_of({"type": "object"}, encoding=encoding, version="3.1.1")
    assert parts(client, {"a": "1"}) == [(TEXT, "inline", b"1")]


# ── multipart/related (RFC 2387) ─────────────────────────────────────────────────────────────────


def parameters(found: EmailMessage) -> dict[str, str]:
    return {
        name: value for name in ("type", "start") if isinstance(value := found.get_param(name), str)
    }


def test_related_names_the_type_of_its_root() -> None:
    client = client_of({"type": "array"}, "related")
    assert parameters(message(client, [{"a": 1}, b"x"])) == {"type": JSON}
    assert parameters(message(client, [File(b"x", "a.png"), {}])) == {"type": "image/png"}


def test_related_names_its_root_where_that_has_an_id() -> None:
    client = client_of({"type": "array"}, "related")
    root = File({"a": 1}, content_type=f"{JSON}; charset=utf-8", headers={"Content-ID": "<r@x>"})
    found = message(client, [root, b"x"])
    assert parameters(found) == {"type": JSON, "start": "<r@x>"}
    assert [part["Content-ID"] for part in found.iter_parts()] == ["<r@x>", None]


def test_the_root_of_related_is_the_part_that_the_caller_starts_with() -> None:
    client = client_of({"type": "array"}, "related")
    root = File("<a/>", content_type="application/xml", headers={"content-id": "<r@x>"})
    chosen = 'multipart/related; start="<r@x>"'
    found = message(client, [b"x", root], content_type=chosen)
    assert parameters(found) == {"type": "application/xml", "start": "<r@x>"}
    assert "is no part's Content-ID" in refused(client, [b"x"], content_type=chosen)[0][1]
    typed = message(client, ["x"], content_type='multipart/related; type="text/html"')
    assert parameters(typed) == {"type": "text/html"}


# ── whatever the items are ───────────────────────────────────────────────────────────────────────

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ITEMS = st.lists(st.binary(max_size=100) | TEXTS, min_size=1)


@given(ITEMS)
@settings(max_examples=80, deadline=None)
def test_mixed_content_is_read_back_by_the_standard_library(items: list[bytes | str]) -> None:
    found = parts(client_of({"type": "array"}), items)
    assert [part[2] for part in found] == [
        item.encode() if isinstance(item, str) else item for item in items
    ]
