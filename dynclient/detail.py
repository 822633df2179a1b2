"""The message in an error response: one line for people, and RFC 9457 problem details.

Known shapes: RFC 9457; text; `{"detail": [{"loc": …, "msg": …}]}` (FastAPI); `{"errors": {"name":
["can't be blank"]}}` (Rails, ASP.NET) and the same without `errors` (Django REST); lists of
messages (Nest) and of error objects (JSON:API, GraphQL, IBM Cloud); `{"error": {"message": …}}`;
the title of an HTML page, the texts of XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

from .abnf import split_challenges

__all__ = ["MEDIA_TYPE", "ProblemDetails", "challenge_of", "detail_of"]

#: RFC 9457, section 3.
MEDIA_TYPE = "application/problem+json"

_FIELDS = ("detail", "message", "msg", "error_description", "errorMessage", "title", "error")
_PLACES = ("loc", "path", "field", "param", "pointer", "source")
_CHARACTERS = 300
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
#: As much as may get into a line; the rest of a long list is not looked at.
_ITEMS = 20
_LEVELS = 5


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Problem details (RFC 9457, section 3.1), credentials of the request masked.

    type      a URI reference that names the kind of problem
    title     a short summary of that kind; "" if there is none, as of the others
    detail    what happened this time
    status    the status that the origin server sent; None if it is absent
    instance  a URI reference of this occurrence
    members   the extension members (section 3.2) as they came
    """

    type: str = "about:blank"
    title: str = ""
    detail: str = ""
    status: int | None = None
    instance: str = ""
    members: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, data: Any, mask: Callable[[str], str]) -> ProblemDetails:
        """The problem that a body describes. What has the wrong type is ignored (section 3.1)."""
        values = data if isinstance(data, dict) else {}
        texts = {
            name: mask(values[name])
            for name in ("type", "title", "detail", "instance")
            if isinstance(values.get(name), str)
        }
        status = values.get("status")
        own = {each.name for each in fields(cls)} - {"members"}
        return cls(
            **texts,
            status=status if isinstance(status, int) and status is not True else None,
            members={name: value for name, value in values.items() if name not in own},
        )


def detail_of(data: Any, mask: Callable[[str], str]) -> str:
    """The server's error message, in one line; "" if none is found.

    `mask` takes the credentials out of a text. It sees each text whole: of one that was cut
    before, a part would be left.
    """
    line = _said(data, lambda text: " ".join(mask(text).split()), _LEVELS)
    return line if len(line) <= _CHARACTERS else f"{line[:_CHARACTERS]}…"


def challenge_of(challenges: str, mask: Callable[[str], str]) -> str:
    """The error of a bearer token in `WWW-Authenticate` (RFC 6750, section 3.1), or ""."""
    for scheme, values in split_challenges(challenges):
        if scheme == "bearer" and "error" in values:
            scope = values.get("scope") if values["error"] == "insufficient_scope" else None
            text = values.get("error_description") or values["error"]
            line = mask(f"the token needs the scope {scope}" if scope else text)
            return line if len(line) <= _CHARACTERS else f"{line[:_CHARACTERS]}…"
    return ""


def _said(data: Any, clean: Callable[[str], str], levels: int) -> str:
    if isinstance(data, str):
        return clean(_without_tags(data))
    if isinstance(data, bytes):  # of a media type that is not declared
        text = data.decode("utf-8", "replace")
        return "" if "\0" in text or "\ufffd" in text else clean(_without_tags(text))
    if levels == 0:
        return ""
    if isinstance(data, list):
        return _listed(_said(item, clean, levels - 1) for item in islice(data, _ITEMS))
    return _of_object(data, clean, levels - 1) if isinstance(data, dict) else ""


def _without_tags(text: str) -> str:
    """The title of an HTML page, the texts of an XML document; any other text as it is."""
    if text.lstrip()[:1] != "<":
        return text
    title = _TITLE.search(text)
    return title[1] if title else _TAG.sub(" ", text)


def _of_object(data: dict[str, Any], clean: Callable[[str], str], levels: int) -> str:
    errors = data.get("errors")
    if isinstance(errors, dict):
        named = _by_name(errors, clean, levels)
    else:
        named = _said(errors, clean, levels) if isinstance(errors, list) else ""
    title = data.get("title")
    text = next((said for name in _FIELDS if (said := _said(data.get(name), clean, levels))), "")
    if isinstance(title, str) and text and clean(title) not in ("", text):
        text = f"{clean(title)}: {text}"
    if named:
        # A head such as "Validation failed" adds nothing to the list.
        return f"{text}: {named}" if isinstance(errors, dict) and text else named
    if not text and data and all(map(_is_messages, data.values())):
        return _by_name(data, clean, levels)
    place = _place(data, clean)
    return f"{place}: {text}" if place and text else text


def _by_name(errors: dict[str, Any], clean: Callable[[str], str], levels: int) -> str:
    """Messages by the name of a member: `name: can't be blank, is too short`."""
    lines = []
    for name, messages in islice(errors.items(), _ITEMS):
        each = messages if isinstance(messages, list) else [messages]
        said = ", ".join(
            filter(None, (_said(item, clean, levels) for item in islice(each, _ITEMS)))
        )
        lines.append(f"{clean(name)}: {said}" if name and said else said)
    return _listed(lines)


def _is_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _place(data: dict[str, Any], clean: Callable[[str], str]) -> str:
    """The place in the request that an error object names; "" if it names none."""
    for name in _PLACES:
        value = data.get(name)
        if isinstance(value, dict):  # JSON:API's `source`
            value = value.get("pointer") or value.get("parameter") or value.get("header")
        if isinstance(value, list):
            value = ".".join(str(part) for part in islice(value, _ITEMS))
        if isinstance(value, str) and value:
            return clean(value)
    return ""


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(filter(None, texts))
