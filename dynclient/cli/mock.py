"""`dynclient mock`: a service that responds as a document says, until it is stopped."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from time import time
from typing import Any

import click

from ..conformance.exchanges import Exchange, Recording
from ..conformance.recorded import Replay
from ..conformance.sources import exchanges_in
from ..mocking.drifts import DRIFTS, named_drifts
from . import exits
from .command import Command
from .listening import address_options, listening
from .options import open_document, trust_option
from .output import Masker, show, tell

__all__ = ["command"]


@click.command("mock", cls=Command)
@click.argument("document", metavar="DOC")
@trust_option
@address_options
@click.option("--strict", is_flag=True, help="Refuse requests that break the document.")
@click.option("--seed", type=int, default=0, show_default=True, help="Makes other values.")
@click.option(
    "--record",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what is asked and answered to a recording.",
)
@click.option(
    "--replay",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Answer as in a recording, HAR or cassette; what is not in it, from the document.",
)
@click.option(
    "--drift",
    metavar="N|NAME,...",
    help=f"Answer wrongly on purpose, in N ways or these: {', '.join(DRIFTS)}.",
)
@click.pass_obj
def command(
    masker: Masker,
    /,
    document: str,
    trust: Any,
    host: str,
    port: int,
    strict: bool,
    seed: int,
    record: Path | None,
    replay: Path | None,
    drift: str | None,
) -> None:
    """Serve valid responses for every operation of DOC until Ctrl-C or SIGTERM.

    They are the document's examples, else made from its schemas. A request chooses by its field
    Prefer: code=404, example=NAME, dynamic=true. Prints its base URL as the one line on stdout.
    Needs the extra `dynclient[emulator]`.

    \b
    dynclient mock openapi.yaml --port 8000
    dynclient mock openapi.yaml --drift 3
    dynclient mock openapi.yaml --replay traffic.har
    curl -H 'Prefer: code=404' http://127.0.0.1:8000/orders/1
    """
    try:
        import uvicorn
    except ImportError:
        raise exits.Unavailable("the mock needs: pip install 'dynclient[emulator]'") from None
    from ..mocking.server import application

    settings: dict[str, Any] = {"strict": strict, "seed": seed}
    if drift is not None:
        try:
            settings["drifts"] = named_drifts(drift)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--drift") from None
        some = f"in {drift} ways" if drift.isdecimal() else ", ".join(settings["drifts"])
        tell(f"wrong on purpose: {some}")
        settings["told"] = lambda operation, name: tell(f"{operation}: {name}", masker)
    with (
        open_document(document, trust=trust, auth={}) as client,
        nullcontext() if record is None else Recording(record) as recording,
    ):
        if replay is not None:
            settings["replay"] = Replay(client.operations, exchanges_in(replay))
        if recording is not None:
            settings["served"] = lambda asked, answer: recording(Exchange(asked, answer, time()))
        app = application(client.operations, **settings)
        with listening(host, port) as listener:
            show(f"http://{host}:{listener.getsockname()[1]}")
            tell("Ctrl-C ends it.")
            config = uvicorn.Config(app, log_level="warning", lifespan="off")
            uvicorn.Server(config).run(sockets=[listener])
