"""Patterns of ECMA-262: what they match, what is none, and that no value keeps them busy."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
import regress
from support import Answer, Scripted, answering, json_content, one_operation, parameter

from dynclient import Client, InvalidRequest, InvalidResponse, Validation
from dynclient.schema.patterns import PatternError, matcher

#: pattern, texts that match, texts that do not
MATCHED = [
    (r"\bfoo", ["foo", "éfoo", "a foo"], ["afoo", "_foo"]),
    (r"o\B", ["oo", "éo1"], ["o", "oé"]),
    ("^a.b$", ["axb", "a\x85b", "a😀b"], ["a\rb", "a\nb", "a\u2028b", "a\u2029b"]),
    (r"^\w$", ["a", "_", "1"], ["é", "\u017f"]),
    (r"^\W$", ["é", "-"], ["a"]),
    (r"\b|^\w$", ["a"], ["é"]),
    (r"^\d$", ["1"], ["٣"]),
    (r"^\s$", ["\ufeff", "\u2003", "\x0b"], ["\x85", "\u180e"]),
    (r"^[\W]$", ["é"], ["a"]),
    (r"^[^\S]$", ["\ufeff"], ["a"]),
    ("^[^]$", ["\n", "a"], [""]),
    ("[]", [], ["", "a"]),
    (r"^(?<a>x|y)\k<a>$", ["xx", "yy"], ["xy"]),
    (r"^(x|y)\1$", ["xx"], ["xy"]),
    (r"^(?:(a)|b)\1c$", ["aac", "bc"], ["ac", "bac"]),
    (r"^(?:(a)?b)\1$", ["aba", "b"], ["ab"]),
    (r"^\1(a)$", ["a"], ["aa"]),
    (r"^((x)|y)+\2$", ["xx", "y", "yxx"], ["x"]),
    ("^a{,3}$", ["a{,3}"], ["aa"]),
    ("^a{1$", ["a{1"], ["a"]),
    ("^a{2}$", ["aa"], ["a", "a{2}"]),
    ("^(?:a{2}){1000}$", ["a" * 2000], ["a" * 1998]),
    ("^.{0,10000}$", ["a" * 10000], ["a" * 10001]),
    (r"\S{2,8192}", ["aa" * 9000], ["a"]),
    (r"^[\b]$", ["\b"], ["b"]),
    (r"^\0$", ["\0"], ["0"]),
    (r"^\cJ$", ["\n"], ["J"]),
    (r"^\uD83D\uDE00$", ["😀"], ["x"]),
    (r"^\u{1F600}$", ["😀"], ["u"]),
    (r"^[\uD800-\uDFFFa]$", ["a"], ["b"]),
    (r"^[^\uD800-\uDFFF]$", ["a", "😀"], [""]),
    (r"^[\d-x]+$", ["1-x"], ["y"]),
    ("^[a&&b]$", ["&"], ["&&"]),
    ("^[[a]$", ["["], ["b"]),
    (r"^\/\-$", ["/-"], ["/"]),
    ("^(?:a|b)(?!c)", ["ad", "b"], ["ac"]),
    (r"(?<=\$)\d+", ["$5"], ["5"]),
    ("^(?i:ab)c$", ["ABc"], ["ABC"]),
    (r"^\p{L}$", ["é"], ["1"]),
    (r"^\P{Script=Greek}$", ["a"], ["\u03b1"]),
    ("a$", ["a"], ["a\n"]),
]


@pytest.mark.parametrize(("pattern", "right", "wrong"), MATCHED, ids=lambda each: str(each)[:20])
def test_a_pattern_means_what_ecma_262_says(
    pattern: str, right: list[str], wrong: list[str]
) -> None:
    matches = matcher(pattern)
    assert [text for text in right if not matches(text)] == []
    assert [text for text in wrong if matches(text)] == []


#: What is no regular expression of ECMA-262, and words of the reason.
BROKEN = {
    "(?i)a": "'(?i)' begins no group",
    "(?P<n>a)": "'(?P<' begins no group",
    "(?>a)": "begins no group",
    "a++": "'+' has nothing to repeat",
    "*a": "'*' has nothing to repeat",
    "x{2,1}": "out of order",
    "[b-a]": "out of order",
    "(a": "not closed",
    "a)": "closes no group",
    "[a": "not closed",
    r"a\Z": r"'\Z' is no escape",
    r"\Aa": r"'\A' is no escape",
    r"\k<a>": "names no group",
    "a\\": "is no escape",
    "(?<n>a)(?<n>b)": "two groups are called 'n'",
    r"\u{110000}": "beyond Unicode",
    "(?:(?:a{1,1000}){1,1000}){1,1000}": "too large",
}


@pytest.mark.parametrize("pattern", BROKEN)
def test_what_is_no_pattern_is_a_problem_that_names_it_and_judges_nothing(pattern: str) -> None:
    client = Client(one_operation(parameters=[parameter("query", {"pattern": pattern})]))
    client.operations["op"].compile()
    (problem,) = client.document.problems
    assert problem.pointer.endswith("/parameters/0/schema/pattern")
    assert problem.rule == "pattern"
    assert BROKEN[pattern] in problem.message
    assert client.prepare("op", p="?").url.endswith("p=%3F")


def test_a_name_that_is_no_pattern_is_a_problem_too() -> None:
    schema = {"patternProperties": {"(?i)a": False, "^.$": {"type": "integer"}}}
    client = Client(one_operation(method="post", content=json_content(schema)))
    assert client.prepare("op", body={"a": 1, "A": 1}).content
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body={"\r": "x", "b": "x"})
    (violation,) = caught.value.violations
    assert violation.pointer == "/b"
    assert violation.document_pointer.endswith("/schema/patternProperties/^.$/type")
    assert [problem.rule for problem in client.document.problems] == ["pattern"]


def test_names_that_are_spelled_alike_stay_two() -> None:
    names = {"^.$": {"type": "integer"}, r"^[^\n\r\u2028\u2029]$": {"minimum": 3}}
    client = Client(
        one_operation(method="post", content=json_content({"patternProperties": names}))
    )
    with pytest.raises(InvalidRequest) as caught:
        client.prepare("op", body={"a": 1.5})
    assert {v.rule for v in caught.value.violations} == {"type", "minimum"}


#: Patterns on which an engine that steps back never ends, and a text for each.
ENDLESS = [
    ("^(a+)+$", "a" * 5000 + "b"),
    ("^(a+)+$|^[^]z", "a" * 5000 + "b"),
    (r"^(?=a)(\w+\s?)*$", "a" * 5000 + "!"),
    (r"^(?:(a*)*)*\1$", "a" * 60 + "c"),
    (r"^(\w+\W?)*\1x$", "a " * 500),
]


@pytest.mark.parametrize("engine", ["compiled", "openapi-core"])
@pytest.mark.parametrize(("pattern", "text"), ENDLESS, ids=[each[0] for each in ENDLESS])
def test_no_text_keeps_a_pattern_busy_in_either_direction(
    service: Scripted, pattern: str, text: str, engine: Any
) -> None:
    schema = {"type": "string", "pattern": pattern}
    document = one_operation(
        method="post", content=json_content(schema), responses=answering(schema)
    )
    client = service.client(document, engine=engine)
    with pytest.raises(InvalidRequest) as refused:
        client.call("op", body=text)
    assert [v.rule for v in refused.value.violations] == ["pattern"]
    service.answers.append(Answer(f'"{text}"'.encode()))
    with pytest.raises(InvalidResponse) as caught:
        client.with_options(validate=Validation(request="off")).call("op", body=text)
    assert [v.rule for v in caught.value.violations] == ["pattern"]


def test_a_pattern_that_is_given_up_says_so() -> None:
    schema = {"type": "string", "pattern": ENDLESS[3][0]}
    client = Client(one_operation(parameters=[parameter("query", schema)]))
    with pytest.raises(InvalidRequest, match="can't be matched in bounded time"):
        client.prepare("op", p=ENDLESS[3][1])


# ── the same as another engine ───────────────────────────────────────────────────────────────────

_PIECES = [
    *("a", "b", "é", ".", r"\b", r"\B", r"\d", r"\w", r"\s", r"\W", r"\S", r"\D", "[a-c]", "[^a]"),
    *(
        "[]",
        "[^]",
        r"[\d-]",
        r"[\w.-]",
        r"[^\s]",
        "(",
        "(?:",
        "(?=",
        "(?!",
        "(?<=",
        "(?<!",
        "(?<n>",
    ),
    *(")", ")", "|", "*", "+", "?", "{2}", "{1,2}", "{,3}", "{", "}", "]", "^", "$", r"\1", r"\n"),
    *(r"\u0061", r"\u{62}", r"\x61", r"\cJ", r"\0", r"\/", r"\.", "-", r"[\b]", "[a-]", r"[\]]"),
    *("[[&&b]", r"\t", "/", "#", " ", r"\-", "[+--]", r"\uD83D\uDE00", "😀", "[😀-😂]", r"\u2028"),
]
_TEXTS = [
    *(
        "",
        "a",
        "b",
        "ab",
        "aab",
        "éa",
        "éab",
        "a b",
        "\n",
        "\r",
        "a\rb",
        "a\u2028b",
        "1",
        "a1",
        "_",
    ),
    *(
        "-",
        ".",
        "{",
        "a{",
        "{,3}",
        "]",
        "😀",
        "aa",
        "abab",
        "a-b",
        " ",
        "\ufeff",
        "\x85",
        "/",
        "\b",
    ),
]


def _by_regress(pattern: str) -> Any:
    try:
        return regress.Regex(pattern, "u")
    except regress.RegressError:
        return regress.Regex(pattern)  # Annex B of ECMA-262


def test_patterns_match_as_an_engine_made_for_ecma_262_does() -> None:
    chance = random.Random(262)
    compared = 0
    for _ in range(4000):
        pattern = "".join(chance.choices(_PIECES, k=chance.randint(1, 7)))
        try:
            other = _by_regress(pattern)
        except regress.RegressError:
            with pytest.raises(PatternError):
                matcher(pattern)
            continue
        if re.search(r"\\[bB][*+?{]|\(\?[=!]", pattern):
            continue  # it repeats assertions, which the grammar does not have, or only in Annex B
        matches = matcher(pattern)
        compared += 1
        for text in _TEXTS:
            assert matches(text) == (other.find(text) is not None), (pattern, text)
    assert compared > 1500
