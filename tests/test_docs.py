"""The examples in README and docs/ run, and print what the page says they print."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_EXAMPLE = re.compile(r"<!-- example -->\n```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)[^)]*\)")


def examples(page: Path) -> list[tuple[str, str]]:
    return _EXAMPLE.findall(page.read_text())


@pytest.mark.parametrize(
    "page", [page for page in PAGES if examples(page)], ids=lambda page: page.name
)
def test_the_examples_of_a_page_run_in_order_and_print_what_it_says(page: Path) -> None:
    namespace: dict[str, object] = {}
    for source, expected in examples(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(source, page.name, "exec"), namespace)
        if expected:
            assert printed.getvalue() == expected


def test_the_readme_counts_a_bell_state() -> None:
    source = next(source for source, _ in examples(ROOT / "README.md") if "BELL" in source)
    namespace: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "README.md", "exec"), namespace)
    samples = namespace["samples"]
    assert isinstance(samples, list)
    assert len(samples) == 1000
    assert set(samples) == {"0x0", "0x3"}
    assert 350 < samples.count("0x0") < 650


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_the_readme_names_every_page() -> None:
    named = set(_LINK.findall((ROOT / "README.md").read_text()))
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in named] == []
