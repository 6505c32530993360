"""Compiles a file of one statement, which is sent in one request and is a transaction by itself.

A batch is such a statement too: it is sent for each of the caller's objects, within one transaction.
"""

from handler.contract.execution import (
    Batch,
    Execution,
    Listing,
    Single,
    Step,
    Transaction,
)
from handler.contract.operation import Idempotency, Operation, Result
from handler.contract.sql import Sql
from queryport.compile.check.batches import check_batch
from queryport.compile.check.idempotency import check_idempotency, no_key_because, no_key_beside
from queryport.compile.check.lists.lists import ListPlan, plan_list
from queryport.compile.check.results import check_columns, check_result
from queryport.compile.declaration import Declaration, declare
from queryport.compile.describe.query_file import QueryFile, numbered
from queryport.compile.describe.typed_statement import TypedStatement, typed
from queryport.compile.read.marks import read_marks
from queryport.compile.read.statement import Shape, parse
from queryport.compile.write.body import Body, cast_body
from queryport.compile.write.list_clauses import write_listing
from queryport.compile.write.row_security import is_settled_first
from queryport.compile.write.verify import rewriter_refusal, verify
from queryport.compile.write.wrap import settings_name, wrap, wrap_keyed


def one_statement(file: QueryFile, name: str, *, front_matter_is_valid: bool) -> Operation | None:
    """Compile the file; without valid front matter, only check the statement's form."""
    (scan,) = file.statements
    parsed = parse(file.reporter, scan, numbered(file.source, scan), in_transaction=False)
    read_marks(file.reporter, file.scan, file.statements)
    if parsed is None or not front_matter_is_valid:
        return None
    statement = typed(file, scan, parsed)
    return _operation(statement, name) if statement else None


def _operation(statement: TypedStatement, name: str) -> Operation | None:
    file = statement.file
    result = check_result(statement)
    check_columns(statement, result)
    plan = plan_list(statement, result)
    declared = declare(statement, [statement], result, statement.inference.by_name, plan)
    # A list of a function that writes is another list each time it is asked for.
    changes = statement.changes and plan is None
    keys = check_idempotency(file, no_key_because(changes=changes, utility=statement.parsed.shape is Shape.UTILITY))
    if file.front_matter.batch:
        check_batch(statement)
    if file.reporter.errors:
        return None
    execution, keys = _executed(declared, plan, keys)
    return declared.operation(name, execution, keys)


def _executed(declared: Declaration, plan: ListPlan | None, keys: Idempotency) -> tuple[Execution, Idempotency]:
    """Write the form in which the operation runs; say besides what of idempotency keys is left."""
    statement, result, row_security = declared.answer, declared.result, declared.row_security
    body = cast_body(statement, declared.absentable, declared.patches[0], declared.tag.condition)
    settings = None
    if row_security is not None and not statement.file.front_matter.batch:
        settings = settings_name(statement, body)
        if row_security.role is not None or statement.parsed.shape is Shape.UTILITY:
            return _in_transaction(statement, body, result, plan), keys
    if plan is not None:
        return _list(statement, body, result, plan, settings), keys
    sql = wrap(statement, body, result, guarded=statement.changes, settings=settings)
    if settings is not None and not _sets_first(statement, sql, settings):
        return _in_transaction(statement, body, result, None), keys
    verify(statement, sql)
    if statement.file.front_matter.batch:
        return Batch(sql), keys
    if keys is Idempotency.OFF:
        return Single(sql), keys
    keyed_sql = wrap_keyed(statement, body, result, settings)
    refusal = rewriter_refusal(statement, keyed_sql)
    if refusal is not None:
        return Single(sql), check_idempotency(statement.file, no_key_beside(refusal))
    if settings is not None and not is_settled_first(statement, keyed_sql, settings):
        return _in_transaction(statement, body, result, None), keys
    verify(statement, keyed_sql)
    return Single(sql, keyed_sql), keys


def _list(
    statement: TypedStatement, body: Body, result: Result, plan: ListPlan, settings: str | None
) -> Listing | Transaction:
    """Write a list of the statement's rows."""
    listing = write_listing(statement, body, plan, settings)
    if settings is not None and not all(_sets_first(statement, sql, settings) for sql in listing.statements):
        return _in_transaction(statement, body, result, plan)
    for sql in listing.statements:
        verify(statement, sql)
    return listing


def _sets_first(statement: TypedStatement, sql: Sql, settings: str) -> bool:
    """Whether the statement itself sets the caller's claims, proven by its plan."""
    return rewriter_refusal(statement, sql) is None and is_settled_first(statement, sql, settings)


def _in_transaction(statement: TypedStatement, body: Body, result: Result, plan: ListPlan | None) -> Transaction:
    """Write the statement for a transaction that sets the caller's claims before it."""
    if plan is not None:
        key = plan.written[0]
        message = f"the {_ASKED_FOR[key]} of this statement cannot see the caller's claims in one request"
        cure = f"leave out `role` or `{key}`; of a partitioned table, read one that is not"
        statement.file.reporter.report("QP703", statement.file.header.key(key), message, cure)
    sql = wrap(statement, body, result, guarded=False)
    verify(statement, sql)
    return Transaction((Step(sql),), 0)


_ASKED_FOR = {"page": "pages", "sort": "sorted rows", "filter": "filtered rows", "count": "count"}
