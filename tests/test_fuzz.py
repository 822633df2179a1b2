"""The runner of `fuzz/`: it runs for the time it is given, and finds what there is to find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import __main__ as runner

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", runner.TARGETS)
def test_every_target_takes_examples(name):
    assert runner.run(name, 1, first=1) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", runner.TARGETS)
def test_a_minute_of_fuzzing_finds_nothing(name):
    assert runner.run(name, 60 // len(runner.TARGETS), first=7) > 0


#: A program of its own: Schemathesis changes how Hypothesis prints values in all of a process.
BROKEN = """
import sys
from types import ModuleType
from hypothesis import strategies as st
from fuzz import __main__ as runner

def check(number):
    assert number < 77

target = sys.modules["fuzz.broken"] = ModuleType("fuzz.broken")
target.ARGUMENTS, target.check = {"number": st.integers(0, 1000)}, check
try:
    runner.run("broken", 5, first=1)
except AssertionError as error:
    print("".join(error.__notes__))
"""


def test_a_finding_is_shown_with_the_smallest_example():
    command = [sys.executable, "-c", BROKEN]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "number=77" in ran.stdout


def test_the_command_names_its_targets():
    command = [sys.executable, "-m", "fuzz", "nonsense"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "there are" in ran.stderr
    assert "response" in ran.stderr
