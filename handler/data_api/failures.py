"""A failed attempt as a value: everything that is known of it, before it becomes the caller's error.

Failed carries a Failure up to where that is settled; the public errors are made of it there, and nowhere below.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from handler.contract.errors import Flaw, OperationError, Outcome
from handler.contract.violations import Broken


class Suspect(StrEnum):
    """The parts of a call, besides its statement, that an error of PostgreSQL may come from."""

    VALUE = "a value"
    VALUE_OR_OWN_CODE = "a value, or a function of the project's own"


class Failure(NamedTuple):
    """One failed attempt, or all of a call's attempts together."""

    error: type[OperationError]
    outcome: Outcome
    transient: bool = False
    """The same call may succeed in a moment."""
    detail: str = ""
    """The words for the caller."""
    sqlstate: str | None = None
    broken: Broken | None = None
    """The constraint that the change broke."""
    flaws: tuple[Flaw, ...] = ()
    """The parameters at fault, where they are known."""
    hint: str | None = None
    """The HINT of a RAISE, which an author wrote for callers."""
    details: Mapping[str, Any] | None = None
    """The JSON object of a RAISE, from its DETAIL or HINT."""
    suspect: "Suspect | None" = None
    message: str = ""
    """PostgreSQL's own words, for the engine alone: they may hold values."""
    cause: str | None = None
    """For the log alone: the error's name at AWS, or the type of a Python exception."""

    def exception(self) -> OperationError:
        return self.error(
            self.detail,
            outcome=self.outcome,
            sqlstate=self.sqlstate,
            constraint=self.broken.name if self.broken else None,
            cause=self.cause,
            flaws=self.flaws,
            hint=self.hint,
            details=self.details,
        )


class Failed(Exception):  # noqa: N818 (what it carries is the error)
    """Carries a failure to where it is settled what follows from it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self._failure = failure

    @property
    def failure(self) -> Failure:
        return self._failure
