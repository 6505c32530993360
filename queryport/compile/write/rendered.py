"""The rows of a statement as JSON texts, rendered by PostgreSQL."""

from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import is_big_number, text_of_big_numbers
from queryport.compile.write.names import column_of, free_names, quoted


def rendered_row(statement: TypedStatement, name: str) -> str:
    """Write the row of a name as one JSON object."""
    big = _big_columns(statement)
    if not big:
        return f"row_to_json({name})::text"
    (row,) = free_names(statement.scan, statement.columns, "r")
    columns = [
        f"{column_of(name, each.name)}{big.get(each.name, '')} AS {quoted(each.name)}" for each in statement.columns
    ]
    return f"(SELECT row_to_json({row}) FROM (SELECT {', '.join(columns)}) {row})::text"


def rendered_value(statement: TypedStatement, value: str) -> str:
    """Write the one column of a statement as JSON."""
    (cast,) = _big_columns(statement).values() or ("",)
    return f"to_json({value}{cast})::text"


def _big_columns(statement: TypedStatement) -> dict[str, str]:
    """The casts of the columns that are answered as strings, by their names."""
    file = statement.file
    if file.front_matter.big_numbers == "number":
        return {}
    return {
        column.name: f"::{text_of_big_numbers(file.database, column.type_oid)}"
        for column in statement.columns
        if is_big_number(file.database, column.type_oid)
    }
