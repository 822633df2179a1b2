"""HTTP Digest (RFC 7616): the examples of the RFC, and servers that others wrote."""

import asyncio
import hashlib
import itertools
import json
import pickle
import shutil
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import cherrypy
import pytest
from cheroot.wsgi import Server as WSGIServer
from cherrypy.lib import auth_digest
from ports import free_port
from requests.auth import HTTPDigestAuth
from support import AsyncSends, one_operation, parameter
from transport.test_real_servers import process

from dynclient import AsyncClient, AuthError, Client, Unauthorized
from dynclient.abnf import split_challenges
from dynclient.auth import DigestAuth, digest
from dynclient.messages import Headers, HttpRequest, HttpResponse
from dynclient.origins import split_url

USER, PASSWORD = "Mufasa", "Circle of Life"
ADDRESS = "https://api.test/dir/index.html"
JSON = {"application/json": {"schema": {}}}
DOCUMENT = one_operation(
    method="post",
    path="/jobs/{name}",
    parameters=[parameter("path", {"type": "string"}, "name"), parameter("query", {}, "q")],
    content={"application/octet-stream": {}},
    body_required=False,
    responses={"200": {"description": "done", "content": JSON}},
    security=[{"Digest": []}],
    components={"securitySchemes": {"Digest": {"type": "http", "scheme": "Digest"}}},
)


def challenged(handler, challenge, url=ADDRESS, request=None):
    """What the handler makes of a 401: whether it would try again."""
    request = request or HttpRequest("GET", url)
    fields = [("WWW-Authenticate", each) for each in [challenge] if each is not None]
    return handler.refused(SCHEME, (), request, HttpResponse(401, Headers(fields)))


def parsed(request):
    ((name, values),) = split_challenges(request.headers["Authorization"])
    assert name == "digest"
    return values


SCHEME = None

# RFC 7616, section 3.9.1
RFC_CHALLENGE = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc_come_out(monkeypatch, algorithm, response):
    monkeypatch.setattr(digest.secrets, "token_urlsafe", lambda size: RFC_CNONCE)
    handler = DigestAuth(USER, PASSWORD)
    assert challenged(handler, RFC_CHALLENGE.format(algorithm=algorithm))
    sent = parsed(handler.modify(HttpRequest("GET", ADDRESS)))
    assert sent == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": RFC_CNONCE,
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


@pytest.mark.skipif("sha512_256" not in hashlib.algorithms_available, reason="not in this OpenSSL")
def test_the_user_goes_as_a_hash_where_the_server_asks_for_it():
    # RFC 7616, section 3.9.2: the user and the realm; its response is not that of SHA-512/256.
    handler = DigestAuth("J\xe4s\xf8n Doe", "Secret, or not?")
    challenge = (
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="n", '
        "charset=UTF-8, userhash=true"
    )
    assert challenged(handler, challenge)
    sent = parsed(handler.modify(HttpRequest("GET", ADDRESS)))
    whole = "J\xe4s\xf8n Doe:api@example.org".encode()
    assert sent["username"] == hashlib.new("sha512_256", whole).hexdigest()
    assert sent["userhash"] == "true"


class _Twin(HTTPDigestAuth):
    """The client of requests: the field that it would send for a challenge."""

    def field(self, challenge, method, url):
        self.init_per_thread_state()
        self._thread_local.chal = challenge
        return self.build_digest_header(method, url)


@pytest.mark.parametrize(
    ("algorithm", "qop"),
    [
        *itertools.product([None, "MD5", "SHA-256"], [None, "auth", "auth-int,auth"]),
        ("MD5-SESS", "auth"),
    ],
)
@pytest.mark.parametrize("user", [USER, 'with "quotes" and \\'])
def test_the_hash_is_the_one_that_requests_would_send(monkeypatch, algorithm, qop, user):
    values = {"realm": "a, b", "nonce": "n0nce"} | ({"algorithm": algorithm} if algorithm else {})
    values |= {"qop": qop} if qop else {}
    url = f"{ADDRESS}?a=b&c=%2F"
    theirs = _Twin(user, PASSWORD).field(values, "GET", url)
    ((_, expected),) = split_challenges(theirs.replace(f'username="{user}", ', ""))
    monkeypatch.setattr(digest.secrets, "token_urlsafe", lambda size: expected.get("cnonce", ""))
    handler = DigestAuth(user, PASSWORD)
    assert challenged(handler, "Digest " + ", ".join(f'{n}="{v}"' for n, v in values.items()))
    sent = parsed(handler.modify(HttpRequest("GET", url)))
    assert sent.pop("username") == user
    assert sent == expected


def test_a_user_outside_of_ascii_is_sent_percent_encoded():
    handler = DigestAuth("j\xfcrgen", PASSWORD)
    assert challenged(handler, 'Digest realm="r", nonce="n", qop="auth", charset=UTF-8')
    assert parsed(handler.modify(HttpRequest("GET", ADDRESS)))["username*"] == "UTF-8''j%C3%BCrgen"


@pytest.mark.parametrize(
    ("challenge", "again"),
    [
        (None, False),
        ('Basic realm="r"', False),
        ("Negotiate abc==", False),
        ('Basic realm="a, Digest b", Digest realm="r", nonce="n"', True),
        ('Digest realm="r", nonce="n", algorithm=X, Digest realm="r", nonce="n"', True),
        ('digest realm = "r" , nonce = n,,', True),
    ],
)
def test_the_first_challenge_that_is_supported_counts(challenge, again):
    handler = DigestAuth(USER, PASSWORD)
    assert challenged(handler, challenge) is again
    assert ("Authorization" in handler.modify(HttpRequest("GET", ADDRESS)).headers) is again


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        ('Digest realm="r", nonce="n", algorithm=SHA-1', "algorithm=SHA-1; supported: MD5"),
        ('Digest realm="r", nonce="n", qop="auth-int"', "offers Digest with qop=auth-int"),
        ('Digest realm="r", nonce="n", algorithm=MD5-sess', "offers Digest with algorithm=MD5"),
        ('Digest realm="r"', "no nonce"),
    ],
)
def test_a_server_that_offers_nothing_supported_is_an_auth_error(schemes, challenge, said):
    request, response = HttpRequest("GET", ADDRESS), _refusal(challenge)
    with pytest.raises(AuthError, match=f"^Digest: https://api.test offers.*{said}|{said}"):
        DigestAuth(USER, PASSWORD).refused(schemes["Digest"], (), request, response)


def _refusal(challenge):
    return HttpResponse(401, Headers({"WWW-Authenticate": challenge}))


def test_a_refused_hash_is_tried_again_only_if_its_nonce_was_stale():
    handler = DigestAuth(USER, PASSWORD)
    assert challenged(handler, 'Digest realm="r", nonce="1", qop="auth"')
    first = handler.modify(HttpRequest("GET", ADDRESS))
    assert challenged(handler, 'Digest realm="r", nonce="2", qop=auth, stale=TRUE', request=first)
    second = handler.modify(HttpRequest("GET", ADDRESS))
    assert parsed(second)["nonce"] == "2"
    assert parsed(second)["nc"] == "00000001"
    # The first nonce was renewed by another call: what is kept stays, and may be tried.
    assert challenged(handler, 'Digest realm="r", nonce="3", qop="auth"', request=first)
    assert parsed(handler.modify(first))["nonce"] == "2"
    for stale in ("", ", stale=false"):
        handler = DigestAuth(USER, PASSWORD)
        assert challenged(handler, 'Digest realm="r", nonce="1", qop="auth"')
        sent = handler.modify(HttpRequest("GET", ADDRESS))
        refusal = f'Digest realm="r", nonce="2", qop="auth"{stale}'
        assert not challenged(handler, refusal, request=sent)
        assert "Authorization" not in handler.modify(HttpRequest("GET", ADDRESS)).headers


def test_each_origin_has_a_nonce_of_its_own_and_a_pickle_has_none():
    handler = DigestAuth(USER, PASSWORD)
    challenged(handler, 'Digest realm="r", nonce="1"', "https://a.test/x")
    challenged(handler, 'Digest realm="r", nonce="2"', "https://b.test/x")
    for name, nonce in (("a", "1"), ("b", "2")):
        request = handler.modify(HttpRequest("GET", f"https://{name}.test/y"))
        assert parsed(request)["nonce"] == nonce
    other = HttpRequest("GET", "https://c.test/")
    assert handler.modify(other) is other
    copy = pickle.loads(pickle.dumps(handler))
    assert "Authorization" not in copy.modify(HttpRequest("GET", "https://a.test/y")).headers


# Servers -----------------------------------------------------------------------------------------


class _Jobs:
    """Says what reached it."""

    def __init__(self):
        self.seen = []

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def jobs(self, name="", **query):
        body = cherrypy.request.body.read().decode() if cherrypy.request.method == "POST" else ""
        fields = cherrypy.request.headers
        self.seen.append(split_challenges(fields["Authorization"])[0][1])
        return {"name": name, "query": query, "body": body, "user": cherrypy.request.login}

    @cherrypy.expose
    def moved(self):
        raise cherrypy.HTTPRedirect("/jobs/there?q=1", 307)


@pytest.fixture
def cherry():
    """(its URL, what it has seen): CherryPy, with its auth_digest tool before everything."""
    users = auth_digest.get_ha1_dict_plain({USER: PASSWORD, "j\xfcrgen": "\u20ac"})
    tool = {"on": True, "realm": "jobs", "get_ha1": users, "key": "a565c27146791cfb"}
    jobs = _Jobs()
    settings = {f"tools.auth_digest.{name}": value for name, value in tool.items()}
    application = cherrypy.Application(jobs, "", {"/": settings})
    application.log.screen = False
    server = WSGIServer(("127.0.0.1", 0), application)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}", jobs.seen
    finally:
        server.stop()
        thread.join()


def client_of(url, auth=(USER, PASSWORD), **settings):
    return Client(DOCUMENT, base_url=url, auth={"Digest": auth}, timeout=20.0, **settings)


@pytest.mark.parametrize("transport", [None, "requests"])
def test_cherrypy_lets_a_call_in_and_the_nonce_is_used_again(cherry, transport):
    url, seen = cherry
    client = client_of(url, transport=transport)
    with client:
        for body in (b"", b"one", b"two"):
            said = client.call("op", name="a/b c", q="x&y=z/\u20ac", body=body)
            assert said == {
                "name": "a/b c",
                "query": {"q": "x&y=z/\u20ac"},
                "body": body.decode(),
                "user": USER,
            }
    assert [values["nc"] for values in seen] == ["00000001", "00000002", "00000003"]
    assert len({(values["nonce"], values["cnonce"]) for values in seen}) == 1


def test_cherrypy_refuses_a_wrong_password_after_one_attempt(cherry):
    url, seen = cherry
    with client_of(url, (USER, "wrong")) as client, pytest.raises(Unauthorized) as caught:
        client.call("op", name="x")
    assert seen == []
    assert "wrong" not in f"{caught.value} {caught.value!r}"


def test_a_stale_nonce_is_replaced(cherry, monkeypatch):
    url, seen = cherry
    with client_of(url) as client:
        client.call("op", name="x")
        later = type("Later", (), {"time": staticmethod(lambda: time.time() + 601)})
        monkeypatch.setattr(auth_digest, "time", later)
        client.call("op", name="x")
    assert [values["nc"] for values in seen] == ["00000001", "00000001"]
    assert seen[0]["nonce"] != seen[1]["nonce"]


def test_threads_count_one_nonce_without_a_gap(cherry):
    url, seen = cherry
    with client_of(url) as client:
        client.call("op", name="x")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: client.call("op", name=str(n)), range(100)))
    assert len({values["nonce"] for values in seen}) == 1
    assert sorted(int(values["nc"], 16) for values in seen) == list(range(1, 102))


def test_a_redirect_within_the_origin_is_signed_anew(cherry):
    url, seen = cherry
    document = {**DOCUMENT, "paths": {"/moved": DOCUMENT["paths"]["/jobs/{name}"]}}
    document["paths"]["/moved"]["post"].pop("parameters", None)
    with Client(document, base_url=url, auth={"Digest": (USER, PASSWORD)}) as client:
        assert client.call("op", body=b"kept")["body"] == "kept"
    assert seen[-1]["uri"] == "/jobs/there?q=1"


def test_a_file_is_sent_again_and_an_iterator_once_the_nonce_is_known(cherry, tmp_path):
    url, _ = cherry
    path = tmp_path / "body"
    path.write_bytes(b"from a file")
    with client_of(url) as client, pytest.raises(Unauthorized):
        client.call("op", name="x", body=iter([b"once"]))
    with client_of(url) as client:
        assert client.call("op", name="x", body=path)["body"] == "from a file"
        assert client.call("op", name="x", body=iter([b"on", b"ce"]))["body"] == "once"


def test_tasks_share_a_nonce():
    """A server of ours: the asynchronous client's own transport is not what is tried here."""
    nonces = itertools.count(1)
    seen = Counter()

    def send(request):
        if "Authorization" not in request.headers:
            return _refusal(f'Digest realm="r", nonce="{next(nonces)}", qop="auth"')
        values = parsed(request)
        assert values["uri"] == split_url(request.url)[1]
        seen[values["nonce"], values["nc"]] += 1
        return HttpResponse(200, Headers({"Content-Type": "application/json"}), b"{}")

    async def main():
        auth = {"Digest": DigestAuth(USER, PASSWORD)}
        client = AsyncClient(DOCUMENT, auth=auth, transport=AsyncSends(send))
        await asyncio.gather(*(client.call("op", name=str(n)) for n in range(100)))

    asyncio.run(main())
    assert set(seen.values()) == {1}
    assert len({nonce for nonce, _ in seen}) == 1
    assert len(seen) == 100


def test_cherrypy_lets_the_tasks_of_an_asynchronous_client_in(cherry):
    url, seen = cherry

    async def main():
        auth = {"Digest": (USER, PASSWORD)}
        async with AsyncClient(DOCUMENT, base_url=url, auth=auth, timeout=20.0) as client:
            await client.call("op", name="x")
            await asyncio.gather(*(client.call("op", name=str(n), body=b"b") for n in range(20)))

    asyncio.run(main())
    assert sorted(int(values["nc"], 16) for values in seen) == list(range(1, 22))


LIGHTTPD = shutil.which("lighttpd") or shutil.which("/usr/sbin/lighttpd")
CONFIGURATION = """
server.document-root = "HERE"
server.bind = "127.0.0.1"
server.port = PORT
server.errorlog = "HERE/errors"
server.modules = ("mod_auth", "mod_authn_file")
mimetype.assign = (".json" => "application/json")
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "HERE/users"
auth.require = (
  "/MD5/" => ("method" => "digest", "algorithm" => "MD5", "realm" => "jobs",
              "require" => "valid-user"),
  "/SHA-256/" => ("method" => "digest", "algorithm" => "SHA-256", "realm" => "jobs",
                  "require" => "valid-user"),
)
"""


@pytest.fixture(scope="module")
def lighttpd(tmp_path_factory):
    if LIGHTTPD is None:
        pytest.skip("lighttpd is not installed: nothing here was tried with it")
    here, port = tmp_path_factory.mktemp("lighttpd"), free_port()
    lines = []
    for name in ("MD5", "SHA-256"):
        (here / name).mkdir()
        (here / name / "job.json").write_text(json.dumps({"by": name}))
        whole = f"{USER}:jobs:{PASSWORD}".encode()
        lines.append(f"{USER}:jobs:{hashlib.new(name.replace('-', ''), whole).hexdigest()}\n")
    (here / "users").write_text("".join(lines))
    text = CONFIGURATION.replace("HERE", str(here)).replace("PORT", str(port))
    (here / "conf").write_text(text)
    subprocess.run([LIGHTTPD, "-tt", "-f", here / "conf"], check=True)
    with process([LIGHTTPD, "-D", "-f", str(here / "conf")], port) as url:
        yield url


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("transport", [None, "requests"])
def test_lighttpd_lets_a_call_in(lighttpd, algorithm, transport):
    document = one_operation(
        path="/job.json",
        parameters=[parameter("query", {}, "q")],
        responses={"200": {"description": "done", "content": JSON}},
        security=[{"Digest": []}],
        components=DOCUMENT["components"],
    )
    auth = {"Digest": (USER, PASSWORD)}
    url = f"{lighttpd}/{algorithm}"
    with Client(document, base_url=url, auth=auth, transport=transport, timeout=20.0) as client:
        for text in ("1", "a b&c=d", "\u20ac/?"):
            assert client.call("op", q=text) == {"by": algorithm}
        with pytest.raises(Unauthorized):
            client.with_options(auth={"Digest": (USER, "wrong")}).call("op")
