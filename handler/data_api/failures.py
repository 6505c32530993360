"""A failed attempt as a value: everything that is known of it, until it is settled what the caller is told.

Failed carries a Failure up to where that is settled; the public errors are made of it there, and nowhere below.
"""

from enum import StrEnum
from typing import NamedTuple

from handler.contract.errors import OperationError, Outcome


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
    constraint: str | None = None
    suspect: "Suspect | None" = None
    message: str = ""
    """PostgreSQL's own words, for the engine alone: they may hold values."""
    cause: str | None = None
    """For the log alone: the error's name at AWS, or the type of a Python exception."""

    def exception(self) -> OperationError:
        return self.error(
            self.detail, outcome=self.outcome, sqlstate=self.sqlstate, constraint=self.constraint, cause=self.cause
        )


class Failed(Exception):  # noqa: N818 (what it carries is the error)
    """Carries a failure to where it is settled what follows from it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self._failure = failure

    @property
    def failure(self) -> Failure:
        return self._failure
