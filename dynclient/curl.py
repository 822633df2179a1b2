"""A request as a curl line for a POSIX shell, its credentials as variables of the shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import quote, unquote_plus

from .auth import SecurityScheme
from .auth.plain import plain_credential
from .environment import environment_name
from .messages import Content, HttpRequest
from .redaction import NOT_SHOWN

__all__ = ["curl_line"]

#: Stands for a variable until the words are quoted; nothing in it is encoded in a URL or header.
_MARK = "dynclient-variable-{}-"
_MARKED = re.compile(r"dynclient-variable-(\w+)-")
#: What means something between the double quotes of a shell.
_SPECIAL = re.compile(r'[$`"\\!\n]')
#: What curl takes in a URL for ranges and lists, unless that is switched off.
_GLOBS = frozenset("[]{}")
#: HTTP schemes that curl can do, from `user:password`.
_USER_OPTIONS = {"basic": ["-u"], "digest": ["--digest", "-u"]}


def curl_line(
    request: HttpRequest,
    schemes: Iterable[SecurityScheme] = (),
    variable: Callable[[str], str] = environment_name,
    body_file: str = "BODY",
) -> str:
    """The command that sends a request; redacted, if the request is.

    `schemes` are those whose credentials stand as `"$VARIABLE"`, which holds the plain value that
    the scheme takes; `variable` gives its name for that of a scheme. A body that has no text
    stands as the file `body_file`.
    """
    options: list[str] = []
    for scheme in schemes:
        request, more = _with_variable(request, scheme, _MARK.format(variable(scheme.name)))
        options += more
    words = ["curl"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET":
        words += ["-X", shlex.quote(request.method)]
    if not _GLOBS.isdisjoint(request.url):
        words.append("-g")
    words += [_word(request.url), *options]
    for name, value in request.headers.pairs():
        if name.lower() != "content-length":  # curl counts what it sends
            words += ["-H", _word(f"{name}: {value}" if value else f"{name};")]
    text = _text_of(request.content)
    if text is not None:
        words += ["--data-raw", shlex.quote(text)]
    elif request.content is not None:
        words += ["--data-binary", shlex.quote(f"@{body_file}")]
    return " ".join(words)


def _text_of(content: Content) -> str | None:
    """A body as a word of the shell can hold it; None for one that it can't."""
    if not isinstance(content, bytes) or content.startswith(NOT_SHOWN) or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _with_variable(
    request: HttpRequest, scheme: SecurityScheme, mark: str
) -> tuple[HttpRequest, list[str]]:
    """The request with a mark for the credential of a scheme, and further words of the command."""
    if scheme.type == "mutualTLS":
        return request, ["--cert", "CERTIFICATE"]
    if options := _USER_OPTIONS.get(scheme.http_scheme or ""):
        return _without_header(request, "authorization"), [*options, _word(mark)]
    if scheme.type == "http" and scheme.http_scheme != "bearer":
        return request, []  # what it takes is more than a plain value
    credential = plain_credential(scheme, mark)
    if scheme.location == "query":
        name = str(scheme.parameter_name)
        request = replace(request, url=_without_query(request.url, name))
        if request.content is None:  # so that curl encodes the value
            return request, ["-G", "--data-urlencode", _word(f"{quote(name, safe='')}={mark}")]
    return credential.apply(request), []


def _without_header(request: HttpRequest, name: str) -> HttpRequest:
    kept = [pair for pair in request.headers.pairs() if pair[0].lower() != name]
    return replace(request, headers=type(request.headers)(kept))


def _without_query(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    kept = [
        pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name
    ]
    return f"{head}?{'&'.join(kept)}" if kept else head


def _variable(match: re.Match[str]) -> str:
    follows = match.string[match.end() : match.end() + 1]
    is_apart = not (follows.isalnum() or follows == "_")
    return f"${match[1]}" if is_apart else f"${{{match[1]}}}"


def _word(text: str) -> str:
    """A word of the shell; marks in it become variables, which double quotes let stand."""
    pieces = _MARKED.split(text)  # text and names in turn
    if len(pieces) == 1:
        return shlex.quote(text)
    if not any(_SPECIAL.search(piece) for piece in pieces[::2]):
        return f'"{_MARKED.sub(_variable, text)}"'
    return "".join(
        f'"${{{piece}}}"' if number % 2 else shlex.quote(piece)
        for number, piece in enumerate(pieces)
        if piece
    )
