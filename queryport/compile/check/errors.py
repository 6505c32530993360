"""The words for constraints that an operation may break: by `errors:`, by comments, by parameters."""

from collections.abc import Iterable, Mapping, Sequence

from handler.contract.errors import is_own_sqlstate
from handler.contract.operation import PossibleError
from handler.contract.pointer import pointer, unescaped
from handler.contract.violations import ConstraintKind, Violation
from queryport.compile.analysis.database.constraints import Constraint, Constraints
from queryport.compile.check.possible_errors import BUILT_IN, possible_error, reach_of_statement
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.entries import ErrorEntry
from queryport.diagnostics.near_names import did_you_mean

_BrokenByName = dict[str, tuple[Constraint, frozenset[str]]]
"""The constraints that an operation may break, by id, and the pointers of the parameters that feed them."""


def check_errors(
    file: QueryFile, statements: Sequence[TypedStatement], parameters: Iterable[str]
) -> tuple[tuple[Violation, ...], tuple[PossibleError, ...]]:
    """Return what is told of broken constraints, and the errors that come of them; report entries that mean nothing."""
    constraints = file.database.facts.constraints
    broken = _broken(constraints, statements)
    _check_entries(file, constraints, broken, frozenset(parameters))
    entries = {name: entry for name, entry in file.front_matter.errors.items() if entry is not None}
    violations: dict[tuple[ConstraintKind, str, str | None], Violation | None] = {}
    for constraint, pointers in broken.values():
        violation = _violation(constraints, constraint, entries, pointers, frozenset(parameters))
        key = violation[:3]
        # Messages name no schema: where two constraints look alike, nothing is said that holds for one of them alone.
        violations[key] = violation if violations.get(key, violation) == violation else None
    told = [violation for violation in violations.values() if violation is not None]
    raised = [
        Violation(ConstraintKind.RAISED, name, None, entry.code, _status(entry), entry.detail)
        for name, entry in entries.items()
        if is_own_sqlstate(name)
    ]
    possible = {possible_error(violation) for violation in [*told, *_raisable(raised, statements)]}
    possible |= {
        possible_error(_bare(constraint)) for constraint, _ in broken.values() if violations[_key(constraint)] is None
    }
    says_something = [each for each in told if each.code or each.detail or each.pointers]
    return tuple(sorted([*says_something, *raised], key=str)), tuple(possible)


def _raisable(raised: Sequence[Violation], statements: Sequence[TypedStatement]) -> Sequence[Violation]:
    """Return the entries for SQLSTATEs that functions which run can raise; all of them where it is a variable."""
    reaches = [reach_of_statement(statement) for statement in statements]
    words = frozenset[str]().union(*(reach.words for reach in reaches if reach is not None))
    written = [each for each in raised if each.name.lower() in words]
    return raised if None in reaches or ("errcode" in words and not written) else written


def _broken(constraints: Constraints, statements: Sequence[TypedStatement]) -> _BrokenByName:
    found: _BrokenByName = {}
    for statement in statements:
        reach = reach_of_statement(statement)
        if reach is None:
            found = {each.id: (each, frozenset()) for each in constraints.by_id.values()} | found
            continue
        for each in reach.breakable:
            pointers = {
                pointer([statement.given[number]]) + path for number, path in each.sources if number in statement.given
            }
            _, before = found.get(each.constraint.id, (each.constraint, frozenset()))
            found[each.constraint.id] = each.constraint, before | pointers
    return found


def _check_entries(
    file: QueryFile, constraints: Constraints, broken: _BrokenByName, parameters: frozenset[str]
) -> None:
    if not file.front_matter.errors:
        return
    known = {name for constraint in constraints.by_id.values() for name in constraint.names}
    reachable = {
        name for constraint, _ in broken.values() for each in constraints.line(constraint) for name in each.names
    }
    report, header = file.reporter.report, file.header
    for name, entry in file.front_matter.errors.items():
        is_of_file = header.key("errors", name).source is None
        if name not in known and not is_own_sqlstate(name):
            near = reachable & {constraint.name for constraint in constraints.by_id.values()}
            cure = did_you_mean(name, near or known, _choices(near))
            report("QP306", header.key("errors", name), f"no constraint or unique index is called `{name}`", cure)
        elif name in known and name not in reachable and is_of_file:
            message = f"the statement cannot break `{name}`"
            report("QP308", header.key("errors", name), message, "delete the entry")
        if entry is None:
            continue
        for message, cure in _faults(entry):
            report("QP307", header.value("errors", name), message, cure)
        if entry.pointer is not None and is_of_file and _first(entry.pointer) not in parameters:
            message = f"`{entry.pointer}` is no parameter of the operation"
            cure = did_you_mean(_first(entry.pointer), parameters, "write `/` and the parameter's name")
            report("QP307", header.value("errors", name, "pointer"), message, cure)


def _choices(names: frozenset[str] | set[str]) -> str:
    listed = sorted(names)[:10]
    return f"the statement can break {', '.join(listed)}" if listed else "take the name that `\\d TABLE` shows in psql"


def _faults(entry: ErrorEntry) -> Iterable[tuple[str, str]]:
    built_in = BUILT_IN.get(entry.code or "")
    if built_in is not None and (built_in.may_be_repeated or built_in.status >= 500):
        yield f"the code `{entry.code}` says what a broken constraint is not", "take a name of your own"
    elif built_in is not None and entry.status not in (None, built_in.status):
        yield f"`{entry.code}` has the status {built_in.status}", "leave `status` out, or take a name of your own"
    if entry.status is not None and entry.code is None:
        yield "a status needs a `code` of its own", "add one, such as `code: EmailTaken`"


def _violation(
    constraints: Constraints,
    constraint: Constraint,
    entries: Mapping[str, ErrorEntry],
    pointers: frozenset[str],
    parameters: frozenset[str],
) -> Violation:
    names = [name for each in constraints.line(constraint) for name in reversed(each.names)]
    entry = next((entries[name] for name in names if name in entries), ErrorEntry.model_construct())
    if entry.pointer is not None and _first(entry.pointer) in parameters:
        pointers = frozenset({entry.pointer})
    return _bare(constraint)._replace(
        code=entry.code,
        status=_status(entry),
        detail=entry.detail or constraints.comment(constraint),
        pointers=tuple(sorted(pointers)),
    )


def _key(constraint: Constraint) -> tuple[ConstraintKind, str, str | None]:
    match constraint.kind:
        case ConstraintKind.UNIQUE:
            return constraint.kind, constraint.name, None
        case ConstraintKind.NOT_NULL:
            return constraint.kind, next(iter(constraint.keys)), constraint.owner_name
        case ConstraintKind.DOMAIN if constraint.not_null:
            return constraint.kind, "", constraint.owner_name
    return constraint.kind, constraint.name, constraint.owner_name


def _bare(constraint: Constraint) -> Violation:
    return Violation(*_key(constraint))


def _status(entry: ErrorEntry) -> int | None:
    return None if entry.code in BUILT_IN else entry.status


def _first(pointer: str) -> str:
    return unescaped(pointer[1:].partition("/")[0])
