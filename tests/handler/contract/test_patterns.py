"""Patterns mean what ECMA-262 says, and take time in proportion to the text."""

import re
from functools import cache
from random import Random
from time import thread_time
from typing import Any

import pytest

from handler.contract.patterns import DERIVED, LIKE, NO_COMMA, Effort, Pattern, PatternError, TooCostly
from handler.contract.validation import Validator

# Each known to make a backtracking engine hang: from the OWASP page, from CVEs of validators of e-mail addresses, URLs,
# user agents, cookies and version numbers.
_HANGS = [
    ("^(a+)+$", "a" * 100_000 + "!"),
    ("^(a|aa)+$", "a" * 100_000 + "!"),
    ("^(a|a?)+$", "a" * 100_000 + "!"),
    ("^(.*)*$", "a" * 100_000 + "\n"),
    ("^([a-zA-Z]+)*$", "a" * 100_000 + "1"),
    (r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
     "a" * 100_000 + "!"),
    (r"^([\w.+-]+)*@example\.com$", "a" * 100_000),
    (r"^(([^<>()\[\]\\.,;:\s@]+(\.[^<>()\[\]\\.,;:\s@]+)*)|(.+))@(([a-z]+\.)+[a-z]{2,})$", "a." * 50_000),
    (r"^(https?://)?([\da-z.-]+)\.([a-z.]{2,6})([/\w .-]*)*/?$", "http://a.bc" + "/a" * 50_000 + "!"),
    (r"^\s+|\s+$", " " * 100_000 + "x" + " " * 100_000 + "x"),
    (r"(x+x+)+y", "x" * 100_000),
    (r"^(\d+\.?)+$", "1" * 100_000 + "x"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text"), _HANGS, ids=[pattern[:30] for pattern, _ in _HANGS])
def test_no_pattern_hangs(pattern: str, text: str) -> None:
    compiled = Pattern(pattern)
    before = thread_time()
    for _ in range(3):
        compiled.matches(text, Effort())
    assert thread_time() - before < 1


@pytest.mark.parametrize("pattern", DERIVED)
def test_the_patterns_of_postgresql_types_take_what_they_say_in_linear_time(pattern: str) -> None:
    check = DERIVED[pattern].check
    for text in ("", "0", "1.5", ".5", "5.", "-1e5", "+1E-3", "e5", ".", "NaN", "Infinity", "-Infinity", "+Infinity",
                 "nan", "\\x", "\\x0a", "\\x0", "0a", "0101", "1\n", "é", "1.5.5", "--1", "1e", "12x", "a,b", "[1,2)",
                 "empty", "[", "{}", "{[1,2]}", "::1/64", "10.0.0.1/", "08:00:2b", "16/B3", "[1\n,2]"):  # fmt: skip
        assert check(text) == bool(re.search(pattern.replace("$", r"\Z"), text)), text
    before = thread_time()
    for text in ("1" * 200_000 + "x", "1" * 200_000 + ".5e" + "5" * 200_000 + "x", "\\x" + "0a" * 2_000_000 + "x"):
        assert check(text) is (pattern in (NO_COMMA, LIKE))
    assert thread_time() - before < 1


@pytest.mark.parametrize(
    ("pattern", "matches", "does_not"),
    [
        ("^[0-9]+$", "12", "12\n"),
        (r"^\d+$", "12", "١٢"),
        (r"^\w$", "_", "é"),
        (r"^a\$$", "a$", "a"),
        ("^[$]$", "$", "\n"),
        ("b", "abc", "ac"),
        ("^.$", "😀", "\u2028"),
        (r"^\s$", "\u00a0", "x"),
        (r"^[\s]$", "\v", "x"),
        (r"^\S$", "x", "\ufeff"),
        (r"^\u0041\u{1F600}$", "A😀", "A"),
        (r"^[.]$", ".", "x"),
        (r"^\.$", ".", "x"),
        (r"^(?<year>\d{4})$", "2026", "26"),
        (r"^\p{Lu}$", "É", "é"),
        (r"^\/\-$", "/-", "/"),
        ("^.$", "a", "\ud800"),
    ],
)
def test_patterns_mean_what_json_schema_means(pattern: str, matches: str, does_not: str) -> None:
    assert Pattern(pattern).matches(matches, Effort())
    assert not Pattern(pattern).matches(does_not, Effort())


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", "(?<!a)b", r"(a)\1", "a{1,5000}", "((a{100}){100}){100}", "x*+"])
def test_what_no_linear_engine_has_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


def test_a_pattern_of_many_states_is_not_matched_with_a_text_that_takes_too_long() -> None:
    pattern = Pattern("a[ab]{1000}c")
    assert pattern.matches("a" * 1001 + "c", Effort())
    with pytest.raises(TooCostly):
        pattern.matches("ab" * 1_000_000, Effort())


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ({"uniqueItems": True}, [("", "take too long to check: send fewer of them, or shorter ones")]),
        ({"minItems": 9}, [("", "must have at least 9 elements")]),
    ],
)
def test_what_was_found_wrong_before_it_took_too_long_is_told(
    first: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    costly = {"items": {"pattern": "a[ab]{1000}c"}}
    schema = costly | first if "uniqueItems" in first else first | costly
    long = "ab" * 1_000_000
    assert [(flaw.pointer, flaw.detail) for flaw in Validator(schema).flaws([long, long])] == told


@cache
def _costly_texts() -> list[str]:
    chance = Random(1)  # noqa: S311 (a seed, so that every run is the same)
    return ["".join(chance.choices("ab", k=2000)) + "a" * 1001 + "c" for _ in range(300)]


@pytest.mark.slow
def test_many_texts_together_take_no_longer_than_a_request_may() -> None:
    schema = {"type": "array", "items": {"type": "string", "pattern": "a[ab]{1000}c"}}
    texts = _costly_texts()
    before = thread_time()
    (flaw,) = Validator(schema).flaws(texts)
    assert flaw.detail == "take too long to check: send fewer of them, or shorter ones"
    assert thread_time() - before < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "detail"),
    [
        (("minItems", "items"), "must have at least 1000 elements"),
        (("items", "minItems"), "take too long to check: send fewer of them, or shorter ones"),
    ],
)
def test_what_was_found_before_the_time_was_over_is_told(order: tuple[str, str], detail: str) -> None:
    keywords = {"minItems": 1000, "items": {"type": "string", "pattern": "a[ab]{1000}c"}}
    (flaw,) = Validator({"type": "array", **{name: keywords[name] for name in order}}).flaws(_costly_texts())
    assert flaw.detail == detail
