"""Writes values from and to their types' own text forms, past the casts that the project has made.

`value::type` of a text, and `value::text`, are what the types' input and output functions make of it, unless there is
a cast function between the two. An author's own string literal never meets such a function, and neither may a value.
"""

from queryport.compile.describe.database import Database


def cast_of_text(database: Database, oid: int) -> str:
    """Return the cast that reads a text by the input function of a type, such as `::bigint`."""
    return f"{cast_before(database, oid)}::{database.types[oid].sql_name}"


def cast_before(database: Database, oid: int) -> str:
    """Return the cast to another string type that leads around the project's own cast from text, if there is one."""
    taken = database.conversions.string_casts(database.types.base(oid).oid)
    if "text" not in taken:
        return ""
    return next((f"::{name}" for name in ("varchar", "bpchar") if name not in taken), "")


def as_text(database: Database, oid: int, expression: str) -> str:
    """Return the expression for a value's text by the output function of its type."""
    if not database.conversions.has_text_cast(database.types.base(oid).oid):
        return f"{expression}::text"
    return f"CASE num_nulls({expression}) WHEN 0 THEN format('%s', {expression}) END"


def cast_of_enum(database: Database, oid: int) -> str:
    """Return the cast with which a column is compared with values of its type; none but for an enum.

    A statement's column counts as the type below its domain. PostgreSQL compares domains as what is below them, except
    those over enums, for which it finds no operator.
    """
    base = database.types.base(oid)
    return f"::{base.sql_name}" if base.kind == "e" else ""
