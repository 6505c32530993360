"""Prose is broken between words, and what is copied stays whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from queryport.console.prose import fitted
from queryport.console.terminal import Terminal


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("fits", ["fits"]),
        ("", [""]),
        ("one two three four five", ["one two three four", "five"]),
        ("  one two three four five", ["  one two three four", "  five"]),
        ("  = help: write a comma here", ["  = help: write a", "          comma here"]),
        ("run `queryport list shop` first", ["run", "`queryport list shop`", "first"]),
        ("see /a/path/that/is/longer/than/it now", ["see", "/a/path/that/is/longer/than/it", "now"]),
        ("12 | SELECT a, b, c, d, e FROM t", ["12 | SELECT a, b, c, d, e FROM t"]),
        ("   |                            ^^", ["   |                            ^^"]),
        ("   : sql_queries/other.sql:12:1 here", ["   : sql_queries/other.sql:12:1 here"]),
        ("first line of two that is wide\n\nsecond", ["first line of two", "that is wide", "", "second"]),
        ("日本語 日本語 日本語 日本語", ["日本語 日本語 日本語", "日本語"]),
    ],
)
def test_wide_lines_of_prose_are_broken_between_words(text: str, lines: list[str]) -> None:
    assert fitted(Text(text), 20).plain.split("\n") == lines


@given(st.text(alphabet="ab `|:=1\n", max_size=60), st.integers(1, 30))
def test_no_word_is_lost_and_none_torn(text: str, width: int) -> None:
    assert fitted(Text(text), width).plain.split() == text.split()


def test_styles_go_with_their_words() -> None:
    broken = fitted(Text.assemble("one two three ", ("four five", "bold")), 18)
    assert broken.plain == "one two three four\nfive"
    assert [broken.plain[span.start : span.end] for span in broken.spans if span.style == "bold"] == ["four", "five"]


def test_prose_is_broken_on_a_terminal_and_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = "[one] two three four five"
    for write, whole in ((Terminal().note, text), (Terminal().error, f"error: {text}")):
        write(text)
        assert capsys.readouterr().out == f"{whole}\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    Terminal().error(text)
    assert Text.from_ansi(capsys.readouterr().out).plain == "error: [one] two\nthree four five\n"
