"""The grammar of HTTP fields (RFC 9110)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynclient import abnf


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        (" \t", []),
        (",", []),
        ("1,,2,", ["1", "2"]),
        (" a ,\tb", ["a", "b"]),
        ('"a,b", c', ['"a,b"', "c"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        ('<a>; rel="x, y", <b>', ['<a>; rel="x, y"', "<b>"]),
        ('a, "b, c', ["a", '"b, c']),
        ('"\\', ['"\\']),
    ],
)
def test_a_list_is_parted_by_commas_outside_of_quotes_and_ignores_empty_elements(text, elements):
    assert abnf.split_list(text) == elements


@pytest.mark.parametrize("text", ['"\\' * 100_000, '",' * 100_001, '"a' * 100_001, "," * 100_000])
def test_a_hostile_list_is_parted_in_linear_time(text):
    short, long = text[: len(text) // 20], text
    begun = time.perf_counter()
    abnf.split_list(short)
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    abnf.split_list(long)
    assert time.perf_counter() - begun < 2.0 + 100 * first


@given(st.text())
def test_a_quoted_string_gives_back_its_text(text):
    assert abnf.unquoted(abnf.quoted(text)) == text


@given(st.lists(st.text(max_size=5), max_size=5))
def test_quoted_strings_stay_apart_in_a_list(texts):
    joined = ", ".join(map(abnf.quoted, texts))
    assert [abnf.unquoted(each) for each in abnf.split_list(joined)] == texts


@pytest.mark.parametrize(
    ("text", "first", "parameters"),
    [
        ("text/html", "text/html", ()),
        ("a/b; Q=1;x = y", "a/b", (("q", "1"), ("x", "y"))),
        (r'a/b; x="a;\"b"; y=2', "a/b", (("x", 'a;"b'), ("y", "2"))),
        ("a/b; ;; x=1;", "a/b", (("x", "1"),)),
        ('a/b; x=""', "a/b", (("x", ""),)),
    ],
)
def test_parameters_are_read_with_their_quotes_taken_off(text, first, parameters):
    assert abnf.split_parameters(text) == (first, parameters)


@pytest.mark.parametrize("name", ["GET", "X-Total", "!#$%&'*+.^_`|~0-9A-Za-z"])
def test_a_token_is_made_of_token_characters(name):
    assert abnf.is_token(name)


@pytest.mark.parametrize("name", ["", "a b", "a:", "ä", "a\n", "a\0", '"a"', "(a)", "a/b"])
def test_nothing_else_is_a_token(name):
    assert not abnf.is_token(name)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "\0", "\x7f", "\u20ac", "a\n"])
def test_a_field_value_is_one_line_of_latin_1_text(text):
    assert not abnf.is_field_value(text)
    assert abnf.is_field_value("é\t!")


@pytest.mark.parametrize("text", ["", "/a b", "/ä", "/a\n", "/\x7f"])
def test_a_target_is_visible_ascii(text):
    assert not abnf.is_target(text)
    assert abnf.is_target("/%20?a=|")


@pytest.mark.parametrize(
    ("text", "challenges"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ("Negotiate abc==", [("negotiate", {})]),
        ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
        (
            'Digest realm = "r",, Nonce=n , Bearer error=x, scope="a b"',
            [("digest", {"realm": "r", "nonce": "n"}), ("bearer", {"error": "x", "scope": "a b"})],
        ),
        ("Negotiate abc==, Basic\trealm=r", [("negotiate", {}), ("basic", {"realm": "r"})]),
        ('realm="of no scheme", Basic realm=r', [("basic", {"realm": "r"})]),
        ("Basic realm=a, realm=b", [("basic", {"realm": "a"})]),
    ],
)
def test_challenges_are_schemes_with_their_parameters(text, challenges):
    assert abnf.split_challenges(text) == challenges
