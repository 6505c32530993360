"""Tells a caller of a broken constraint: in its author's words if there are any, else by the parameters that feed it.

The constraint's own name stays in the function's log.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handler.contract import errors
from handler.contract.errors import Flaw, OperationError
from handler.contract.pointer import unescaped
from handler.contract.violations import Broken, ConstraintKind, Violation, find, own_error
from handler.data_api.failures import Failure

_INTEGRITY = (errors.UniqueViolation, errors.ForeignKeyViolation, errors.CheckViolation, errors.NotNullViolation)
_BUILT_IN = {error.__name__: error for error in errors.ERRORS}
_NO_VIOLATION = Violation(ConstraintKind.CHECK, "")


def told(failure: Failure, violations: Sequence[Violation], values: Any, *, own_code: bool) -> Failure:
    """Return the failure in the words that are told for the constraint at fault.

    `own_code` says that the message of a class of constraints that names none may be a RAISE's.
    """
    broken = failure.broken
    if broken is None:
        if own_code and failure.error in _INTEGRITY and failure.message and not _is_postgresql_s(failure.message):
            return failure._replace(detail=failure.message)
        return failure
    violation = find(violations, broken) or _NO_VIOLATION
    # Which element of a batch it was is not known, nor is it the parameters' fault where others refer to the row.
    is_batch = isinstance(values, list)
    lacks_value = broken.kind is ConstraintKind.NOT_NULL and not is_batch
    pointers = () if broken.is_referred else _resolved(violation.pointers, values if lacks_value else {})
    detail = violation.detail or (
        failure.detail if broken.kind is ConstraintKind.RAISED else _sentence(broken, failure.error, pointers)
    )
    flaws: tuple[Flaw, ...] = ()
    if len(pointers) == 1 and not is_batch:
        flaws = (Flaw(pointers[0], violation.detail or _WORDS[broken.kind]),)
    return failure._replace(error=_error(failure.error, violation), detail=detail, flaws=flaws)


def _resolved(pointers: Sequence[str], values: Mapping[str, Any]) -> Sequence[str]:
    """Put into pointers at a member of some element the one element that lacks it, else point at the array."""
    found: dict[str, None] = {}
    for each in pointers:
        array, _, member = each.partition("/*/")
        elements = values.get(array[1:]) if member else None
        name = unescaped(member)
        lacking = [
            index
            for index, element in enumerate(elements if isinstance(elements, list) else ())
            if isinstance(element, dict) and element.get(name) is None
        ]
        found[f"{array}/{lacking[0]}/{member}" if len(lacking) == 1 else array] = None
    return tuple(found)


def _error(error: type[OperationError], violation: Violation) -> type[OperationError]:
    if violation.code is None:
        return error
    return _BUILT_IN.get(violation.code) or own_error(violation.code, violation.status or error.status, error)


def _is_postgresql_s(text: str) -> bool:
    """Whether a message without the name of a constraint is PostgreSQL's own."""
    return text.startswith(("no partition of relation ", "new row "))


_WORDS = {
    ConstraintKind.UNIQUE: "is taken already",
    ConstraintKind.CHECK: "is not what a rule of the table allows",
    ConstraintKind.FOREIGN_KEY: "refers to a row that does not exist",
    ConstraintKind.NOT_NULL: "needs a value",
    ConstraintKind.DOMAIN: "is not what a rule of its type allows",
}


def _sentence(broken: Broken, error: type[OperationError], pointers: Sequence[str]) -> str:
    names = ", ".join(f'"{pointer[1:]}"' for pointer in pointers)
    match broken.kind:
        case ConstraintKind.UNIQUE:
            return f"such a row exists already: the same {names}" if names else "such a row exists already"
        case ConstraintKind.FOREIGN_KEY if broken.is_referred:
            return "other rows still refer to the row"
        case ConstraintKind.FOREIGN_KEY:
            return f"the row that {names or 'the change'} refers to does not exist"
        case ConstraintKind.NOT_NULL:
            return f"no value came for {names}" if names else f'no value came for the column "{broken.name}"'
        case ConstraintKind.DOMAIN if error is errors.NotNullViolation:
            return f"no value came for {names or 'what needs one'}"
    return f"a rule of the database refuses {names or 'the values'}"
