"""Base URLs and origins: one checker for Python, the shell and the document."""

import pytest

from dynclient import Client, DocumentError, Options, Trust
from dynclient.origins import checked_base_url, encoded_path, origin_of

NO_BASE_URL = [
    "",
    "api.test",
    "ftp://api.test",
    "http://h:99999",
    "http://h:PORT",
    "http://:80",
    "http://h:0",
    "http://a b/",
    "http://h\t/",
    "http://[::1",
    "http://h?a=1",
    "http://h/#a",
    "http://h?",
    "http://h/\ud800",
    "http://me:pl4nted@h:99999",
]


@pytest.mark.parametrize("url", NO_BASE_URL)
def test_what_is_no_base_url_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="give an absolute http or https URL") as caught:
        checked_base_url(url)
    assert "pl4nted" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://h", "http://h"),
        ("https://h:8443/v1/", "https://h:8443/v1"),
        ("http://h/ä b", "http://h/%C3%A4%20b"),
        ("http://h/%C3%A4", "http://h/%C3%A4"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("http://bücher.test/ä", "http://bücher.test/%C3%A4"),
    ],
)
def test_the_path_of_a_base_url_is_percent_encoded(url, sent):
    assert checked_base_url(url) == sent


def _document(server):
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [server],
        "paths": {"/x": {"get": {"operationId": "op", "responses": {"200": {"description": ""}}}}},
    }


@pytest.mark.parametrize(
    ("server", "sent"),
    [
        ({"url": "http://h/ä b"}, "http://h/%C3%A4%20b/x"),
        (
            {"url": "http://h/{v}", "variables": {"v": {"default": "ä b"}}},
            "http://h/%C3%A4%20b/x",
        ),
    ],
)
def test_a_server_is_percent_encoded_as_paths_are(server, sent):
    assert Client(_document(server)).prepare("op").url == sent


def test_so_is_a_variable_a_base_url_and_the_server_of_a_call():
    server = {"url": "http://h/{v}", "variables": {"v": {"default": "1"}}}
    client = Client(_document(server), server_variables={"v": "ä"})
    assert client.prepare("op").url == "http://h/%C3%A4/x"
    assert client.with_options(base_url="http://i/ä").prepare("op").url == "http://i/%C3%A4/x"
    given = Options(server="http://j/ ä/")
    assert client.prepare("op", options=given).url == "http://j/%20%C3%A4/x"


@pytest.mark.parametrize(
    "url", ["http://h:PORT/", "http://h:99999", "http://h:0", "http://", "ftp://h"]
)
def test_a_server_that_is_no_url_is_an_error_of_the_document(url):
    with pytest.raises(DocumentError, match="pass base_url="):
        Client(_document({"url": url})).prepare("op")


@pytest.mark.parametrize("url", ["http://h:PORT/", "http://h:0", "ftp://h"])
def test_the_server_of_a_call_is_checked_as_a_base_url_is(url):
    with pytest.raises(ValueError, match="give an absolute"):
        Client(_document({"url": "http://h"})).prepare("op", options=Options(server=url))


@pytest.mark.parametrize("url", ["api.test", "file:///a", "http://h:99999"])
def test_an_origin_that_is_none_is_no_origin_to_trust(url):
    with pytest.raises(ValueError, match=r"scheme|port"):
        Trust(origins=frozenset({url}))


@pytest.mark.parametrize(
    ("url", "own", "allowed"),
    [
        ("https://a/x", "https://A:443/y", True),
        ("https://a:444/x", "https://a/y", False),
        ("http://a/x", "https://a/y", False),
        ("https://b:443/x", "https://a/y", True),
        ("file:///x", "https://a/y", False),
        ("file:///x", "file:///y", True),
        ("https://c", "file:///y", False),
        ("ftp://a", "ftp://a", False),
        ("http://h:PORT", "http://h:PORT", False),
    ],
)
def test_a_document_may_name_its_own_origin_and_those_that_are_trusted(url, own, allowed):
    assert Trust(origins=frozenset({"https://b"})).allows(url, own) is allowed


def test_origins_are_written_without_the_default_port():
    assert str(origin_of("https://H:443/x")) == "https://h"
    assert str(origin_of("http://[::1]:81")) == "http://[::1]:81"
    assert encoded_path("/a%20b/ü|") == "/a%20b/%C3%BC%7C"
