"""The rows of the database as the answer that the operation's result kind asks for."""

from handler.contract.errors import NotFound, Outcome, TooManyRows
from handler.contract.execution import UNKEPT
from handler.contract.operation import Operation, Result
from handler.data_api.failures import Failed, Failure
from handler.data_api.wire import Rows
from handler.engine.invocation import Answer


def answer_of(operation: Operation, rows: Rows, *, replayed: bool = False) -> Answer:
    """Make the answer of the rows. Raises Failed with NotFound or TooManyRows.

    An earlier answer that was not kept, or was of another kind, is null.
    """
    result, json_rows = operation.result, rows.json_rows
    if json_rows == [UNKEPT] or (replayed and not _fit(result, json_rows)):
        # What is answered, and whether that is kept, may have changed since: what stands in the table decides.
        return Answer(Result.NONE, [], 0, replayed=True)
    if result is Result.MANY:
        return Answer(result, json_rows, len(json_rows), replayed)
    if result is Result.AFFECTED:
        # A statement with a key answers its count as a row.
        return Answer(result, [], int(json_rows[0]) if json_rows else rows.updated, replayed)
    if result is Result.NONE:
        return Answer(result, [], rows.updated or len(json_rows), replayed)
    if len(json_rows) > 1:
        raise Failed(too_many(operation.name))
    if result is Result.MAYBE and json_rows == ["null"]:
        json_rows = []  # a write of at most one row answers NULL for none
    if not json_rows and result is not Result.MAYBE:
        raise Failed(none_found(operation.name))
    return Answer(result, json_rows, len(json_rows), replayed)


def _fit(result: Result, json_rows: list[str]) -> bool:
    """Whether rows that were kept by an earlier build can be an answer of this kind."""
    match result:
        case Result.NONE:
            return True
        case Result.AFFECTED:
            return len(json_rows) == 1 and json_rows[0].isdecimal()
        case Result.VALUE:
            return len(json_rows) == 1
        case Result.MANY:
            return all(row.startswith("{") for row in json_rows)
        case Result.ONE:
            return len(json_rows) == 1 and json_rows[0].startswith("{")
        case Result.MAYBE:  # pragma: no branch (there is no other result)
            return json_rows in ([], ["null"]) or _fit(Result.ONE, json_rows)


def recorded(operation: Operation, rows: Rows) -> list[str]:
    """The part of an answer that is kept with an idempotency key: its rows, or its count as the text of one row."""
    if not operation.keeps_answer:
        return [UNKEPT]
    return [str(rows.updated)] if operation.result is Result.AFFECTED else rows.json_rows


def too_many(operation: str) -> Failure:
    return Failure(TooManyRows, Outcome.NOT_EXECUTED, detail=f"{operation} is for one row, and found more")


def none_found(operation: str) -> Failure:
    return Failure(NotFound, Outcome.NOT_EXECUTED, detail=f"{operation} found no row for these parameters")
