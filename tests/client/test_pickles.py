"""What goes into a pickle: of a client what it takes to call, of an answer no credentials."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
from typing import Any

import pytest
from corpus.material import REASON, folder
from support import Answer, Scripted, answering, json_answer, json_content, one_operation, parameter

from dynclient import Client, DynclientError, InvalidResponse
from dynclient.errors import NotFound

SECRET = "s3cr3t-t0k3n"
DOCUMENT = one_operation(
    method="post",
    security=[{"Odd": [], "Query": []}],
    parameters=[parameter("query", {"type": "integer"}, "limit")],
    content=json_content(
        {"type": "object", "properties": {"pin": {"type": "string", "format": "password"}}}
    ),
    responses={**answering({"type": "object"}), **answering({"type": "object"}, "404")},
    components={
        "securitySchemes": {
            "Odd": {"type": "apiKey", "in": "header", "name": "X-Odd"},
            "Query": {"type": "apiKey", "in": "query", "name": "odd"},
        }
    },
)
AUTH = {"Odd": SECRET, "Query": SECRET}


def token() -> str:
    """A credential that a process finds for itself."""
    return os.environ["DYNCLIENT_TEST_TOKEN"]


def called(client: Client) -> Any:
    """What a worker process does with a client that it is sent."""
    return client.call("op", pin="1")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer({"code": 5}, 404), NotFound),
        (Answer(b"[]", 404), NotFound),  # breaks the document as well
        (Answer(b"[]"), InvalidResponse),
    ],
)
def test_the_pickle_of_an_error_holds_no_credentials(
    service: Scripted, answer: Answer, kind: type[DynclientError]
) -> None:
    service.answers += [answer]
    with pytest.raises(kind) as caught:
        service.client(DOCUMENT, auth=AUTH).call("op", pin=SECRET, limit=3)
    error: Any = caught.value
    assert service.received[0].headers["x-odd"] == SECRET
    pickled = pickle.dumps(error)
    assert SECRET.encode() not in pickled
    again = pickle.loads(pickled)
    assert isinstance(again, kind)
    assert (str(again), again.data) == (str(error), error.data)
    assert again.response.request.url == f"{service.url}/thing?limit=3&odd=[redacted]"
    assert again.response.request.content == b'{"pin":"[redacted]"}'
    # Here, the request is still the one that was sent.
    assert error.response.request.headers["X-Odd"] == SECRET


GITHUB = folder("corpus") / "github.com__api.github.com.json"


@pytest.mark.skipif(not GITHUB.is_file(), reason=REASON)
def test_the_pickle_of_a_404_is_small_however_big_the_document_is(service: Scripted) -> None:
    fields = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}
    service.answers.append(json_answer({**fields, "status": "404"}, 404))
    with pytest.raises(NotFound) as caught:
        service.client(GITHUB).call("repos/get", owner="a", repo="b")
    assert len(service.client(GITHUB).operations) > 1_000
    for whole in (caught.value, caught.value.response):
        pickled = pickle.dumps(whole)
        assert len(pickled) < 2_000
        again: Any = pickle.loads(pickled)
        assert again.data == {**fields, "status": "404"}
    assert caught.value.response.operation.path == "/repos/{owner}/{repo}"


def test_the_pickle_of_a_response_holds_none_either_and_all_else(service: Scripted) -> None:
    service.answers += [json_answer({"id": "a"}, X_Total="7")]
    response = service.client(DOCUMENT, auth=AUTH).request("op", pin=SECRET)
    for again in (pickle.loads(pickle.dumps(response)), copy.deepcopy(response)):
        assert again.data == {"id": "a"}
        assert again.content == response.content
        assert again.headers == response.headers
        assert (again.status, again.elapsed) == (200, response.elapsed)
        assert again.operation.name == "op"
        assert SECRET not in str(again.request.headers.pairs()) + again.request.url
    assert SECRET.encode() not in pickle.dumps(response)


def test_a_request_that_was_prepared_pickles_as_it_would_be_sent(service: Scripted) -> None:
    request = service.client(DOCUMENT, auth=AUTH).prepare("op", pin="1")
    assert pickle.loads(pickle.dumps(request)) == request


def test_a_pickled_client_can_call_in_another_process(service: Scripted) -> None:
    with (
        service.client(DOCUMENT, auth=AUTH, timeout=20) as client,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        assert pool.map(called, [client]) == [{}]
    assert service.received[0].headers["x-odd"] == SECRET


def test_what_a_function_gives_is_in_no_pickle_and_asked_where_the_client_is_opened(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNCLIENT_TEST_TOKEN", SECRET)
    client = service.client(DOCUMENT, auth={"Odd": token, "Query": token})
    client.call("op", pin="1")
    pickled = pickle.dumps(client)
    assert SECRET.encode() not in pickled
    monkeypatch.setenv("DYNCLIENT_TEST_TOKEN", "another")
    pickle.loads(pickled).call("op", pin="1")
    assert [each.headers["x-odd"] for each in service.received] == [SECRET, "another"]
