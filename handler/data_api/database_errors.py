"""PostgreSQL's errors in words for the caller: by name, without SQL, without values.

PostgreSQL's messages quote values, so none is passed on: only the column at fault, and for the engine the name of the
constraint. The one exception is the message of RAISE (P0001, and SQLSTATEs that PostgreSQL does not use), which an
author of SQL wrote for the caller, with its HINT and the JSON object in it or in its DETAIL. Imported when PostgreSQL
first refuses a statement.
"""

import re
from typing import Any

import orjson

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.contract.errors import OperationError
from handler.contract.violations import Broken, ConstraintKind
from handler.data_api import retries
from handler.data_api.failures import Failure
from handler.data_api.suspects import suspect_of

_NAME = r'"(?P<name>[^"]{1,63})"'
_RELATION = r'"(?P<relation>[^"]{1,63})"'
_DOMAIN = r'domain (?:.*\.)?"?(?P<relation>[^".]{1,63})"?'
_REFERRED = "update or delete on table "
_MESSAGES = (
    (ConstraintKind.UNIQUE, f"duplicate key value violates unique constraint {_NAME}"),
    (ConstraintKind.UNIQUE, f"conflicting key value violates exclusion constraint {_NAME}"),
    (ConstraintKind.CHECK, f"new row for relation {_RELATION} violates check constraint {_NAME}"),
    (ConstraintKind.FOREIGN_KEY, f"insert or update on table {_RELATION} violates foreign key constraint {_NAME}"),
    (
        ConstraintKind.FOREIGN_KEY,
        f'{_REFERRED}"[^"]*" violates (?:RESTRICT setting of )?foreign key constraint {_NAME} on table {_RELATION}',
    ),
    (ConstraintKind.NOT_NULL, f"null value in column {_NAME} of relation {_RELATION} violates not-null constraint"),
    (ConstraintKind.DOMAIN, f"value for {_DOMAIN} violates check constraint {_NAME}"),
    (ConstraintKind.DOMAIN, f"(?P<name>){_DOMAIN} does not allow null values"),
)

_DATA_EXCEPTIONS = {
    "22000": "a value is none that its type has, such as a range that ends before it begins",
    "22001": "a text is longer than its column",
    "22003": "a number is out of the range of its type",
    "22004": "a value is NULL where none may be",
    "22007": "a date or time is not written as one",
    "22008": "a date or time is out of range",
    "22009": "a time zone is out of range",
    "2200B": "the escape character of a pattern stands for something else as well",
    "2200C": "an escape in a pattern stands where none may",
    "2200D": "the octet of an escape is none",
    "2200F": "a text is empty where none may be",
    "2200G": "a value is of another type than is asked for",
    "2200H": "a sequence has no further number",
    "2200L": "a text is no XML document",
    "2200M": "an XML document is not well-formed",
    "2200N": "XML content is not well-formed",
    "2200S": "an XML comment is not one",
    "2200T": "an XML processing instruction is not one",
    "22011": "the length of a substring is negative",
    "22012": "a division by zero",
    "22013": "the size of a window frame is NULL or negative",
    "22014": "the number of parts for ntile is not positive",
    "22015": "an interval is out of range",
    "22016": "the number of a row for nth_value is not positive",
    "22018": "a text cannot be cast to its type",
    "22019": "an escape character is not a single one",
    "2201B": "a regular expression is not one",
    "2201E": "a logarithm of a number that has none",
    "2201F": "a power that no number has",
    "2201G": "the bounds or the number of buckets are none",
    "2201W": "a LIMIT is negative",
    "2201X": "an OFFSET is negative",
    "22021": "a text has a character that PostgreSQL cannot store",
    "22023": "a value is none that its function takes",
    "22025": "a pattern ends in an escape",
    "22026": "a text or a string of bits has another length than its type",
    "22027": "the characters to trim are none",
    "2202E": "the arrays within an array differ in length",
    "2202G": "the repeat number of a sample is none",
    "2202H": "the size of a sample is none",
    "22030": "a JSON object has a member twice",
    "22031": "a text in JSON is not a date or time of the form that is asked for",
    "22032": "a text is not JSON",
    "22033": "a subscript into JSON is out of its bounds",
    "22034": "a JSON path finds more than one item",
    "22035": "a JSON path finds no item",
    "22036": "an item of JSON is not a number",
    "22037": "a JSON object has a name twice",
    "22038": "a JSON path needs a single item",
    "22039": "a JSON path finds no array",
    "2203A": "a JSON path finds no such member",
    "2203B": "a JSON path finds no number",
    "2203C": "a JSON path finds no object",
    "2203D": "a JSON array has too many elements",
    "2203E": "a JSON object has too many members",
    "2203F": "an item of JSON is an array or an object where a single value is needed",
    "2203G": "an item of JSON cannot be cast to its type",
    "22P01": "a computation with floating-point numbers has no result",
    "22P02": "a value is not written as its type asks for",
    "22P03": "a value is not written in binary as its type asks for",
    "22P05": "a text has a character that the database cannot store",
    "22P06": "a text has an escape that PostgreSQL does not take",
}
"""Class 22 of PostgreSQL's errcodes, without those of embedded C and of COPY, which no statement here can end with."""


def failure_of(message: DatabaseMessage) -> Failure:
    """The failure behind an error of PostgreSQL, with the words for the caller."""
    sqlstate = message.sqlstate
    failure = retries.postgresql_failure(sqlstate, fatal=message.fatal)
    if sqlstate is None:
        return failure._replace(detail="the database refused the statement")
    suspect = suspect_of(message, sqlstate) if failure.error is errors.QueryFailed else None
    return failure._replace(
        suspect=suspect,
        detail=_special(message.text, sqlstate) or _detail(failure.error, message.text, sqlstate),
        sqlstate=sqlstate,
        message=message.text,
        broken=_broken(message.text, sqlstate),
        **_of_raise(message, failure.error),
    )


def _detail(error: type[OperationError], text: str, sqlstate: str) -> str:
    if error is errors.BusinessRule:
        return text
    if error is errors.InvalidParameters:
        return f"PostgreSQL refuses the values: {_DATA_EXCEPTIONS.get(sqlstate, f'SQLSTATE {sqlstate}')}"
    return _DETAILS.get(error, f"PostgreSQL refused the statement with SQLSTATE {sqlstate}")


_SPECIAL: tuple[tuple[str, str, str, str], ...] = (
    (
        "42501",
        "new row violates row-level security policy",
        "",
        "a row-level policy does not allow such a row",
    ),
    ("42501", "target row violates row-level security policy", "", "a row-level policy keeps the row from this caller"),
    ("23514", "no partition of relation ", "", "the table has no partition for the row"),
    ("23514", "new row for relation ", " violates partition constraint", "the row is not one of its partition"),
    ("44000", "new row violates check option", "", "the view that the row was written to would not show it"),
)


def _special(text: str, sqlstate: str) -> str | None:
    """The words for what PostgreSQL tells apart by its message alone."""
    for state, begin, end, words in _SPECIAL:
        if sqlstate == state and text.startswith(begin) and text.endswith(end):
            return words
    return None


def _broken(text: str, sqlstate: str) -> Broken | None:
    """The constraint that a message names; one of a RAISE with such an SQLSTATE names none."""
    if errors.is_own_sqlstate(sqlstate):
        return Broken(ConstraintKind.RAISED, sqlstate)
    if not sqlstate.startswith("23"):
        return None
    for kind, pattern in _MESSAGES:
        match = re.match(pattern, text)
        if match is not None:
            relation = match.groupdict().get("relation")
            return Broken(kind, match["name"], relation, is_referred=text.startswith(_REFERRED))
    return None


def _of_raise(message: DatabaseMessage, error: type[OperationError]) -> dict[str, Any]:
    """The hint that an author gave with a RAISE, or its JSON object."""
    if error is not errors.BusinessRule:
        return {}
    details = _json_object(message.detail)
    if details is None:
        details = _json_object(message.hint)
        return {"hint": message.hint} if details is None else {"details": details}
    return {"hint": message.hint, "details": details}


def _json_object(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        value: dict[str, Any] = orjson.loads(text)
        orjson.dumps(value)  # which nests less deeply than it reads
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value


_DETAILS: dict[type[OperationError], str] = {
    errors.UniqueViolation: "such a row exists already",
    errors.ForeignKeyViolation: "a row that is referred to does not exist, or is still needed",
    errors.CheckViolation: "a rule of the database refuses the values",
    errors.NotNullViolation: "a column needs a value",
    errors.NotAllowed: "the database user of this function lacks a privilege that the operation needs",
    errors.NotFound: "the operation found no row for these parameters",
    errors.TooManyRows: "the operation is for one row, and found more",
    errors.SerializationFailure: "the call met another transaction and was rolled back",
    errors.LockTimeout: "another transaction holds what the operation needs",
    errors.StatementTimeout: "PostgreSQL cancelled the statement, which took too long",
    errors.DatabaseUnavailable: "the database takes no statement at present",
}
