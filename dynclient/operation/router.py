"""Which operation a request belongs to: method and URL → operation and path arguments.

Sources: OpenAPI 3.1.1, sections "Paths Object" (concrete paths are matched before templated ones),
"Path Templating" and "Server Object".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin

from ..origins import origin_of, split_url
from .fields.paths import may_be_empty
from .operation import Operation
from .servers import VARIABLE

__all__ = ["Match", "Router"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Match(NamedTuple):
    """The operation of a request.

    arguments  the texts of the placeholders by name, percent-encoded as they came, since styles
               part them before they are decoded; see `Operation.read_parameters`
    """

    operation: Operation
    arguments: dict[str, str]


class Router:
    """Finds operations by method and URL. Immutable, and safe to share between threads.

    `base_url` is where the service is, in place of the servers that the document names.
    """

    def __init__(self, operations: Mapping[str, Operation], base_url: str | None = None) -> None:
        self._tree = _Tree()
        given = None if base_url is None else [{"url": base_url}]
        servers: dict[tuple[str, str], _Server] = {}
        for operation in operations.values():
            keys = []
            for server in operation.servers if given is None else given:
                keys.append(key := (str(server.get("url", "/")), repr(server.get("variables"))))
                if key not in servers:
                    servers[key] = _Server.of(server, operation.document.uri)
            self._tree.add(operation, frozenset(keys))
        # Of two prefixes the longer one is meant: `/v1/x` is not `/v1/x` of the server `/`.
        by_length = sorted(servers.items(), key=lambda item: -len(item[1].prefix.pattern))
        self._servers = tuple(by_length)

    def serves(self, url: str) -> bool:
        """Whether a URL is one of a server of the document, whatever its path is."""
        head, target = split_url(url) if "://" in url else ("", url)
        path = target.partition("#")[0].partition("?")[0]
        return any(True for _, server in self._servers for _ in server.rests(head, path))

    def match(self, method: str, url: str) -> Match | None:
        """The operation that a request belongs to; None if the document has none for it.

        `url` is absolute, or a path with its query: then any server's origin will do. A slash at
        the end may be there or not where only that keeps a path from being the declared one.
        """
        head, target = split_url(url) if "://" in url else ("", url)
        path, _, query = target.partition("#")[0].partition("?")
        rests = [(key, rest) for key, server in self._servers for rest in server.rests(head, path)]
        for wanted in (_exact, _allowed_empty, _other_slash, _any_empty):
            for key, rest in rests:
                for leaf, values in wanted(self._tree, rest):
                    if leaf.takes(method, key, query):
                        return Match(leaf.operation, dict(zip(leaf.names, values, strict=True)))
        return None


# What segments a path is cut into, in the order of what is tried.


def _exact(tree: _Tree, path: str) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
    return (found for found in tree.search(path.split("/")[1:]) if all(found[1]))


def _allowed_empty(tree: _Tree, path: str) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
    return (found for found in tree.search(path.split("/")[1:]) if found[0].allows(found[1]))


def _other_slash(tree: _Tree, path: str) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
    return _exact(tree, path[:-1] if path.endswith("/") else f"{path}/")


def _any_empty(tree: _Tree, path: str) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
    return tree.search(path.split("/")[1:])


class _Leaf(NamedTuple):
    """An operation at the end of its path template.

    query  the pairs that the template itself has behind a `?`
    """

    operation: Operation
    servers: frozenset[tuple[str, str]]
    names: tuple[str, ...]
    query: frozenset[str]

    def takes(self, method: str, server: tuple[str, str], query: str) -> bool:
        return (
            self.operation.method == method
            and server in self.servers
            and self.query <= set(query.split("&"))
        )

    def allows(self, values: Sequence[str]) -> bool:
        """Whether the empty ones among the values are what their schemas allow."""
        empty = {name for name, value in zip(self.names, values, strict=True) if not value}
        parameters = {p.name: p for p in self.operation.parameters if p.location == "path"}
        return all(may_be_empty(parameters[name].node) for name in empty)


class _Segment:
    """A segment with placeholders: literals, each found as far to the left as it can be.

    Not one regular expression, as one with several placeholders may take forever.
    """

    def __init__(self, literals: Sequence[str]) -> None:
        first, *inner, last = map(_literal_pattern, literals)
        self._first = re.compile(first)
        self._inner = [re.compile(each) for each in inner]
        self._last = re.compile(f"(?:{last})\\Z")

    def match(self, text: str, least: int) -> tuple[str, ...] | None:
        """The texts of the placeholders, each with at least so many characters."""
        found = self._first.match(text)
        if found is None:
            return None
        values = []
        for literal in (*self._inner, self._last):
            start = found.end()
            found = literal.search(text, start + least)
            if found is None:
                return None
            values.append(text[start : found.start()])
        return tuple(values)


class _Tree:
    """Path templates by their segments: those without placeholders first, then by length."""

    def __init__(self) -> None:
        self._literal: dict[str, _Tree] = {}
        self._templated: dict[tuple[str, ...], tuple[_Segment, _Tree]] = {}
        self._leaves: list[_Leaf] = []

    def add(self, operation: Operation, servers: frozenset[tuple[str, str]]) -> None:
        path, _, query = operation.path.partition("#")[0].partition("?")
        tree = self
        for segment in path.split("/")[1:]:
            tree = tree._child(segment)
        fixed = frozenset(pair for pair in query.split("&") if pair and "{" not in pair)
        leaf = _Leaf(operation, servers, tuple(_PLACEHOLDER.findall(path)), fixed)
        tree._leaves.append(leaf)
        tree._leaves.sort(key=lambda each: -len(each.query))  # what asks for more goes first

    def _child(self, segment: str) -> _Tree:
        if not _PLACEHOLDER.search(segment):
            return self._literal.setdefault(unquote(segment), _Tree())
        pieces = tuple(_PLACEHOLDER.split(segment)[::2])
        if pieces not in self._templated:
            self._templated[pieces] = _Segment(pieces), _Tree()
            # The more of a segment is given, the more concrete it is.
            by_length = sorted(self._templated.items(), key=lambda item: -len("".join(item[0])))
            self._templated = dict(by_length)
        return self._templated[pieces][1]

    def search(
        self, segments: Sequence[str], values: tuple[str, ...] = ()
    ) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
        """Every leaf that the segments lead to, the most concrete first, with its arguments."""
        if not segments:
            yield from ((leaf, values) for leaf in self._leaves)
            return
        first, *rest = segments
        if (literal := self._literal.get(unquote(first))) is not None:
            yield from literal.search(rest, values)
        for segment, tree in self._templated.values():
            found = segment.match(first, 1) or segment.match(first, 0)
            if found is not None:
                yield from tree.search(rest, values + found)


class _Server(NamedTuple):
    """A Server Object as patterns.

    origin  None for one that has a path only
    varies  whether the path has variables, so that it may end at several places
    """

    origin: re.Pattern[str] | None
    prefix: re.Pattern[str]
    varies: bool

    @classmethod
    def of(cls, server: Mapping[str, Any], base: str) -> _Server:
        url = re.split("[?#]", str(server.get("url", "/")))[0]
        if "://" not in url and base[:4] == "http":
            url = urljoin(base, url)
        head, path = split_url(url) if "://" in url else ("", url.lstrip("."))
        path = path if path[:1] in ("/", "{") else f"/{path}"
        variables = server.get("variables")
        variables = variables if isinstance(variables, dict) else {}
        prefix = _pattern(path.rstrip("/"), variables, _literal_pattern)
        host = re.compile(_pattern(head, variables, re.escape), re.IGNORECASE) if head else None
        varies = VARIABLE.search(path) is not None
        end = "" if varies else "(?=/|$)"
        return cls(host, re.compile(f"(?:{prefix}){end}", re.DOTALL), varies)

    def rests(self, head: str, path: str) -> Iterator[str]:
        """What may stand behind the prefix in a path; nothing if this is another server."""
        if head and self.origin is not None and not any(map(self.origin.fullmatch, _forms(head))):
            return
        if not self.varies:
            if match := self.prefix.match(path):
                yield path[match.end() :] or "/"
            return
        ends = [*(match.start() for match in re.finditer("/", path)), len(path)]
        yield from (path[end:] or "/" for end in ends if self.prefix.fullmatch(path, 0, end))


def _forms(head: str) -> Iterable[str]:
    """An origin with its port and, if that is the default one, without."""
    try:
        origin = origin_of(head)
    except ValueError:
        return ()
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return {str(origin), f"{origin.scheme}://{host}:{origin.port}"}


def _pattern(template: str, variables: Mapping[str, Any], literal: Any) -> str:
    """The pattern of a server's URL, or a part of it: its variables take what they may be."""
    pieces = VARIABLE.split(template)
    found = [literal(pieces[0])]
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        variable = variables.get(name)
        variable = variable if isinstance(variable, dict) else {}
        listed = variable.get("enum")
        if isinstance(listed, list) and listed:
            found.append(f"(?:{'|'.join(literal(str(each)) for each in listed)})")
        else:  # with a default of several segments, other values may have several as well
            found.append(".*?" if "/" in str(variable.get("default")) else "[^/]*?")
        found.append(literal(text))
    return "".join(found)


def _literal_pattern(text: str) -> str:
    """A pattern for text in a path, each character as it is or percent-encoded."""
    return "".join(map(_character_pattern, unquote(text)))


def _character_pattern(character: str) -> str:
    plain = re.escape(character)
    if character == "/":
        return plain
    encoded = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
    return f"(?:{plain}|(?i:{encoded}))"
