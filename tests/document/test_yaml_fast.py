"""The two YAML readers, held against each other and against YAML 1.2's core schema."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
import yaml12
from corpus.material import folder

from dynclient.document import yaml_fast, yaml_reference
from dynclient.document.yaml_doubts import doubt

BUNDLED = Path(__file__).parents[2] / "spec" / "qiskit-runtime.yaml"
CORPUS = folder("corpus")

# Texts that both readers read, alike.
ALIKE: list[tuple[str, Any]] = [
    ("a: 2024-01-01\nb: 2024-01-01T00:00:00Z\n", {"a": "2024-01-01", "b": "2024-01-01T00:00:00Z"}),
    ("[yes, no, on, off, y, n]\n", ["yes", "no", "on", "off", "y", "n"]),
    ("[true, True, TRUE, tRue]\n", [True, True, True, "tRue"]),
    ("[null, Null, NULL, nULL, ~]\n", [None, None, None, "nULL", None]),
    ("[017, 0o17, 0O17, 0x1F, 0X1F, 0b11, 08]\n", [17, 15, "0O17", 31, "0X1F", "0b11", 8]),
    ("[1_000, +5, -0, .5, 1., 1e3, -1.5e-3]\n", ["1_000", 5, 0, 0.5, 1.0, 1000.0, -0.0015]),
    ("[12:30, 190:20:30, 3.0.0]\n", ["12:30", "190:20:30", "3.0.0"]),
    ("[.inf, -.INF, .iNF, infinity]\n", [math.inf, -math.inf, ".iNF", "infinity"]),
    ("[0.1234567890123456789012345, 1e18, 5e-324]\n", [0.12345678901234568, 1e18, 5e-324]),
    ("[9223372036854775807, -9223372036854775808]\n", [2**63 - 1, -(2**63)]),
    ("a: 1.7976931348623157e+308\n", {"a": 1.7976931348623157e308}),
    ("'200': a\n404: b\ndefault: c\n", {"200": "a", "404": "b", "default": "c"}),
    ("{200: a, 4XX: b}\n", {"200": "a", "4XX": "b"}),
    ("- 200: a\n- ? 404\n  : b\n- 500 : c\n", [{"200": "a"}, {"404": "b"}, {"500": "c"}]),
    ("yes: a\non: b\n2024-01-01: c\n", {"yes": "a", "on": "b", "2024-01-01": "c"}),
    ("a: 1\na: 2\n", {"a": 2}),
    ("a: x\n  y\n\n  z\nb: 'x\n  y'\nc: \"x \\\n  y\"\n", {"a": "x y\nz", "b": "x y", "c": "x y"}),
    ("a: |\n  x\n  y\nb: |-\n  x\n\nc: |+\n  x\n\nd: |2\n    x\n   y\n",
     {"a": "x\ny\n", "b": "x", "c": "x\n\n", "d": "  x\n y\n"}),
    ("a: >\n  x\n  y\n\n  z\n    w\n  v\nb: >-\n  x\n\n",
     {"a": "x y\nz\n  w\nv\n", "b": "x"}),
    ("a: |\n", {"a": ""}),
    ("a: |+\n\n", {"a": "\n"}),
    ("a: |\n  x", {"a": "x\n"}),
    ("a: |\n  x\n   ", {"a": "x\n \n"}),
    ("# c\na: 1 # d\nb: x#y\n# e\n", {"a": 1, "b": "x#y"}),
    ("a: &x 1\nb: R&D and *this*\n", {"a": 1, "b": "R&D and *this*"}),
    ("a: '!!x'\nb: wow!!\n", {"a": "!!x", "b": "wow!!"}),
    ("---\na: 1\n...\n", {"a": 1}),
    ("a: b\r\nc: |\r\n  d\r\n  e\r\n", {"a": "b", "c": "d\ne\n"}),
    ("a: b\t# c\nd: 'e\tf'\n", {"a": "b", "d": "e\tf"}),
    ('😀: "\\U0001F600 \\u00e9 \\x41 \\/ \\e"\n', {"😀": "😀 é A / \x1b"}),
    ('{"a":1,"b":[true,null]}\n', {"a": 1, "b": [True, None]}),
    ("a: http://h/p?q=1&r=2#f\n", {"a": "http://h/p?q=1&r=2#f"}),
    ("/jobs/{id}:\n  get: {}\n", {"/jobs/{id}": {"get": {}}}),
    ("a: [{b: c}, [d]]\ne: -f\n", {"a": [{"b": "c"}, ["d"]], "e": "-f"}),
]  # fmt: skip

# Texts the fast reader would read otherwise, why it does not, and what the reference reads.
LEFT: list[tuple[str, str, Any]] = [
    ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", "merge key", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
    ("a: &x {b: 1}\nc: {b: 2, <<: *x}\n", "merge key", {"a": {"b": 1}, "c": {"b": 2}}),
    ("a: <<\n", "merge key", {"a": "<<"}),
    ("a: &x [1]\nb: *x\n", "alias", {"a": [1], "b": [1]}),
    ("a: 123456789012345678901234567890\n", "64 bits", {"a": 123456789012345678901234567890}),
    ("a: -9223372036854775809\n", "64 bits", {"a": -9223372036854775809}),
    ("a: 0xffffffffffffffff\n", "64 bits", {"a": 2**64 - 1}),
    ("a: 0o7777777777777777777777\n", "64 bits", {"a": 8**22 - 1}),
    ("true: a\n", "neither text nor", {"true": "a"}),
    ("null: a\n~: b\n", "neither text nor", {"null": "a", "~": "b"}),
    ("1.10: a\n", "neither text nor", {"1.10": "a"}),
    ("1: a\ntrue: b\n", "0 or 1", {"1": "a", "true": "b"}),
    ("200: a\n'200': b\n", "number and as text", {"200": "b"}),
    ("0200: a\n", "unusual", {"0200": "a"}),
    ("- {a: 1, 0xc8 : b}\n", "unusual", [{"a": 1, "0xc8": "b"}]),
    ("200: a\n2e2: b\n", "unusual", {"200": "a", "2e2": "b"}),
    ("? +200\n? b\n", "unusual", {"+200": None, "b": None}),
    ("09:", "unusual", {"09": None}),
    ("a: !!int '5'\nb: !!str 5\n", "core type", {"a": 5, "b": "5"}),
    ("a: !!timestamp 2024-01-01\n", "core type", {"a": "2024-01-01"}),
    ("a: !<tag:yaml.org,2002:str> 5\n", "core type", {"a": "5"}),
    ("a: !!set {x, y}\n", "core type", {"a": {"x": None, "y": None}}),
    ("a: !mine {b: !yours 1}\n", "a tag", {"a": {"b": "1"}}),
    ("%YAML 1.2\n---\na: 1\n", "directive", {"a": 1}),
    ("a: ++1\nb: +-1\n", "two signs", {"a": "++1", "b": "+-1"}),
    ("a: 0x-1\n", "behind its prefix", {"a": "0x-1"}),
    ("a: \xa0\n", "spaces", {"a": "\xa0"}),
    ("a: [\u2003 \xa0]\n", "spaces", {"a": ["\u2003 \xa0"]}),
    ("a: b\rc: d\r", "carriage return", {"a": "b", "c": "d"}),
    ("a:\tb\n", "whitespace", {"a": "b"}),
    ("a: 'x\ny'\n", "indentation", {"a": "x y"}),
]  # fmt: skip

# Texts only the fast reader reads: they are YAML 1.2, and libyaml is of YAML 1.1.
BETTER: list[tuple[str, Any]] = [
    ("a: |\n  b\n\t\nc: d\n", {"a": "b\n", "c": "d"}),
    ("a: |\n  \tb\n", {"a": "\tb\n"}),
    ("-\ta\n", ["a"]),
    ("a: b\n\t# c\nd: e\n", {"a": "b", "d": "e"}),
    ("a: 'x\u2028y'\nb: x\u2028y\n", {"a": "x\u2028y", "b": "x\u2028y"}),
    ("[:a, {b:}]\n", [":a", {"b": None}]),
    ("a: '\x7f'\n", {"a": "\x7f"}),
]  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equal also in type: 1, 1.0 and True differ."""
    return json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize(("text", "data"), ALIKE)
def test_both_readers_read_it_alike(text: str, data: Any) -> None:
    assert same(yaml_fast.load(text.encode())[0], data)
    assert same(yaml_reference.load(text.encode()), data)


@pytest.mark.parametrize(("text", "reason", "data"), LEFT)
def test_what_py_yaml12_reads_otherwise_is_left_to_the_reference(
    text: str, reason: str, data: Any
) -> None:
    with pytest.raises(ValueError, match=reason):
        yaml_fast.load(text.encode())
    assert same(yaml_reference.load(text.encode()), data)


@pytest.mark.parametrize(("text", "data"), BETTER)
def test_yaml_1_2_that_libyaml_refuses_is_read(text: str, data: Any) -> None:
    assert same(yaml_fast.load(text.encode())[0], data)
    with contextlib.suppress(yaml.YAMLError):
        assert not same(yaml_reference.load(text.encode()), data)


def core_schema(text: str) -> Any:
    """The value of a plain scalar by the table of YAML 1.2.2, section 10.3.2."""
    table = [
        (r"null|Null|NULL|~", lambda t: None),
        (r"true|True|TRUE|false|False|FALSE", lambda t: t.lower() == "true"),
        (r"[-+]?[0-9]+", int),
        (r"0o[0-7]+", lambda t: int(t[2:], 8)),
        (r"0x[0-9a-fA-F]+", lambda t: int(t[2:], 16)),
        (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
        (r"[-+]?(\.inf|\.Inf|\.INF)", lambda t: float(t.replace(".", ""))),
        (r"\.nan|\.NaN|\.NAN", lambda t: math.nan),
    ]
    return next((read(text) for pattern, read in table if re.fullmatch(pattern, text)), text)


def test_every_short_plain_scalar_means_what_the_core_schema_says() -> None:
    letters = "+-.0178_eExoXaf"
    words = ["true", "false", "null", "~", ".inf", "-.inf", "+.inf", ".nan", "nan", "yes", "off"]
    texts = {
        *("".join(t) for n in (1, 2, 3, 4) for t in itertools.product(letters, repeat=n)),
        *("".join(t) for w in words for t in itertools.product(*((c, c.upper()) for c in w))),
    } - {"-", "---", "..."}
    by_bytes = {t for t in texts if doubt(f"- {t}\n".encode())}
    assert len(by_bytes) < 400
    sure = sorted(texts - by_bytes)
    assert len(sure) > 50_000
    read = yaml12.parse_yaml("".join(f"- {text}\n" for text in sure))
    wrong = [
        (t, got) for t, got in zip(sure, read, strict=True) if repr(got) != repr(core_schema(t))
    ]
    assert not wrong
    read = yaml_reference.load("".join(f"- {text}\n" for text in sorted(texts)).encode())
    wrong = [
        (t, got)
        for t, got in zip(sorted(texts), read, strict=True)
        if repr(got) != repr(core_schema(t))
    ]
    assert not wrong


class _Dumper(yaml.CSafeDumper):
    """Writes strings so that YAML 1.2 reads them back, in the style that is set."""

    yaml_implicit_resolvers = yaml_reference._CoreLoader.yaml_implicit_resolvers
    style: str | None = None

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, value: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=self.style)


_Dumper.add_representer(str, _Dumper.text)

STYLES = {
    "block": (None, {"default_flow_style": False, "allow_unicode": True}),
    "mixed": (None, {"default_flow_style": None}),
    "flow": (None, {"default_flow_style": True}),
    "narrow": (None, {"default_flow_style": False, "width": 40, "indent": 4}),
    "double": ('"', {"allow_unicode": True, "width": 10_000}),
    "single": ("'", {"line_break": "\r\n"}),
    "literal": ("|", {"allow_unicode": True}),
}


def documents() -> list[Path]:
    small = [path for path in sorted(CORPUS.glob("*.json")) if path.stat().st_size < 60_000]
    return small or [BUNDLED]


@pytest.mark.parametrize("style", STYLES)
def test_real_documents_come_back_from_every_style(style: str) -> None:
    scalars, options = STYLES[style]
    dumper = type("Dumper", (_Dumper,), {"style": scalars})
    sure = 0
    for path in documents():
        content = path.read_bytes()
        data = json.loads(content) if path.suffix == ".json" else yaml_reference.load(content)
        text = yaml.dump(data, Dumper=dumper, sort_keys=False, **options).encode()
        try:
            read = yaml_fast.load(text)[0]
            sure += 1
        except ValueError:
            read = yaml_reference.load(text)
        assert same(read, data), path.name
    assert sure >= 0.9 * len(documents())


def test_the_bundled_document_is_read_by_the_fast_reader() -> None:
    content = BUNDLED.read_bytes()
    data, depth = yaml_fast.load(content)
    assert same(data, yaml_reference.load(content))
    assert 5 < depth < 40


@pytest.mark.parametrize(
    "text",
    [
        b"- " * 100_000 + b"a\n",
        b"? " * 100_000 + b"a\n",
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"".join(b" " * n + b"a:\n" for n in range(2_000)),
        b"".join(b" " * n + b"-\n" for n in range(2_000)),
        b"\n".join(b"? " * 60 + b"a" for _ in range(100)),
        (b"{" * 50 + b"a" + b": b}" * 50 + b"\n") * 100,
    ],
    ids=lambda text: text[:8].decode() + f"{len(text)}",
)
def test_nesting_that_brings_the_parser_down_never_reaches_it(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"deep nesting|recursion limit|as keys"):
        yaml_fast.load(text)


def test_what_reaches_the_parser_fits_the_smallest_stack() -> None:
    # 512 KiB is what macOS gives a thread. Two levels a column, and flow within block.
    program = """
import threading
from dynclient.document import yaml_fast
deepest = "".join(" " * n + "a:\\n" + " " * n + "-\\n" for n in range(126))
deepest += " " * 126 + "[" * 120 + "]" * 120 + "\\n"
found = []
threading.stack_size(512 * 1024)
thread = threading.Thread(target=lambda: found.append(yaml_fast.load(deepest.encode())[1]))
thread.start()
thread.join()
print(found)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[372]\n"), done.stderr
