"""Collects the problems of one file while the steps of its compilation find them."""

from collections.abc import Iterable

from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem, Source, Span


class Reporter:
    """The problems of one file, in the order in which they were found."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._problems: list[Problem] = []
        self._silenced: frozenset[str] = frozenset()

    def report(self, code: str, span: Span, message: str, cure: str, also: tuple[Span, ...] = ()) -> None:
        """Add a problem at a place of the file; `also` are further places that belong to it."""
        self._problems.append((span.source or self.source).problem(code, span, message, cure, also))

    def silence(self, codes: Iterable[str]) -> None:
        """Show no warnings of these codes; errors cannot be silenced."""
        self._silenced |= frozenset(codes)

    @property
    def problems(self) -> tuple[Problem, ...]:
        if not self._problems:  # as of nearly all of thousands of files
            return ()
        return tuple(
            problem
            for problem in self._problems
            if problem.severity is Severity.ERROR or problem.code not in self._silenced
        )

    @property
    def errors(self) -> int:
        """The number of problems so far that leave the operation out; a step that adds none has succeeded."""
        return 0 if not self._problems else sum(problem.severity is Severity.ERROR for problem in self._problems)

    def has(self, *codes: str) -> bool:
        """Return whether a problem of one of the codes was reported."""
        return any(problem.code in codes for problem in self._problems)
