"""An OpenAPI document, loaded: its version, its parts by place, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from msgspec import Struct, structs

from ..errors import DocumentError, NotLoaded
from ..messages import Violation
from ..redaction import DEFAULT_REDACTOR
from .pointer import lookup, split
from .resources import Location, Resources

__all__ = ["Document", "Problem"]

#: The values of `swagger`; some publishers write the number 2.
SWAGGER_VERSIONS = ("2.0", "2")


class Problem(Struct, frozen=True):
    """Something the publisher of a document broke.

    `pointer` is the JSON Pointer to it, `source` the file it is in when that is not the document
    itself, `rule` a short name of the rule, `message` a sentence.
    """

    pointer: str
    message: str
    rule: str
    source: str = ""

    def __post_init__(self) -> None:
        structs.force_setattr(self, "source", DEFAULT_REDACTOR.url(self.source))

    def as_dict(self) -> dict[str, str]:
        """The same as plain data, for reports."""
        return structs.asdict(self)

    def __str__(self) -> str:
        text = f"{self.source}#{self.pointer}: {self.message} ({self.rule})"
        return text.encode("utf-8", "backslashreplace").decode()  # a name may not be Unicode


class Document:
    """A loaded document. Made by `dynclient.document.load`; its data does not change.

    `version` is the text of its `openapi` field, `dialect` the part of it that decides how it is
    read: `"3.0"`, `"3.1"` or `"3.2"`. A document of Swagger 2.0 has that version, and its `data`
    is what it amounts to in OpenAPI 3.0, which is its dialect; see `swagger2`.

    `problems` grows as operations are compiled, since nothing is looked at before it is needed;
    `check` looks at everything.
    """

    #: Functions of other packages that note further problems for `check`.
    examiners: ClassVar[list[Callable[[Document], None]]] = []

    def __init__(self, resources: Resources, data: Mapping[str, Any], version: str) -> None:
        self.resources = resources
        self.data = data
        self.version = version
        self.dialect = ".".join(version.split(".")[:2])
        self._problems: dict[tuple[str, str, str], Problem] = {}
        #: The document as published, overlays applied: of Swagger 2.0, not what it became.
        self.published_data = data
        self.is_swagger = version in SWAGGER_VERSIONS
        if self.is_swagger:
            self.dialect = "3.0"
            self.data = self._upgraded(data)

    def _upgraded(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        from .swagger2 import upgrade, upgrade_file

        upgraded, moved, _ = upgrade(data, self.note, self.resources.follow, self.uri)
        self.resources.replace(upgraded, moved, upgrade_file)
        return upgraded

    @property
    def uri(self) -> str:
        """Where the document came from, as a URI; `""` when it was given as data."""
        return self.resources.root.uri

    @property
    def title(self) -> str:
        """`info.title`, or `""`."""
        return self._info("title")

    @property
    def description(self) -> str:
        """`info.description`, or `""`."""
        return self._info("description")

    def _info(self, key: str) -> str:
        info = self.data.get("info")
        value = info.get(key) if isinstance(info, dict) else None
        return value if isinstance(value, str) else ""

    @property
    def servers(self) -> Sequence[Mapping[str, Any]]:
        """The Server Objects at the root; `[{"url": "/"}]` where the document has none."""
        servers = self.data.get("servers")
        if isinstance(servers, list):
            found = [server for server in servers if isinstance(server, dict)]
            if found:
                return found
        return [{"url": "/"}]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has been found broken so far, in the order it was found."""
        return tuple(self._problems.values())

    def add(self, uri: str, content: bytes, final_uri: str = "") -> None:
        """Add a file that `$ref`s to the URL `uri` lead to, and that was fetched by other means.

        `final_uri` is the URL that it came from where that is another one, after a redirect.
        DocumentError if it can't be read, or if `Trust` does not allow that redirect.
        """
        self.resources.add(uri, final_uri or uri, content)

    def holds(self, uri: str) -> bool:
        """Whether the file at a URL is loaded."""
        return self.resources.holds(uri)

    def note(self, at: Location, message: str, rule: str) -> None:
        """Record a problem once, by its place as published, and log it once as a warning."""
        at = self.resources.published(at)
        problem = self._problem(at, message, rule)
        key = (at.uri, at.pointer, rule)
        if key not in self._problems:
            self._problems[key] = problem
            import logging  # dear at start, and most documents give no cause

            logging.getLogger("dynclient.document").warning("%s", str(problem))

    def published(self, violations: Sequence[Violation]) -> list[Violation]:
        """The same violations, their document pointers those of the document as published."""
        place = self.resources.published
        return [
            structs.replace(
                v, document_pointer=place(Location(self.uri, v.document_pointer)).pointer
            )
            for v in violations
        ]

    def component_exists(self, kind: str, name: str) -> bool:
        """Whether there is a component of a kind (`schemas`, …) and name."""
        components = self.data.get("components")
        group = components.get(kind) if isinstance(components, dict) else None
        return isinstance(group, dict) and name in group

    def check(self) -> list[Problem]:
        """Everything that is wrong with the document; empty if nothing is.

        That is what openapi-spec-validator finds, `$ref`s that lead nowhere, and `problems` once
        every operation is compiled. Each problem once, with its place, the keyword that it breaks,
        and a sentence that shows no more of the document than that. On demand, never at load: for
        a big document it takes seconds.
        """
        for examine in self.examiners:
            examine(self)
        from .checking import UNKNOWN

        noted = {(p.source, p.pointer): p for p in reversed(self.problems)}
        # What an unknown property should have been, we know better than the checker.
        found = [
            noted.get((p.source, p.pointer), p) if p.rule in UNKNOWN else p for p in self._checked()
        ]
        places = {(problem.source, problem.pointer) for problem in found}
        # What is wrong with a member is why the whole was noted.
        places |= {(source, pointer.rpartition("/")[0]) for source, pointer in places}
        for problem in (*self._dead_references(), *self.problems):
            if (place := (problem.source, problem.pointer)) not in places:
                places.add(place)
                found.append(problem)
        return found

    def _dead_references(self) -> Iterator[Problem]:
        from .checking import references

        for place in references(self.published_data):
            problem = self._located(place, "document", "")
            if problem.rule == "$ref":
                yield problem

    def _checked(self) -> Iterator[Problem]:
        import openapi_spec_validator

        from .checking import findings

        version = "2" if self.is_swagger else self.dialect.replace(".", "")
        kind = getattr(openapi_spec_validator, f"OpenAPIV{version}SpecValidator")
        found: dict[tuple[str, str, str], Problem] = {}
        broken, stopped = findings(self.published_data, kind, self.uri)
        for place, rule, message in broken:
            if self.is_swagger and message.startswith("'file' "):
                continue  # it knows no file responses, which Swagger 2.0 has
            problem = self._located(place, rule, message)
            # A wrong value may be found twice; of what is missing, one place may lack several.
            key = (problem.source, problem.pointer, "" if rule in ("enum", "type") else message)
            if rule == "type" or key not in found:
                found[key] = problem
        given_up = []
        for place, rule, message in stopped:
            problem = self._located(place, rule, message)
            if problem.rule == "$ref":
                found.setdefault((problem.source, problem.pointer, problem.message), problem)
            elif not any(str(token).startswith("x-") for token in place):
                given_up.append(problem)
        for source, pointer, _ in [key for key, p in found.items() if p.rule == "minProperties"]:
            missing = "the required property 'default' is missing"  # a Responses Object is empty
            found.pop((source, pointer, missing), None)
        # Where there are problems, that the checker could not go on is what comes of them.
        yield from found.values() or given_up

    def _located(self, place: Sequence[Any], rule: str, message: str) -> Problem:
        """A problem where it stands, the `$ref`s on the way followed; or the one that is broken."""
        value: Any = self.published_data
        at = self.resources.root
        try:
            for token in place:
                value, at = self._target(value, at)
                known = isinstance(value, Mapping) and token in value
                known = known or (isinstance(value, list) and token in range(len(value)))
                value, at = (value[token] if known else None), at.child(token)
            if rule == "document":
                self._target(value, at)
        except NotLoaded:
            pass  # nobody knows yet
        except DocumentError as error:
            at = Location(error.source or self.uri, error.pointer or "")
            message, rule = error.problem, "$ref"
        return self._problem(at, message, rule)

    def _problem(self, at: Location, message: str, rule: str) -> Problem:
        return Problem(at.pointer, message, rule, at.uri if at.uri != self.uri else "")

    def _target(self, value: Any, at: Location) -> tuple[Any, Location]:
        if not self.is_swagger:
            return self.resources.follow(value, at)
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            # The resources hold what was made of it, so the references of Swagger are looked up.
            if not reference.startswith("#/"):
                return self.resources.resolve(reference, at)
            if reference in seen:
                raise at.error("the chain of $refs from here never ends")
            seen.add(reference)
            pointer = unquote(reference[1:])
            try:
                value = lookup(self.published_data, split(pointer))
            except (KeyError, ValueError):
                raise at.error(f"$ref {reference!r} leads nowhere") from None
            at = Location(self.uri, pointer)
        return value, at


def version_of(data: Any, source: str) -> str:
    """The declared version. DocumentError if it is none of OpenAPI 3 or Swagger 2."""
    pointer: str | None = None
    if not isinstance(data, Mapping):
        reason = f"not an OpenAPI document: its root is {_kind(data)}, not an object"
    elif "openapi" in data:
        version, pointer = str(data["openapi"]), "/openapi"
        if version.split(".")[:2] in (["3", "0"], ["3", "1"], ["3", "2"]):
            return version
        reason = f"OpenAPI {version} is not supported; 3.0, 3.1, 3.2 and Swagger 2.0 are"
    elif "swagger" in data:
        version, pointer = str(data["swagger"]), "/swagger"
        if version in SWAGGER_VERSIONS:
            return version
        reason = f"Swagger {version} is not supported; 2.0 is"
    else:
        reason, pointer = "not an OpenAPI document: it has no field `openapi` at its root", ""
    raise DocumentError(reason, source=source, pointer=pointer)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a boolean"}
    return names.get(type(value), "empty" if value is None else type(value).__name__)
