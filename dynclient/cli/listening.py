"""Where a command listens: its options, and the socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click

from . import exits

__all__ = ["address_options", "listening"]

_F = TypeVar("_F", bound=Callable[..., Any])


def _host(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:  # a byte that is no UTF-8; sockets raise TypeError for it
        raise click.BadParameter("this is not the name of a host") from None
    return value


def address_options(command: _F) -> _F:
    """`--host` and `--port`."""
    host = click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        callback=_host,
        help="Address to listen on.",
    )
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=0,
        show_default=True,
        help="Port to listen on; 0 takes a free one.",
    )
    return host(port(command))


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. `exits.Unavailable` if there can be none."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = f"{host} port {port} can't be listened on: {error.strerror}"
        raise exits.Unavailable(reason) from None
