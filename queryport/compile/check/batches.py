"""Checks `batch:` of a query file."""

from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.statement import Shape


def check_batch(statement: TypedStatement) -> None:
    """Report where a statement cannot be run for each object of an array."""
    file = statement.file
    span, report = file.header.key("batch"), file.reporter.report
    if statement.parsed.shape is not Shape.WRITE:
        message = "a batch is for INSERT, UPDATE, DELETE and MERGE, and this is another statement"
        report("QP504", span, message, "delete the key `batch`")
    elif statement.columns:
        message = "the RDS Data API passes on no rows of a batch, and the statement gives some"
        cure = "leave out RETURNING, or take the rows in as one jsonb parameter with jsonb_to_recordset"
        report("QP504", span, message, cure)
    elif "{" in (file.front_matter.http or ""):
        message = "each element of a batch brings all of its parameters, so none can stand in the path"
        report("QP504", file.header.value("http"), message, "take a path without `{…}`")
