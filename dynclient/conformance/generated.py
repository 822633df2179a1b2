"""Tests that are made from a document: a parametrized test, a case for each request.

@cases("openapi.yaml", only=["list_*"])
def test_the_service(case, conformance_client):
    case.call(conformance_client)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from ..client import Client
from ..messages import HttpRequest
from ..operation import Options
from .runs.made import examples_of, made_for
from .runs.runner import Bounds

if TYPE_CHECKING:
    from ..document import Source

__all__ = ["GeneratedCase", "cases"]

#: Where requests are made for; `call` puts the client's base URL in its place.
_NOWHERE = "http://case.test"


class GeneratedCase(NamedTuple):
    """A request that keeps to the document.

    operation  its name
    request    without credentials, for a service at no place yet
    """

    operation: str
    request: HttpRequest

    def call(self, client: Any) -> Any:
        """Send it by a client, with its credentials: the response, whatever its status.

        With an AsyncClient, a coroutine. Raises what a call raises besides StatusError.
        """
        url = client.base_url + self.request.url.removeprefix(_NOWHERE)
        request = replace(self.request, url=url, operation=self.operation)
        return client.send(request, options=Options(raise_for="never"))


def cases(
    document: Source,
    *,
    only: Sequence[str] = (),
    exclude: Sequence[str] = (),
    unsafe: bool = False,
    examples: int = 3,
    seed: int = 0,
) -> Callable[[Any], Any]:
    """Parametrize a pytest test by requests for the operations of a document, as `case`.

    document       a name, a path, a URL or a mapping
    only, exclude  names of operations, or patterns: `list_*`
    unsafe         with operations that may change something, too
    examples       how many cases an operation has at most: the document's examples come first
    seed           makes other requests

    DocumentError if the document can't be opened; ValueError if it leaves no case.
    """
    import pytest

    bounds = Bounds(examples=examples, seed=seed, unsafe=unsafe, only=only, exclude=exclude)
    with Client(document, base_url=_NOWHERE, auth={}, validate="off") as client:
        found = list(_cases(client, bounds))
    if not found:
        raise ValueError("the document leaves no case; look at only=, exclude= and unsafe=")
    given = [pytest.param(case, id=name) for name, case in found]
    decorator: Callable[[Any], Any] = pytest.mark.parametrize("case", given)
    return decorator


def _cases(client: Client, bounds: Bounds) -> Iterator[tuple[str, GeneratedCase]]:
    for name, operation in client.operations.items():
        if not bounds.takes(operation):
            continue
        random = Random(bounds.seed + crc32(name.encode()))  # noqa: S311
        seen: set[tuple[str, Any]] = set()
        made = (made_for(client, operation, {}, random) for _ in range(bounds.examples))
        requests: list[tuple[str, HttpRequest | None]] = [
            *(("example", each) for each in examples_of(client, operation, {})),
            *(("made", each) for each in made),
        ]
        for origin, request in requests:
            if request is None or (request.url, request.content) in seen:
                continue
            if len(seen) == bounds.examples:
                break
            seen.add((request.url, request.content))
            yield f"{name}-{origin}-{len(seen)}", GeneratedCase(name, request)
