"""Credentials: where they may come from, and that none is ever printed."""

import json

import pytest

SECRET = "s3cret-t0ken"


@pytest.fixture
def jobs(server):
    """A server that takes any credential for a list of no jobs."""
    server.json("GET /v1/jobs", {"jobs": [], "count": 0, "limit": 200, "offset": 0})
    return server


def sent(server) -> dict[str, str]:
    (request,) = server.requests
    return {name: request["headers"].get(name) for name in ("authorization", "service-crn")}


@pytest.mark.parametrize("source", ["text", "env", "file", "stdin", "command"])
def test_a_credential_comes_from_where_the_option_says(invoke, jobs, tmp_path, source):
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    value = {
        "text": SECRET,
        "env": "env:MY_TOKEN",
        "file": f"@{path}",
        "stdin": "-",
        "command": f"cmd:cat '{path}'",
    }[source]
    done = invoke(
        *("call", "list_jobs", "--base-url", jobs.url),
        *("--auth", f"IBMCloudAuth={value}", "--auth", "ServiceCRN=crn:v1:x"),
        env={"MY_TOKEN": SECRET},
        text=f"{SECRET}\n",
    )
    assert done.exit_code == 0, done.stderr
    assert sent(jobs) == {"authorization": f"Bearer {SECRET}", "service-crn": "crn:v1:x"}


def test_options_stand_on_top_of_the_environment(invoke, jobs):
    env = {"DYNCLIENT_AUTH_IBMCLOUDAUTH": "older", "DYNCLIENT_AUTH_SERVICECRN": "crn:env"}
    call = ("call", "list_jobs", "--base-url", jobs.url, "--auth", f"IBMCloudAuth={SECRET}")
    assert invoke(*call, env=env).exit_code == 0
    assert sent(jobs) == {"authorization": f"Bearer {SECRET}", "service-crn": "crn:env"}


def test_a_document_that_is_not_bundled_gets_nothing_from_the_environment(invoke, shapes, server):
    server.answers["POST /things"] = (204, {}, b"")
    call = ("call", "make", "name=ab", "size=3", "--doc", shapes, "--base-url", server.url)
    env = {"DYNCLIENT_AUTH_KEY": SECRET}
    done = invoke(*call, env=env)
    assert (done.exit_code, server.requests) == (5, [])
    assert "--auth Key=env:DYNCLIENT_AUTH_KEY" in done.stderr
    done = invoke(*call, "--auth", "Key=env:DYNCLIENT_AUTH_KEY", env=env)
    assert done.exit_code == 0, done.stderr
    assert server.requests[0]["path"] == f"/things?key={SECRET}"


@pytest.mark.parametrize("usual", [None, "another.json"])
def test_the_base_url_of_the_environment_is_not_for_another_document(invoke, shapes, server, usual):
    env = {"DYNCLIENT_BASE_URL": server.url, **({"DYNCLIENT_DOC": usual} if usual else {})}
    call = ("call", "make", "name=ab", "size=3", "--doc", shapes, "--auth", f"Key={SECRET}")
    done = invoke(*call, env=env)
    assert server.requests == []
    assert done.exit_code == 3  # the document names no server
    told = f"DYNCLIENT_BASE_URL is not used: it goes with {usual or 'qiskit-runtime'}"
    assert told in done.stderr
    assert SECRET not in done.output
    done = invoke("describe", "make", "--doc", shapes, env=env)
    assert server.url not in done.stdout


@pytest.mark.parametrize("named", [True, False])
def test_the_base_url_of_the_environment_goes_with_its_document(invoke, shapes, server, named):
    server.answers["POST /things"] = (204, {}, b"")
    env = {"DYNCLIENT_BASE_URL": server.url, "DYNCLIENT_DOC": shapes}
    call = ("call", "make", "name=ab", "size=3", "--auth", f"Key={SECRET}")
    done = invoke(*call, *(("--doc", shapes) if named else ()), env=env)
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(server.requests) == 1
    # What is said on the command line goes first.
    done = invoke(*call, "--base-url", "http://127.0.0.1:1", env=env)
    assert (done.exit_code, len(server.requests)) == (6, 1)


def test_the_bundled_document_has_the_base_url_of_the_environment(invoke, jobs):
    env = {"DYNCLIENT_BASE_URL": jobs.url, "DYNCLIENT_AUTH_IBMCLOUDAUTH": SECRET}
    call = ("call", "list_jobs", "--auth", "ServiceCRN=crn:v1:x")
    for document in ((), ("--doc", "qiskit-runtime")):
        assert invoke(*call, *document, env=env).exit_code == 0
    assert len(jobs.requests) == 2


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--auth", SECRET], 2, "option 1 is not NAME=VALUE"),
        (["--auth", "IBMCloudAuth=env:NOT_THERE"], 2, "NOT_THERE is not set"),
        (["--auth", "IBMCloudAuth=@not-there"], 2, "not-there can't be read"),
        (["--auth", "IBMCloudAuth=cmd:"], 2, "cmd: names no command"),
        (["--auth", "IBMCloudAuth=cmd:echo 'a"], 2, "No closing quotation"),
        (["--auth", "IBMCloudAuth=cmd:not-there x"], 2, "not-there can't be run: No such file"),
        (["--auth", "IBMCloudAuth=cmd:false"], 2, "false ended with exit code 1"),
        (["--auth", "IBMCloudAuth=cmd:true"], 2, "true printed nothing"),
        (["--auth", "IBMCloudAuth=-", "--body", "-"], 2, "stdin (-) can be read for one"),
        (["--auth", f"IBMCloudAut={SECRET}"], 5, "did you mean 'IBMCloudAuth'"),
        (["--auth", "IBMCloudAuth="], 5, "is empty"),
        (
            ["--auth", f"ServiceCRN={SECRET}"],
            5,
            "IBMCloudAuth (header Authorization, bearer) is missing",
        ),
        (["--header", SECRET], 2, "give 'NAME: TEXT'"),
        (["--base-url", f"https://x.test/?key={SECRET}"], 2, "without query"),
        (["--base-url", f"http://me:{SECRET}@[::1"], 2, "give an absolute"),
        (["--base-url", f"http://x.test:{SECRET}"], 2, "give an absolute"),
        ([SECRET], 2, "argument 1 is not"),
    ],
)
def test_wrong_options_are_told_without_their_values(invoke, jobs, options, code, message):
    done = invoke("call", "list_jobs", "--base-url", jobs.url, *options)
    assert (done.exit_code, jobs.requests) == (code, [])
    assert message in done.stderr
    assert SECRET not in done.output


@pytest.mark.parametrize(
    "options",
    [
        ["--dry-run"],
        ["--dry-run", "-o", "json"],
        ["--include"],
        ["limit=many"],
        ["--base-url", "http://127.0.0.1:1"],
        ["--engine", "openapi-core", "--include"],
    ],
)
@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_secret_is_in_no_output(run, invoke, jobs, options, given):
    secrets = {"IBMCloudAuth": SECRET, "ServiceCRN": f"crn:v1:{SECRET}"}
    call = ("call", "list_jobs", "--base-url", jobs.url, *options)
    if given == "option":
        auth = [text for pair in secrets.items() for text in ("--auth", "=".join(pair))]
        done = run(*call, *auth)
    else:
        env = {f"DYNCLIENT_AUTH_{name.upper()}": value for name, value in secrets.items()}
        done = invoke(*call, env=env)
    assert done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_secret_that_the_server_repeats_is_masked_in_the_message(invoke, server):
    server.json("GET /v1/jobs", {"message": f"{SECRET} is no token"}, 401)
    done = invoke(
        *("call", "list_jobs", "--base-url", server.url, "--include"),
        *("--auth", f"IBMCloudAuth={SECRET}", "--auth", f"ServiceCRN=crn:{SECRET}"),
    )
    assert done.exit_code == 7
    assert "[redacted] is no token" in done.stderr
    assert SECRET not in done.output


def test_a_key_in_the_query_is_masked_in_a_dry_run(invoke, shapes):
    done = invoke(
        *("call", "make", "name=ab", "size=3", "--doc", shapes, "--dry-run", "-o", "json"),
        *("--base-url", "http://x.test", "--auth", f"Key={SECRET}"),
    )
    assert done.exit_code == 0
    assert json.loads(done.stdout)["request"]["url"] == "http://x.test/things?key=[redacted]"
    assert SECRET not in done.output
