"""`dynclient emulator` and `dynclient demo`, each in a process of its own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

from dynclient import emulator
from dynclient.histogram import counts_of, curve, histogram


@contextmanager
def running(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "dynclient", "emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_says_where_it_is_and_stops_cleanly(number):
    with running() as process:
        url = process.stdout.readline().rstrip("\n")
        headers = {"Authorization": f"Bearer {emulator.TOKEN}", "Service-CRN": emulator.CRN}
        assert requests.get(f"{url}/v1/jobs", headers=headers, timeout=10).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert f"export DYNCLIENT_BASE_URL={url}" in err
    assert emulator.TOKEN in err
    assert emulator.CRN in err
    assert "Traceback" not in err


def test_the_hint_on_stderr_works_in_another_shell(run):
    with running() as process:
        url = process.stdout.readline().rstrip("\n")
        hint = []
        while not hint or "dynclient call" not in hint[-1]:
            hint.append(process.stderr.readline())
        exports = dict(re.findall(r"export (\w+)=(\S+)", "".join(hint)))
        assert exports["DYNCLIENT_BASE_URL"] == url
        done = run(*hint[-1].split()[1:], env=exports)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ibm_fez" in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_line_on_stderr_works_as_it_is():
    with running() as process:
        process.stdout.readline()
        hint = ""
        while "dynclient call" not in hint:
            hint += process.stderr.readline()
        line = re.search(r"^  curl .*?(?=\n\n)", hint, re.MULTILINE | re.DOTALL)[0]
        sent = ["sh", "-c", f"{line} --silent --fail --noproxy '*'"]
        done = subprocess.run(sent, capture_output=True, text=True, timeout=30, check=True)
    names = [device["name"] for device in json.loads(done.stdout)["devices"]]
    assert "ibm_fez" in names


def test_jobs_survive_in_a_file(tmp_path):
    db = str(tmp_path / "jobs.sqlite")
    with running("--db", db) as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        process.communicate(timeout=30)
    assert (tmp_path / "jobs.sqlite").stat().st_size > 0


def test_a_port_that_is_taken_is_code_10(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("emulator", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (10, "")
    assert "can't listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_code_10(run, tmp_path):
    path = tmp_path / "not.sqlite"
    path.write_text("this is not a database, only text that is long enough" * 20)
    done = run("emulator", "--db", str(path))
    assert (done.returncode, done.stdout) == (10, "")
    assert "can't be used as a database" in done.stderr


def test_a_folder_that_is_not_there_is_wrong_usage(run, tmp_path):
    done = run("emulator", "--db", str(tmp_path / "none" / "x.sqlite"))
    assert done.returncode == 2
    assert "there is no folder" in done.stderr


def test_a_missing_extra_is_code_10_and_says_what_to_install(invoke, monkeypatch):
    monkeypatch.setattr(emulator, "_EXTRA", ("not_installed_here",))
    for command in ("emulator", "demo"):
        done = invoke(command)
        assert (done.exit_code, done.stdout) == (10, "")
        assert "install dynclient[emulator]" in done.stderr


# ── demo ─────────────────────────────────────────────────────────────────────────────────────

ELEVEN = (  # noqa: SIM905
    "create_job list_jobs get_job_details_jid get_job_results_jid get_interim_results_jid "
    "get_jog_logs_jid get_job_metrics_jid get_transpiled_circuits_jid replace_job_tags "
    "cancel_job_jid delete_job_jid"
).split()


def test_the_demo_shows_everything_and_says_how_long_it_took(run):
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    out = done.stdout
    assert "\x1b" not in out
    assert "\r" not in out
    counts = dict(re.findall(r"^  (\d\d)  [█#]+ +(\d+) ", out, re.MULTILINE))
    assert counts.keys() == {"00", "11"}
    assert sum(map(int, counts.values())) == 1024
    statuses = dict(re.findall(r"^(\w+) +[A-Z]+ /v1/\S+ +(\d+) ", out, re.MULTILINE))
    assert statuses.keys() == set(ELEVEN)
    assert set(statuses.values()) == {"200", "204"}
    values = re.findall(r"^  \d .*[●o].* (-?\d\.\d\d)$", out, re.MULTILINE)
    assert len(values) == 9
    assert float(values[4]) < -0.8 < 0.8 < float(values[8])
    assert "the session is closed after" in out
    assert "no argument 'bakend'; did you mean 'backend'?" in out
    assert "the response (200) breaks the document" in out
    assert re.fullmatch(r"Done in \d+\.\d s\.", out.splitlines()[-1])
    assert emulator.API_KEY not in out


@pytest.mark.long
def test_the_demo_does_without_an_encoding_for_blocks(run):
    done = run("demo", "--plain", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "####" in done.stdout


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("option", [(), ("--plain",)])
def test_the_demo_shows_progress_on_a_terminal_unless_it_is_to_be_plain(option):
    import pty

    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dynclient", "demo", *option],
        stdout=writer,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"},
    )
    os.close(writer)
    shown = bytearray()
    try:
        while chunk := os.read(reader, 65536):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(reader)
    assert process.wait(timeout=60) == 0
    assert (b"\x1b[" in shown) is not bool(option)
    for name in ELEVEN:
        assert f"\n{name} ".encode() in shown


def test_counts_are_written_with_the_last_bit_first():
    result = {"results": [{"data": {"c": {"samples": ["0x1", "0x2", "0x1"], "num_bits": 3}}}]}
    assert counts_of(result) == {"001": 2, "010": 1}


def test_a_histogram_gives_every_outcome_a_bar():
    few, many = histogram({"0": 1, "1": 999}, "#")
    assert few.split() == ["0", "#", "1", "0.1%"]
    assert many.split() == ["1", "#" * 40, "999", "99.9%"]


def test_a_curve_marks_each_value_between_minus_one_and_one():
    lines = curve(["a", "bb"], [-1.0, 0.5], "o")
    assert [line.index("o") - 6 for line in lines] == [0, 30]
    assert [line.split()[-1] for line in lines] == ["-1.00", "0.50"]


def test_a_host_that_is_no_text_is_wrong_usage(invoke):
    done = invoke("emulator", "--host", "\udcff")
    assert done.exit_code == 2
    assert "this is not the name of a host" in done.stderr
