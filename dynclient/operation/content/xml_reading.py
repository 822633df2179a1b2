"""XML to the data that a schema describes. No DTD, no entities of its own, no recursion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...document import Node
from ..fields.texts import scalar_reader
from .xml_shape import NIL, Member, Shape

__all__ = ["XmlReader"]

_BOOLEANS = {"1": True, "0": False}


class XmlReader:
    """Reads XML by one schema; `read` may be called by several threads."""

    def __init__(self, schema: Node) -> None:
        self._shape = Shape(schema)
        self._most_nested = schema.document.resources.trust.max_depth

    def read(self, text: str) -> Any:
        """The data of an XML document. ValueError if it is not well-formed, or not what was meant.

        A document type declaration is refused: nobody needs one here, and entities that grow come
        with it.
        """
        from xml.parsers import expat

        builder = _Builder(self._shape, self._most_nested)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.data
        parser.StartDoctypeDeclHandler = _refuse
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise ValueError(f"it is not well-formed XML: {error}") from None
        except UnicodeEncodeError as error:
            raise ValueError(f"it is not XML: {error.reason}") from None
        return builder.result


def _refuse(*_: Any) -> None:
    raise ValueError("XML with a document type declaration is not read")


class _Builder:
    """Makes data of the events of a parser, with a stack of the elements that are open."""

    def __init__(self, shape: Shape, most_nested: int) -> None:
        self._shape = shape
        self._most_nested = most_nested
        self._open: list[_Element] = []
        self.result: Any = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._open:
            element = _Element(self._shape, ())
            wanted = self._shape.xml.get("name")
            if isinstance(wanted, str) and wanted != local:
                raise ValueError(f"the root element is {local!r}, and the document says {wanted!r}")
        elif len(self._open) >= self._most_nested:
            raise ValueError(f"it nests deeper than {self._most_nested} levels")
        else:
            element = self._open[-1].child(space, local)
        element.take(attributes)
        self._open.append(element)

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, name: str) -> None:
        del name
        element = self._open.pop()
        value = element.value()
        if self._open:
            self._open[-1].add(element, value)
        else:
            self.result = value


class _Element:
    """An element that is open: what it is a value of, and what has come of it so far.

    path  the property that it is of the element around it
    many  whether that is an array whose items stand alone
    """

    __slots__ = ("_is_list", "_items", "_members", "_nil", "_shape", "many", "path", "texts")

    def __init__(self, shape: Shape, path: tuple[str, ...], *, many: bool = False) -> None:
        self._shape = shape
        self.path = path
        self.many = many
        self.texts: list[str] = []
        self._members: dict[str, Any] = {}
        self._items: list[Any] = []
        self._is_list = shape.is_array
        self._nil = False

    def child(self, space: str, local: str) -> _Element:
        """The element that starts within this one."""
        if self._is_list:
            return _Element(self._shape.item, ())
        member = _named(self._shape, "element", space, local)
        if member is None:
            return _Element(self._shape.other(local), (local,))
        shape = member.shape
        if shape.is_array and not shape.is_wrapped:
            return _Element(shape.item, member.path, many=True)
        return _Element(shape, member.path)

    def take(self, attributes: Mapping[str, str]) -> None:
        """The attributes of the element."""
        for name, text in attributes.items():
            space, _, local = name.rpartition(" ")
            if (space, local) == NIL:
                self._nil = text.strip() in ("true", "1")
                continue
            member = _named(self._shape, "attribute", space, local)
            if member is not None:
                self._put(member.path, _scalar(member.shape, text))
            elif not space:
                self._put((local,), _scalar(self._shape.other(local), text))

    def add(self, element: _Element, value: Any) -> None:
        """The value of an element within this one."""
        if self._is_list:
            self._items.append(value)
            return
        *owners, key = element.path
        holder = self._holder(owners)
        if element.many:
            holder.setdefault(key, []).append(value)
        elif key not in holder:
            holder[key] = value
        elif isinstance(holder[key], list):
            holder[key].append(value)
        else:  # what is not declared as an array comes twice: the schema judges that
            holder[key] = [holder[key], value]

    def _holder(self, owners: list[str]) -> dict[str, Any]:
        holder = self._members
        for owner in owners:
            holder = holder.setdefault(owner, {})
        return holder

    def _put(self, path: tuple[str, ...], value: Any) -> None:
        *owners, key = path
        self._holder(owners)[key] = value

    def value(self) -> Any:
        """What the whole element says."""
        if self._nil:
            return None
        if self._is_list:
            return self._items
        text = "".join(self.texts)
        shape = self._shape
        if not self._members and not shape.is_object and not (shape.members and not text.strip()):
            return _scalar(shape, text)
        for member in shape.members:
            if member.kind in ("text", "cdata"):
                self._put(member.path, _scalar(member.shape, text))
            elif member.shape.is_array and member.path[0] in shape.required:
                # An array without items has no element that could say so.
                self._holder(list(member.path[:-1])).setdefault(member.path[-1], [])
        return self._members


def _named(shape: Shape, kind: str, space: str, local: str) -> Member | None:
    """The declared property that an element or attribute is."""
    named = [m for m in shape.members if m.kind == kind and m.name.local == local]
    exact = [member for member in named if member.name.namespace == space]
    # Most documents leave out the namespace that their elements inherit.
    loose = [member for member in named if not member.name.namespace]
    return next(iter(exact or loose), None)


def _scalar(shape: Shape, text: str) -> Any:
    """The value that the text of an element or attribute is."""
    if shape.types and "string" not in shape.types:
        text = text.strip()
        if "boolean" in shape.types and not shape.types & {"integer", "number"}:
            return _BOOLEANS.get(text, scalar_reader(shape.schema)(text))
    return scalar_reader(shape.schema)(text)
