"""The addon, in the real mitmproxy: in an environment of its own, as its pins clash with ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ports import free_port

from conformance.notes import DOCUMENT, Notes
from conformance.serving import served
from dynclient import Client, ConnectError
from dynclient.conformance import Ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mitmdump(tmp_path):
    """The program, installed with this package and none of its extras."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=120)
    place = tmp_path / "venv" / "bin"
    command = [place / "python", "-m", "pip", "install", "--quiet", "mitmproxy==11.0.2", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"mitmproxy 11.0.2 can't be installed here: {done.stderr[-200:]}")
    return place / "mitmdump"


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="looks for bin/python")
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="mitmproxy 11.0.2 is for Python 3.11")
def test_a_drift_is_found_live(mitmdump, tmp_path):
    spec, ledger = tmp_path / "notes.json", tmp_path / "drift.db"
    spec.write_text(json.dumps(DOCUMENT))
    python = mitmdump.with_name("python")
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    where = [python, "-m", "dynclient.conformance.mitmproxy_addon"]
    addon = subprocess.run(where, capture_output=True, text=True, check=True, env=alone)
    port = free_port()
    with served(Notes("type").app) as url:
        options = {"dynclient_spec": spec, "dynclient_server": url, "dynclient_ledger": ledger}
        given = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
        process = subprocess.Popen(
            [
                mitmdump,
                "-s",
                addon.stdout.strip(),
                "--mode",
                f"reverse:{url}",
                "-p",
                str(port),
                *given,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=alone,
        )
        settings = {"auth": {"Key": "mine"}, "validate": "off", "retries": 0}
        with Client(DOCUMENT, base_url=f"http://127.0.0.1:{port}", **settings) as client:
            while True:
                assert process.poll() is None, process.communicate()[0]
                try:
                    client.call("get_note", id="n1")
                    break
                except ConnectError:  # it takes a while to start
                    time.sleep(0.2)
            client.call("list_notes")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert "DC220" in out
    assert "2 of 5 operations were called" in out
    with Ledger(ledger) as found:
        assert {group.key.code for group in found.tally().groups()} == {"DC220"}
