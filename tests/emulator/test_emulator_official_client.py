"""IBM's own client, in an environment of its own, against the service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.serving import proxied

from dynclient import emulator
from dynclient.conformance import Judge

SCRIPT = Path(__file__).with_name("official_script.py")
PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def environment(folder: Path, package: str) -> Path:
    """The interpreter of a fresh virtual environment with that package."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    python = folder / "bin" / "python"
    command = [python, "-m", "pip", "install", "--quiet", package]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        if os.environ.get("CI"):
            pytest.fail(f"{package} can't be installed:\n{done.stderr}")
        pytest.skip(f"{package} can't be installed here")
    return python


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="looks for bin/python")
@pytest.mark.parametrize("package", ["qiskit-ibm-runtime==0.51.*", "qiskit-ibm-runtime"])
def test_the_official_client_takes_every_step(tmp_path: Path, package: str) -> None:
    python = environment(tmp_path / "venv", package)
    alone = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def steps(url: str) -> None:
        command = [python, SCRIPT, url, emulator.API_KEY, emulator.CRN]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=900, env=alone, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    with emulator.run(crns=[emulator.CRN]) as url:
        steps(url)
    with emulator.run(crns=[emulator.CRN]) as url:
        root = url.removesuffix("/api")
        make = lambda: Judge("qiskit-runtime-2026-03-15", base_url=url)  # noqa: E731
        with proxied(root, make=make) as proxy:
            steps(url.replace(root, proxy.url))
            assert proxy.total() > 50
            found = json.loads(proxy.judging.report("json"))["findings"]
            # A parameter that the client sends, and no document declares; all else is clean.
            known = ("DC112", "list_backends", "request.query.include_mocks")
            told = {(each["code"], each["operation"], each["where"]) for each in found}
            assert told <= {known}, proxy.judging.report("text")


def test_the_page_shows_the_output_of_that_script() -> None:
    steps = re.findall(r"^@step\ndef (\w+)", SCRIPT.read_text(), re.MULTILINE)
    shown = re.findall(r"^ *\d+ ok     (.+)$", PAGE.read_text(), re.MULTILINE)
    assert shown == [name.replace("_", " ") for name in steps]
    assert f"{len(steps)} of {len(steps)} steps" in PAGE.read_text()
