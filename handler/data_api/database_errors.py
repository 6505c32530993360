"""PostgreSQL's errors in words for the caller: by name, without SQL, without values.

PostgreSQL's messages quote values, so none is passed on: only the name of the constraint or column at fault. The one
exception is the message of RAISE (P0001), which an author of SQL wrote for the caller.
"""

import re

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.contract.errors import OperationError
from handler.data_api import retries
from handler.data_api.failures import Failure

_CONSTRAINT = re.compile(r'constraint "([^"]{1,63})"')
_COLUMN = re.compile(r'column "([^"]{1,63})"')

_DATA_EXCEPTIONS = {
    "22001": "a text is longer than its column",
    "22003": "a number is out of the range of its type",
    "22007": "a date or time is not written as one",
    "22008": "a date or time is out of range",
    "22012": "a division by zero",
    "2201B": "a regular expression is not one",
    "2201W": "a LIMIT is negative",
    "2201X": "an OFFSET is negative",
    "22021": "a text has a character that PostgreSQL cannot store",
    "22023": "a value is none that its function takes",
    "2202E": "the arrays within an array differ in length",
    "22030": "a JSON object has a member twice",
    "22P02": "a value is not written as its type asks for",
    "22P05": "a text has a character that the database cannot store",
}


def failure_of(message: DatabaseMessage) -> Failure:
    """The failure behind an error of PostgreSQL, with the words for the caller."""
    sqlstate = message.sqlstate
    failure = retries.postgresql_failure(sqlstate, fatal=message.fatal)
    if sqlstate is None:
        return failure._replace(detail="the database refused the statement")
    broken = _CONSTRAINT.search(message.text) if sqlstate.startswith("23") else None
    return failure._replace(
        detail=_detail(failure.error, message.text, sqlstate),
        sqlstate=sqlstate,
        message=message.text,
        constraint=broken[1] if broken else None,
    )


def _detail(error: type[OperationError], text: str, sqlstate: str) -> str:
    if error is errors.BusinessRule:
        return text
    if error is errors.InvalidParameters:
        return f"PostgreSQL refuses the values: {_DATA_EXCEPTIONS.get(sqlstate, f'SQLSTATE {sqlstate}')}"
    if error is errors.NotNullViolation:
        return f"no value came for {_named('column', _COLUMN, text)}"
    if error in (errors.UniqueViolation, errors.ForeignKeyViolation, errors.CheckViolation):
        return f"the change breaks {_named('constraint', _CONSTRAINT, text)}"
    return _DETAILS.get(error, f"PostgreSQL refused the statement with SQLSTATE {sqlstate}")


def _named(what: str, pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return f'the {what} "{match[1]}"' if match else f"a {what}"


_DETAILS: dict[type[OperationError], str] = {
    errors.NotAllowed: "the database user of this function lacks a privilege that the operation needs",
    errors.NotFound: "the operation found no row for these parameters",
    errors.TooManyRows: "the operation is for one row, and found more",
    errors.SerializationFailure: "the call met another transaction and was rolled back",
    errors.LockTimeout: "another transaction holds what the operation needs",
    errors.StatementTimeout: "PostgreSQL cancelled the statement, which took too long",
    errors.DatabaseUnavailable: "the database takes no statement at present",
}
