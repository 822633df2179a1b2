"""Redirects are followed where that is agreed on, and no credential leaves its origin."""

from __future__ import annotations

import io

import httpx2
import pytest
import requests

from dynclient.errors import ResponseTooLarge, TooManyRedirects, TransportError
from dynclient.messages import Headers, HttpRequest
from dynclient.origins import origin_of, split_url
from dynclient.redaction import DEFAULT_REDACTOR
from dynclient.transport import HttpxTransport, RequestsTransport
from dynclient.transport.redirects import next_request

from .following import followed
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
            return reply(b"" if request.method == "HEAD" else b"end")
        return reply(body, status, Location=location() if callable(location) else location)

    return handler


def test_a_get_follows_and_tells_where_it_ended(transport, serve):
    server = serve(sends("/end?a=%20b"))
    response = followed(transport, HttpRequest("GET", server.url + "/start", Headers(SECRETS)))
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
    ("QUERY", 301, "QUERY"),
    ("QUERY", 302, "QUERY"),
    ("QUERY", 303, "GET"),
    ("GET", 300, None),
    ("GET", 304, None),
]


@pytest.mark.parametrize(("method", "status", "then"), FOLLOWED)
def test_the_method_after_a_redirect(transport, serve, method, status, then):
    server = serve(sends("/end", f"{status} Moved"))
    content = b"abc" if method in {"POST", "PUT", "QUERY"} else None
    headers = Headers({"Content-Type": "text/plain"} if content else {})
    response = followed(transport, HttpRequest(method, server.url, headers, content))
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
    assert followed(transport, HttpRequest("PUT", server.url, content=make_content())).status == 200
    assert [got.body for got in server.received] == [b"abc", b"abc"]


def test_a_streamed_body_that_is_used_up_is_not_sent_half(transport, serve):
    server = serve(sends("/end", "307 Again"))
    with pytest.raises(TooManyRedirects, match="can't be sent again"):
        followed(transport, HttpRequest("PUT", server.url, content=iter([b"abc"])))
    assert len(server.received) == 1


def test_no_credential_reaches_another_origin(transport, serve):
    other = serve()
    server = serve(sends(lambda: f"http://u:p@127.0.0.1:{other.port}/end?mykey=k3y&page=2"))
    headers = Headers({**SECRETS, "Accept": "text/plain", "PRIVATE-TOKEN": "s3cret"})
    url = server.url + "/start?mykey=k3y&q=1"
    followed(transport, HttpRequest("GET", url, headers, redactor=REDACTOR))
    got = other.received[0]
    assert got.headers["accept"] == "text/plain"
    assert "private-token" not in got.headers
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

    followed(transport, HttpRequest("GET", home.url, Headers(SECRETS), redactor=REDACTOR))
    assert home.received[-1].target == "/end"
    assert "s3cret" not in repr(home.received[-1].fields)


class InTheUrl(requests.auth.AuthBase):
    """Credentials that go into the URL, with the Session's own parameters."""

    def __call__(self, prepared):
        prepared.prepare_url(prepared.url, {"sig": "s3cret"})
        return prepared


USUAL = {"host", "user-agent", "accept", "accept-encoding", "connection"}


def two_hops_elsewhere(transport, serve):
    """A to B, and then from B to B: the second hop changes no origin, and is still not at home.

    What A received first; that B received nothing of the caller's is asserted here.
    """
    other = serve(sends("/end?page=2"))
    server = serve(sends(lambda: other.url))
    assert followed(transport, HttpRequest("GET", server.url)).content == b"end"
    assert [got.target for got in other.received] == ["/", "/end?page=2"]
    for got in other.received:
        assert set(got.headers) <= USUAL
        assert "s3cret" not in repr(got)
    return server.received[0]


@pytest.mark.parametrize("auth", [("me", "s3cret"), InTheUrl(), None])
def test_credentials_of_the_callers_session_stay_home_on_every_hop(serve, auth):
    seen = []
    with requests.Session() as session, RequestsTransport(session) as transport:
        session.auth = auth
        session.headers.update({"X-API-Key": "s3cret", "X-Team": "blue", "User-Agent": "mine/1"})
        session.params = {"k": "s3cret"}
        session.cookies.set("sid", "s3cret")
        session.hooks["response"].append(lambda got, **_: seen.append(got))
        home = two_hops_elsewhere(transport, serve)
    assert [got.status_code for got in seen] == [302, 302, 200]
    assert {got.request.headers["User-Agent"] for got in seen} == {"mine/1"}
    assert (home.headers["x-team"], home.headers["cookie"]) == ("blue", "sid=s3cret")
    assert "k=s3cret" in home.target
    assert ("authorization" in home.headers) is isinstance(auth, tuple)
    assert ("sig=s3cret" in home.target) is isinstance(auth, InTheUrl)


def test_credentials_of_the_callers_httpx_client_stay_home_on_every_hop(serve):
    with httpx2.Client(
        auth=("me", "s3cret"),
        headers={"X-API-Key": "s3cret"},
        params={"k": "s3cret"},
        cookies={"sid": "s3cret"},
    ) as client:
        home = two_hops_elsewhere(HttpxTransport(client), serve)
    assert (home.headers["x-api-key"], home.headers["cookie"]) == ("s3cret", "sid=s3cret")
    assert "authorization" in home.headers
    assert "k=s3cret" in home.target


def test_a_location_that_repeats_a_secret_header_loses_it():
    request = HttpRequest("GET", "https://h.org/", Headers({"X-API-Key": "s3cret-of-mine"}))
    following = moved(request, "https://other.org/?k=s3cret-of-mine&page=2")
    assert following.url == "https://other.org/?page=2"


def test_a_request_that_came_to_another_origin_says_so_from_then_on():
    there = moved(HttpRequest("GET", "https://h.org/"), "https://other.org/")
    assert there.cross_origin
    assert moved(there, "/on").cross_origin
    assert moved(there, "https://h.org/").cross_origin
    assert not moved(HttpRequest("GET", "https://h.org/"), "/on").cross_origin


FIELDS_OF_THE_CALLER = ["PRIVATE-TOKEN", "X-Vault-Token", "X-Auth-Key", "X-Functions-Key", "X-Any"]


@pytest.mark.parametrize("name", FIELDS_OF_THE_CALLER)
def test_fields_that_the_caller_added_stay_at_their_origin(name):
    request = HttpRequest("GET", "https://h.org/", Headers({name: "mine", "Accept": "a/b"}))
    assert moved(request, "https://other.org/").headers == Headers({"Accept": "a/b"})
    assert moved(request, "/on").headers == request.headers


UNIX = "http+unix://%2Frun%2Fx.sock"


@pytest.mark.parametrize(
    ("location", "expected"),
    [("/b?c", f"{UNIX}/b?c"), ("b", f"{UNIX}/a/b"), (f"{UNIX}/c", f"{UNIX}/c")],
)
def test_a_redirect_on_a_unix_socket_stays_on_it(location, expected):
    assert moved(HttpRequest("GET", f"{UNIX}/a/x"), location).url == expected


@pytest.mark.parametrize("url", ["http://h.org/", "https://h.org/", "http+unix://%2Fother/"])
def test_no_redirect_leads_to_a_unix_socket(url):
    with pytest.raises(TooManyRedirects, match="Unix socket"):
        moved(HttpRequest("GET", url), f"{UNIX}/")


def test_the_signature_of_a_download_link_is_the_servers_own_and_stays(transport, serve):
    other = serve()
    server = serve(sends(lambda: other.url + "/end?signature=theirs&name=a"))
    followed(transport, HttpRequest("GET", server.url, Headers(SECRETS)))
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
        followed(transport, HttpRequest("POST", server.url, Headers({"Content-Type": kind}), body))
    assert other.received == []
    assert "s3cret" not in repr(caught.value.request.content)


def test_an_endless_chain_ends(transport, serve):
    server = serve(sends("/again"))
    with pytest.raises(TooManyRedirects, match="4 redirects"):
        followed(transport, HttpRequest("GET", server.url), max_redirects=4)
    assert len(server.received) == 5
    assert server.connections == 1


def test_as_many_redirects_as_allowed_are_followed(transport, serve):
    def handler(request, _):
        left = int(request.target[1:])
        return reply(b"end") if not left else reply(b"", "302 F", Location=f"/{left - 1}")

    request = HttpRequest("GET", serve(handler).url + "/3")
    assert followed(transport, request, max_redirects=3).content == b"end"


def test_none_are_followed_when_the_caller_wants_to_see_them(transport, serve):
    request = HttpRequest("GET", serve(sends("/again")).url)
    assert followed(transport, request, max_redirects=0).status == 302


@pytest.mark.parametrize(
    "location",
    ["ftp://example.org/x", "http://", "http://[::1", "file:///etc/passwd", "http://h:x/"],
)
def test_a_redirect_to_what_is_no_http_url_is_refused(transport, serve, location):
    with pytest.raises(TransportError, match="redirect"):
        followed(transport, HttpRequest("GET", serve(sends(location)).url))


def test_the_body_of_a_redirect_is_bounded_as_well(make, serve):
    server = serve(sends("/end", body=b"x" * 5000))
    with pytest.raises(ResponseTooLarge):
        followed(make(max_response_bytes=1000), HttpRequest("GET", server.url))


def moved(request, location, status=302):
    return next_request(request, status, Headers({"Location": location}))


def test_https_is_never_left_for_http():
    request = HttpRequest("GET", "https://example.org/a?apikey=s3cret")
    with pytest.raises(TooManyRedirects, match="https to http") as caught:
        moved(request, "http://example.org/a")
    assert "s3cret" not in str(caught.value)


TARGETS = [
    ("/c", "https://h.org/c"),
    ("c", "https://h.org/a/c"),
    ("?x=1", "https://h.org/a/b?x=1"),
    ("//other.org/c", "https://other.org/c"),
    ("https://H.org:443/c", "https://H.org:443/c"),
    ("/a b\xc3\xa9", "https://h.org/a%20b%C3%A9"),
    ("/caf\xe9", "https://h.org/caf%E9"),
    ("/x#frag", "https://h.org/x"),
    ("/x%2Fy", "https://h.org/x%2Fy"),
]


@pytest.mark.parametrize(("location", "expected"), TARGETS)
def test_a_location_is_resolved_against_the_request(location, expected):
    following = moved(HttpRequest("GET", "https://h.org/a/b"), location)
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
