"""Steps: shown while they last on a terminal, and in a pipe where they take a while."""

import re
import time

import pytest

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
    said = "`a.b`: :smile: [bold]no[/bold] \\[x] :x:"
    Terminal().say(said)
    assert capsys.readouterr().out == f"{said}\n"
