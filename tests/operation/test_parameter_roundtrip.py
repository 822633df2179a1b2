"""What we serialize, openapi-core deserializes to the same value: for any value a style can hold.

The URL, the header and the cookies are taken apart here, by the standard library; what is
decoded from them goes to openapi-core, which knows nothing of the value that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from support import one_operation, parameter
from werkzeug.datastructures import Headers, ImmutableMultiDict

from dynclient import Client
from dynclient.messages import HttpRequest

SETTINGS = settings(max_examples=30, deadline=None)

#: style → the characters that openapi-core can't tell from its own separators, since it splits
#: the text after it was percent-decoded. (RFC 6570 splits first: `%2C` is no separator.)
SEPARATORS = {
    ("simple", False): ",",
    ("simple", True): ",=",
    ("label", False): ",.",
    ("label", True): ".=",
    ("matrix", False): ",;",
    ("matrix", True): ";=",
    ("form", False): ",",
    ("form", True): "",
    ("spaceDelimited", False): " %",
    ("pipeDelimited", False): "|",
    ("deepObject", True): "[]",
}

#: (location, style, explode, shape) that openapi-core can't read at all, and why.
UNREADABLE = {
    ("query", "form", True, "object"): "it looks for the parameter's own name, which is not sent",
    ("cookie", "form", True, "object"): "it looks for the parameter's own name, which is not sent",
    ("query", "spaceDelimited", True, "array"): "its delimited styles are not exploded",
    ("query", "pipeDelimited", True, "array"): "its delimited styles are not exploded",
}

SHAPES = ("string", "integer", "number", "boolean", "array", "object")
CASES = [
    (location, style, explode, shape)
    for location, style in [
        ("path", "simple"),
        ("path", "label"),
        ("path", "matrix"),
        ("query", "form"),
        ("query", "spaceDelimited"),
        ("query", "pipeDelimited"),
        ("query", "deepObject"),
        ("header", "simple"),
        ("cookie", "form"),
    ]
    for explode in (False, True)
    for shape in SHAPES
    if (style, explode) in SEPARATORS
    and (location, style, explode, shape) not in UNREADABLE
    # These have a form for arrays and objects only, deepObject for objects.
    and not (style.endswith("Delimited") and shape not in ("array", "object"))
    and not (style == "deepObject" and shape != "object")
]


class Seen:
    """A request as a server would see it, in openapi-core's terms."""

    def __init__(self, request: HttpRequest, template: str, style: str, explode: bool) -> None:
        url = urlsplit(request.url)
        self.host_url = f"{url.scheme}://{url.netloc}"
        self.path = url.path
        self.path_pattern = "/v1" + template
        self.full_url_pattern = self.host_url + self.path_pattern
        self.method = request.method.lower()
        self.content_type = request.headers.get("Content-Type", "")
        self.body = request.content
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(_query(url.query, style)),
            header=Headers(list(request.headers.pairs())),
            cookie=ImmutableMultiDict(_cookies(request.headers.get("Cookie", ""))),
            path=_path(template, url.path, style, explode),
        )


def _query(query: str, style: str) -> list[tuple[str, str]]:
    if style == "spaceDelimited":  # openapi-core splits by the still encoded `%20`
        return [part.partition("=")[::2] for part in query.split("&") if part]
    return parse_qsl(query, keep_blank_values=True)


def _cookies(text: str) -> list[tuple[str, str]]:
    # Python's own cookie parsers leave percent-encoding alone; OpenAPI's style form uses it.
    pairs = [part.partition("=")[::2] for part in text.split("; ") if part]
    return [(unquote(name), unquote(value)) for name, value in pairs]


def _path(template: str, path: str, style: str, explode: bool) -> dict[str, str]:
    # openapi-core keys these values by RFC 6570's expression: `.p`, `;p*`
    prefix = {"label": ".", "matrix": ";"}.get(style, "")
    suffix = "*" if explode and prefix else ""
    found = re.fullmatch("/v1" + re.sub(r"\{.*\}", "([^/]*)", template), path)
    return {f"{prefix}p{suffix}": unquote(found[1])} if found and found.groups() else {}


def _texts(location: str, style: str, explode: bool, shape: str) -> st.SearchStrategy[str]:
    """Texts that location and style can carry, and openapi-core can read."""
    excluded = SEPARATORS[style, explode] if shape in ("array", "object") else ""
    if style == "spaceDelimited":  # it is shown the encoded text: only what stands for itself
        return st.text("abcXYZ019-._~", min_size=1)
    if location == "header":
        # Lines are stripped on their way (RFC 9110, 5.5), so none starts or ends with a space.
        alphabet = st.characters(
            min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=excluded
        )
    else:
        # `.` of a regular expression, by which openapi-core reads matrix, stops at a line feed
        alphabet = st.characters(exclude_categories=["Cs"], exclude_characters=excluded + "\n")
    # Empty: a path would lose its segment, a query parameter is refused by openapi-core as
    # long as it does not declare allowEmptyValue, `;p` is not recognized.
    return st.text(alphabet, min_size=1)


def _values(location: str, style: str, explode: bool, shape: str) -> st.SearchStrategy[Any]:
    scalars = {
        "string": _texts(location, style, explode, shape),
        "integer": st.integers(),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
    }
    if shape == "array":
        return st.lists(_texts(location, style, explode, shape), min_size=1, max_size=4)
    if shape == "object":
        names = st.text("abcXYZ_", min_size=1, max_size=4)
        texts = _texts(location, style, explode, shape)
        return st.dictionaries(names, texts, min_size=1, max_size=4)
    return scalars[shape]


def _schema(shape: str) -> dict[str, Any]:
    if shape == "array":
        return {"type": "array", "items": {"type": "string"}}
    if shape == "object":
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": shape}


def _unmarshalled(judge: OpenAPI, seen: Seen, location: str) -> Any:
    result = judge.unmarshal_request(seen)
    assert result.errors == []
    values: Mapping[str, Any] = getattr(result.parameters, location)
    return values["p"]


@pytest.mark.parametrize(("location", "style", "explode", "shape"), CASES)
def test_what_is_sent_is_what_openapi_core_reads(
    location: str, style: str, explode: bool, shape: str
) -> None:
    template = "/x/{p}" if location == "path" else "/x"
    entry = parameter(location, _schema(shape), style=style, explode=explode)
    document = one_operation(path=template, parameters=[entry])
    client = Client(document)
    judge = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))

    @SETTINGS
    @given(_values(location, style, explode, shape))
    def round_trip(value: Any) -> None:
        seen = Seen(client.prepare("op", p=value), template, style, explode)
        read = _unmarshalled(judge, seen, location)
        assert read == value
        assert type(read) is type(value)

    round_trip()


@pytest.mark.parametrize("location", ["query", "header", "cookie"])
def test_json_content_parameters_come_back_whole(location: str) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    document = one_operation(path="/x", parameters=[parameter(location, name="p", content=content)])
    client = Client(document)
    judge = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))
    # A header carries Latin-1, and JSON is written in UTF-8
    alphabet = st.characters(exclude_categories=["Cs"], max_codepoint=0x7E)
    texts = st.text(alphabet if location == "header" else st.characters(exclude_categories=["Cs"]))
    leaves = st.none() | st.booleans() | st.integers() | texts

    @SETTINGS
    @given(st.dictionaries(texts, leaves | st.lists(leaves, max_size=3), max_size=3))
    def round_trip(value: dict[str, Any]) -> None:
        seen = Seen(client.prepare("op", p=value), "/x", "form", True)
        assert _unmarshalled(judge, seen, location) == value

    round_trip()


@pytest.mark.parametrize(("location", "style", "explode", "shape"), UNREADABLE)
def test_what_openapi_core_is_said_not_to_read_it_does_not_read(
    location: str, style: str, explode: bool, shape: str
) -> None:
    entry = parameter(location, _schema(shape), style=style, explode=explode, required=True)
    document = one_operation(path="/x", parameters=[entry])
    value = {"a": "b"} if shape == "object" else ["a", "b"]
    seen = Seen(Client(document).prepare("op", p=value), "/x", style, explode)
    judge = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))
    assert judge.unmarshal_request(seen).errors
