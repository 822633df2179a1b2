"""The program as such: help, version, exit codes, streams, imports."""

import os
import pickle
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dynclient import __version__, errors
from dynclient.cli import exits
from dynclient.cli.remedies import on_command_line
from dynclient.messages import Violation
from dynclient.remedies import give

COMMANDS = ("ops", "describe", "call", "bulk", "lint", "conform", "mock", "emulator", "demo")


def test_version_is_that_of_the_package(run):
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"dynclient, version {__version__}\n"


def test_help_names_every_command_and_every_exit_code(run):
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)
    assert exits.help_text() in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(invoke, command):
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert command == "demo" or f"dynclient {command} " in done.output


def test_the_page_of_documentation_has_the_same_exit_codes_as_the_help():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE))
    told = dict(re.findall(r"^ *(\d+)  (.+)$", exits.help_text(), re.MULTILINE))
    assert table == told


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UnknownOperation, 2),
        (errors.DocumentError, 3),
        (errors.InvalidRequest, 4),
        (errors.AuthError, 5),
        (errors.ConnectError, 6),
        (errors.TLSError, 6),
        (errors.RequestTimeout, 6),
        (errors.NotFound, 7),
        (errors.TooManyRequests, 7),
        (errors.BadGateway, 8),
        (errors.InvalidResponse, 9),
        (exits.Unavailable, 10),
        (errors.DynclientError, 10),
        (RuntimeError, 70),
    ],
)
def test_each_kind_of_error_has_its_exit_code(kind, code):
    assert exits.code_of(kind.__new__(kind)) == code


def test_every_error_of_the_library_has_a_code_that_is_told():
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "Violation"]
    told = set(map(int, re.findall(r"^ *(\d+)  ", exits.help_text(), re.MULTILINE)))
    assert {exits.code_of(kind.__new__(kind)) for kind in kinds} <= told


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("ops", "--nothing"), ("describe",), ("call", "list_jobs", "--timeout", "-1")],
)
def test_wrong_usage_is_told_on_stderr_with_code_2(run, arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


NOWHERE = ("--base-url", "http://127.0.0.1:1", "--auth", "Key=x")


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (("call", "mak", *NOWHERE), "`dynclient ops{0}`"),
        (("describe", "mak"), "`dynclient ops{0}`"),
        (("call", "make", "size=3", *NOWHERE), "`dynclient describe make{1}`"),
    ],
)
@pytest.mark.parametrize("name", ["shapes.json", "my shapes.json"])
def test_a_hint_keeps_the_document_and_runs_as_it_is(
    invoke, shapes, tmp_path, monkeypatch, call, hint, name
):
    Path(shapes).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    quoted = shlex.quote(name)
    told = invoke(*call, "--doc", name).stderr
    assert hint.format(f" {quoted}", f" --doc {quoted}") in told
    (line,) = re.findall(r"`dynclient ([^`]*)`", told)
    assert invoke(*shlex.split(line)).exit_code == 0


def test_a_hint_leaves_out_what_the_environment_says(invoke, shapes):
    env = {"DYNCLIENT_DOC": shapes}
    told = invoke("call", "make", *NOWHERE, env=env).stderr
    assert "`dynclient describe make` shows" in told
    call = ("call", "list_jobs", "limit=x", "--doc", "qiskit-runtime", "--dry-run")
    assert "`dynclient describe list_jobs --doc qiskit-runtime`" in invoke(*call, env=env).stderr
    assert "`dynclient describe list_jobs`" in invoke(*call).stderr


def test_a_fault_of_our_own_is_told_in_full(invoke, monkeypatch):
    from dynclient.cli import ops

    def fail(*_arguments, **_options):
        raise ZeroDivisionError("our fault")

    monkeypatch.setattr(ops, "open_document", fail)
    done = invoke("ops")
    assert done.exit_code == 70
    assert "Traceback" in done.stderr
    assert "our fault" in done.stderr


def test_an_interrupt_is_quiet(invoke, monkeypatch):
    from dynclient.cli import ops

    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(ops, "open_document", interrupt)
    done = invoke("ops")
    assert done.exit_code == 130
    assert done.output.strip() == ""


@pytest.mark.parametrize("arguments", [("ops",), ("ops", "-o", "json"), ("describe", "create_job")])
def test_a_closed_pipe_is_quiet(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dynclient", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_code_10():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dynclient", "ops"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 10
    assert b"can't be written" in done.stderr
    assert b"Traceback" not in done.stderr


def test_output_in_an_old_encoding_does_not_fail(run):
    done = run("describe", "create_job", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "create_job: POST /v1/jobs" in done.stdout


def test_only_what_prints_tables_imports_rich(run, access, tmp_path):
    script = (
        "import sys\n"
        "from dynclient.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sorted(n for n in sys.modules if n in NAMES), file=sys.stderr)\n"
    )
    heavy = {"rich", "openapi_core", "jsonschema", "requests", "uvicorn", "qiskit"}
    path = tmp_path / "run.py"
    path.write_text(script.replace("NAMES", repr(heavy)))

    def imported(*arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, str(path), *arguments],
            env={**os.environ, **access},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stderr.splitlines()[-1].split()

    assert imported("call", "list_jobs", "limit=1") == []
    assert imported("ops") == ["rich"]
    assert imported("describe", "create_job") == []


def test_importing_the_package_imports_neither_click_nor_rich():
    script = (
        "import sys, dynclient, dynclient.emulator\n"
        "print([name for name in ('click', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_program_is_the_entry_point():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="dynclient")
    assert entry.value == "dynclient.cli:main"


# ── remedies ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "command",
    [("lint",), ("ops",), ("describe", "x", "--doc"), ("call", "x", "--doc")],
    ids=lambda words: words[0],
)
def test_a_document_that_cannot_be_fetched_is_code_3(invoke, command):
    done = invoke(*command, "http://127.0.0.1:1/openapi.json")
    assert done.exit_code == 3
    assert (
        "the document can't be fetched: the document: GET http://127.0.0.1:1/openapi.json: "
        in done.stderr
    )
    assert "--base-url" not in done.stderr


def test_a_service_that_does_not_answer_is_code_6(invoke, shapes):
    done = invoke("call", "find", "kind=a", "--doc", shapes, "--base-url", "http://127.0.0.1:1")
    assert done.exit_code == 6
    assert "Hint: --base-url names another service" in done.stderr


@pytest.mark.parametrize("flags", [(), ("--dry-run",), ("--dry-run", "-o", "json")])
def test_missing_credentials_are_told_in_words_of_the_command_line(invoke, flags):
    done = invoke("call", "list_jobs", *flags)
    assert done.exit_code == (0 if flags else 5)
    said = done.stdout + done.stderr
    assert "Pass --auth IBMCloudAuth=VALUE --auth ServiceCRN=VALUE" in said
    assert "auth={" not in said


def test_a_server_that_is_relative_asks_for_the_option(invoke, shapes):
    done = invoke("call", "find", "kind=a", "--doc", shapes)
    assert done.exit_code == 3
    assert "is relative, and the document has no web address; pass --base-url URL" in done.stderr


@pytest.mark.parametrize(
    ("remedy", "python", "typed"),
    [
        (
            give(server_variables={"a": ...}).otherwise(base_url=...),
            'pass server_variables={"a": ...} or base_url=...',
            "pass --server-variable a=VALUE or --base-url URL",
        ),
        (
            give(options={"content_type": "a/b; boundary=..."}),
            'pass Options(content_type="a/b; boundary=...")',
            "pass --content-type 'a/b; boundary=...'",
        ),
        (
            give(auth={"a b": "user:password", "Key": ...}, base_url=...),
            'pass auth={"a b": "user:password", "Key": ...} and base_url=...',
            "pass --auth 'a b=user:password' --auth Key=VALUE --base-url URL",
        ),
        (
            give(environment={"REQUESTS_CA_BUNDLE": ...}).otherwise(transport={"verify": ...}),
            "set REQUESTS_CA_BUNDLE or pass transport=SocketTransport(verify=...)",
            "set REQUESTS_CA_BUNDLE",
        ),
        (
            give(file={"headers": ...}),
            "pass File(headers=...)",
            "in Python, pass File(headers=...)",
        ),
    ],
)
def test_a_remedy_is_worded_for_python_and_for_the_shell(remedy, python, typed):
    assert str(remedy) == python
    assert on_command_line(remedy) == typed
    assert pickle.loads(pickle.dumps(remedy)) == remedy


def test_a_remedy_of_a_violation_is_worded_for_the_face_that_shows_it():
    violation = Violation("request.body", "", "", "encoding", "which one?", "request", give(a=...))
    error = errors.InvalidRequest("op", [violation])
    assert str(error) == "op: nothing was sent:\n  - request.body: which one?; pass a=..."
    assert error.worded(lambda _: "use -a") == (
        "op: nothing was sent:\n  - request.body: which one?; use -a"
    )
    assert violation.as_dict()["remedy"] == "pass a=..."


# ── near names ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "call list_jobs --limit 5",
            "no option --limit; arguments of the operation have no dashes: limit=VALUE",
        ),
        (
            "call list_jobs --sort-by x",
            "no option --sort-by; arguments of the operation have no dashes: sort_by=VALUE",
        ),
        ("call list_jobs --timout 5", "no option --timout; did you mean --timeout?"),
        ("call list_jobs --url x", "did you mean --curl or --base-url?"),
        ("call list_jobs -x", "no option -x"),
        ("ops --tags x", "no option --tags; did you mean --tag?"),
        ("--versoin", "no option --versoin; did you mean --version?"),
        ("cal", "no command 'cal'; did you mean call?"),
        ("frobnicate", "no command 'frobnicate'; there are ops, describe, call, "),
        ("emulator --latency nan", "'nan' is not a number"),
        ("call list_jobs --timeout nan", "'nan' is not a number"),
    ],
)
def test_what_does_not_exist_gets_near_names(invoke, words, said):
    done = invoke(*words.split())
    assert done.exit_code == 2
    assert said in done.stderr.splitlines()[-1]


def test_without_a_command_the_help_is_printed(invoke):
    done = invoke()
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == invoke("--help").stdout
