"""Prepares what will be sent as the RDS Data API will: every value as text, by AWS's own idea of a placeholder."""

from handler.contract.sql import Sql
from queryport.aws import placeholders as scanner
from queryport.aws.limits import STATEMENT_CHARACTERS
from queryport.compile.describe.database import TEXT_OID
from queryport.compile.describe.description import StatementError
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.pieces import variants, whole_text

_NOT_SUPPORTED = "0A000"
"""The SQLSTATE with which PostgreSQL refuses tables with rules, and views without RETURNING rules, in WITH."""


def verify(statement: TypedStatement, sql: Sql) -> None:
    """Report where the RDS Data API or PostgreSQL would not take a compiled statement."""
    report = statement.file.reporter.report
    length = len(whole_text(sql, present=True))
    if length > STATEMENT_CHARACTERS:
        message = (
            f"the compiled statement has {length:,} characters, and the RDS Data API takes {STATEMENT_CHARACTERS:,}"
        )
        report("QP211", statement.start, message, "split it, or move a part into a view")
        return
    error = _refusal(statement, sql)
    if error is not None and error.sqlstate == _NOT_SUPPORTED:
        message = f"PostgreSQL does not take the statement within WITH, where its rows are rendered: {error.message}"
        cure = "make the table's or view's rule a trigger (INSTEAD OF, on a view), or leave out RETURNING"
        report("QP212", statement.start, message, cure)
    elif error is not None:
        message = f"PostgreSQL takes the statement, but not as Queryport sends it: {error.message}"
        report("QP202", statement.start, message, "please report this file as a defect of Queryport")


def rewriter_refusal(statement: TypedStatement, sql: Sql) -> str | None:
    """Return PostgreSQL's reason where its rules of rewriting refuse a statement that it takes by itself."""
    error = _refusal(statement, sql)
    return error.message if error is not None and error.sqlstate == _NOT_SUPPORTED else None


def _refusal(statement: TypedStatement, sql: Sql) -> StatementError | None:
    for variant in variants(sql):
        scanned = scanner.scan(variant)
        try:
            statement.file.database.prepare(scanned.text, [TEXT_OID] * len(scanned.placeholders))
        except StatementError as error:
            return error
    return None
