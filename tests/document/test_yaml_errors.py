"""What is said of a YAML text that can't be read, or should not be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dynclient import DocumentError, Trust
from dynclient.document import yaml_reference
from dynclient.document.parse import parse_document


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNCLIENT_CACHE", "off")


BROKEN = [
    ("a: b: c\n", 1, 5, "mapping values are not allowed"),
    ("a: 1\nb: [1, 2\nc: 3\n", 3, 2, "did not find expected ',' or ']'"),
    ("a: 'x\n", 2, 1, "found unexpected end of stream"),
    ("a: *x\n", 1, 4, "found undefined alias"),
    ("a: 1\n\tb: 2\n", 2, 1, "found a tab character"),
    ("a: 1\n---\nb: 2\n", 2, 1, "but found another document"),
    ("a: !!int x\n", 1, 4, "'x' is not of that type"),
    ("a: !!map x\n", 1, 4, "it stands on a scalar"),
    ("? [a]\n: b\n", 1, 3, "a key that is a list or a mapping"),
    ("a: b\0\n", None, None, "control characters are not allowed"),
    ("a: b\0: [\n", None, None, "control characters are not allowed"),
]


@pytest.mark.parametrize(("text", "line", "column", "reason"), BROKEN)
def test_a_broken_text_is_reported_with_line_and_column(
    text: str, line: int | None, column: int | None, reason: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(text.encode(), "doc.yaml", Trust())
    assert reason in str(caught.value)
    assert caught.value.source == "doc.yaml"
    assert caught.value.line == line
    assert caught.value.column == column


@pytest.mark.parametrize(
    "content", [b"a: \xff\n", b"a: '\xc3'\n", b"\xff\xfea", b"", b" \n", b"\xef\xbb\xbf"]
)
def test_bytes_that_are_no_text_are_a_document_error(content: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_document(content, "doc.yaml", Trust())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_every_encoding_of_yaml_is_read(encoding: str) -> None:
    content = "é: 😀\n".encode(encoding)
    if encoding == "utf-16-be":
        content = b"\xfe\xff" + content
    assert parse_document(content, "doc.yaml", Trust()) == {"é": "😀"}


def bomb(line: str) -> bytes:
    return (
        b"a0: &a0 {x: y}\n"
        + "".join(
            line.format(n=n, many=", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 12)
        ).encode()
    )


@pytest.mark.parametrize(
    "content",
    [
        bomb("a{n}: &a{n} [{many}]\n"),
        b"a: &a [*a]\n",
        b"a: &a {b: *a}\n",
        b"[" * 200_000,
        b"- " * 200_000 + b"a",
        b"? " * 200_000 + b"a",
        b"".join(b" " * n + b"a:\n" for n in range(3_000)),
    ],
    ids=["aliases", "ring", "ring of mappings", "flow", "dashes", "keys", "block"],
)
def test_a_bomb_ends_in_a_document_error(content: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError):
        parse_document(content, "doc.yaml", Trust())
    assert time.monotonic() - started < 30


def test_mappings_that_merge_each_other_tenfold_stay_small() -> None:
    data = parse_document(bomb("a{n}: &a{n} {{<<: [{many}]}}\n"), "doc.yaml", Trust())
    assert data["a11"] == {"x": "y"}


def test_what_merge_keys_stand_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reference, "_MOST_MERGED", 30)
    members = ", ".join(f"k{n}: {n}" for n in range(10))
    text = f"a: &a {{{members}}}\n" + "".join(f"b{n}: {{<<: *a}}\n" for n in range(3))
    assert parse_document(text.encode(), "doc.yaml", Trust())["b2"]["k9"] == 9
    with pytest.raises(DocumentError, match="merge keys stand for more than 30 members") as caught:
        parse_document(f"{text}c: {{<<: *a}}\n".encode(), "doc.yaml", Trust())
    assert (caught.value.line, caught.value.column) == (5, 4)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": {"c": {"d": 1}}}}',
        '{"a": [[{"d": 1}]]}',
        "a: {b: {c: {d: 1}}}\n",
        "a: &x {b: {c: {d: 1}}}\ne: *x\n",
        "a: &x.y {b: {c: {d: 1}}}\ne: *x.y\n",
    ],
)
def test_the_bound_on_depth_holds_whoever_reads(text: str) -> None:
    assert parse_document(text.encode(), "doc.yaml", Trust(max_depth=4))
    with pytest.raises(DocumentError, match="deeper than 2 levels"):
        parse_document(text.encode(), "doc.yaml", Trust(max_depth=2))


def test_prose_full_of_braces_is_not_taken_for_depth(tmp_path: Path) -> None:
    paths = "".join(f"  /things/{n}/{{id}}/{{name}}: {{}}\n" for n in range(2_000))
    data = parse_document(f"a: &x 1\nb: *x\npaths:\n{paths}".encode(), "doc.yaml", Trust())
    assert len(data["paths"]) == 2_000
