"""What a notebook shows of responses, violations and operations."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from support import answering, one_operation, parameter

from dynclient import Client
from dynclient.transport import MockTransport

DOCUMENT = one_operation(
    parameters=[parameter("query", {"type": "integer"}, "limit", description="How <many>.")],
    responses=answering({"type": "array", "items": {"properties": {"n": {"type": "integer"}}}}),
    security=[{"K": []}],
    components={"securitySchemes": {"K": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
)


def shown(value: Any) -> str:
    html: str = value._repr_html_()
    ElementTree.fromstring(f"<div>{html}</div>")  # well formed
    return html


def client(data: Any) -> Client:
    transport = MockTransport(lambda _: MockTransport.response(data))
    return Client(DOCUMENT, auth={"K": "my-secret-key"}, transport=transport, validate="warn")


def test_an_array_of_objects_is_a_table() -> None:
    html = shown(client([{"n": 1}, {"n": 2, "more": ["<b>"]}]).request("op"))
    assert html.startswith("<p><strong>200</strong> op, ")
    assert '<th scope="col">n</th><th scope="col">more</th>' in html
    assert "<td>2</td><td>[&quot;&lt;b&gt;&quot;]</td>" in html


def test_all_else_is_json_and_what_is_wrong_comes_first() -> None:
    response = client({"n": "<script>"}).request("op")
    html = shown(response)
    assert "<script" not in html
    assert "must be of type array" in html
    assert html.index("must be") < html.index("<pre>")
    assert "must be of type array" in shown(response.violations[0])


def test_a_long_table_ends() -> None:
    rows = [{f"c{n}": n for n in range(20)}] * 80
    html = shown(client(rows).request("op"))
    assert html.count("<tr>") == 51
    assert "… 30 more rows and 12 more columns" in html


def test_no_secret_is_shown() -> None:
    html = shown(
        client([{"n": 1, "password": "hunter2hunter2", "sent": "my-secret-key"}]).request("op")
    )
    assert "hunter2" not in html
    assert "my-secret-key" not in html


def test_operations_are_tables() -> None:
    operations = client([]).operations
    assert "<td>op</td><td>GET /thing</td>" in shown(operations)
    html = shown(operations["op"])
    assert "<td>limit</td><td>query</td><td></td><td>How &lt;many&gt;.</td>" in html
