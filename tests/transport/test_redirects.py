"""Redirects are followed where that is agreed on, and no credential leaves its origin."""

from __future__ import annotations

import io

import pytest
import requests

from dynclient.errors import ResponseTooLarge, TooManyRedirects, TransportError
from dynclient.messages import Headers, HttpRequest, HttpResponse
from dynclient.origins import origin_of, split_url
from dynclient.redaction import DEFAULT_REDACTOR
from dynclient.transport import RequestsTransport
from dynclient.transport.redirects import next_request

from .server import reply

SECRETS = {
    "Authorization": "Bearer s3cret",
    "Service-CRN": "crn:s3cret",
    "X-API-Key": "s3cret",
    "Cookie": "sid=s3cret",
    "X-Custom": "s3cret",
}
REDACTOR = DEFAULT_REDACTOR.extended(headers=["X-Custom"], fields=["mykey"])


def sends(location, status="302 Found", body=b""):
    """A handler that redirects everything outside of /end."""

    def handler(request, _):
        if request.target.startswith("/end"):
            return reply(b"end")
        return reply(body, status, Location=location() if callable(location) else location)

    return handler


def test_a_get_follows_and_tells_where_it_ended(transport, serve):
    server = serve(sends("/end?a=%20b"))
    response = transport.send(HttpRequest("GET", server.url + "/start", Headers(SECRETS)))
    assert response.content == b"end"
    assert response.url == server.url + "/end?a=%20b"
    assert server.received[1].headers["service-crn"] == "crn:s3cret"
    assert server.received[1].headers["authorization"] == "Bearer s3cret"
    assert server.connections == 1


FOLLOWED = [
    ("GET", 301, "GET"),
    ("GET", 302, "GET"),
    ("GET", 303, "GET"),
    ("GET", 307, "GET"),
    ("HEAD", 303, "HEAD"),
    ("POST", 303, "GET"),
    ("DELETE", 303, "GET"),
    ("POST", 307, "POST"),
    ("PUT", 308, "PUT"),
    ("POST", 301, None),
    ("POST", 302, None),
    ("PUT", 302, None),
    ("GET", 300, None),
    ("GET", 304, None),
]


@pytest.mark.parametrize(("method", "status", "then"), FOLLOWED)
def test_the_method_after_a_redirect(transport, serve, method, status, then):
    server = serve(sends("/end", f"{status} Moved"))
    content = b"abc" if method in {"POST", "PUT"} else None
    headers = Headers({"Content-Type": "text/plain"} if content else {})
    response = transport.send(HttpRequest(method, server.url, headers, content))
    if then is None:
        assert response.status == status
        assert len(server.received) == 1
        return
    assert response.status == 200
    last = server.received[-1]
    assert (last.method, last.target) == (then, "/end")
    assert last.body == (content if then == method and content else b"")
    assert ("content-type" in last.headers) == (then == method and content is not None)


@pytest.mark.parametrize("make_content", [lambda: io.BytesIO(b"abc"), lambda: [b"a", b"bc"]])
def test_a_streamed_body_that_can_start_again_does(transport, serve, make_content):
    server = serve(sends("/end", "307 Again"))
    assert transport.send(HttpRequest("PUT", server.url, content=make_content())).status == 200
    assert [got.body for got in server.received] == [b"abc", b"abc"]


def test_a_streamed_body_that_is_used_up_is_not_sent_half(transport, serve):
    server = serve(sends("/end", "307 Again"))
    with pytest.raises(TooManyRedirects, match="can't be sent again"):
        transport.send(HttpRequest("PUT", server.url, content=iter([b"abc"])))
    assert len(server.received) == 1


def test_no_credential_reaches_another_origin(transport, serve):
    other = serve()
    server = serve(sends(lambda: f"http://u:p@127.0.0.1:{other.port}/end?mykey=k3y&page=2"))
    headers = Headers({**SECRETS, "Accept": "text/plain"})
    url = server.url + "/start?mykey=k3y&q=1"
    transport.send(HttpRequest("GET", url, headers, redactor=REDACTOR))
    got = other.received[0]
    assert got.headers["accept"] == "text/plain"
    assert got.target == "/end?page=2"
    assert "s3cret" not in repr(got.fields)
    assert "authorization" not in got.headers
    assert got.headers["host"] == f"127.0.0.1:{other.port}"


def test_credentials_do_not_come_back_after_a_detour(transport, serve):
    home = serve(
        lambda r, _: reply(b"x") if r.target == "/end" else reply(b"", "302 F", Location=there())
    )
    other = serve(lambda *_: reply(b"", "302 F", Location=home.url + "/end"))

    def there():
        return other.url

    transport.send(HttpRequest("GET", home.url, Headers(SECRETS), redactor=REDACTOR))
    assert home.received[-1].target == "/end"
    assert "s3cret" not in repr(home.received[-1].fields)


def test_credentials_of_the_callers_session_stay_home_too(serve):
    other = serve()
    server = serve(sends(lambda: other.url))
    with requests.Session() as session, RequestsTransport(session) as transport:
        session.auth = ("me", "s3cret")
        session.headers.update({"X-API-Key": "s3cret", "X-Team": "blue"})
        session.cookies.set("sid", "s3cret")
        transport.send(HttpRequest("GET", server.url))
    assert server.received[0].headers["authorization"].startswith("Basic ")
    got = other.received[0]
    assert got.headers["x-team"] == "blue"
    assert not {"authorization", "x-api-key", "cookie"} & set(got.headers)


def test_the_signature_of_a_download_link_is_the_servers_own_and_stays(transport, serve):
    other = serve()
    server = serve(sends(lambda: other.url + "/end?signature=theirs&name=a"))
    transport.send(HttpRequest("GET", server.url, Headers(SECRETS)))
    assert other.received[0].target == "/end?signature=theirs&name=a"


BODIES = [
    ("application/json", b'{"a": {"password": "s3cret"}}'),
    ("application/x-www-form-urlencoded", b"a=1&client_secret=s3cret"),
    ("application/json", b"not json"),
]


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_a_body_with_secrets_does_not_go_to_another_origin(transport, serve, kind, body):
    other = serve()
    server = serve(sends(lambda: other.url, "307 Again"))
    with pytest.raises(TooManyRedirects, match="another origin") as caught:
        transport.send(HttpRequest("POST", server.url, Headers({"Content-Type": kind}), body))
    assert other.received == []
    assert "s3cret" not in repr(caught.value.request.content)


def test_an_endless_chain_ends(make, serve):
    server = serve(sends("/again"))
    with pytest.raises(TooManyRedirects, match="4 redirects"):
        make(max_redirects=4).send(HttpRequest("GET", server.url))
    assert len(server.received) == 5


def test_as_many_redirects_as_allowed_are_followed(make, serve):
    def handler(request, _):
        left = int(request.target[1:])
        return reply(b"end") if not left else reply(b"", "302 F", Location=f"/{left - 1}")

    url = serve(handler).url
    assert make(max_redirects=3).send(HttpRequest("GET", url + "/3")).content == b"end"


def test_none_are_followed_when_the_caller_wants_to_see_them(make, serve):
    server = serve(sends("/again"))
    assert make(max_redirects=0).send(HttpRequest("GET", server.url)).status == 302


@pytest.mark.parametrize(
    "location",
    ["ftp://example.org/x", "http://", "http://[::1", "file:///etc/passwd", "http://h:x/"],
)
def test_a_redirect_to_what_is_no_http_url_is_refused(transport, serve, location):
    with pytest.raises(TransportError, match="redirect"):
        transport.send(HttpRequest("GET", serve(sends(location)).url))


def test_the_body_of_a_redirect_is_bounded_as_well(make, serve):
    server = serve(sends("/end", body=b"x" * 5000))
    with pytest.raises(ResponseTooLarge):
        make(max_response_bytes=1000).send(HttpRequest("GET", server.url))


def moved(location, status=302):
    return HttpResponse(status, Headers({"Location": location}))


def test_https_is_never_left_for_http():
    request = HttpRequest("GET", "https://example.org/a?apikey=s3cret")
    with pytest.raises(TooManyRedirects, match="https to http") as caught:
        next_request(request, moved("http://example.org/a"))
    assert "s3cret" not in str(caught.value)


TARGETS = [
    ("/c", "https://h.org/c"),
    ("c", "https://h.org/a/c"),
    ("?x=1", "https://h.org/a/b?x=1"),
    ("//other.org/c", "https://other.org/c"),
    ("https://H.org:443/c", "https://H.org:443/c"),
    ("/a b\xc3\xa9", "https://h.org/a%20b%C3%A9"),
    ("/x#frag", "https://h.org/x"),
    ("/x%2Fy", "https://h.org/x%2Fy"),
]


@pytest.mark.parametrize(("location", "expected"), TARGETS)
def test_a_location_is_resolved_against_the_request(location, expected):
    following = next_request(HttpRequest("GET", "https://h.org/a/b"), moved(location))
    assert following.url == expected


ORIGINS = [
    ("http://h", "http://h:80/x", True),
    ("http://H", "http://h", True),
    ("https://h", "https://h:443", True),
    ("http://h", "https://h", False),
    ("http://h:1", "http://h:2", False),
    ("http://a.h", "http://h", False),
    ("http://[::1]:1", "http://[::1]:1/a", True),
]


@pytest.mark.parametrize(("one", "other", "same"), ORIGINS)
def test_an_origin_is_scheme_host_and_port(one, other, same):
    assert (origin_of(one) == origin_of(other)) is same


CUTS = [
    ("http://h:1/a?b#c", ("http://h:1", "/a?b")),
    ("http://h", ("http://h", "/")),
    ("http://h?a=/b", ("http://h", "/?a=/b")),
    ("http://h#/a?b", ("http://h", "/")),
    ("http://h/a?b=c?d/e", ("http://h", "/a?b=c?d/e")),
]


@pytest.mark.parametrize(("url", "parts"), CUTS)
def test_a_url_is_cut_into_origin_and_target(url, parts):
    assert split_url(url) == parts
