import pytest

from dynclient.auth import SecurityScheme
from dynclient.errors import DocumentError
from dynclient.redaction import DEFAULT_REDACTOR


def test_an_api_key_knows_its_place_and_wire_name():
    scheme = SecurityScheme.from_mapping(
        "ServiceCRN",
        {"type": "apiKey", "in": "header", "name": "Service-CRN", "description": "The instance."},
    )
    assert (scheme.type, scheme.location, scheme.parameter_name) == (
        "apiKey",
        "header",
        "Service-CRN",
    )
    assert scheme.description == "The instance."
    assert scheme.http_scheme is None


def test_an_http_scheme_is_read_without_regard_to_case():
    scheme = SecurityScheme.from_mapping(
        "b", {"type": "http", "scheme": "BEARER", "bearerFormat": "JWT"}
    )
    assert (scheme.http_scheme, scheme.bearer_format) == ("bearer", "JWT")


def test_members_that_belong_to_another_type_are_left_out():
    scheme = SecurityScheme.from_mapping("b", {"type": "http", "scheme": "bearer", "in": "header"})
    assert scheme.location is None


def test_oauth_flows_are_kept_as_the_document_has_them():
    flows = {"clientCredentials": {"tokenUrl": "https://x.test/t", "scopes": {"a": "all"}}}
    assert SecurityScheme.from_mapping("o", {"type": "oauth2", "flows": flows}).flows == flows


def test_what_no_request_needs_may_be_missing():
    assert SecurityScheme.from_mapping("o", {"type": "oauth2"}).flows == {}
    assert SecurityScheme.from_mapping("o", {"type": "openIdConnect"}).open_id_connect_url is None


def test_a_scheme_can_be_a_key_of_a_set(schemes):
    assert len(set(schemes.values())) == len(schemes)


@pytest.mark.parametrize(
    ("data", "pointer", "said"),
    [
        ({}, "", "needs 'type'"),
        ({"type": "apikey"}, "/type", "did you mean apiKey"),
        ({"type": 3}, "/type", "one of"),
        ({"type": "apiKey", "name": "X"}, "", "needs 'in'"),
        ({"type": "apiKey", "name": "X", "in": "body"}, "/in", "header, query, cookie"),
        ({"type": "apiKey", "in": "query"}, "", "needs 'name'"),
        ({"type": "apiKey", "in": "query", "name": ""}, "/name", "needs 'name'"),
        ({"type": "http"}, "", "needs 'scheme'"),
        ({"type": "http", "scheme": ["bearer"]}, "/scheme", "needs 'scheme'"),
        ({"type": "oauth2", "flows": []}, "/flows", "object"),
        ("bearer", "", "object"),
    ],
)
def test_a_malformed_scheme_is_a_document_error_with_its_pointer(data, pointer, said):
    with pytest.raises(DocumentError, match=said) as caught:
        SecurityScheme.from_mapping("A/b~c", data)
    assert caught.value.pointer == f"/components/securitySchemes/A~1b~0c{pointer}"


@pytest.mark.parametrize(
    ("name", "header", "field"),
    [
        ("HeaderKey", "X-Secret-Thing", None),
        ("QueryKey", None, "hidden"),
        ("CookieKey", None, "sid"),
        ("Bearer", "Authorization", None),
        ("OAuth", "Authorization", None),
        ("Mutual", None, None),
    ],
)
def test_a_scheme_teaches_the_redactor_its_names(schemes, name, header, field):
    redactor = schemes[name].redact(DEFAULT_REDACTOR)
    assert header is None or redactor.is_secret_header(header.swapcase())
    assert field is None or redactor.is_secret_field(field)
    if name == "Mutual":
        assert redactor is DEFAULT_REDACTOR
