"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

__all__ = ["DEFAULT_DOCUMENT", "base_url_option", "document_option", "output_option"]

DEFAULT_DOCUMENT = "qiskit-runtime"

_F = TypeVar("_F", bound=Callable[..., Any])


def _checked_url(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None or _is_base_url(value):
        return value
    # The value itself may hold a password or a key, so it is not repeated.
    raise click.BadParameter("give an absolute http or https URL without query or fragment")


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.port != 0 and bool(parts.hostname)
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
    return known and not parts.query and not parts.fragment


document_option = click.option(
    "--doc",
    "document",
    metavar="DOC",
    envvar="DYNCLIENT_DOC",
    default=DEFAULT_DOCUMENT,
    show_default=True,
    help="The document: a bundled name, a path or a URL.  [env: DYNCLIENT_DOC]",
)

base_url_option = click.option(
    "--base-url",
    callback=_checked_url,
    metavar="URL",
    envvar="DYNCLIENT_BASE_URL",
    help="Where the service is; default: the document's server.  [env: DYNCLIENT_BASE_URL]",
)


def output_option(*choices: str, default: str | None = None) -> Callable[[_F], _F]:
    """`-o`, with these choices."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(choices),
        default=default,
        show_default=default is not None,
        help="Form of the output.",
    )
