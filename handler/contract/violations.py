"""The words for a broken constraint: what a caller reads in place of the constraint's name, and under which code.

The compiler writes one Violation for each constraint that an operation may break and that there is something to say of;
PostgreSQL's message names the constraint, and `find` matches the two. Knows nothing of how messages are worded.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from handler.contract.errors import OperationError


class ConstraintKind(StrEnum):
    """The kinds of constraints as far as PostgreSQL's messages tell them apart."""

    UNIQUE = "unique"  # a unique index, with a constraint or without; an exclusion constraint
    CHECK = "check"  # of a table
    FOREIGN_KEY = "foreign key"
    NOT_NULL = "not null"  # of a column; its name is the column's
    DOMAIN = "domain"  # a CHECK of a domain
    RAISED = "raised"  # no constraint but an SQLSTATE of the project's own; its name is the SQLSTATE


class Broken(NamedTuple):
    """A constraint as PostgreSQL's message names it."""

    kind: ConstraintKind
    name: str
    relation: str | None = None
    """The table, without its schema: of a foreign key the one that refers. Messages of unique indexes and domains name
    none."""
    is_referred: bool = False
    """Of a foreign key: the row that others refer to was to go."""


class Violation(NamedTuple):
    """The words and the code for a constraint that an operation may break."""

    kind: ConstraintKind
    name: str
    relation: str | None = None
    code: str | None = None
    """The name of the error, in place of UniqueViolation and so on."""
    status: int | None = None
    """Its HTTP status, where it has a code of its own."""
    detail: str | None = None
    """The author's sentence; without one it is Queryport's, which names the parameters."""
    pointers: tuple[str, ...] = ()
    """JSON Pointers of the parameters that feed the constraint's columns, and no others do. `/rows/*/email` is a member
    of an element of the array, which of them is not known before the call."""


def find(violations: Sequence[Violation], broken: Broken) -> Violation | None:
    """Return what is said of a constraint; None where there is nothing."""
    for violation in violations:
        if (violation.kind, violation.name, violation.relation) == (broken.kind, broken.name, broken.relation):
            return violation
    return None


_OWN_ERRORS: dict[tuple[str, int, type[OperationError]], type[OperationError]] = {}


def own_error(code: str, status: int, stands_for: type[OperationError]) -> type[OperationError]:
    """Return the exception class of a code of the project's own: its name is the code, for state machines to match."""
    key = code, status, stands_for
    if key not in _OWN_ERRORS:
        _OWN_ERRORS[key] = type(code, (stands_for,), {"status": status, "__module__": __name__})
    return _OWN_ERRORS[key]
