"""Compiles a file whose statements are one transaction: several of them, or one with an isolation level.

They are rehearsed in order in a transaction that is rolled back, so that a later one may need what an earlier one
defines: what defines something is executed, all else is only prepared.
"""

from collections.abc import Sequence

from handler.contract.operation import Operation, Reference, Result, Step, Transaction
from queryport.compile.check.parameters import absentable, build_parameters
from queryport.compile.check.results import check_result, columns_problems, data_schema
from queryport.compile.check.routes import route
from queryport.compile.describe.database import Column, StatementError
from queryport.compile.describe.infer import Inference, merged, numbered
from queryport.compile.describe.nullability import nullable_columns
from queryport.compile.describe.types import codec
from queryport.compile.read import marks
from queryport.compile.read.marks import Marks, read_marks, refer
from queryport.compile.read.scan import Scan
from queryport.compile.read.statement import ParsedStatement, parse
from queryport.compile.unit import File, Unit, has_errors, idempotency, parsed, verify
from queryport.compile.write.rewrite import assemble, cast_body
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.source import Problem, Span


def transaction(file: File, name: str, *, readable: bool) -> tuple[Operation | None, list[Problem]]:
    """Compiles the file; one whose front matter is not `readable` as far as to look at the statements' form."""
    found_marks, problems = read_marks(file.source, file.scan, file.parts)
    problems += _unfit_keys(file)
    statements: list[tuple[Scan, ParsedStatement]] = []
    references: list[list[RowReference]] = []
    for step, part in enumerate(file.parts):
        scan, referred, found = refer(file.source, part, step, found_marks.names)
        problems += found
        statement, found = parse(file.source, numbered(file.source, scan), in_transaction=True)
        problems += found
        if statement is not None:
            statements.append((scan, statement))
            references.append(referred)
    if not readable or len(statements) < len(file.parts) or has_errors(problems):
        return None, problems
    with file.database.rehearsal():
        units, found = _rehearsed(file, statements, references)
        problems += found
        if has_errors(problems):
            return None, problems
        operation, found = _operation(file, name, units, references, found_marks)
        problems += found
    if operation is not None:
        with file.database.rehearsal():
            problems += _verified(units, operation)
    return operation, problems


def _verified(units: Sequence[Unit], operation: Operation) -> list[Problem]:
    """Prepares what will be sent, in order: what one statement defines another may take away."""
    assert operation.transaction is not None  # noqa: S101
    problems = []
    for unit, step in zip(units, operation.transaction.steps, strict=True):
        problems += verify(unit, step.sql)
        if unit.statement.defines:
            unit.file.database.define(unit.draft.text, unit.inference.oids)
    return problems


def _unfit_keys(file: File) -> list[Problem]:
    front_matter, header, source = file.header.front_matter, file.header, file.source
    problems = []
    if front_matter.page is not None:
        message = "pages are read by several calls, and a transaction is over with one"
        cure = "give the query a file of its own, without `isolation`"
        problems.append(source.problem("QP406", header.key("page"), message, cure))
    if front_matter.batch:
        message = "a batch runs one statement for each of its elements, at the isolation level of the database"
        cure = "delete the key `batch`, or leave one statement and no `isolation`"
        problems.append(source.problem("QP504", header.key("batch"), message, cure))
    return problems


def _rehearsed(
    file: File, statements: Sequence[tuple[Scan, ParsedStatement]], references: Sequence[Sequence[RowReference]]
) -> tuple[list[Unit], list[Problem]]:
    """The statements as PostgreSQL takes them, one after the other, as far as it goes."""
    units: list[Unit] = []
    problems: list[Problem] = []
    known: dict[str, int] = {}
    for (scan, statement), referred in zip(statements, references, strict=True):
        columns, found = _referred_columns(file, referred, units)
        if found:
            return units, problems + found
        fixed = {name: column.type_oid for name, column in columns.items()}
        unit, found = parsed(file, scan, statement, known, fixed)
        problems += found
        if unit is None:
            return units, problems
        units.append(unit)
        known |= {name: oid for name, oid in unit.inference.by_name.items() if name not in known}
        if statement.defines:
            try:
                file.database.define(unit.draft.text, unit.inference.oids)
            except StatementError as error:
                start = scan.span.start
                message = f"{error.message} (SQLSTATE {error.sqlstate})"
                cure = "the statement is executed while compiling, in a transaction that is rolled back"
                return units, [*problems, file.source.problem("QP202", Span(start, start + 1), message, cure)]
    return units, problems


def _referred_columns(
    file: File, references: Sequence[RowReference], units: Sequence[Unit]
) -> tuple[dict[str, Column], list[Problem]]:
    """The column behind each placeholder that refers to a row."""
    found: dict[str, Column] = {}
    problems = []
    for reference in references:
        columns = {column.name: column for column in units[reference.step].inference.description.columns}
        if reference.column in columns:
            found[reference.placeholder] = columns[reference.column]
            continue
        if columns:
            message = f"the row has no column `{reference.column}`"
            cure = did_you_mean(reference.column, columns, f"its columns are {', '.join(columns)}")
        else:
            message, cure = "the statement that is referred to gives no row", "add RETURNING to it"
        problems.append(file.source.problem("QP502", reference.span, message, cure))
    return found, problems


def _operation(
    file: File,
    name: str,
    units: Sequence[Unit],
    references: Sequence[Sequence[RowReference]],
    found_marks: Marks,
) -> tuple[Operation | None, list[Problem]]:
    database, source, header = file.database, file.source, file.header
    front_matter = header.front_matter
    answer = units[found_marks.result]
    columns = answer.inference.description.columns
    result, problems = check_result(source, header, answer.scan, answer.statement, columns)
    by_name, found = merged(database, source, [(unit.scan, unit.inference) for unit in units])
    problems += found
    parameters, schema, found = build_parameters(
        database, source, header, Inference((), by_name, answer.inference.description)
    )
    problems += found
    changes = any(unit.changes for unit in units)
    writes = any(unit.statement.locks_or_writes for unit in units)
    volatile = frozenset[str]().union(*(unit.volatile for unit in units))
    http, found = route(source, header, schema, writes=writes, volatile=volatile)
    problems += found
    keys, found = idempotency(file, changes=changes, utility=False)
    problems += found
    named = {reference.step for referred in references for reference in referred}
    for index, unit in enumerate(units):
        kind = result if unit is answer else Result.ONE if index in named else Result.NONE
        given = unit.inference.description.columns
        problems += columns_problems(source, unit.scan, unit.statement, unit.draft, given, kind)
    if result is Result.VALUE and found_marks.result in named:
        message = "`result: value` has no names, and other statements refer to its columns"
        problems.append(source.problem("QP301", header.value("result"), message, "take `result: one`"))
    if has_errors(problems):
        return None, problems
    steps = []
    for index, (unit, referred) in enumerate(zip(units, references, strict=True)):
        given = unit.inference.description.columns
        kind = result if unit is answer else Result.NONE
        body = cast_body(database, source, unit.scan, unit.inference.oids, absentable(parameters))
        sql = assemble(unit.statement, body, unit.draft, given, kind, None, changes=False)
        steps.append(Step(sql, _references(file, referred, units), one_row=index in named))
    nullable = nullable_columns(database, answer.statement.node, columns) if columns else ()
    operation = Operation(
        name=name,
        summary=front_matter.summary,
        description=front_matter.description,
        result=result,
        read_only=not changes,
        sql=(),
        parameters=parameters,
        parameters_schema=schema,
        result_schema=data_schema(database, result, columns, nullable),
        http=http,
        idempotency=keys,
        keep=front_matter.keep_seconds,
        retry=front_matter.retry,
        transaction=Transaction(tuple(steps), found_marks.result, front_matter.isolation),
    )
    return operation, problems


def _references(file: File, referred: Sequence[RowReference], units: Sequence[Unit]) -> tuple[Reference, ...]:
    columns, _ = _referred_columns(file, referred, units)
    once = {reference.placeholder: reference for reference in referred}
    return tuple(
        Reference(name, reference.step, reference.column, codec(file.database, columns[name].type_oid))
        for name, reference in once.items()
    )
