"""Steps: shown while they last on a terminal, and in a pipe where they take a while."""

import re
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from queryport.console import terminal
from queryport.console.terminal import Terminal


@pytest.fixture(autouse=True)
def everything_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_NOTEWORTHY_SECONDS", 0.0)


def test_on_a_terminal_a_step_that_took_a_while_leaves_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Terminal().step("Starting [PostgreSQL]"):
        pass
    assert re.search(r"Starting \[PostgreSQL\] took \d+\.\d s", capsys.readouterr().out)
    monkeypatch.setattr(terminal, "_NOTEWORTHY_SECONDS", 3600.0)
    with Terminal().step("Compiling"):
        pass
    assert "took" not in capsys.readouterr().out


def test_in_a_pipe_a_step_is_told_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(stderr=True).step("Compiling"):
        said = ""
        give_up = time.monotonic() + 30
        while not said and time.monotonic() < give_up:
            said = capsys.readouterr().err
    assert said == "Compiling …\n"


def test_a_sentence_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    said = "`a.b`: :smile: [bold]no[/bold] \\[x] :x: \\"
    Terminal().say(said)
    assert capsys.readouterr().out == f"{said}\n"


@given(st.text(st.characters(codec="utf-8")) | st.text("ab [/]:\\`*- ") | st.text("x ", min_size=150, max_size=400))
def test_a_pipe_gets_the_text_that_rich_would_print(text: str) -> None:
    ours, theirs = StringIO(), StringIO()
    with redirect_stdout(ours):
        Terminal().say(text)
        Terminal().note(text)
        Terminal().prose(text)
    console = Console(file=theirs, highlight=False, emoji=False, width=160)
    for _ in range(3):
        console.print(Text(text), soft_wrap=True)
    assert ours.getvalue() == theirs.getvalue()


def test_plain_words_in_a_pipe_need_no_rich() -> None:
    program = """
import sys
from queryport.console.terminal import Terminal
with Terminal(stderr=True).step("Compiling"):
    Terminal().say("2 operations, no errors")
print([name for name in sys.modules if name.startswith("rich")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "2 operations, no errors\n[]\n"
