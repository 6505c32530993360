"""Problems as the commands show them, and how many there are."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from queryport.compile import Compilation, Problem
from queryport.console.terminal import Terminal, counted
from queryport.diagnostics.rules import Severity

if TYPE_CHECKING:
    from rich.text import Text


def show_problems(terminal: Terminal, problems: Iterable[Problem]) -> None:
    for problem in problems:
        terminal.prose(_painted(problem))
        terminal.say("")


def _painted(problem: Problem) -> "Text":
    from rich.text import Text  # here, since there is none to show more often than not

    return Text.from_ansi(problem.render(color=True))


def summary(operations: int, problems: Sequence[Problem]) -> str:
    """Counts, for example `24 operations, no errors, 1 warning`."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    parts = [counted(operations, "operation"), counted(errors, "error") if errors else "no errors"]
    return ", ".join([*parts, counted(warnings, "warning")] if warnings else parts)


def summary_of(compilation: Compilation) -> str:
    return summary(len(compilation.operations), compilation.problems)
