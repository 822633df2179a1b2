"""The examples in documents, judged by our validators and by jsonschema.

`python tests/corpus/examples.py DIR [--most N] [--json FILE]` takes up to N examples, spread over
the documents of a folder, and prints where the two engines disagree, grouped by what each says.
The other side is openapi-schema-validator's OAS30 and OAS31 validators, as openapi-core uses them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dynclient.document import Document, Location, Node, load
from dynclient.errors import DocumentError
from dynclient.operation import Operation, Operations
from dynclient.operation.content.entry import MediaEntry
from dynclient.schema import Direction, compile_validator

__all__ = ["Verdicts", "examples", "judge"]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the two engines say of one example: the rules it breaks, or why none can be told."""

    at: str
    direction: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    value: str = ""

    @property
    def agree(self) -> bool:
        """Whether both accept it, or both refuse it."""
        return bool(self.ours) == bool(self.theirs)


_Example = tuple[Any, Any, Location, Direction, Location]


def examples(document: Document) -> Iterator[_Example]:
    """(example, schema, its place, direction, place of the example) of a whole document."""
    seen: set[tuple[Location, str]] = set()
    for operation in Operations(document).values():
        for direction, schema, place, entry, at in _media(document, operation):
            for value, where in _values(document, entry, at):
                if (where, direction) not in seen:
                    seen.add((where, direction))
                    yield value, schema, place, direction, where
    for _, schema in Node.root(document).items("components", "schemas"):
        for value, where in _values(document, schema.value, schema.at):
            yield value, schema.value, schema.at, "response", where


def _media(
    document: Document, operation: Operation
) -> Iterator[tuple[Direction, Any, Location, Any, Location]]:
    try:
        body, responses = operation.request_body, operation.responses
    except DocumentError:
        return
    for media in body.media if body else ():
        yield from _schema_of("request", media)
    for response in responses.values():
        try:
            entries = response.content.values()
        except DocumentError:
            continue
        for entry in entries:
            yield from _schema_of("response", entry)


def _schema_of(
    direction: Direction, entry: MediaEntry
) -> Iterator[tuple[Direction, Any, Location, Any, Location]]:
    schema = entry.child("schema")
    if entry.codec.is_json and schema is not None:
        yield direction, schema.value, schema.at, entry.node.value, entry.at


def _values(document: Document, entry: Any, at: Location) -> Iterator[tuple[Any, Location]]:
    if not isinstance(entry, dict):
        return
    if "example" in entry:
        yield entry["example"], at.child("example")
    named = entry.get("examples")
    for name, member in named.items() if isinstance(named, dict) else ():
        try:
            value, place = document.resources.follow(member, at.child("examples", name))
        except DocumentError:
            continue
        if isinstance(value, dict) and "value" in value:
            yield value["value"], place.child("value")


class Reference:
    """jsonschema's judgement of values by the schemas of one document."""

    def __init__(self, document: Document) -> None:
        import openapi_schema_validator as oas
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        resource = DRAFT202012.create_resource(dict(document.data))
        self._registry: Any = Registry().with_resource("urn:document", resource)
        if document.dialect == "3.0":
            self._classes: Mapping[str, Any] = {
                "request": oas.OAS30WriteValidator,
                "response": oas.OAS30ReadValidator,
            }
            self._formats: Any = oas.oas30_strict_format_checker
        else:
            self._classes = dict.fromkeys(("request", "response"), oas.OAS31Validator)
            self._formats = oas.oas31_format_checker

    def rules(self, value: Any, at: Location, direction: str) -> tuple[str, ...]:
        """The keywords that a value breaks and where; how the engine gave up, if it did."""
        validator = self._classes[direction](
            {"$ref": f"urn:document#{_escaped(at.pointer)}"},
            registry=self._registry,
            format_checker=self._formats,
        )
        try:
            errors = list(validator.iter_errors(value))
        except Exception as error:  # noqa: BLE001 - it raises anything on what it can't walk
            return (f"raises {type(error).__name__}",)
        said = {f"{e.validator} {_at(e.absolute_path)}: {e.message[:120]}" for e in errors}
        return tuple(sorted(said))


def _escaped(pointer: str) -> str:
    from urllib.parse import quote

    return quote(pointer, safe="/~")


def _at(path: Any) -> str:
    return "".join(f"/{token}" for token in path)


def judge(document: Document, reference: Reference, example: _Example) -> Verdicts:
    """Both verdicts on one example."""
    value, schema, at, direction, where = example
    try:
        validator = compile_validator(Node(document, schema, at), direction)
        ours = () if validator.is_valid(value) else _broken(validator.explain(value, "value"))
    except DocumentError as error:
        ours = (f"raises {error.problem[:80]}",)
    theirs = reference.rules(value, at, direction)
    return Verdicts(where.pointer, direction, ours, theirs, json.dumps(value)[:200])


def _broken(violations: Any) -> tuple[str, ...]:
    return tuple(sorted({f"{v.rule} {v.pointer}: {v.message[:120]}" for v in violations})) or ("?",)


def _kinds(rules: tuple[str, ...]) -> str:
    return ", ".join(sorted({r.partition(" ")[0] for r in rules})) or "valid"


def main() -> int:
    """Returns 0; the groups are for a reader to judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=1_000_000, help="examples of one document")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--step", type=int, default=1, help="take every n-th document")
    options = parser.parse_args()
    logging.getLogger("dynclient").setLevel(logging.CRITICAL)
    files = sorted(options.folder.rglob("*.json"))[:: options.step]
    told: Counter[str] = Counter()
    groups: dict[tuple[str, str], list[tuple[str, Verdicts]]] = defaultdict(list)
    for file in files:
        if told["examples"] >= options.most:
            break
        try:
            document = load(file)
        except DocumentError:
            continue
        reference = Reference(document)
        for number, example in enumerate(examples(document)):
            if number >= options.each or len(json.dumps(example[0])) > 100_000:
                continue
            verdicts = judge(document, reference, example)
            told["examples"] += 1
            told["agree"] += verdicts.agree
            told["valid for both"] += not verdicts.ours and not verdicts.theirs
            if not verdicts.agree:
                key = (_kinds(verdicts.ours), _kinds(verdicts.theirs))
                groups[key].append((file.name, verdicts))
    print(dict(told))
    for (ours, theirs), group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(group)}: ours {ours}; theirs {theirs}")
        for name, verdicts in group[:3]:
            print(f"    {name} #{verdicts.at} {verdicts.ours[:2]} {verdicts.theirs[:2]}"[:400])
    if options.json:
        rows = [{"document": n, **asdict(v)} for group in groups.values() for n, v in group]
        options.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
