"""Odd answers to operations of real documents: both engines tell the same of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Whole

from dynclient import Client, Headers, HttpRequest, HttpResponse, Violation

from .material import REASON
from .test_corpus import CORPUS, DOCUMENTS

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=REASON)

ODD = ({}, [], [{}], "x", 5, {"id": 1, "name": None}, {"items": [1], "data": {}, "error": "e"})


class Saying(Whole):
    """A transport that has one answer, whatever is asked."""

    http = HttpResponse(200)

    def send(self, _: HttpRequest) -> HttpResponse:
        return self.http


def told(client: Client, name: str) -> list[Violation]:
    """What a client finds wrong with the answer; arguments and credentials are not looked at."""
    operation = client.operations[name]
    request = HttpRequest(operation.method, f"http://api.test{operation.path}")
    response = client._calling.plans.get(name).parse(client._transport.http, request)
    return sorted(response.violations, key=str)


def answers(client: Client, name: str) -> Iterator[HttpResponse]:
    for key, declared in client.operations[name].responses.items():
        for kind in (kind for kind in declared.content if "json" in kind and key.isdigit()):
            entry: Any = declared.content[kind].node.value
            bodies = [*ODD, *([entry["example"]] if "example" in entry else [])]
            for body in bodies:
                content = json.dumps(body).encode()
                yield HttpResponse(int(key), Headers({"Content-Type": kind}), content)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_both_engines_tell_the_same(path: Path) -> None:
    transport = Saying()
    compiled = Client(path, base_url="http://api.test", transport=transport, engine="compiled")
    reference = compiled.with_options(engine="openapi-core")
    names = list(compiled.operations)
    for name in random.Random(5).sample(names, min(2, len(names))):
        for transport.http in answers(compiled, name):
            assert told(compiled, name) == told(reference, name), (name, transport.http.content)
