"""Compiles a file of one statement, which is sent in one request and is a transaction by itself.

A batch is such a statement too: it is sent for each of the caller's objects, within one transaction.
"""

from handler.contract.operation import Batch, Documentation, Execution, Idempotency, Operation, Single, Sql
from queryport.compile.check.batches import check_batch
from queryport.compile.check.idempotency import check_idempotency, no_key_because, no_key_beside
from queryport.compile.check.pages import plan_page
from queryport.compile.check.parameters import absentable, build_parameters
from queryport.compile.check.results import check_columns, check_result, data_schema
from queryport.compile.check.routes import check_route
from queryport.compile.describe.query_file import QueryFile, numbered
from queryport.compile.describe.typed_statement import TypedStatement, typed
from queryport.compile.read.marks import read_marks
from queryport.compile.read.statement import Shape, parse
from queryport.compile.write.body import cast_body
from queryport.compile.write.verify import rewriter_refusal, verify
from queryport.compile.write.wrap import wrap, wrap_keyed


def one_statement(file: QueryFile, name: str, *, front_matter_is_valid: bool) -> Operation | None:
    """Compile the file; without valid front matter, only check the statement's form."""
    (scan,) = file.statements
    parsed = parse(file.reporter, numbered(file.source, scan), in_transaction=False)
    read_marks(file.reporter, file.scan, file.statements)
    if parsed is None or not front_matter_is_valid:
        return None
    statement = typed(file, scan, parsed)
    return _operation(statement, name) if statement else None


def _operation(statement: TypedStatement, name: str) -> Operation | None:
    file, columns, front_matter = statement.file, statement.columns, statement.file.front_matter
    result = check_result(statement)
    check_columns(statement, result)
    parameters, schema = build_parameters(file, statement.inference.by_name)
    utility = statement.parsed.shape is Shape.UTILITY
    nullable = statement.analysis.nullable
    page = plan_page(statement, result, nullable)
    schema = page.extend(schema) if page else schema
    http = check_route(file, schema, writes=statement.parsed.locks_or_writes, volatile=statement.volatile)
    # A page of a function that writes is another page each time it is asked for.
    obstacle = no_key_because(changes=statement.changes and page is None, utility=utility)
    keys = check_idempotency(file, obstacle)
    if front_matter.batch:
        check_batch(statement)
        schema = {"type": "array", "items": schema}
    if file.reporter.errors:
        return None
    body = cast_body(statement, frozenset() if front_matter.batch else absentable(parameters))
    sql = wrap(statement, body, result, page, guarded=statement.changes)
    verify(statement, sql)
    keyed_sql: Sql | None = None
    if keys is not Idempotency.OFF and not front_matter.batch:
        keyed_sql = wrap_keyed(statement, body, result)
        refusal = rewriter_refusal(statement, keyed_sql)
        if refusal is None:
            verify(statement, keyed_sql)
        else:
            keys, keyed_sql = check_idempotency(file, no_key_beside(refusal)), None
    execution: Execution = Batch(sql) if front_matter.batch else page.page(sql) if page else Single(sql, keyed_sql)
    return Operation(
        name=name,
        result=result,
        read_only=not statement.changes,
        execution=execution,
        parameters=parameters,
        parameters_schema=schema,
        http=http,
        idempotency=keys,
        keep=front_matter.keep_seconds,
        retry=front_matter.retry,
        documentation=Documentation(
            front_matter.summary, front_matter.description, data_schema(file.database, result, columns, nullable)
        ),
    )
