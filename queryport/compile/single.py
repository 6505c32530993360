"""Compiles a file of one statement, which is sent in one request and is a transaction by itself.

A batch is such a statement too: it is sent for each of the caller's objects, within one transaction.
"""

from handler.contract.operation import Idempotency, Operation
from queryport.compile.check.pages import plan_page
from queryport.compile.check.parameters import absentable, build_parameters
from queryport.compile.check.results import check_result, columns_problems, data_schema
from queryport.compile.check.routes import route
from queryport.compile.describe.infer import numbered
from queryport.compile.describe.nullability import nullable_columns
from queryport.compile.read.marks import read_marks
from queryport.compile.read.statement import Shape, parse
from queryport.compile.unit import File, Unit, has_errors, idempotency, is_utility, parsed, verify
from queryport.compile.write.rewrite import Pieces, assemble, assemble_keyed, cast_body
from queryport.diagnostics.source import Problem


def one_statement(file: File, name: str, *, readable: bool) -> tuple[Operation | None, list[Problem]]:
    """Compiles the file; one whose front matter is not `readable` as far as to look at the statement's form."""
    (scan,) = file.parts
    statement, problems = parse(file.source, numbered(file.source, scan), in_transaction=False)
    _, found = read_marks(file.source, file.scan, file.parts)
    problems += found
    if statement is None or not readable:
        return None, problems
    unit, found = parsed(file, scan, statement)
    problems += found
    if unit is None:
        return None, problems
    operation, found = _operation(unit, name)
    return operation, problems + found


def _operation(unit: Unit, name: str) -> tuple[Operation | None, list[Problem]]:
    file, statement = unit.file, unit.statement
    database, source, header = file.database, file.source, file.header
    front_matter = header.front_matter
    columns = unit.inference.description.columns
    result, problems = check_result(source, header, unit.scan, statement, columns)
    problems += columns_problems(source, unit.scan, statement, unit.draft, columns, result)
    parameters, schema, found = build_parameters(database, source, header, unit.inference)
    problems += found
    nullable = nullable_columns(database, statement.node, columns) if columns else ()
    page, found = plan_page(database, source, header, statement, result, unit.inference, nullable)
    problems += found
    schema = page.extend(schema) if page else schema
    http, found = route(source, header, schema, writes=statement.locks_or_writes, volatile=unit.volatile)
    problems += found
    # A page of a function that writes is another page each time it is asked for.
    keys, found = idempotency(file, changes=unit.changes and page is None, utility=is_utility(statement))
    problems += found
    if front_matter.batch:
        problems += _unfit_batch(unit)
        schema = {"type": "array", "items": schema}
    if has_errors(problems):
        return None, problems
    body = cast_body(
        database, source, unit.scan, unit.inference.oids, frozenset() if front_matter.batch else absentable(parameters)
    )
    sql = assemble(statement, body, unit.draft, columns, result, page, changes=unit.changes)
    problems += verify(unit, sql)
    keyed_sql: Pieces = ()
    if keys is not Idempotency.OFF and not front_matter.batch:
        keyed_sql = assemble_keyed(statement, body, unit.draft, columns, result)
        problems += verify(unit, keyed_sql)
    operation = Operation(
        name=name,
        summary=front_matter.summary,
        description=front_matter.description,
        result=result,
        read_only=not unit.changes,
        sql=sql,
        parameters=parameters,
        parameters_schema=schema,
        result_schema=data_schema(database, result, columns, nullable),
        http=http,
        page=page.page if page else None,
        idempotency=keys,
        keep=front_matter.keep_seconds,
        keyed_sql=keyed_sql,
        retry=front_matter.retry,
        batch=front_matter.batch,
    )
    return operation, problems


def _unfit_batch(unit: Unit) -> list[Problem]:
    file, statement = unit.file, unit.statement
    source, header = file.source, file.header
    span = header.key("batch")
    if statement.shape is not Shape.WRITE:
        message = "a batch is for INSERT, UPDATE, DELETE and MERGE, and this is another statement"
        return [source.problem("QP504", span, message, "delete the key `batch`")]
    if unit.inference.description.columns:
        message = "the RDS Data API passes on no rows of a batch, and the statement gives some"
        cure = "leave out RETURNING, or take the rows in as one jsonb parameter with jsonb_to_recordset"
        return [source.problem("QP504", span, message, cure)]
    if "{" in (header.front_matter.http or ""):
        message = "each element of a batch brings all of its parameters, so none can stand in the path"
        return [source.problem("QP504", header.value("http"), message, "take a path without `{…}`")]
    return []
