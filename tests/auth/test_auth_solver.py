import pytest
from support import authenticate

from dynclient.auth import Authenticator, Credential, Handler
from dynclient.commands import Once, Run
from dynclient.errors import AuthError
from dynclient.messages import HttpRequest, HttpResponse
from dynclient.remedies import give

REQUEST = HttpRequest("GET", "https://a.test/")


def requirement(names):
    return {name: [] for name in names.split()}


def yielded(request):
    """A round trip by whoever drives the generator by hand."""
    return (yield request)


@pytest.mark.parametrize(
    ("alternatives", "given", "chosen"),
    [
        (None, "", ""),
        ([], "Bearer", ""),
        ([""], "Bearer", ""),
        (["Bearer"], "Bearer", "Bearer"),
        (["Bearer HeaderKey"], "Bearer HeaderKey", "Bearer HeaderKey"),
        (["Bearer HeaderKey", "QueryKey HeaderKey"], "QueryKey HeaderKey", "QueryKey HeaderKey"),
        (["Bearer", "QueryKey"], "Bearer QueryKey", "Bearer"),
        (["QueryKey", "Bearer"], "Bearer QueryKey", "QueryKey"),
        (["", "Bearer"], "Bearer", "Bearer"),
        (["", "Bearer"], "", ""),
        (["Bearer HeaderKey", ""], "Bearer", ""),
        (["Bearer", ""], "HeaderKey", ""),
        (["Mutual"], "", "Mutual"),
        (["Mutual", "Bearer"], "Bearer", "Bearer"),
        (["", "Mutual"], "", "Mutual"),
        (["Mutual Bearer"], "Bearer", "Mutual Bearer"),
        (["Unheard", "Bearer"], "Bearer", "Bearer"),
        (["Unheard", ""], "", ""),
    ],
)
def test_the_first_alternative_that_can_be_met_is_chosen(schemes, alternatives, given, chosen):
    auth = Authenticator(schemes, dict.fromkeys(given.split(), "v"))
    requirements = None if alternatives is None else [requirement(a) for a in alternatives]
    plan = auth.plan("op", requirements)
    assert plan.alternative == tuple(chosen.split())
    assert plan.reason
    assert plan.constant is not None


def test_the_reason_names_what_was_passed_over(schemes):
    plan = Authenticator(schemes, {"Bearer": "t"}).plan(
        "op", [requirement("QueryKey"), requirement("Bearer")]
    )
    assert plan.reason == (
        "the first alternative that the given credentials meet (passed over: "
        "QueryKey (query hidden) is missing)"
    )


def test_when_none_can_be_met_the_error_names_all_and_how_to_meet_the_nearest(schemes):
    auth = Authenticator(schemes, {"Bearer": "pl4nted"})
    with pytest.raises(AuthError) as caught:
        auth.plan("create_job", [requirement("Basic CookieKey"), requirement("Bearer HeaderKey")])
    assert str(caught.value) == (
        "create_job: none of the alternatives of its security can be met; nothing was sent:\n"
        "  - Basic and CookieKey: Basic (header Authorization, basic) is missing, "
        "CookieKey (cookie sid) is missing\n"
        "  - Bearer and HeaderKey: HeaderKey (header X-Secret-Thing) is missing\n"
        'Pass auth={"HeaderKey": ...}'
    )
    assert caught.value.remedy == give(auth={"HeaderKey": ...})
    assert caught.value.missing == ("HeaderKey",)
    assert caught.value.operation == "create_job"


@pytest.mark.parametrize(
    ("scheme", "example"),
    [
        ("Basic", '{"Basic": "user:password"}'),
        ("Bearer", '{"Bearer": ...}'),
        ("OAuth", '{"OAuth": ...}'),
        ("QueryKey", '{"QueryKey": ...}'),
        ("Digest", '{"Digest": "user:password"}'),
        ("Hmac", '{"Hmac": ...}'),
    ],
)
def test_the_remedy_fits_the_kind_of_scheme(schemes, scheme, example):
    with pytest.raises(AuthError) as caught:
        Authenticator(schemes, None).plan("op", [requirement(scheme)])
    assert example in str(caught.value)
    assert caught.value.missing == (scheme,)


def test_a_scheme_that_the_document_does_not_declare_is_the_documents_fault(schemes):
    with pytest.raises(AuthError, match="Unheard is not declared by the document") as caught:
        Authenticator(schemes, {}).plan("op", [requirement("Unheard")])
    assert caught.value.missing == ()


def test_a_handler_gets_its_scheme_and_the_scopes_of_the_operation(schemes):
    class Asks(Handler):
        def acquire(self, scheme, scopes):
            response = yield HttpRequest("GET", f"https://t.test/{scheme.name}/{'+'.join(scopes)}")
            return Credential(headers=(("Authorization", response.content.decode()),))

    plan = Authenticator(schemes, {"OAuth": Asks()}).plan("op", [{"OAuth": ["read", "write"]}])
    sent = authenticate(plan, REQUEST, lambda r: HttpResponse(200, content=r.url.encode()))
    assert sent.headers["Authorization"] == "https://t.test/OAuth/read+write"


def test_the_flow_yields_the_same_requests_without_a_transport(schemes):
    class Asks(Handler):
        def acquire(self, scheme, scopes):
            response = yield HttpRequest("GET", "https://t.test/token")
            return Credential(headers=(("Authorization", response.content.decode()),))

    auth = Authenticator(schemes, {"OAuth": Asks(), "QueryKey": "k"})
    flow = auth.plan("op", [requirement("OAuth QueryKey")]).flow(REQUEST, yielded)
    once = next(flow)
    assert isinstance(once, Once)
    fetching = once.flow()
    assert next(fetching).url == "https://t.test/token"
    with pytest.raises(StopIteration) as fetched:
        fetching.send(HttpResponse(200, content=b"T"))
    with pytest.raises(StopIteration) as stop:
        flow.send(fetched.value.value)
    assert stop.value.value.headers["Authorization"] == "T"
    assert stop.value.value.url == "https://a.test/?hidden=k"


def test_a_flow_yields_only_what_it_needs(plan_for):
    with pytest.raises(StopIteration) as stop:
        next(plan_for({"Bearer": "t"}).flow(REQUEST, yielded))
    assert stop.value.value.headers["Authorization"] == "Bearer t"
    flow = plan_for({"Bearer": lambda: "t"}).flow(REQUEST, yielded)
    asked = next(flow)
    assert isinstance(asked, Run)
    with pytest.raises(StopIteration) as stop:
        flow.send(asked.function())
    assert stop.value.value.headers["Authorization"] == "Bearer t"


def test_a_handler_with_modify_only_needs_nothing_else(authenticated):
    class Signs(Handler):
        def modify(self, request):
            return request.with_headers({"Signature": "signed"})

    assert authenticated({"Digest": Signs()}).headers["Signature"] == "signed"


def test_a_constant_handler_that_also_signs_is_still_asked(plan_for, authenticated):
    class Both(Handler):
        constant = True

        def ready(self, scheme, scopes):
            return Credential(headers=(("Key", "k"),))

        def modify(self, request):
            return request.with_headers({"Signature": request.headers["Key"]})

    assert plan_for({"Digest": Both()}).constant is None
    assert authenticated({"Digest": Both()}).headers["Signature"] == "k"


@pytest.mark.parametrize("method", ["ready", "acquire"])
def test_a_handler_that_returns_something_else_is_named(plan_for, never_send, method):
    def generator(self, scheme, scopes):
        yield from ()
        return "token"

    function = generator if method == "acquire" else lambda self, scheme, scopes: "token"
    wrong = type("Wrong", (Handler,), {method: function})
    with pytest.raises(TypeError, match=rf"{method}\(\) of Wrong must return a Credential"):
        authenticate(plan_for({"Bearer": wrong()}), REQUEST, never_send)


def test_an_error_of_the_transport_reaches_the_caller_and_ends_the_flow(plan_for):
    ended = []

    class Asks(Handler):
        def acquire(self, scheme, scopes):
            try:
                yield REQUEST
            finally:
                ended.append(True)
            return Credential()

    def broken(request):
        raise ConnectionError("down")

    with pytest.raises(ConnectionError, match="down"):
        authenticate(plan_for({"Bearer": Asks()}), REQUEST, broken)
    assert ended == [True]


def test_every_handler_hears_of_a_refusal_and_one_hope_is_enough(schemes):
    heard = []

    class Hears(Handler):
        def __init__(self, hope):
            self.hope = hope

        def refused(self, scheme, scopes, request, response):
            heard.append((scheme.name, scopes, request.url, response.status))
            return self.hope

    auth = Authenticator(schemes, {"Bearer": Hears(True), "HeaderKey": Hears(False)})
    refusal = HttpResponse(401)
    both = auth.plan("op", [{"Bearer": ["read"], "HeaderKey": []}])
    assert both.refused(REQUEST, refusal)
    assert heard == [
        ("Bearer", ("read",), REQUEST.url, 401),
        ("HeaderKey", (), REQUEST.url, 401),
    ]
    assert not auth.plan("op", [requirement("HeaderKey")]).refused(REQUEST, refusal)
    assert not auth.plan("op", None).refused(REQUEST, refusal)


def test_two_authenticators_share_nothing_but_the_handlers_they_were_given(schemes):
    plans = [
        Authenticator(schemes, {"Bearer": user}).plan("op", [requirement("Bearer")])
        for user in ("alice", "bob")
    ]
    assert [p.constant.headers[0][1] for p in plans] == ["Bearer alice", "Bearer bob"]


def test_a_handler_that_is_a_frozen_dataclass_or_has_a_lock_of_its_own_works(authenticated):
    from dataclasses import dataclass
    from threading import Lock

    @dataclass(frozen=True, slots=True)
    class Frozen(Handler):
        name: str

        def ready(self, scheme, scopes):
            return Credential(headers=(("Key", self.name),))

    class Locks(Handler):
        def __init__(self):
            self.lock = Lock()

        def acquire(self, scheme, scopes):
            with self.lock:
                yield from ()
                return Credential(headers=(("Key", "own"),))

    assert authenticated({"Bearer": Frozen("f")}).headers["Key"] == "f"
    assert authenticated({"Bearer": Locks()}).headers["Key"] == "own"
