"""The errors that an operation may end with, for the documents that list them."""

from collections.abc import Iterable, Mapping, Sequence

from handler.contract import errors
from handler.contract.errors import OperationError
from handler.contract.execution import Execution, Transaction
from handler.contract.operation import ONE_ROW, PossibleError, Result
from handler.contract.violations import ConstraintKind, Violation
from queryport.compile.analysis.breakable import Reach
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.statement import Shape
from queryport.compile.read.syntax_tree import node_name

BUILT_IN = {error.__name__: error for error in errors.ERRORS}
"""The errors of handler.contract.errors by their names."""

_ERRORS: Mapping[ConstraintKind, type[OperationError]] = {
    ConstraintKind.UNIQUE: errors.UniqueViolation,
    ConstraintKind.CHECK: errors.CheckViolation,
    ConstraintKind.FOREIGN_KEY: errors.ForeignKeyViolation,
    ConstraintKind.NOT_NULL: errors.NotNullViolation,
    ConstraintKind.DOMAIN: errors.CheckViolation,
    ConstraintKind.RAISED: errors.BusinessRule,
}

# PL/pgSQL's conditions, by which RAISE names an SQLSTATE; INTO STRICT raises the first two by itself.
_RAISED_BY: Mapping[type[OperationError], frozenset[str]] = {
    errors.NotFound: frozenset({"strict", "no_data_found", "p0002"}),
    errors.TooManyRows: frozenset({"strict", "too_many_rows", "p0003"}),
    errors.UniqueViolation: frozenset({"unique_violation", "23505", "exclusion_violation", "23p01"}),
    errors.ForeignKeyViolation: frozenset({"foreign_key_violation", "23503", "restrict_violation", "23001"}),
    errors.CheckViolation: frozenset({"check_violation", "23514", "with_check_option_violation", "44000"}),
    errors.NotNullViolation: frozenset({"not_null_violation", "23502"}),
    errors.BusinessRule: frozenset({"raise"}),
}


def possible_errors(
    result: Result, execution: Execution, of_constraints: Iterable[PossibleError], statements: Sequence[TypedStatement]
) -> tuple[PossibleError, ...]:
    """Return the errors that come of what an operation does, in the order of handler.contract.errors, its own last."""
    found = set(of_constraints)
    needs_a_row = isinstance(execution, Transaction) and any(step.one_row for step in execution.steps)
    if needs_a_row or result in (Result.ONE, Result.VALUE):
        found.add(_built_in(errors.NotFound))
    if needs_a_row or result in ONE_ROW:
        found.add(_built_in(errors.TooManyRows))
    for statement in statements:
        reach = reach_of_statement(statement)
        for error, words in _RAISED_BY.items():
            if reach is None or words & reach.words:
                found.add(_built_in(error))
    order = {name: place for place, name in enumerate(BUILT_IN)}
    return tuple(sorted(found, key=lambda each: (order.get(each.code, len(order)), each.code, each.detail or "")))


def possible_error(violation: Violation) -> PossibleError:
    """Return the error that a caller meets where the constraint is broken."""
    is_null = violation.kind is ConstraintKind.DOMAIN and not violation.name
    stands_for = errors.NotNullViolation if is_null else _ERRORS[violation.kind]
    if violation.code is None or violation.code in BUILT_IN:
        return _built_in(BUILT_IN.get(violation.code or "", stands_for))
    status = violation.status or stands_for.status
    return PossibleError(violation.code, status, stands_for.__name__, violation.detail)


def reach_of_statement(statement: TypedStatement) -> Reach | None:
    """Return what a statement reaches; None is anything."""
    if statement.parsed.shape is Shape.UTILITY and node_name(statement.parsed.node) != "CallStmt":
        return Reach((), frozenset())  # it defines something for later statements
    return statement.analysis.reach


def _built_in(error: type[OperationError]) -> PossibleError:
    return PossibleError(error.__name__, error.status, error.__name__)
