"""Credentials that are bound to more than their text: DPoP, exchanged tokens, signed requests."""

import json
import pickle
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from types import SimpleNamespace

import http_message_signatures
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry
from leaks import all_of, leaks
from oauth_provider import CLIENT, SECRET, client_of, document_of
from support import one_operation

from dynclient import AuthError, Client
from dynclient.auth import DPoP, MessageSignature, OAuth2, SecurityScheme, TokenExchange, TokenFile

# RFC 9449 ----------------------------------------------------------------------------------------


class Verifier:
    """The part of an authorization server, and of a service, that looks at proofs."""

    def __init__(self, provider):
        self.provider, self.proofs, self.nonce = provider, [], None
        inner = provider.respond

        def respond(method, path, headers, body):
            fault = self.fault(method, path, headers)
            if fault is not None:
                return fault
            word, _, token = headers.get("Authorization", "").partition(" ")
            if word == "DPoP":
                headers = {**headers, "Authorization": f"Bearer {token}"}
            found, content, status = inner(method, path, headers, body)
            if path.endswith("/token") and status == 200:
                content = json.dumps({**json.loads(content), "token_type": "DPoP"})
            return found, content, status

        provider.respond = respond

    def fault(self, method, path, headers):
        proof = headers.get("DPoP")
        if proof is None:
            return {}, json.dumps({"error": "invalid_dpop_proof"}), 400
        head = json.loads(_decoded(proof.partition(".")[0]))
        key = import_key(head["jwk"])
        assert head["typ"] == "dpop+jwt"
        assert not key.is_private
        registry = JWSRegistry(algorithms=[head["alg"]])
        registry.max_header_length = 2048  # for a key of RSA
        claims = jwt.decode(proof, key, registry=registry).claims
        assert claims["htm"] == method
        assert claims["htu"] == self.provider.url + path.partition("?")[0]
        assert abs(claims["iat"] - time.time()) < 60
        assert claims["jti"] not in [each["jti"] for each in self.proofs]
        self.proofs.append(claims)
        word, _, token = headers.get("Authorization", "").partition(" ")
        if not path.endswith("/token"):
            assert word == "DPoP"
            digest = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
            assert claims["ath"] == digest
        if self.nonce is not None and claims.get("nonce") != self.nonce:
            status = 400 if path.endswith("/token") else 401
            told = {"DPoP-Nonce": self.nonce, "Content-Type": "application/json"}
            return told, json.dumps({"error": "use_dpop_nonce"}), status
        return None


def _decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(
    "key",
    [
        None,
        lambda: ECKey.generate_key("P-384").as_pem(private=True),
        lambda: OKPKey.generate_key("Ed25519").as_dict(private=True),
        lambda: RSAKey.generate_key(2048).as_pem(private=True).decode(),
    ],
    ids=["new", "P-384", "Ed25519", "RSA"],
)
def test_a_token_is_bound_to_a_key(provider, key):
    verifier = Verifier(provider)
    client = client_of(provider, OAuth2(CLIENT, SECRET, dpop=DPoP(key and key())))
    for _ in range(2):
        assert client.request("read").data == {"scopes": ["read"]}
    assert [claims["htm"] for claims in verifier.proofs] == ["POST", "GET", "GET"]


def test_nonces_are_taken_up(provider):
    verifier = Verifier(provider)
    verifier.nonce = "first"
    client = client_of(provider, OAuth2(CLIENT, SECRET, dpop=DPoP()))
    assert client.call("read") == {"scopes": ["read"]}
    verifier.nonce = "second"
    assert client.call("read") == {"scopes": ["read"]}
    assert [claims.get("nonce") for claims in verifier.proofs] == [
        *(None, "first", "first"),
        *("first", "second"),
    ]
    assert len(provider.forms) == 1


def test_a_token_of_another_type_is_refused(provider):
    with pytest.raises(AuthError, match="of another type than DPoP"):
        client_of(provider, OAuth2(CLIENT, SECRET, dpop=DPoP())).call("read")


def test_the_proof_is_masked_and_the_key_stays_at_home(provider):
    Verifier(provider)
    dpop = DPoP()
    response = client_of(provider, OAuth2(CLIENT, SECRET, dpop=dpop)).request("read")
    proof = response.request.headers["DPoP"]
    private = dpop._key.as_dict(private=True)["d"]
    assert not leaks(all_of((response, dpop)), proof, private)
    again = pickle.loads(pickle.dumps(dpop))
    assert again.thumbprint == dpop.thumbprint


def test_a_store_keeps_tokens_of_one_key_apart(tmp_path, provider):
    verifier = Verifier(provider)
    store = TokenFile(tmp_path / "tokens.json")
    key = ECKey.generate_key("P-256").as_dict(private=True)
    for dpop in (DPoP(key), DPoP(key), DPoP()):
        handler = OAuth2(CLIENT, SECRET, dpop=dpop, store=store)
        assert client_of(provider, handler).call("read") == {"scopes": ["read"]}
    assert [claims["htm"] for claims in verifier.proofs] == ["POST", "GET", "GET", "POST", "GET"]


@pytest.mark.parametrize(
    "key",
    [
        "pl4nted-key",
        {"kty": "oct", "k": "cGw0bnRlZC1rZXk"},
        ECKey.generate_key("P-256").as_dict(private=False),
        {},
    ],
    ids=["text", "symmetric", "public", "empty"],
)
def test_a_key_that_cannot_sign_is_refused(key):
    with pytest.raises(AuthError, match="DPoP takes a private key") as caught:
        DPoP(key)
    assert caught.value.__cause__ is None
    assert not leaks(all_of(caught.value), "pl4nted-key")


# RFC 8693 ----------------------------------------------------------------------------------------


@pytest.fixture
def exchanger(provider):
    """A token endpoint that exchanges; oauthlib's has no such grant."""
    inner = provider.respond

    def respond(method, path, headers, body):
        if not path.endswith("/token"):
            return inner(method, path, headers, body)
        inner(method, path, headers, body)  # keeps the form
        form = provider.forms[-1]
        token = f"for-{form['subject_token']}-{form.get('audience')}-{len(provider.forms)}"
        provider.validator.tokens[token] = form.get("scope", "").split()
        content = {
            "access_token": token,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": 60,
        }
        return {"Content-Type": "application/json"}, json.dumps(content), 200

    provider.respond = respond
    return provider


def test_a_token_is_exchanged_for_another(exchanger):
    handler = TokenExchange(
        CLIENT,
        SECRET,
        subject_token=lambda: "mine",
        subject_token_type="jwt",
        actor_token="actor",
        audience="jobs",
        resource="https://api.test",
    )
    client = client_of(exchanger, handler)
    for _ in range(2):
        assert client.call("read") == {"scopes": ["read"]}
    assert exchanger.forms == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": "mine",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "actor_token": "actor",
            "actor_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "jobs",
            "resource": "https://api.test",
            "scope": "read",
        }
    ]


def test_an_exchange_takes_the_token_url_that_it_is_given(exchanger):
    handler = TokenExchange(CLIENT, SECRET, subject_token="a", token_url=f"{exchanger.url}/token")
    assert client_of(exchanger, handler, document_of(flows={})).call("read")
    scheme = SecurityScheme("Login", "oauth2", base_url=exchanger.url)
    other = TokenExchange(CLIENT, SECRET, subject_token="b")
    assert other.store_name(scheme) != handler.store_name(scheme)


@pytest.mark.parametrize(
    "given",
    [
        {"subject_token": ""},
        {"subject_token": 3},
        {"subject_token": "a", "actor_token": ""},
        {"subject_token": "a", "username": "u", "password": "p"},
    ],
)
def test_what_cannot_be_exchanged_is_refused(given):
    with pytest.raises(AuthError, match="TokenExchange takes"):
        TokenExchange(CLIENT, **given)


def test_a_function_that_gives_no_token(exchanger):
    handler = TokenExchange(CLIENT, SECRET, subject_token=lambda: None)
    with pytest.raises(AuthError, match="the function for subject_token gave no token"):
        client_of(exchanger, handler).call("read")
    assert exchanger.forms == []


# RFC 9421 ----------------------------------------------------------------------------------------

SHARED = b"pl4nted shared secret"


def _signed_document():
    document = one_operation(
        method="post",
        content={"application/json": {}},
        body_required=False,
    )
    scheme = {"type": "http", "scheme": "signature"}
    document["components"] = {"securitySchemes": {"Signature": scheme}}
    document["security"] = [{"Signature": []}]
    return document


def _verified(request, key, algorithm, body):
    resolver = http_message_signatures.MappingKeyResolver(
        public_keys={"client-7": key}, private_keys={}
    )
    verifier = http_message_signatures.HTTPMessageVerifier(
        signature_algorithm=algorithm, key_resolver=resolver
    )
    message = SimpleNamespace(
        method=request.method, url=request.url, headers=dict(request.headers.pairs())
    )
    (result,) = verifier.verify(message, body=body)
    return result


def test_a_request_is_signed_with_its_body():
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handler = MessageSignature(
        pem, key_id="client-7", components=("@method", "@target-uri", "content-type"), tag="jobs"
    )
    client = Client(_signed_document(), base_url="https://api.test", auth={"Signature": handler})
    request = client.prepare("op", body={"a": 1})
    algorithm = http_message_signatures.algorithms.ED25519
    result = _verified(request, private.public_key(), algorithm, request.content)
    covered = {name.strip('"') for name in result.covered_components}
    assert {"@method", "@target-uri", "content-type", "content-digest"} <= covered
    changed = request.with_headers({"Content-Type": "text/plain"})
    with pytest.raises(http_message_signatures.InvalidSignature):
        _verified(changed, private.public_key(), algorithm, request.content)
    again = pickle.loads(pickle.dumps(handler)).modify(request)
    assert again.headers.get_list("Signature") != []
    assert len(again.headers.get_list("Content-Digest")) == 1


def test_a_request_without_a_body_has_no_digest():
    handler = MessageSignature(SHARED, key_id="client-7", algorithm="hmac-sha256")
    document = _signed_document()
    client = Client(document, base_url="https://api.test", auth={"Signature": handler})
    request = client.prepare("op")
    assert "Content-Digest" not in request.headers
    algorithm = http_message_signatures.algorithms.HMAC_SHA256
    assert _verified(request, SHARED, algorithm, None)
    assert not leaks(all_of((handler, request.redacted())), SHARED.decode())


def test_a_field_that_is_not_there_cannot_be_signed():
    handler = MessageSignature(
        SHARED, key_id="client-7", algorithm="hmac-sha256", components=("@method", "x-none")
    )
    client = Client(_signed_document(), base_url="https://api.test", auth={"Signature": handler})
    with pytest.raises(AuthError, match=r"can't be signed.*x-none"):
        client.prepare("op")


@pytest.mark.parametrize(
    ("key", "algorithm", "match"),
    [
        ("pl4nted", "ed25519", "is none for ed25519"),
        (b"", "hmac-sha256", "is none for hmac-sha256"),
        (b"a", "md5", "one of ed25519"),
    ],
)
def test_what_cannot_sign_is_refused(key, algorithm, match):
    with pytest.raises(AuthError, match=match) as caught:
        MessageSignature(key, key_id="a", algorithm=algorithm)
    assert not leaks(all_of(caught.value), "pl4nted")
