"""A Media Type Object: what a document says of content of one type, or of a range of types.

Source: OpenAPI 3.1.1, section "Media Type Object".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...document import Location, Node
from ...errors import DocumentError, Unavailable
from ...media import best_match
from ...schema import Validator, compile_validator
from ...schema.closure import extract
from ...schema.directions import Direction
from ...validation import Formats
from .codec import Codec, Judge, Opaque
from .registry import Registry
from .secrets import holders, holds_secret

if TYPE_CHECKING:
    from ..fields.styles import DeepObject
    from .encodings import PartsPlan

__all__ = ["MediaEntry"]

_MOST_JUDGES = 64


class MediaEntry:
    """One entry of a `content`, for content that travels in one direction.

    media_type  its key: a media type, or a range of them
    node        the Media Type Object, where its `$ref` leads
    direction   which way the content travels
    codec       that of the media type; of a range, that of JSON where it covers JSON
    deep_object  how style deepObject names what is inside of an object; see `Options`
    """

    deep_object: DeepObject | None = None

    def __init__(
        self,
        media_type: str,
        entry: Node,
        direction: Direction,
        codecs: Registry,
        *,
        schema: Node | None = None,
    ) -> None:
        """`schema` is that of a part, whose entry is an Encoding Object: it stands elsewhere."""
        self.media_type = media_type
        self.node = entry.follow()
        self.direction: Direction = direction
        self.is_range = "*" in media_type
        self.codecs = codecs
        self._children: dict[str, Node | None] = {} if schema is None else {"schema": schema}
        self._judges: dict[Any, Judge | None] = {}
        self.codec: Codec = codecs.declared(media_type).bound(self)

    @property
    def at(self) -> Location:
        """Where the Media Type Object stands."""
        return self.node.at

    def child(self, keyword: str) -> Node | None:
        """What stands under a keyword; None where nothing does."""
        if keyword not in self._children:  # kept, as every call asks
            value = self.node.value
            there = isinstance(value, dict) and keyword in value
            self._children[keyword] = self.node.child(keyword) if there else None
        return self._children[keyword]

    @property
    def schema(self) -> Node | None:
        """The schema of the data; of one item, where there is an `itemSchema` that counts."""
        return self.codec.schema(self)

    @property
    def encoding(self) -> Mapping[str, Any]:
        """The Encoding Objects, by the names of members."""
        found = self.node.get("encoding")
        return found if isinstance(found, dict) else {}

    def covers(self, content_type: str) -> bool:
        """Whether content of a type can go out under this entry."""
        return best_match([self.media_type], content_type) is not None

    def codec_for(self, content_type: str) -> Codec:
        """The codec of the type that is sent or that came, which a range does not say."""
        if not self.is_range or content_type == self.media_type:
            return self.codec
        return self.codecs.find(content_type).bound(self)

    def judge(
        self, content_type: str, *, formats: Formats, opaque: Opaque = frozenset()
    ) -> Judge | None:
        """What judges data of content of that type; None where the document has no say over it.

        It asks nothing of members or items that are `opaque`. DocumentError if the schema is
        broken.
        """
        key = (content_type, formats, opaque) if opaque or self.is_range else formats
        try:
            return self._judges[key]
        except KeyError:
            pass
        made = self.codec_for(content_type).judge(self, content_type, formats=formats)
        if opaque and made is not None:
            from .uploads import beside_files

            made = beside_files(made, opaque, formats=formats)
        if len(self._judges) >= _MOST_JUDGES:
            self._judges.clear()  # what another thread was given stays good
        self._judges[key] = made
        return made

    def compiled(self, keyword: str, *, formats: Formats) -> Validator | None:
        """The compiled schema under a keyword; None where there is none."""
        schema = self.child(keyword)
        if schema is None:
            return None
        return compile_validator(schema, self.direction, formats=formats)

    @cached_property
    def parts(self) -> PartsPlan:
        """How the members or items of a multipart body become parts."""
        from .encodings import PartsPlan

        return PartsPlan(self)

    @cached_property
    def required_nulls(self) -> frozenset[str]:
        """The members that must be there and may be null: None for one of them is a value."""
        schema = self.child("schema")
        if schema is None:
            return frozenset()
        members = schema.properties()
        required = members.keys() & set(schema.required())
        return frozenset(name for name in required if self.takes_null(members[name]))

    def takes_null(self, schema: Node | None) -> bool:
        """Whether null is a value of a schema; it is where there is none."""
        if schema is None:
            return True
        return compile_validator(schema, self.direction).is_valid(None)

    @cached_property
    def _secrets(self) -> tuple[frozenset[str], bool]:
        if self.schema is None:
            return frozenset(), False
        try:
            closure = extract(self.schema, self.direction)
            if not closure.hidden:
                return closure.secrets, False
            return closure.secrets | holders(self.schema), holds_secret(self.schema)
        except Unavailable:
            raise  # and not remembered: a later call may come to the file
        except DocumentError:
            return frozenset(), False  # the judge says so, where it is asked for

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the properties, at any depth, whose values must not be shown."""
        return self._secrets[0]

    @property
    def is_secret(self) -> bool:
        """Whether the whole content must not be shown: it is a secret, or a list or map of some."""
        return self._secrets[1]
