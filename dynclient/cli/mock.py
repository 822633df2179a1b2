"""`dynclient mock`: a service that responds as a document says, until it is stopped."""

from __future__ import annotations

import socket
from typing import Any

import click

from . import exits
from .command import Command
from .options import open_document, trust_option
from .output import show, tell

__all__ = ["command"]


@click.command("mock", cls=Command)
@click.argument("document", metavar="DOC")
@trust_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--strict", is_flag=True, help="Refuse requests that break the document.")
@click.option("--seed", type=int, default=0, show_default=True, help="Makes other values.")
def command(document: str, trust: Any, host: str, port: int, strict: bool, seed: int) -> None:
    """Serve valid responses for every operation of DOC until Ctrl-C or SIGTERM.

    They are the document's examples, else made from its schemas. A request chooses by its field
    Prefer: code=404, example=NAME, dynamic=true. Prints its base URL as the one line on stdout.
    Needs the extra `dynclient[emulator]`.

    \b
    dynclient mock openapi.yaml --port 8000
    curl -H 'Prefer: code=404' http://127.0.0.1:8000/orders/1
    """
    try:
        import uvicorn
    except ImportError:
        raise exits.Unavailable("the mock needs: pip install 'dynclient[emulator]'") from None
    from ..mocking.server import application

    with open_document(document, trust=trust, auth={}) as client:
        app = application(client.operations, strict=strict, seed=seed)
        try:
            listener = socket.create_server((host, port))
        except OSError as error:
            reason = f"{host} port {port} can't be listened on: {error.strerror}"
            raise exits.Unavailable(reason) from None
        with listener:
            show(f"http://{host}:{listener.getsockname()[1]}")
            tell("Ctrl-C ends it.")
            config = uvicorn.Config(app, log_level="warning", lifespan="off")
            uvicorn.Server(config).run(sockets=[listener])
