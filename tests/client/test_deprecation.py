"""What is deprecated is told once for each operation, in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support import Scripted, json_answer, one_operation, parameter

from dynclient import Client, Options


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.WARNING, logger="dynclient")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_deprecated_operation_is_reported_once(told: Any) -> None:
    client = Client(one_operation(deprecated=True))
    client.prepare("op")
    client.with_options(validate="off").prepare("op")
    assert told() == ["op: the document marks this operation as deprecated"]


def test_a_deprecated_parameter_is_reported_when_it_is_given(told: Any) -> None:
    entries = [parameter("query", {}, "old-one", deprecated=True), parameter("query", {}, "new")]
    client = Client(one_operation(parameters=entries))
    client.prepare("op", new=1)
    assert told() == []
    client.prepare("op", old_one=1)
    client.prepare("op", {"old-one": 2})
    assert told() == ["op: the document marks the argument 'old_one' as deprecated"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Deprecation": "@1688169599"}, ", since 2023-06-30"),
        ({"Deprecation": "true"}, ""),
        ({"Deprecation": "Sun, 11 Nov 2018 23:59:59 GMT"}, ", since Sun, 11 Nov 2018 23:59:59 GMT"),
        (
            {"Sunset": "Sun, 30 Jun 2030 23:59:59 GMT"},
            "; it may not be there after Sun, 30 Jun 2030 23:59:59 GMT",
        ),
        (
            {"Deprecation": "@1688169599", "Sunset": "Sun, 30 Jun 2030 23:59:59 GMT"},
            ", since 2023-06-30; it may not be there after Sun, 30 Jun 2030 23:59:59 GMT",
        ),
        ({"Deprecation": "@99999999999999999999"}, ", since @99999999999999999999"),
    ],
)
def test_what_the_server_says_of_it_is_reported_once(
    service: Scripted, told: Any, fields: dict[str, str], message: str
) -> None:
    service.answers += [json_answer({}, **fields), json_answer({}, 404, **fields)]
    client = service.client(one_operation())
    client.request("op")
    client.request("op", options=Options(raise_for="never", validate="off"))
    assert told() == [f"op: the server says that this operation is deprecated{message}"]


def test_a_stream_tells_it_as_well(service: Scripted, told: Any) -> None:
    service.answers.append(json_answer({}, Deprecation="@0"))
    with service.client(one_operation()).stream("op") as response:
        response.read()
    assert told() == ["op: the server says that this operation is deprecated, since 1970-01-01"]
