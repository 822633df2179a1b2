"""The wheel, built and installed in an empty environment, far from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What a stranger does first: the bundled document, a request that needs no network, the command.
PROGRAM = """
import dynclient, json, sys
from pathlib import Path

client = dynclient.Client("qiskit-runtime", base_url="http://127.0.0.1:1/api")
for operation in client.operations.values():
    operation.compile()
request = client.prepare("list_jobs", limit=3)
print(json.dumps({
    "file": dynclient.__file__,
    "operations": len(client.operations),
    "url": request.url,
    "problems": [str(problem) for problem in client.document.problems],
    "typed": Path(dynclient.__file__).with_name("py.typed").is_file(),
}))
"""


def run(*command: str | Path, folder: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    run(*build, folder=folder)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_bundled_document_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "dynclient/_spec/qiskit-runtime.yaml" in names
    assert "dynclient/conformance/report.html" in names
    assert "dynclient/conformance/report.schema.json" in names
    assert "dynclient/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "spec/"))]


@pytest.mark.long
def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, folder=tmp_path)
    told = json.loads(run(python, "-c", PROGRAM, folder=tmp_path))
    assert Path(told["file"]).is_relative_to(tmp_path)
    assert told["operations"] == 32
    assert told["url"] == "http://127.0.0.1:1/api/v1/jobs?limit=3"
    assert told["problems"] == []
    assert told["typed"]
    listed = run(tmp_path / "empty" / "bin" / "dynclient", "ops", "-o", "json", folder=tmp_path)
    assert "create_job" in listed
