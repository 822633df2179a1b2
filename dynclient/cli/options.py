"""Options that several commands have."""

from __future__ import annotations

import difflib
import logging
import math
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ..client import Client
from ..document import Trust
from ..environment import DOCUMENT_VARIABLE, URL_VARIABLE
from ..errors import DocumentError, TransportError
from ..observers import LoggingObserver
from ..origins import checked_base_url
from ..settings import DEFAULT_DOCUMENT, usual_document
from ..transport import SocketTransport
from .output import LOGGER, tell

__all__ = [
    "SECONDS",
    "Number",
    "base_url_option",
    "certificate_options",
    "doc_option",
    "document_options",
    "document_words",
    "named_document",
    "one_document",
    "open_document",
    "output_option",
    "trust_option",
    "verbose_option",
]

#: Where settings of this run are kept, for whatever opens its document.
_OVERLAYS = "dynclient.overlays"
_CERT = "dynclient.cert"
_KEY = "dynclient.key"
_F = TypeVar("_F", bound=Callable[..., Any])


def document_words(document: str) -> list[str]:
    """The words of a command line that lead to a document; none for the bundled one."""
    if document == DEFAULT_DOCUMENT == usual_document():
        return []
    return ["--doc", shlex.quote(document)]


def named_document(ctx: click.Context) -> str | None:
    """The document that the command line of this run named, for hints; None if it named none."""
    document: str | None = ctx.meta.get(DOCUMENT_VARIABLE)
    return document


def one_document(argument: str | None, option: str | None) -> str | None:
    """The document that a command was given, as an argument or by `--doc`; None without either."""
    if argument is not None and option is not None:
        raise click.UsageError("the document is named twice, as DOC and by --doc")
    return option if argument is None else argument


def open_document(document: str, **settings: Any) -> Client:
    """A client for a document. DocumentError, too, if it can't be fetched."""
    if logging.getLogger(LOGGER).isEnabledFor(logging.INFO):
        settings["observers"] = [LoggingObserver()]
    meta = click.get_current_context().meta
    settings["overlays"] = meta.get(_OVERLAYS, ())
    cert, key = meta.get(_CERT), meta.get(_KEY)
    if key and not cert:
        raise click.UsageError("--key goes with --cert")
    if cert:
        most = (settings.get("trust") or Trust()).max_response_bytes
        certificate = (cert, key) if key else cert
        settings["transport"] = SocketTransport(cert=certificate, max_response_bytes=most)
    try:
        return Client(document, **settings)
    except TransportError as error:
        raise DocumentError(f"the document can't be fetched: {error}") from error


def _trust(_ctx: click.Context, _param: click.Parameter, given: Sequence[str]) -> Trust:
    known = {each.name: type(each.default) for each in fields(Trust)}
    values: dict[str, Any] = {}
    for option in given:
        name, _, text = option.partition("=")
        if name not in known or not text:
            near = difflib.get_close_matches(name, known, n=1) or known
            raise click.BadParameter(f"give NAME=VALUE; NAME may be {', '.join(near)}")
        if known[name] is not int:
            values.setdefault(name, []).append(text)
        elif re.fullmatch("[0-9]{1,18}", text):
            values[name] = int(text)
        else:
            raise click.BadParameter(f"{name} is a number, not {text!r}")
    try:
        return Trust(**values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _noted_document(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE:
        ctx.meta[DOCUMENT_VARIABLE] = value  # errors are printed by the program, not by the command
    return value


def _base_url(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The option; or the variable, for the document that goes with it.

    It must not lead the calls of any other document, and the credentials with them, to a
    service that they were never meant for.
    """
    if value is None:
        return None
    from_environment = ctx.get_parameter_source(str(param.name)) is ParameterSource.ENVIRONMENT
    if from_environment and ctx.params.get("document") != usual_document():
        tell(
            f"{URL_VARIABLE} is not used: it goes with {usual_document()}, and --doc names "
            "another document; pass --base-url for the service of that one"
        )
        return None
    try:
        return checked_base_url(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_doc_option = click.option(
    "--doc",
    "document",
    callback=_noted_document,
    metavar="DOC",
    envvar=DOCUMENT_VARIABLE,
    default=DEFAULT_DOCUMENT,
    show_default=True,
    help="The document: a bundled name, a path or a URL.  [env: DYNCLIENT_DOC]",
)

_trust_option = click.option(
    "--trust",
    multiple=True,
    callback=_trust,
    metavar="NAME=VALUE",
    help="What the document may make dynclient do: origins=URL, folders=PATH, max_depth=N, …",
)


def _noted(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Keeps the value of an option for whatever opens the document of this run."""

    def note(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        ctx.meta[name] = value

    return note


_overlay_option = click.option(
    "--overlay",
    multiple=True,
    expose_value=False,
    callback=_noted(_OVERLAYS),
    metavar="FILE",
    help="An OpenAPI Overlay to apply to the document: a path or a URL; may be repeated.",
)


def certificate_options(command: _F) -> _F:
    """`--cert` and `--key`: what the client shows of itself in TLS."""
    cert = click.option(
        "--cert",
        expose_value=False,
        callback=_noted(_CERT),
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="A client certificate (PEM), with its key or --key.",
    )
    key = click.option(
        "--key",
        expose_value=False,
        callback=_noted(_KEY),
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="The private key of --cert.",
    )
    return cert(key(command))


def trust_option(command: _F) -> _F:
    """`--trust` and `--overlay`: how a document is read."""
    return _trust_option(_overlay_option(command))


def document_options(command: _F) -> _F:
    """`--doc`, and what goes with it."""
    return _doc_option(trust_option(command))


#: For commands whose document is an argument, since their siblings have the option.
doc_option = click.option("--doc", "doc", metavar="DOC", help="The same as the argument DOC.")

base_url_option = click.option(
    "--base-url",
    callback=_base_url,
    metavar="URL",
    envvar=URL_VARIABLE,
    help="Where the service is; default: the document's server.  [env: DYNCLIENT_BASE_URL, for "
    "the document that is used without --doc]",
)


class Number(click.FloatRange):
    """A number within bounds; not a number is within none."""

    name = "number"

    def convert(self, value: Any, *place: Any) -> float:
        number: float = super().convert(value, *place)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", *place)
        return number


#: What a timeout can be.
SECONDS = Number(0, 86400, min_open=True)


def output_option(*choices: str, default: str | None = None) -> Callable[[_F], _F]:
    """`-o`, with these choices."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(choices),
        default=default,
        show_default=default is not None,
        help="Format of the output.",
    )


def _verbose(_ctx: click.Context, _param: click.Parameter, count: int) -> None:
    if count:
        logging.getLogger(LOGGER).setLevel(logging.INFO if count == 1 else logging.DEBUG)


verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_verbose,
    help="Log each call on stderr; -vv with what is sent and received, secrets masked.",
)
