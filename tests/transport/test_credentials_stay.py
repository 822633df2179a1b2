"""Cookies and credentials: which origin gets what, whatever a server writes."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynclient.errors import TooManyRedirects, TransportError
from dynclient.messages import Headers, HttpRequest
from dynclient.origins import origin_of
from dynclient.transport import SocketTransport
from dynclient.transport.cookies import Cookies
from dynclient.transport.redirects import next_request

from .following import followed
from .server import reply

SECRETS = Headers(
    {
        "Authorization": "Bearer s3cret",
        "Proxy-Authorization": "s3cret",
        "Cookie": "sid=s3cret",
        "Referer": "https://h.org/?apikey=s3cret",
        "Service-CRN": "s3cret",
        "X-Api-Key": "s3cret",
        "Host": "h.org",
        "Accept": "a/b",
    }
)
HERE = "https://h.org/a/b?apikey=s3cret&page=1"


def after(location, status=302, url=HERE):
    return next_request(HttpRequest("GET", url, SECRETS), status, Headers({"Location": location}))


ELSEWHERE = [
    "https://other.org/",
    "//other.org/",
    "///other.org/",
    "https://h.org:444/",
    "https://h.org./",
    "https://www.h.org/",
    "https://h.org.other.org/",
    "https://h.org@other.org/",
    "https://h.org%2F@other.org/",
    "https://h.org:443@other.org:443/",
    "https://user:pw@other.org/",
    "HTTPS://OTHER.ORG/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://h.\xc3\xb6rg/",
    " https://other.org/",
    "\thttps://other.org/",
]


@pytest.mark.parametrize("location", ELSEWHERE)
def test_another_origin_gets_no_credential(location):
    try:
        following = after(location)
    except TooManyRedirects:
        return
    if origin_of(following.url) == origin_of(HERE):
        return  # read as a path of ours
    assert "s3cret" not in repr(following.headers.pairs()) + following.url
    assert following.headers["Accept"] == "a/b"
    assert "Host" not in following.headers
    assert "@" not in following.url


HOME = [
    "/c",
    "https://h.org/c",
    "HTTPS://H.ORG:443/c",
    "//h.org/c",
    "/\\other.org/",
    "/%2F/other.org/",
    "https:c",
    "..//other.org/",
    "https:///other.org/",
    "https://",
]


@pytest.mark.parametrize("location", HOME)
def test_the_own_origin_keeps_them(location):
    following = after(location)
    assert origin_of(following.url) == origin_of(HERE)
    assert following.headers == SECRETS


IPV6 = [
    ("http://[::1]:1/", "http://[::1]:1/a", True),
    ("http://[::1]:1/", "http://[::1]:2/a", False),
    ("http://[::1]/", "http://[::]/a", False),
    ("http://[::1]/", "http://127.0.0.1/a", False),
    ("http://[::1]/", "http://[0:0:0:0:0:0:0:1]/a", False),
    ("http://[FE80::1]/", "http://[fe80::1]/a", True),
]


@pytest.mark.parametrize(("here", "there", "same"), IPV6)
def test_addresses_are_compared_as_they_are_written(here, there, same):
    assert ("Authorization" in after(there, url=here).headers) is same


NEVER = [
    "http://h.org/",
    "HTTP://h.org:443/",
    "http://h.org:80/",
    "ftp://h.org/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "https://h.org:0/",
    "https://h.org:99999/",
    "https://h.org:-1/",
    "https://h .org/",
    "https://h\\.org/",
    "https://[::1/",
    "https://exa mple.org/",
]


@pytest.mark.parametrize("location", NEVER)
def test_what_is_no_safe_place_to_go_is_refused(location):
    with pytest.raises(TooManyRedirects) as caught:
        after(location)
    assert "s3cret" not in str(caught.value)


def test_two_places_at_once_are_refused_and_one_said_twice_is_one():
    request = HttpRequest("GET", HERE)
    twice = Headers([("Location", "/c"), ("location", "/c")])
    assert next_request(request, 302, twice).url == "https://h.org/c"
    two = Headers([("Location", "/c"), ("Location", "https://other.org/")])
    with pytest.raises(TooManyRedirects, match="two places"):
        next_request(request, 302, two)


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_no_location_gets_a_credential_out_or_raises_what_is_not_ours(location):
    try:
        following = after(location)
    except TooManyRedirects:
        return
    if following is None:
        return
    here, there = origin_of(HERE), origin_of(following.url)
    assert there.scheme == "https"
    assert here == there or "s3cret" not in repr(following.headers.pairs()) + following.url


def test_the_user_of_our_url_stays_within_the_origin(transport, serve):
    other = serve()

    def handler(request, _):
        if request.target == "/start":
            return reply(b"", "302 Found", Location="/next")
        return reply(b"", "302 Found", Location=other.url)

    home = serve(handler)
    followed(transport, HttpRequest("GET", home.url.replace("://", "://us:pw@") + "/start"))
    assert [got.headers.get("authorization") for got in home.received] == ["Basic dXM6cHc="] * 2
    assert "authorization" not in other.received[0].headers


# Cookies ------------------------------------------------------------------------------------------

PLACES = [
    ("https://h.org/", "https://h.org/deep/er", True),
    ("https://h.org/", "https://H.ORG:443/", True),
    ("https://us:pw@h.org/", "https://h.org/", True),
    ("https://h.org/", "https://us:pw@h.org/", True),
    ("https://h.org/", "http://h.org/", False),
    ("https://h.org/", "https://h.org:444/", False),
    ("https://h.org/", "https://a.h.org/", False),
    ("https://a.h.org/", "https://h.org/", False),
    ("https://h.org/", "https://h.org./", False),
    ("http://[::1]:8/", "http://[::1]:8/a", True),
    ("http://[::1]:8/", "http://[::1]:9/a", False),
    ("http://127.0.0.1:8/", "http://127.0.0.1:8/", True),
    ("http://localhost/", "http://localhost/", True),
    ("https://b\xfccher.example/", "https://xn--bcher-kva.example/", True),
]


@pytest.mark.parametrize(("one", "other", "shared"), PLACES)
def test_a_cookie_goes_where_it_came_from(one, other, shared):
    cookies = Cookies()
    cookies.store(one, ["sid=1; Path=/; HttpOnly; SameSite=Strict"])
    assert cookies.header(other, None) == ("sid=1" if shared else None)


ATTRIBUTES = [
    (["a=1; Path=/x"], "/x/y", "a=1"),
    (["a=1; Path=/x"], "/xy", None),
    (["a=1; Path=/x"], "/", None),
    (["a=1; Secure"], "/", "a=1"),
    (["a=1; Max-Age=0"], "/", None),
    (["a=1", "a=; Max-Age=0"], "/", None),
    (["a=1", "a=2"], "/", "a=2"),
    (["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/", None),
    (["a=1; Expires=nonsense"], "/", "a=1"),
    (["a=1; Domain=h.org"], "/", "a=1"),
    (["a=1; Domain=other.org"], "/", None),
    (["a=1; Domain=org"], "/", None),
    (["a=b=c=="], "/", "a=b=c=="),
    (['a="x y"'], "/", 'a="x y"'),
    (["a=\xe9"], "/", "a=\xe9"),
    ([""], "/", None),
    (["; ; ;"], "/", None),
]


@pytest.mark.parametrize(("fields", "path", "expected"), ATTRIBUTES)
def test_the_attributes_of_a_cookie(fields, path, expected):
    cookies = Cookies()
    cookies.store("https://h.org/", fields)
    assert cookies.header("https://h.org" + path, None) == expected


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=3))
def test_no_cookie_makes_a_request_that_can_not_be_sent(fields):
    fields = [field.translate({0: None, 10: None, 13: None}) for field in fields]
    cookies = Cookies()
    cookies.store("https://h.org/", [*fields, "a=1"])
    header = cookies.header("https://h.org/", None)
    assert "a=1" in header
    assert "\n" not in header


def test_a_server_can_not_make_us_keep_cookies_without_end():
    cookies = Cookies()
    for number in range(40):
        cookies.store("https://h.org/", [f"c{number}-{n}={n}" for n in range(20)])
    assert len(cookies.header("https://h.org/", None).split("; ")) == 180
    for number in range(100):
        cookies.store(f"https://h{number}.org/", ["a=1"])
    assert len(cookies._jars) == 64
    assert cookies.header("https://h99.org/", None) == "a=1"


def test_a_cookie_set_on_the_way_goes_along(transport, serve):
    def handler(request, _):
        if request.target == "/end":
            return reply(b"end")
        return reply(b"", "302 Found", Location="/end", Set_Cookie="a=1; Path=/")

    server = serve(handler)
    followed(transport, HttpRequest("GET", server.url))
    assert server.received[1].headers["cookie"] == "a=1"


# Hosts --------------------------------------------------------------------------------------------

NAMES = [
    ("http://b\xfccher.example", "xn--bcher-kva.example"),
    ("http://fa\xdf.de", "xn--fa-hia.de"),
    ("http://\uff25xample.com", "example.com"),
    ("http://\u4f8b\u3048\u3002jp", "xn--r8jz45g.jp"),
    ("http://EXAMPLE.com", "example.com"),
]


@pytest.mark.parametrize(("url", "host"), NAMES)
def test_an_international_name_is_written_as_browsers_write_it(url, host):
    assert origin_of(url).host == host


@pytest.mark.parametrize(
    "url", ["http://\u2603.net", "http://h\u2100.com", "http://\xfc" + "\xfc" * 70]
)
def test_a_name_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="host"):
        origin_of(url)


def test_an_ipv6_zone_is_for_the_socket_and_not_for_the_server(serve):
    assert origin_of("http://[fe80::1%25eth0]:8/").host_and_port == ("fe80::1%eth0", 8)
    assert origin_of("http://[fe80::1%25eth0]:8/").netloc == "[fe80::1]:8"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_localhost_is_found_whichever_address_it_listens_on(transport, serve, monkeypatch, address):
    look_up = socket.getaddrinfo

    def both(name, *more, **named):
        found = ["::1", "127.0.0.1"] if name == "localhost" else [name]
        return [entry for at in found for entry in look_up(at, *more, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    if type(getattr(transport, "inner", transport)).__name__ == "AsyncHttpxTransport":
        pytest.skip("looks names up in a way of its own")
    server = serve(host=address)
    url = f"http://localhost:{server.port}/"
    assert transport.send(HttpRequest("GET", url)).status == 200
    assert server.received[0].headers["host"] == f"localhost:{server.port}"


@pytest.mark.parametrize("url", ["http://127.0.0.1:0/", "http://127.0.0.1:70000/", "http://a b/"])
def test_a_url_of_no_place_is_refused(url):
    with SocketTransport(timeout=1) as transport, pytest.raises(TransportError, match="URL"):
        transport.send(HttpRequest("GET", url))
