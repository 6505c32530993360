"""Prepares what will be sent as the RDS Data API will: every value as text, by AWS's own idea of a placeholder."""

from handler.contract.operation import Sql
from queryport.aws import placeholders as scanner
from queryport.aws.limits import STATEMENT_CHARACTERS
from queryport.compile.describe.database import TEXT_OID, StatementError
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.write.pieces import whole_text

"""Of one statement, by the RDS Data API."""


def verify(statement: TypedStatement, sql: Sql) -> None:
    """Report where the RDS Data API or PostgreSQL would not take a compiled statement."""
    report = statement.file.reporter.report
    text = whole_text(sql, present=True)
    if len(text) > STATEMENT_CHARACTERS:
        message = (
            f"the compiled statement has {len(text):,} characters, and the RDS Data API takes {STATEMENT_CHARACTERS:,}"
        )
        report("QP211", statement.start, message, "split it, or move a part into a view")
        return
    for variant in {text, whole_text(sql, present=False)}:
        scanned = scanner.scan(variant)
        try:
            statement.file.database.prepare(scanned.text, [TEXT_OID] * len(scanned.placeholders))
        except StatementError as error:
            message = f"PostgreSQL takes the statement, but not as Queryport sends it: {error.message}"
            report("QP202", statement.start, message, "please report this file as a defect of Queryport")
            return
