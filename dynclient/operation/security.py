"""The Security Scheme Objects of a document, and which of them a security requirement names.

Source: OpenAPI 3.2.0, section "Security Requirement Object": a name is that of a component, else
from 3.2 on the URI of a Security Scheme Object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..document import Document, Location, Node
from ..errors import DocumentError, NotLoaded

__all__ = ["requirements_of", "security_schemes"]

_KIND = "securitySchemes"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


def requirements_of(owner: Node) -> list[dict[str, Sequence[str]]] | None:
    """The requirements in the `security` of an object; None if it has none.

    A URI that leads to a component of the document is named by the component, any other as
    it is written.
    """
    if not isinstance(owner.get("security"), list):
        return None
    return [
        {_name(member): member.value for _, member in entry.items()}
        for entry in owner.entries("security")
        if isinstance(entry.value, dict)
    ]


def security_schemes(document: Document) -> Iterator[tuple[str, Any]]:
    """Each Security Scheme Object and the name that requirements have for it.

    One whose `$ref` leads nowhere is noted and left out.
    """
    found = dict(Node.root(document).items("components", _KIND))
    if document.dialect == "3.2":
        for owner in _owners(document):
            for entry in owner.entries("security"):
                for _, member in entry.items():
                    if (name := _name(member)) not in found and (node := _named(member)):
                        found[name] = node
    for name, node in found.items():
        try:
            yield name, node.follow().value
        except NotLoaded:
            raise
        except DocumentError as error:
            node.note(error.problem, "security-scheme")


def _name(member: Node) -> str:
    """The name of the scheme that a member of a requirement stands for."""
    named = _named(member)
    if named is None:
        return _key(member.at)
    folder = named.document.resources.root.child("components", _KIND)
    owner, _, name = named.at.pointer.rpartition("/")
    is_component = Location(named.at.uri, owner) == folder
    return _key(named.at) if is_component and name else _key(member.at)


def _named(member: Node) -> Node | None:
    """What the name of a member is the URI of; None where it is a component's name, or no URI."""
    document, name = member.document, _key(member.at)
    if document.dialect != "3.2" or document.component_exists(_KIND, name):
        return None
    try:
        return member.resolve(name)
    except NotLoaded:
        raise
    except DocumentError:
        return None  # reported where credentials are chosen


def _key(at: Location) -> str:
    return at.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _owners(document: Document) -> Iterator[Node]:
    """Every object that has `security`: the document and its operations."""
    root = Node.root(document)
    yield root
    for _, item in root.items("paths"):
        try:
            target = item.follow()
        except NotLoaded:
            raise
        except DocumentError:
            continue  # which is noted with the operations
        for each in {item.at: item, target.at: target}.values():
            yield from (each.child(method) for method in _METHODS)
            yield from (operation for _, operation in each.items("additionalOperations"))
