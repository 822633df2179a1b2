"""Bodies of every media type, in both directions: noise, and correct ones that were changed.

Whatever comes, `parse` reads it or lists violations; whatever is given, `prepare` makes a request
of it or raises InvalidRequest. All that is said of it can be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from dynclient import Client, Headers, HttpResponse, InvalidRequest, Options

__all__ = ["ARGUMENTS", "SEEDS", "check"]

_THING = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "integer", "xml": {"attribute": True}},
        "b": {"type": "array", "items": {"type": "string"}, "xml": {"wrapped": True}},
        "c": {"$ref": "#/components/schemas/Thing"},
        "d": {"type": ["number", "null"]},
        "e": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        "pin": {"type": "string", "format": "password"},
    },
    "xml": {"name": "thing"},
}
_REFERENCE = {"$ref": "#/components/schemas/Thing"}

#: A correct body of each media type.
SEEDS = {
    "application/xml": b'<thing a="1"><b><b>x</b></b><c a="2"/><e a="3"/><d>1.5</d></thing>',
    "application/json": b'{"a":1,"b":["x"],"c":{"a":2},"d":null,"pin":"1234"}',
    "application/x-www-form-urlencoded": b"a=1&b=x&b=y&c=%7B%22a%22%3A2%7D",
    "text/plain": b"hello",
    "application/jsonl": b'{"a":1}\n{"a":2}\n',
    "application/json-seq": b'\x1e{"a":1}\n\x1e{"a":2}\n',
    "text/event-stream": b"data: x\nid: 1\nretry: 5\n\n",
    "multipart/form-data": b"--x\r\n\r\nx\r\n--x--",
    "application/octet-stream": b"\0\xff",
}
_SEQUENTIAL = {"application/jsonl", "application/json-seq", "text/event-stream"}
_BITS = [
    *(b"\xff", b"\\ud800", b"<!DOCTYPE x>", b"&#0;", b"&amp;", b"<", b">", b"/>", b"]]>"),
    *(b"<![CDATA[", b"xmlns:q='u' ", b"xsi:nil='true'", b"\0", b"\r\n", b"\x1e", b"NaN", b"1e999"),
    *(b"9" * 40, b"%", b"%ff", b"=", b"&", b"[", b"{", b'"', b"\xef\xbb\xbf", b"\xfe\xff"),
]
_PARAMETERS = ["", "; charset=utf-16", "; charset=hex", "; charset=latin-1", '; charset="', ";"]


def _client() -> Client:
    content = {
        kind: {"itemSchema" if kind in _SEQUENTIAL else "schema": _REFERENCE} for kind in SEEDS
    }
    operation = {
        "operationId": "op",
        "requestBody": {"content": content},
        "responses": {"200": {"description": "", "content": content}},
    }
    return Client(
        {
            "openapi": "3.2.0",
            "info": {"title": "Bodies", "version": "1"},
            "servers": [{"url": "http://api.test"}],
            "paths": {"/things": {"post": operation}},
            "components": {"schemas": {"Thing": _THING}},
        }
    )


_CLIENT = _client()


@st.composite
def _changed(draw: Callable[..., Any]) -> bytes:
    """A correct body in which something was put in or taken out."""
    data: bytes = draw(st.sampled_from(list(SEEDS.values())))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        taken = draw(st.integers(0, 4))
        data = data[:at] + draw(st.sampled_from([b"", *_BITS])) + data[at + taken :]
    return data


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=5)
_NAMES = st.sampled_from([*"abcde", "pin"]) | st.text(st.characters(), max_size=5)
_VALUES = st.recursive(
    _LEAVES | st.text(st.characters(), max_size=10) | st.dates() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)

ARGUMENTS = {
    "content": _changed() | st.binary(max_size=60),
    "content_type": st.tuples(st.sampled_from(list(SEEDS)), st.sampled_from(_PARAMETERS)),
    "value": _VALUES,
    "level": st.sampled_from(["strict", "warn", "off"]),
}


def check(content: bytes, content_type: tuple[str, str], value: Any, level: Any) -> None:
    """Read `content`, and send `value`, as that media type."""
    named = "".join(content_type)
    response = _CLIENT.operations["op"].parse(
        HttpResponse(200, Headers({"Content-Type": named}), content)
    )
    shown = [str(each) for each in response.violations]
    "".join([*shown, response.text]).encode("utf-8", "surrogatepass")
    for chosen in (content_type[0], None):
        options = Options(content_type=chosen, validate=level)
        try:
            request = _CLIENT.prepare("op", {}, body=value, options=options)
        except InvalidRequest as error:
            str(error).encode()
            continue
        request.redacted()
        if request.content is not None and not isinstance(request.content, bytes):
            b"".join(request.content)
