"""What the scripts of `make soak` share: memory, and the section of a page that they write."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak() -> int:
    """The most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def write_section(page: Path | None, name: str, text: str) -> None:
    """Put a text between `<!-- name -->` and `<!-- /name -->` of a page; print it without one."""
    if page is None:
        print(text)
        return
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    pattern = re.compile(f"{begin}.*?{end}", re.DOTALL)
    found = page.read_text()
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", found))
