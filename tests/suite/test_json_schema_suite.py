"""The JSON Schema Test Suite, run whole through our own translation and the compiled engine.

Each schema is served as a file of its own, referred to by an OpenAPI document, so that references,
base URIs and anchors take the way they take in real documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_specifications
import pytest
from corpus.material import REASON, folder

from dynclient import DocumentError, NotLoaded, Trust, load
from dynclient.document import Node
from dynclient.schema import Validator, compile_validator
from dynclient.validation import ALL_FORMATS, NO_FORMATS

SUITE = folder("json-schema-test-suite")
HOST = "http://localhost:1234/"
TRUST = Trust(origins=frozenset({"https://json-schema.org", "http://json-schema.org"}))

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason=REASON)


DRAFT_4 = "http://json-schema.org/draft-04/schema#"


class Run(NamedTuple):
    """A folder of the suite, the OpenAPI version that follows it, and whether formats count.

    With a `dialect` the document names it as its `jsonSchemaDialect`.
    """

    folder: str
    version: str
    formats: bool
    dialect: str = ""

    @property
    def label(self) -> str:
        return f"{self.folder} as dialect" if self.dialect else self.folder


RUNS = (
    Run("draft2020-12", "3.1.1", formats=False),
    Run("draft2020-12/optional", "3.1.1", formats=False),
    Run("draft2020-12/optional/format", "3.1.1", formats=True),
    Run("draft4", "3.0.4", formats=False),
    Run("draft4/optional", "3.0.4", formats=False),
    Run("draft4/optional/format", "3.0.4", formats=True),
    Run("draft4", "3.1.1", formats=False, dialect=DRAFT_4),
    Run("draft4/optional", "3.1.1", formats=False, dialect=DRAFT_4),
)

VOCABULARY = "the vocabularies of a custom metaschema are not looked up; the OAS base one counts"
NO_PATTERN_PROPERTIES = "OpenAPI 3.0 has no patternProperties (3.0.4, Schema Object)"
NO_TUPLES = "OpenAPI 3.0's items is one schema, and it has no additionalItems (3.0.4, items)"
NO_ID = "OpenAPI 3.0 has no id: base URIs are those of the files (3.0.4, Relative References)"

#: What is not run, each with its reason: (folder, file) or (folder, file, group).
EXCEPTIONS: dict[tuple[str, ...], str] = {
    ("draft2020-12", "vocabulary", "schema that uses custom metaschema with with no validation vocabulary"): VOCABULARY,  # noqa: E501
    ("draft2020-12/optional", "format-assertion", "schema that uses custom metaschema with format-assertion: false"): VOCABULARY,  # noqa: E501
    ("draft2020-12/optional", "format-assertion", "schema that uses custom metaschema with format-assertion: true"): VOCABULARY,  # noqa: E501
    ("draft2020-12/optional", "dependencies-compatibility"): "2020-12 has no dependencies (it is dependentRequired and dependentSchemas)",  # noqa: E501
    ("draft4", "additionalItems"): NO_TUPLES,
    ("draft4/optional as dialect", "zeroTerminatedFloats"): "1.0 is an integer here",
    ("draft4", "dependencies"): "OpenAPI 3.0 has no dependencies (3.0.4, Schema Object)",
    ("draft4", "items", "an array of schemas for items"): NO_TUPLES,
    ("draft4", "items", "items and subitems"): NO_TUPLES,
    ("draft4", "uniqueItems", "uniqueItems with an array of items and additionalItems=false"): NO_TUPLES,  # noqa: E501
    ("draft4", "uniqueItems", "uniqueItems=false with an array of items and additionalItems=false"): NO_TUPLES,  # noqa: E501
    ("draft4", "patternProperties"): NO_PATTERN_PROPERTIES,
    ("draft4", "properties", "properties, patternProperties, additionalProperties interaction"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4", "additionalProperties", "additionalProperties being false does not allow other properties"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4", "additionalProperties", "non-ASCII pattern with additionalProperties"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4", "ref", "relative pointer ref to array"): NO_TUPLES,
    ("draft4", "ref", "$ref prevents a sibling id from changing the base uri"): NO_ID,
    ("draft4", "ref", "Recursive references between schemas"): NO_ID,
    ("draft4", "ref", "Location-independent identifier"): NO_ID,
    ("draft4", "ref", "Location-independent identifier with base URI change in subschema"): NO_ID,
    ("draft4", "ref", "id must be resolved against nearest parent, not just immediate parent"): NO_ID,  # noqa: E501
    ("draft4", "refRemote", "base URI change"): NO_ID,
    ("draft4", "refRemote", "base URI change - change folder"): NO_ID,
    ("draft4", "refRemote", "base URI change - change folder in subschema"): NO_ID,
    ("draft4", "refRemote", "Location-independent identifier in remote ref"): NO_ID,
    ("draft4/optional", "id"): NO_ID,
    ("draft4/optional", "ecmascript-regex", "patterns always use unicode semantics with patternProperties"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "ecmascript-regex", "\\w in patternProperties matches [A-Za-z0-9_], not unicode letters"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "ecmascript-regex", "patternProperties with ASCII ranges"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "ecmascript-regex", "\\d in patternProperties matches [0-9], not unicode digits"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "ecmascript-regex", "patternProperties with non-ASCII digits"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "non-bmp-regex", "Proper UTF-16 surrogate pair handling: patternProperties"): NO_PATTERN_PROPERTIES,  # noqa: E501
    ("draft4/optional", "zeroTerminatedFloats"): "1.0 is an integer in OpenAPI 3.0 too: it takes its types from JSON Schema Wright 00, section 4.2",  # noqa: E501
    ("draft4/optional/format", "hostname", "validation of host names"): "one case: RFC 1123 as the later drafts read it, which OpenAPI's registry follows",  # noqa: E501
}  # fmt: skip


def served(schema: Any, run: Run) -> Any:
    """A fetch function: the schema under test, the suite's remotes, the standard metaschemas."""

    def fetch(url: str) -> tuple[str, bytes]:
        if url == f"{HOST}tested.json":
            return url, json.dumps(schema).encode()
        if url == f"{HOST}openapi.json":
            return url, json.dumps(document_of(run)).encode()
        if url.startswith(HOST) and (file := SUITE / "remotes" / url[len(HOST) :]).is_file():
            return url, file.read_bytes()
        resource = jsonschema_specifications.REGISTRY.get(url)
        if resource is None:
            raise DocumentError("not served", source=url)
        return url, json.dumps(resource.contents).encode()

    return fetch


def document_of(run: Run) -> dict[str, Any]:
    return {
        "openapi": run.version,
        **({"jsonSchemaDialect": run.dialect} if run.dialect else {}),
        "info": {"title": "suite", "version": "1"},
        "paths": {},
        "components": {"schemas": {"Tested": {"$ref": f"{HOST}tested.json"}}},
    }


def validator_of(schema: Any, run: Run) -> Validator:
    fetch = served(schema, run)
    document = load(f"{HOST}openapi.json", fetch=fetch, trust=TRUST)
    root = document.resources.root.child("components", "schemas", "Tested")
    while True:
        try:
            return compile_validator(
                Node(document, {"$ref": f"{HOST}tested.json"}, root),
                "request",
                formats=ALL_FORMATS if run.formats else NO_FORMATS,
            )
        except NotLoaded as missing:
            answered, content = fetch(missing.uri)
            document.add(missing.uri, content, answered)


def groups() -> Iterator[Any]:
    for run in RUNS:
        for file in sorted((SUITE / run.folder).glob("*.json")) if SUITE.is_dir() else ():
            for group in json.loads(file.read_text()):
                key = (run.label, file.stem, group["description"])
                yield pytest.param(run, key, group, id="/".join(key))


def is_excepted(key: tuple[str, ...]) -> bool:
    return key in EXCEPTIONS or key[:2] in EXCEPTIONS


@pytest.mark.parametrize(("run", "key", "group"), list(groups()))
def test_the_compiled_engine_judges_as_the_suite_says(
    run: Run, key: tuple[str, ...], group: dict[str, Any]
) -> None:
    if is_excepted(key):
        pytest.skip(EXCEPTIONS.get(key) or EXCEPTIONS[key[:2]])
    validator = validator_of(group["schema"], run)
    judged = {t["description"]: validator.is_valid(t["data"]) for t in group["tests"]}
    assert judged == {t["description"]: t["valid"] for t in group["tests"]}


def _fails(run: Run, group: dict[str, Any]) -> bool:
    try:
        validator = validator_of(group["schema"], run)
        return any(validator.is_valid(t["data"]) != t["valid"] for t in group["tests"])
    except DocumentError:
        return True


def test_every_exception_is_still_needed() -> None:
    if not (SUITE / "remotes" / "v1").is_dir():
        pytest.skip("an older suite, which lacks some of the cases that are excepted")
    failing: set[tuple[str, ...]] = set()
    for parameter in groups():
        run, key, group = parameter.values
        if is_excepted(key) and _fails(run, group):
            failing |= {key, key[:2]}
    assert not EXCEPTIONS.keys() - failing
