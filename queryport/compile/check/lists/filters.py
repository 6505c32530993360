"""The conditions that callers may set on an output column: those that PostgreSQL has for the column's type.

Asked of PostgreSQL, by the operators of the type's default operator classes: an equality that GROUP BY goes by, an
order that ORDER BY goes by. So two boxes of equal area are not equal here, and json can only be asked whether it is
NULL.
"""

from collections.abc import Iterator
from typing import NamedTuple

from handler.contract.patterns import LIKE
from handler.contract.sql import Codec
from queryport.compile.describe.database import TEXT_OID, Database
from queryport.compile.describe.description import Column
from queryport.compile.describe.text_forms import cast_of_enum, cast_of_text
from queryport.compile.describe.types import Schema, codec, parameter_schema

COMPARISONS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
PATTERNS = {"like": "LIKE", "ilike": "ILIKE"}

_PATTERN: Schema = {"type": "string", "pattern": LIKE}


class FilterCondition(NamedTuple):
    """A condition on a column of one type."""

    operator: str
    codec: Codec
    schema: Schema
    """Of its value."""
    sql: str
    """With `{column}` and `{value}`, the text of the latter's placeholder."""
    negated: str = ""
    """For a value that is false; the condition then has the value itself nowhere."""


def conditions(database: Database, column: Column) -> list[FilterCondition]:
    """Return the conditions that a column of a statement can be held to; none where its values cannot be sent."""
    if database.types.base(column.type_oid).kind == "p":
        return []
    return [each for each in _candidates(database, column.type_oid) if _is_taken(database, column.type_oid, each)]


def _candidates(database: Database, oid: int) -> Iterator[FilterCondition]:
    base = database.types.base(oid)
    # Without a domain, whose CHECK is for values that are kept and not for those that are compared.
    cast = cast_of_text(database, base.oid)
    own, schema = codec(database, base.oid), parameter_schema(database, base.oid)
    column = f"{{column}}{cast_of_enum(database, base.oid)}"
    for operator, sql in COMPARISONS.items():
        yield FilterCondition(operator, own, schema, f"{column} {sql} ({{value}}{cast})")
    array_oid = None if base.element_oid else database.types.oid(f"{base.sql_name}[]")
    if own == "json":
        # In an array of PostgreSQL's, JSON's null would be an element that is NULL and equals nothing.
        elements = f"ARRAY(SELECT jsonb_array_elements({{value}}{cast}))"
        yield FilterCondition("in", own, {"type": "array", "items": schema}, f"{column} = ANY ({elements})")
    elif array_oid is not None:
        any_of = f"{column} = ANY ({{value}}{cast_of_text(database, array_oid)})"
        yield FilterCondition("in", codec(database, array_oid), {"type": "array", "items": schema}, any_of)
    for operator, sql in PATTERNS.items():
        yield FilterCondition(
            operator, "scalar", _PATTERN, f"{{column}} {sql} ({{value}}{cast_of_text(database, TEXT_OID)})"
        )
    yield FilterCondition("contains", own, schema, f"{{column}} @> ({{value}}{cast})")
    # Of a composite, IS NULL asks whether all of its fields are.
    null, value = ("IS NOT DISTINCT FROM", "IS DISTINCT FROM") if base.kind == "c" else ("IS", "IS NOT")
    yield FilterCondition(
        "is_null", "scalar", {"type": "boolean"}, f"{{column}} {null} NULL", f"{{column}} {value} NULL"
    )


def _is_taken(database: Database, oid: int, condition: FilterCondition) -> bool:
    """Whether PostgreSQL has the condition for a column of the type."""
    grouped = ""
    if condition.operator in ("lt", "lte", "gt", "gte"):
        grouped = " GROUP BY q.a ORDER BY q.a"
    elif condition.operator in ("eq", "ne", "in") or database.types.base(oid).element_oid:
        grouped = " GROUP BY q.a"
    tested = condition.sql.format(column="q.a", value="NULL::text")
    return database.conversions.takes_condition(database.types[oid].sql_name, tested, grouped)
