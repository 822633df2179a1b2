"""Real documents: each loads, every operation compiles, and none is missing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus import examine
from dynclient.document import load

from .examples import Reference, examples, judge
from .material import REASON, folder

CORPUS = folder("corpus")
GITHUB = CORPUS / "github.com__api.github.com.json"
DOCUMENTS = sorted(path for path in CORPUS.glob("*.json") if path != GITHUB)

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=REASON)


def _is_whole(found: dict[str, Any]) -> bool:
    return found["kind"] == "document" and found["operations"] == found["entries"] > 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_operation_compiles(path: Path) -> None:
    found = examine(path)
    assert found["failures"] == []
    assert _is_whole(found)


@pytest.mark.long
def test_every_operation_of_githubs_document_compiles() -> None:
    found = examine(GITHUB)
    assert found["failures"] == []
    assert _is_whole(found)
    assert found["operations"] > 1_000


# Where the engines part, by the place of the example: the reason is in docs/corpus.md.
PARTED = {
    "/components/schemas/ClaimsResponse/example": "$ref siblings",
    "/components/schemas/ConflictMarketingResponse/example": "$ref siblings",
    "/components/schemas/Offer/example": "formats",
    "/paths/~1api~1v1~1users~1me~1subscriptions/post/requestBody/content/application~1json"
    "/examples/default/value": "formats",
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_examples_are_judged_as_by_jsonschema(path: Path) -> None:
    document = load(path)
    reference = Reference(document)
    found = list(examples(document))
    sample = random.Random(3).sample(found, min(100, len(found)))
    parted = [
        verdicts
        for verdicts in (judge(document, reference, example) for example in sample)
        if not verdicts.agree and verdicts.at not in PARTED
    ]
    assert parted == []
