"""What a terminal gets, at its width; and streams that are closed, read-only or full."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from dynclient.cli.output import printable

STEERING = "It\u0092s\u2028a\u2029b\u202ec\u200ed\x1b[31m\U000e0041\n\t."
#: What a terminal may get beside letters: line ends, and the colours of its own program.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def terminal(environment: dict[str, str]) -> Callable[..., tuple[int, str]]:
    """Runs the program on a terminal of so many columns: the exit code, and all that it shows."""

    def start(columns: int, *arguments: str, **env: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        attributes = termios.tcgetattr(theirs)
        attributes[1] &= ~termios.OPOST  # line feeds as they are written
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        process = subprocess.Popen(
            [sys.executable, "-m", "dynclient", *arguments],
            env={**environment, "TERM": "xterm-256color", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # the end, on Linux
            pass
        os.close(ours)
        return process.wait(timeout=60), shown.decode()

    return start


@pytest.fixture
def steering(server, shapes) -> tuple[str, ...]:
    """A call whose response holds what would steer a terminal."""
    server.json("GET /things/a", {"said": STEERING, STEERING: [STEERING]})
    return ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url)


@pytest.mark.parametrize("colours", [{}, {"NO_COLOR": "1"}])
def test_json_on_a_terminal_has_escapes_for_what_steers_it(terminal, steering, colours):
    code, shown = terminal(80, *steering, **colours)
    assert code == 0
    assert ("\x1b" in shown) is (not colours)
    text = _COLOURS.sub("", shown)
    assert json.loads(text) == {"said": STEERING, STEERING: [STEERING]}
    assert printable(text) == text
    assert "It\\u0092s\\u2028a\\u2029b\\u202ec" in text


@pytest.mark.parametrize("output", ["table", "json"])
def test_no_form_of_output_steers_a_terminal(terminal, steering, output):
    code, shown = terminal(80, *steering, "-o", output)
    assert code == 0
    assert printable(_COLOURS.sub("", shown)) == _COLOURS.sub("", shown)
    assert "\x1b[31m" not in shown


def test_text_on_a_terminal_has_escapes_and_a_line_end(terminal, server, shapes):
    content = "It\u0092s \x1b]0;title\x07".encode()
    server.answers["GET /things/a"] = (200, {"Content-Type": "text/plain"}, content)
    call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url)
    assert terminal(80, *call) == (0, "It\\x92s \\x1b]0;title\\x07\n")
    assert terminal(80, *call, "-o", "raw") == (0, content.decode())


def test_binary_data_is_not_written_to_a_terminal_unless_asked_for(terminal, server, shapes):
    kind = "application/octet-stream"
    server.answers["GET /things/a"] = (200, {"Content-Type": kind}, b"\0\x1bc")
    call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url)
    code, shown = terminal(80, *call)
    assert (code, shown) == (
        0,
        f"3 bytes of {kind}: redirect the output, or pass -o raw or -o json (base64)\n",
    )
    assert terminal(80, *call, "-o", "raw") == (0, "\0\x1bc")


@pytest.mark.parametrize("columns", [80, 120])
def test_describe_keeps_to_the_columns_and_cuts_no_word(terminal, run, columns):
    code, shown = terminal(columns, "describe", "create_job")
    assert code == 0
    text = _COLOURS.sub("", shown)
    head = text.partition("\nPython\n")[0]
    assert all(len(line) <= columns for line in head.splitlines() if len(line.split()) > 4)
    assert text.split() == run("describe", "create_job").stdout.split()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_operations_are_listed_with_whole_names_and_paths(terminal, run, columns):
    code, shown = terminal(columns, "ops")
    assert code == 0
    words = _COLOURS.sub("", shown).split()
    for operation in json.loads(run("ops", "-o", "json").stdout):
        for word in (operation["name"], operation["path"], *operation["summary"].split()):
            assert word in words or f"{word}:" in words


def test_a_table_that_is_too_wide_has_a_line_for_each_value(terminal, server, shapes):
    rows = [{f"column_{n}": f"value_{n}_of_{row}" for n in range(8)} for row in "ab"]
    server.json("GET /things/a", {"rows": rows})
    call = ("call", "find", "kind=a", "--doc", shapes, "--base-url", server.url, "-o", "table")
    code, shown = terminal(80, *call)
    assert code == 0
    lines = [f"column_{n}  value_{n}_of_a" for n in range(8)]
    assert shown.splitlines()[:10] == [*lines, "", "column_0  value_0_of_b"]
    assert "value_7_of_a" in terminal(300, *call)[1].splitlines()[1]


# ── streams ──────────────────────────────────────────────────────────────────────────────────


def shell(line: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a line of a shell, `dynclient` in it being the program."""
    script = f'dynclient() {{ "{sys.executable}" -m dynclient "$@"; }}; {line}'
    return subprocess.run(
        ["/bin/sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


CLOSED = [
    ("dynclient ops >&-", 10, "the output can't be written: stdout is closed"),
    ("dynclient --help >&-", 10, "the output can't be written: stdout is closed"),
    ("dynclient call list_jobs --body - <&- >&-", 10, "stdout is closed"),
    ("dynclient ops 1</dev/null", 10, "the output can't be written: Bad file descriptor"),
    ("dynclient call create_job --body - <&-", 2, "stdin can't be read: it is closed"),
    ("dynclient call create_job --body - 0>/dev/null", 2, "stdin can't be read: "),
    ("dynclient call list_jobs --auth ServiceCRN=- <&-", 2, "stdin can't be read: it is closed"),
    (r"printf '\377' | dynclient call list_jobs --auth ServiceCRN=-", 2, "it is not UTF-8"),
    ("dynclient ops 2>&-", 0, ""),
    ("dynclient ops 2>/dev/full", 0, ""),
    ("dynclient nope 2>&-", 2, ""),
    ("dynclient nope 2>/dev/full", 2, ""),
]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("line", "code", "said"), CLOSED, ids=[line for line, _, _ in CLOSED])
def test_a_stream_that_cannot_be_used_is_an_error_with_a_code(environment, line, code, said):
    done = shell(line, environment)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_socket_takes_the_place_of_a_closed_stream(environment, shapes, server):
    server.json("GET /things/a", {})
    done = shell(
        f"dynclient call find kind=a --doc {shapes} --base-url {server.url} 2>&- <&-", environment
    )
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert [request["path"] for request in server.requests] == ["/things/a"]
