"""Compiles a file whose statements are one transaction: several of them, or one with an isolation level.

They are rehearsed in order in a transaction that is rolled back: definitions are executed, for later statements to
need; all else is only prepared.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from handler.contract.execution import Reference, Step, Transaction
from handler.contract.operation import Operation, Result
from handler.contract.sql import Sql
from queryport.compile.check.idempotency import check_idempotency, no_key_because
from queryport.compile.check.results import check_columns, check_result
from queryport.compile.declaration import declare
from queryport.compile.describe.agreement import merge
from queryport.compile.describe.description import Column, StatementError
from queryport.compile.describe.query_file import QueryFile, numbered
from queryport.compile.describe.typed_statement import TypedStatement, typed
from queryport.compile.read.marks import Marks, RowReference, find_references, read_marks
from queryport.compile.read.statement import ParsedStatement, parse
from queryport.compile.read.tokens import Scan
from queryport.compile.write.body import cast_body
from queryport.compile.write.verify import verify
from queryport.compile.write.wrap import wrap
from queryport.diagnostics.near_names import did_you_mean


class _ParsedStep(NamedTuple):
    """A statement before PostgreSQL has seen it."""

    scan: Scan
    parsed: ParsedStatement
    references: tuple[RowReference, ...]


class _TypedStep(NamedTuple):
    """A statement that PostgreSQL has taken, and the columns of earlier rows that it refers to, by placeholder."""

    statement: TypedStatement
    references: tuple[RowReference, ...]
    referred: Mapping[str, Column]


def transaction(file: QueryFile, name: str, *, front_matter_is_valid: bool) -> Operation | None:
    """Compile the file; without valid front matter, only check the statements' form."""
    errors = file.reporter.errors
    marks = read_marks(file.reporter, file.scan, file.statements)
    _check_keys(file)
    steps: list[_ParsedStep] = []
    for index, written in enumerate(file.statements):
        scan, references = find_references(file.reporter, written, index, marks.names)
        parsed = parse(file.reporter, scan, numbered(file.source, scan), in_transaction=True)
        if parsed is not None:
            steps.append(_ParsedStep(scan, parsed, references))
    if not front_matter_is_valid or file.reporter.errors > errors:
        return None
    with file.database.rehearsal():
        rehearsed = _rehearse(file, steps)
        operation = _operation(file, name, rehearsed, marks) if rehearsed else None
    if operation is not None:
        with file.database.rehearsal():
            _verify_in_order(rehearsed, operation.statements)
    return operation


def _check_keys(file: QueryFile) -> None:
    """Report keys of the front matter that no transaction can have."""
    header, report = file.header, file.reporter.report
    if file.front_matter.page is not None:
        message = "pages are read by several calls, and a transaction is over with one"
        report("QP406", header.key("page"), message, "give the query a file of its own, without `isolation`")
    for key in ("sort", "filter", "count"):
        if getattr(file.front_matter, key):
            message = f"`{key}` is for the rows of one query, and a transaction has several statements"
            report("QP411", header.key(key), message, "give the query a file of its own, without `isolation`")
    if file.front_matter.batch:
        message = "a batch runs one statement for each of its elements, at the isolation level of the database"
        cure = "delete the key `batch`, or leave one statement and no `isolation`"
        report("QP504", header.key("batch"), message, cure)


def _rehearse(file: QueryFile, steps: Sequence[_ParsedStep]) -> list[_TypedStep]:
    """Have PostgreSQL type the statements, one after the other; an empty list where it refused one."""
    rehearsed: list[_TypedStep] = []
    known: dict[str, int] = {}
    for step in steps:
        referred = _referred_columns(file, step.references, rehearsed)
        if referred is None:
            return []
        fixed = {name: column.type_oid for name, column in referred.items()}
        statement = typed(file, step.scan, step.parsed, known, fixed)
        if statement is None:
            return []
        rehearsed.append(_TypedStep(statement, step.references, referred))
        known |= {name: oid for name, oid in statement.inference.by_name.items() if name not in known}
        if step.parsed.defines:
            try:
                file.database.define(statement.draft.text, statement.inference.oids)
            except StatementError as error:
                message = f"{error.message} (SQLSTATE {error.sqlstate})"
                cure = "the statement is executed while compiling, in a transaction that is rolled back"
                file.reporter.report("QP202", statement.start, message, cure)
                return []
    return rehearsed


def _referred_columns(
    file: QueryFile, references: Sequence[RowReference], earlier: Sequence[_TypedStep]
) -> dict[str, Column] | None:
    """Return the column behind each placeholder that refers to a row, or None where there is no such column."""
    found: dict[str, Column] = {}
    errors = file.reporter.errors
    for reference in references:
        columns = {column.name: column for column in earlier[reference.step].statement.columns}
        meant = reference.meant(columns)
        if meant is not None:
            found[reference.placeholder] = columns[meant]
            continue
        if columns:
            message = f"the row has no column `{reference.column}`"
            cure = did_you_mean(reference.column, columns, f"its columns are {', '.join(columns)}")
        else:
            message, cure = "the statement that is referred to gives no row", "add RETURNING to it"
        file.reporter.report("QP502", reference.span, message, cure)
    return None if file.reporter.errors > errors else found


def _operation(file: QueryFile, name: str, steps: Sequence[_TypedStep], marks: Marks) -> Operation | None:
    statements = [step.statement for step in steps]
    answer = statements[marks.result]
    result = check_result(answer)
    types = merge(file, [(statement.scan, statement.inference.by_name) for statement in statements])
    declared = declare(answer, statements, result, types)
    keys = check_idempotency(file, no_key_because(changes=declared.changes, utility=False))
    referred_to = {reference.step for step in steps for reference in step.references}
    for index, statement in enumerate(statements):
        check_columns(statement, result if statement is answer else Result.ONE if index in referred_to else Result.NONE)
    if result is Result.VALUE and marks.result in referred_to:
        message = "`result: value` has no names, and other statements refer to its columns"
        file.reporter.report("QP301", file.header.value("result"), message, "take `result: one`")
    if file.reporter.errors:
        return None
    compiled = []
    beside = _referred_by_later(steps)
    step_names = {index: name for name, index in marks.names.items()}
    for index, step in enumerate(steps):
        body = cast_body(step.statement, declared.absentable, declared.patches[index], declared.tag.condition)
        wanted = result if step.statement is answer else Result.NONE
        sql = wrap(step.statement, body, wanted, beside=beside[index])
        name_of_row = step_names[index] if index in referred_to else None
        compiled.append(Step(sql, _references(step, beside), index in referred_to, name_of_row))
    execution = Transaction(tuple(compiled), marks.result, file.front_matter.isolation)
    return declared.operation(name, execution, keys)


def _referred_by_later(steps: Sequence[_TypedStep]) -> list[tuple[str, ...]]:
    """Return for each statement the columns of its row that later ones refer to, each once."""
    columns: list[dict[str, None]] = [{} for _ in steps]
    for step in steps:
        for reference in step.references:
            columns[reference.step][step.referred[reference.placeholder].name] = None
    return [tuple(names) for names in columns]


def _references(step: _TypedStep, beside: Sequence[Sequence[str]]) -> tuple[Reference, ...]:
    once = {reference.placeholder: reference for reference in step.references}
    return tuple(
        Reference(name, reference.step, beside[reference.step].index(step.referred[name].name))
        for name, reference in once.items()
    )


def _verify_in_order(steps: Sequence[_TypedStep], compiled: Sequence[Sql]) -> None:
    """Prepare what will be sent, in order: what one statement defines another may take away."""
    for step, sql in zip(steps, compiled, strict=True):
        statement = step.statement
        verify(statement, sql)
        if statement.parsed.defines:
            statement.file.database.define(statement.draft.text, statement.inference.oids)
