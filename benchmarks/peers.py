"""Other OpenAPI clients, each installed in an environment of its own and kept as a process.

`installed` makes benchmarks/.peers/NAME on first use (virtual environment, pinned packages, what
the peer generates from the document). A peer that can't be installed here is left out, and why
is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .documents import jobs_document, swagger_document
from .harness import Runner
from .payloads import create_job_body
from .peer_github import PEERS as OF_GITHUB

__all__ = ["PEERS", "Peer", "Running", "running_peers"]

_HERE = Path(__file__).parent
_HOME = _HERE / ".peers"


@dataclass(frozen=True)
class Peer:
    """A peer: what to install, and the command that generates code, if it has one."""

    name: str
    packages: tuple[str, ...]
    generate: tuple[str, ...] = ()


PEERS = (
    Peer("openapi-core", ("openapi-core==0.23.1", "requests==2.34.2")),
    Peer("aiopenapi3", ("aiopenapi3==0.11.0",)),
    Peer("bravado", ("bravado==12.0.1", "setuptools<81")),
    Peer("schemathesis", ("schemathesis==4.32.5",)),
    Peer(
        "openapi-python-client",
        ("openapi-python-client==0.29.1",),
        ("openapi-python-client", "generate", "--meta", "none", "--overwrite", "--path"),
    ),
    Peer(
        "openapi-generator",
        (
            "openapi-generator-cli==7.26.0",
            "urllib3",
            "python-dateutil",
            "pydantic",
            "typing-extensions",
        ),
        ("openapi-generator-cli", "generate", "-g", "python", "-i"),
    ),
    Peer("fastmcp", ("fastmcp==4.1.2",)),
)


@dataclass
class Running:
    """A peer's process. `noticed` names the error a broken answer raised; empty if none.

    `once` is the command of one call in a fresh process, `github` those with GitHub's document, by
    label; they lack the address of the service, which is that document's own.
    """

    name: str
    operations: frozenset[str]
    noticed: str
    once: tuple[str, ...]
    github: Mapping[str, tuple[str, ...]]
    _process: subprocess.Popen[str]

    def runner(self, operation: str, threads: int = 1) -> Runner:
        """Times calls of `operation` inside the peer's process, shared among threads."""

        def run(times: int) -> float:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            share = max(1, times // threads)
            self._process.stdin.write(f"{operation} {share * threads} {threads}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"{self.name} has ended")
            return float(line) * times / (share * threads)

        return run

    @property
    def label(self) -> str:
        """The name for the table, which says whether answers are validated."""
        return _label(self.name, self.noticed)


def _label(name: str, noticed: str) -> str:
    return f"peer: {name} ({'validates' if noticed else 'does not validate'})"


def installed(peer: Peer) -> Path:
    """The folder of a peer, made on first use. CalledProcessError when that fails."""
    folder = _HOME / peer.name
    done = folder / ".done"
    if done.exists() and done.read_text() == repr(peer):
        return folder
    print(f"installing {peer.name} …", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    _run(str(_bin(folder) / "python"), "-m", "pip", "install", "--quiet", *peer.packages)
    if peer.generate:
        document = _HOME / "document.json"
        document.write_text(json.dumps(jobs_document()), encoding="utf-8")
        _generate(peer, folder, document, folder / "generated")
    done.write_text(repr(peer))
    return folder


def _generate(peer: Peer, folder: Path, document: Path, output: Path) -> None:
    """Have a peer generate its client of a document."""
    command, *options = peer.generate
    flag = "--output-path" if "--path" in options else "-o"
    _run(str(_bin(folder) / command), *options, str(document), flag, str(output))


def _of_github(peer: Peer, folder: Path, document: Path | None) -> dict[str, tuple[str, ...]]:
    """The commands of one call with GitHub's document, by name; generated clients are made once."""
    names = [name for name in OF_GITHUB if name.partition(",")[0] == peer.name]
    if document is None or not names:
        return {}
    made = folder / "github"
    done = made / ".done"
    mark = f"{peer!r} {document.stat().st_size}"
    if peer.generate and not (done.exists() and done.read_text() == mark):
        print(f"{peer.name} generates a client of {document.name} …", file=sys.stderr, flush=True)
        made.mkdir(exist_ok=True)
        _generate(peer, folder, document, made / "generated")
        done.write_text(mark)
    python, worker = str(_bin(folder) / "python"), str(_HERE / "peer_github.py")
    command = (python, "-W", "ignore", worker)
    return {name: (*command, name, "{base}", str(document), str(made)) for name in names}


def _bin(folder: Path) -> Path:
    return folder / ("Scripts" if sys.platform == "win32" else "bin")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


@contextmanager
def running_peers(base: str, github: Path | None = None) -> Iterator[list[Running]]:
    """Every peer that can be had here, as processes that talk to the server at `base`.

    `github` is GitHub's document, which those that can take part with as well.
    """
    running: list[Running] = []
    try:
        for peer in PEERS:
            try:
                running.append(_started(peer, base, github))
            except (subprocess.CalledProcessError, ValueError, OSError) as problem:
                said = getattr(problem, "stderr", "") or str(problem)
                print(f"{peer.name} left out: {said.strip()[-300:]}", file=sys.stderr)
        yield running
    finally:
        for one in running:
            one._process.communicate(timeout=30)


def _started(peer: Peer, base: str, github: Path | None) -> Running:
    folder = installed(peer)
    with_github = _of_github(peer, folder, github)
    _write_inputs(folder, base)
    _write_inputs(folder / "broken", base + "/broken")
    python = str(_bin(folder) / "python")
    worker = str(_HERE / "peer_worker.py")
    command = (python, "-W", "ignore", worker, peer.name, base, str(folder))
    with (folder / "stderr.txt").open("w+") as told_wrong:
        # Into a file: nobody reads a pipe while the peer works, and a full one would stop it.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told_wrong, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("{"):
            process.kill()
            process.communicate()
            told_wrong.seek(0)
            raise ValueError(told_wrong.read().strip().rpartition("\n")[2] or "no answer")
    told = json.loads(line)
    operations = frozenset(told["operations"])
    labels = {_label(name, told["noticed"]): command for name, command in with_github.items()}
    return Running(peer.name, operations, told["noticed"], (*command, "once"), labels, process)


def _write_inputs(folder: Path, base: str) -> None:
    """What a worker reads, for a service at `base`."""
    folder.mkdir(exist_ok=True)
    files = {
        "document.json": jobs_document(server=base),
        "swagger.json": swagger_document(base),
        "small.json": create_job_body(1_000),
        "large.json": create_job_body(20_000),
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
