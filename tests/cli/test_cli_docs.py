"""Command lines on the pages are ones that the program takes."""

import re
import shlex
from pathlib import Path

import click
import pytest

from dynclient.cli.program import program

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def command_lines() -> list[str]:
    """Every line of a code block that calls the program, joined where it goes on below."""
    found = set()
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in _FENCE.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("dynclient "):
                    found.add(re.split(r"\s+[#|>]\s?", line)[0])
    for name in program.list_commands(click.Context(program)):
        command = program.get_command(click.Context(program), name)
        lines = str(command and command.help).splitlines()
        found |= {line.strip() for line in lines if line.strip().startswith("dynclient ")}
    return sorted(re.split(r"\s+[#|>]\s?", line)[0] for line in found)


def test_the_pages_have_command_lines() -> None:
    assert len(command_lines()) >= 15


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_on_a_page_is_one_that_the_program_takes(line: str) -> None:
    _, name, *words = shlex.split(line)
    command = program.get_command(program.make_context("dynclient", []), name)
    assert command is not None
    command.make_context(name, words)
