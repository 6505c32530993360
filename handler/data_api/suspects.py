"""Errors of PostgreSQL that look like the statement's, and come of the values that it was given.

A statement that has been prepared has no syntax error and names nothing that does not exist. Such an error comes of its
values, or of functions whose bodies PostgreSQL only looks at when they run.
"""

import re

from handler.contract import errors
from handler.contract.database_message import DatabaseMessage
from handler.data_api.failures import Failure, Suspect

_OF_STATEMENTS = ("42", "0A000", "21000", "3F000")
_SYNTAX = "42601"
_PLAN_OF_ANOTHER_TIME = "cached plan must not change result type"  # 0A000, after a migration
# The words of types' and functions' own grammars, which no SQL of the project's own code can cause by its text.
_GRAMMARS_OF_VALUES = (
    r"(?s)(?:(?:ltree|lquery) syntax error.*|(?:(?:modifiers|operand) )?syntax error|bad (?:seg|cube) representation.*"
    r"|(?:syntax error|no operand|wrong position info) in (?:tsquery|tsvector|hstore)[:,].*"
    r"|there is no escaped character: .*|.* of jsonpath input|.* at end of jsonpath input"
    r"|improper (?:qualified|relation) name .*|cross-database references are not implemented.*"
    r'|multiple decimal points|cannot use ".*|".*" must be ahead of ".*")'
)
_NAMES_OF_VALUES = frozenset({"42602", "42622"})
_TOO_MUCH = frozenset({"54000", "54001"})
# PostgreSQL never translates its internal messages. The first two are those of tsquery and ltxtquery.
_INTERNAL = "XX000"
_INTERNAL_OF_VALUES = ("tsquery stack too small", "stack too short", "invalid memory alloc request size")

_OF_VALUES = {
    "0A000": "a value asks for something that PostgreSQL does not have",
    "21000": "a row would be changed twice, or a subquery for one row found more",
    "3F000": "a value names a schema that does not exist",
    "42601": "a value is not written as its type asks for",
    "42602": "a value is not written as its type asks for",
    "42622": "a name is too long",
    "42704": "a value names something that does not exist",
    "42725": "a value names something that there is more than one of",
    "42883": "a value names a function that does not exist",
    "42P01": "a value names a table that does not exist",
    "54000": "a value is too large",
    "54001": "a value is nested too deeply",
    "XX000": "a value is too large or nested too deeply",
}


def suspect_of(message: DatabaseMessage, sqlstate: str) -> Suspect | None:
    """Return the parts of the call that an error may come from; None where it is the statement's own."""
    if message.fatal or message.text.startswith(_PLAN_OF_ANOTHER_TIME):
        return None
    # An error in the statement itself has its position there, and one that comes of a value has none. But of a syntax
    # error the position may be in a value (a regtype's), and the statement has passed the grammar.
    if message.position is not None and sqlstate != _SYNTAX:
        return None
    if sqlstate in _TOO_MUCH or (sqlstate == _INTERNAL and message.text.startswith(_INTERNAL_OF_VALUES)):
        return Suspect.VALUE
    if sqlstate in _NAMES_OF_VALUES or (
        sqlstate in (_SYNTAX, "0A000") and re.fullmatch(_GRAMMARS_OF_VALUES, message.text)
    ):
        return Suspect.VALUE
    return Suspect.VALUE_OR_OWN_CODE if sqlstate.startswith(_OF_STATEMENTS) else None


def values_at_fault(failure: Failure) -> Failure:
    """The failure of values that PostgreSQL refuses with an error that does not look like it."""
    words = _OF_VALUES.get(failure.sqlstate or "", "a value is none that PostgreSQL can work with")
    return failure._replace(error=errors.InvalidParameters, detail=f"PostgreSQL refuses the values: {words}")
