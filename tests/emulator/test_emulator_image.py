"""The Dockerfile and the compose file: what they start is what the command takes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

ROOT = Path(__file__).parents[2]


def instruction(name: str) -> list[str]:
    """The words of an instruction in its JSON form."""
    found = re.search(rf"^{name} (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    return list(json.loads(found[1]))


def test_the_image_starts_a_service(tmp_path: Path) -> None:
    words = [*instruction("ENTRYPOINT"), *instruction("CMD")]
    assert words[:2] == ["dynclient", "emulator"]
    here = {"8000": "0", "0.0.0.0": "127.0.0.1", "/data/jobs.sqlite": str(tmp_path / "jobs.sqlite")}
    command = [sys.executable, "-m", "dynclient", *(here.get(word, word) for word in words[1:])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/v1/versions", timeout=30).status_code == 200
        process.terminate()
        assert process.wait(30) == 0


def test_the_compose_file_gives_the_service_its_database() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    option, url = services["runtime"]["command"]
    environment = services["database"]["environment"]
    user, password = environment["POSTGRES_USER"], environment["POSTGRES_PASSWORD"]
    assert (option, url) == ("--db", f"postgresql://{user}:{password}@database/{user}")


def missing_for_a_build() -> str | None:
    """What a build needs and is not here; nothing is pulled for a test."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    found = re.search(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    look = ["docker", "image", "inspect", found[1]]
    if subprocess.run(look, capture_output=True, check=False, timeout=60).returncode:
        return f"docker does not run here, or has no image {found[1]}"
    return None


@pytest.mark.long
def test_the_image_can_be_built_and_responds() -> None:
    if reason := missing_for_a_build():
        pytest.skip(reason)
    subprocess.run(["docker", "build", "-t", "dynclient-test", ROOT], check=True, timeout=900)
    run = ["docker", "run", "--rm", "-d", "-p", "127.0.0.1:0:8000", "dynclient-test"]
    container = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        command = ["docker", "port", container, "8000"]
        where = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        url = f"http://{where.strip()}/api/v1/versions"
        for _ in range(60):
            try:
                assert requests.get(url, timeout=5).status_code == 200
                break
            except requests.ConnectionError:
                subprocess.run(["sleep", "1"], check=True)
        else:
            pytest.fail("no response in a minute")
    finally:
        subprocess.run(["docker", "stop", container], check=True, timeout=60)
