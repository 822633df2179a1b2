"""XML: data by the `xml` keywords of schemas, both ways, and what is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from support import json_content, one_operation

from dynclient import Client, Headers, HttpResponse, InvalidRequest, Options, Response, Trust

XML = "application/xml"
STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def client_of(schema: Any, version: str = "3.1.1", **more: Any) -> Client:
    content = json_content(schema, XML)
    responses = {"200": {"description": "", "content": content}}
    made = one_operation(method="post", content=content, responses=responses)
    components = {"schemas": {"Thing": {"type": "object", "properties": {"a": INTEGER}}}}
    return Client({**made, "openapi": version, "components": components}, **more)


def sent(client: Client, body: Any) -> str:
    content: Any = client.prepare("op", body=body).content
    return str(content.decode())


def read(client: Client, content: bytes, content_type: str = XML) -> Response:
    http = HttpResponse(200, Headers({"Content-Type": content_type}), content)
    return client.operations["op"].parse(http)


def array(items: Any, **xml: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **({"xml": xml} if xml else {})}


def thing(properties: Any, **xml: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "xml": {"name": "t", **xml}}


ANIMAL = {"type": "string", "xml": {"name": "animal"}}
BOTH_WAYS: list[tuple[str, Any, Any, str]] = [
    # version, schema, data, XML: the examples of the specification's "XML Object" among them
    ("3.0.4", thing({"a": INTEGER, "b": STRING}), {"a": 1, "b": "<&"},
     "<t><a>1</a><b>&lt;&amp;</b></t>"),
    ("3.0.4", thing({"a": {"type": "boolean"}}), {"a": True}, "<t><a>true</a></t>"),
    ("3.1.1", thing({"id": {**INTEGER, "xml": {"attribute": True}}}), {"id": 7}, '<t id="7"></t>'),
    ("3.1.1", thing({"a": {**STRING, "xml": {"name": "b"}}}), {"a": "x"}, "<t><b>x</b></t>"),
    ("3.1.1", thing({"animals": array(STRING)}), {"animals": ["x", "y"]},
     "<t><animals>x</animals><animals>y</animals></t>"),
    ("3.1.1", thing({"animals": array(ANIMAL, name="aliens")}), {"animals": ["x", "y"]},
     "<t><animal>x</animal><animal>y</animal></t>"),
    ("3.1.1", thing({"animals": array(STRING, wrapped=True)}), {"animals": ["x"]},
     "<t><animals><animals>x</animals></animals></t>"),
    ("3.1.1", thing({"animals": array(ANIMAL, name="aliens", wrapped=True)}), {"animals": ["x"]},
     "<t><aliens><animal>x</animal></aliens></t>"),
    ("3.1.1", thing({"animals": array(STRING, name="aliens", wrapped=True)}), {"animals": []},
     "<t><aliens></aliens></t>"),
    ("3.1.1", {"$ref": "#/components/schemas/Thing"}, {"a": 1}, "<Thing><a>1</a></Thing>"),
    ("3.1.1", thing({"x": {"$ref": "#/components/schemas/Thing"}}), {"x": {"a": 1}},
     "<t><x><a>1</a></x></t>"),
    ("3.1.1", thing({"o": {"type": "object", "properties": {"l": array(array(INTEGER))}}}),
     {"o": {"l": []}}, "<t><o></o></t>"),
    ("3.1.1", array({"$ref": "#/components/schemas/Thing"}, name="Things", wrapped=True),
     [{"a": 1}, {"a": 2}], "<Things><Things><a>1</a></Things><Things><a>2</a></Things></Things>"),
    ("3.2.0", thing({"lang": {**STRING, "xml": {"nodeType": "attribute"}},
                     "text": {**STRING, "xml": {"nodeType": "text"}}}),
     {"lang": "en", "text": "hi"}, '<t lang="en">hi</t>'),
    ("3.2.0", thing({"html": {**STRING, "xml": {"nodeType": "cdata"}}}), {"html": "<b>]]></b>"},
     "<t><![CDATA[<b>]]]]><![CDATA[></b>]]></t>"),
    ("3.2.0", thing({"list": array(ANIMAL, nodeType="element")}), {"list": ["x"]},
     "<t><list><animal>x</animal></list></t>"),
    ("3.2.0", thing({"in": {"type": "object", "properties": {"a": INTEGER},
                            "xml": {"nodeType": "none"}}, "b": INTEGER}),
     {"in": {"a": 1}, "b": 2}, "<t><a>1</a><b>2</b></t>"),
    ("3.1.1", thing({"a": {"type": ["integer", "null"]}}), {"a": None},
     '<t><a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"></a></t>'),
]  # fmt: skip


@pytest.mark.parametrize(("version", "schema", "data", "text"), BOTH_WAYS)
def test_data_is_xml_as_its_schema_describes_it(
    version: str, schema: Any, data: Any, text: str
) -> None:
    client = client_of(schema, version)
    assert sent(client, data) == text
    response = read(client, text.encode())
    if data != {"o": {"l": []}}:  # an array without items has no element that could say so
        assert response.data == data
    assert response.text == text
    assert response.violations == ()


def test_names_have_the_namespaces_and_prefixes_of_their_schemas() -> None:
    inner = {**STRING, "xml": {"namespace": "urn:b", "prefix": "b"}}
    attribute = {**STRING, "xml": {"attribute": True, "namespace": "urn:b", "prefix": "b"}}
    client = client_of(thing({"x": inner, "y": attribute, "z": STRING}, namespace="urn:t"))
    data = {"x": "1", "y": "2", "z": "3"}
    text = sent(client, data)
    root = ET.fromstring(text)
    assert root.tag == "{urn:t}t"
    assert [(child.tag, child.text) for child in root] == [("{urn:b}x", "1"), ("{urn:t}z", "3")]
    assert root.attrib == {"{urn:b}y": "2"}
    assert read(client, text.encode()).data == data
    other = b'<q:t xmlns:q="urn:t" xmlns:p="urn:b" p:y="2"><p:x>1</p:x><q:z>3</q:z></q:t>'
    assert read(client, other).data == data
    assert read(client, b"<t><x xmlns='urn:c'>1</x></t>").data == {"x": "1"}  # not that x, but one


def test_what_the_schema_does_not_declare_is_kept() -> None:
    content = b'<t k="v"><a>1</a><b>2</b><b>3</b><c><d>4</d></c> text </t>'
    response = read(client_of(thing({"a": INTEGER})), content)
    assert response.data == {"k": "v", "a": 1, "b": ["2", "3"], "c": {"d": "4"}}
    more = {**thing({}), "additionalProperties": INTEGER}
    assert read(client_of(more), b"<t><n>1</n></t>").data == {"n": 1}
    assert sent(client_of(more), {"n": 1}) == "<t><n>1</n></t>"


def test_data_of_xml_is_validated_in_both_directions() -> None:
    client = client_of({**thing({"a": INTEGER}), "required": ["a"]})
    with pytest.raises(InvalidRequest, match="'a' is missing"):
        client.prepare("op", body={})
    response = read(client, b"<t><a>x</a></t>")
    assert [(v.rule, v.pointer) for v in response.violations] == [("type", "/a")]
    assert response.data == {"a": "x"}


def test_an_array_that_is_required_and_has_no_element_is_empty() -> None:
    schema = {**thing({"l": array(INTEGER), "m": array(INTEGER)}), "required": ["l"]}
    assert read(client_of(schema), b"<t/>").data == {"l": []}


WRONG: list[tuple[bytes, str]] = [
    (b"<t><a>1</t>", "not well-formed"),
    (b"<t/><t/>", "not well-formed"),
    (b"no XML", "not well-formed"),
    (b"<other/>", "the root element is 'other', and the document says 't'"),
    (b'<!DOCTYPE t [<!ENTITY a "b">]><t>&a;</t>', "document type declaration"),
    (b'<!DOCTYPE t SYSTEM "file:///etc/passwd"><t/>', "document type declaration"),
    (b"<t>&undefined;</t>", "not well-formed"),
    (b"<t>\xff</t>", "utf-8"),
]


@pytest.mark.parametrize(("content", "reason"), WRONG)
def test_xml_that_is_not_what_was_meant_is_reported_and_kept(content: bytes, reason: str) -> None:
    response = read(client_of(thing({"a": INTEGER})), content)
    assert [v.rule for v in response.violations] == ["encoding"]
    assert reason in response.violations[0].message
    assert response.data == content


def test_depth_is_bounded_and_not_by_the_stack() -> None:
    deep = b"<t>" * 100_000 + b"</t>" * 100_000
    response = read(client_of(thing({}), trust=Trust(max_depth=50)), deep)
    assert "deeper than 50 levels" in response.violations[0].message
    nested = {"type": "object", "properties": {"t": {"$ref": "#/components/schemas/N"}}}
    made = client_of({"$ref": "#/components/schemas/N"})
    made.document.data["components"]["schemas"]["N"] = nested
    data: dict[str, Any] = {}
    for _ in range(1000):
        data = {"t": data}
    with pytest.raises(InvalidRequest, match="deep"):
        made.prepare("op", body=data)


def test_text_and_bytes_are_sent_as_they_are() -> None:
    client = client_of({**thing({"a": INTEGER}), "required": ["a"]})
    assert sent(client, "<any/>") == "<any/>"
    assert client.prepare("op", body=b"\xff").content == b"\xff"


def test_a_schema_of_text_leaves_xml_as_text() -> None:
    for schema in ({"type": "string"}, {}, {"maxLength": 100}):
        assert read(client_of(schema), b"<t/>").data == "<t/>"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        ("<t><a>ü</a></t>".encode(), XML),
        ("<t><a>ü</a></t>".encode("latin-1"), f"{XML}; charset=latin-1"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><t><a>\xfc</a></t>', XML),
        ('<?xml version="1.0" encoding="utf-16"?><t><a>ü</a></t>'.encode("utf-16"), XML),
        (b"\xef\xbb\xbf<t><a>\xc3\xbc</a></t>", XML),
    ],
)
def test_the_charset_is_that_of_the_type_or_of_the_xml(content: bytes, content_type: str) -> None:
    assert read(client_of(thing({"a": STRING})), content, content_type).data == {"a": "ü"}


def test_another_charset_than_utf_8_is_declared_in_what_is_sent() -> None:
    client = client_of(thing({"a": STRING}))
    options = Options(content_type=f"{XML}; charset=latin-1")
    content = client.prepare("op", body={"a": "ü"}, options=options).content
    assert isinstance(content, bytes)
    assert ET.fromstring(content).findtext("a") == "ü"


UNSENDABLE: list[tuple[Any, Any, str]] = [
    ({"type": "object", "properties": {"a": STRING}}, {"a": "x"}, "gives the root element no name"),
    (thing({"a": STRING}), {"a": "\0"}, "/a: XML can't hold the character"),
    (thing({"a": STRING}), {"a": "\ud800"}, "/a: XML can't hold the character"),
    (thing({"a": STRING}), {"a": b"x"}, "/a: bytes are not XML"),
    (thing({"a": {"xml": {"attribute": True}}}), {"a": {"b": 1}}, "/a: an object can't be"),
    (thing({}), {"a b": 1}, "'a b' can't be the name of an XML element"),
    (thing({}), [1], "an array can't be serialized as one XML element"),
]


@pytest.mark.parametrize(("schema", "body", "reason"), UNSENDABLE)
def test_data_that_can_not_be_xml_is_refused_with_its_place(
    schema: Any, body: Any, reason: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client_of(schema).prepare("op", body=body)
    found = [f"{v.pointer}: {v.message}" for v in caught.value.violations]
    assert any(reason in each for each in found)


def test_xml_with_secrets_is_not_shown() -> None:
    client = client_of(thing({"user": STRING, "pin": {**STRING, "format": "password"}}))
    request = client.prepare("op", body={"user": "ann", "pin": "1234"})
    assert b"1234" not in request.redacted().content  # type: ignore[operator]
    open_one = client.prepare("op", body={"user": "ann"})
    assert open_one.redacted().content == open_one.content
