import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "auth.md"


def test_the_examples_of_the_page_run():
    namespace = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) > 5
    for block in blocks:
        exec(block, namespace)
