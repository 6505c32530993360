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
from handler.contract.operation import Idempotency, Operation, Result, RowSecurity
from handler.contract.sql import Sql
from queryport.compile.check.access import (
    check_access,
    check_row_security,
    check_sources,
    check_tenants,
    private_because,
)
from queryport.compile.check.batches import check_batch
from queryport.compile.check.documents import document_schemas
from queryport.compile.check.entity_tags import plan_entity_tag
from queryport.compile.check.errors import check_errors, possible_errors
from queryport.compile.check.idempotency import check_idempotency, no_key_because, no_key_beside
from queryport.compile.check.lists import ListPlan, plan_list
from queryport.compile.check.media_types import raw_body
from queryport.compile.check.parameters import absentable, build_parameters
from queryport.compile.check.patches import find_patches
from queryport.compile.check.protection import check_protection
from queryport.compile.check.responses import check_response
from queryport.compile.check.results import check_columns, check_result, documentation
from queryport.compile.check.routes import check_route
from queryport.compile.check.suspicions import check_suspicions
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
    file, columns, front_matter = statement.file, statement.columns, statement.file.front_matter
    result = check_result(statement)
    check_columns(statement, result)
    patches = find_patches(statement)
    parameters, schema, caller_schema = build_parameters(
        file, statement.inference.by_name, [patches], document_schemas([statement])
    )
    violations, of_constraints = check_errors(file, [statement], schema["properties"])
    access, row_security = check_access(file), check_row_security(file)
    check_sources(file, statement.inference.by_name)
    check_tenants(statement)
    check_protection([statement])
    utility = statement.parsed.shape is Shape.UTILITY
    nullable = statement.analysis.nullable
    plan = plan_list(statement, result)
    schema = plan.extend(schema) if plan else schema
    http = check_route(file, schema, writes=statement.parsed.locks_or_writes, volatile=statement.volatile)
    raw = raw_body(file, http, statement.inference.by_name)
    private = private_because(access, row_security, parameters)
    response = check_response(file, result, columns, changes=statement.changes, private_because=private)
    tag = plan_entity_tag(statement, result)
    # A list of a function that writes is another list each time it is asked for.
    obstacle = no_key_because(changes=statement.changes and plan is None, utility=utility)
    keys = check_idempotency(file, obstacle)
    if front_matter.batch:
        check_batch(statement)
        schema = {"type": "array", "items": schema}
    absent = frozenset[str]() if front_matter.batch else absentable(parameters)
    check_suspicions(statement, absent)
    if file.reporter.errors:
        return None
    body = cast_body(statement, absent, patches, tag.condition)
    execution, keys = _executed(statement, body, result, plan, keys, row_security)
    return Operation(
        name=name,
        result=result,
        read_only=not statement.changes,
        own_code=statement.own_code,
        execution=execution,
        parameters=parameters,
        parameters_schema=schema,
        http=http and http._replace(raw=raw),
        response=response._replace(etag=tag.answered),
        access=access,
        caller_schema=caller_schema,
        row_security=row_security,
        idempotency=keys,
        precondition=tag.precondition,
        keep=front_matter.keep_seconds,
        keeps_answer=front_matter.answer == "kept",
        violations=violations,
        retry=front_matter.retry,
        documentation=documentation(
            file,
            statement.inference.by_name,
            result,
            columns,
            nullable,
            possible_errors(result, of_constraints, [statement]),
        ),
    )


def _executed(
    statement: TypedStatement,
    body: Body,
    result: Result,
    plan: ListPlan | None,
    keys: Idempotency,
    row_security: RowSecurity | None,
) -> tuple[Execution, Idempotency]:
    """Write the form in which the operation runs; say besides what of idempotency keys is left."""
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
