"""`result:` of a query file: the form of the answer, checked against the rows of the statement."""

from collections.abc import Mapping

import postgast

from handler.contract.operation import Documentation, PossibleError, Result
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import Column
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema, nullable, result_schema
from queryport.compile.read.statement import Shape
from queryport.compile.read.syntax_tree import node_name, output_stars
from queryport.diagnostics.source import Span

_ROWS = frozenset({Result.MANY, Result.ONE, Result.MAYBE, Result.VALUE})


def check_result(statement: TypedStatement) -> Result:
    """Return the result kind that is written, or the one that follows from the statement; report one it cannot give."""
    file, columns, report = statement.file, statement.columns, statement.file.reporter.report
    span = file.header.value("result") if file.front_matter.result else statement.start
    written = Result(file.front_matter.result) if file.front_matter.result else None
    if statement.parsed.shape is Shape.UTILITY:
        inferred, possible = Result.NONE, {Result.NONE}
    elif columns:
        inferred, possible = Result.MANY, {*_ROWS, Result.NONE}
    elif statement.parsed.returns_rows:  # a SELECT of no columns
        report("QP208", span, "the statement has no output column", "select something")
        return Result.NONE
    else:
        inferred, possible = Result.AFFECTED, {Result.AFFECTED, Result.NONE}
    result = written or inferred
    if result not in possible:
        given = "rows" if columns else "a count of rows" if inferred is Result.AFFECTED else "neither rows nor a count"
        cure = f"take one of {', '.join(sorted(possible))}"
        if result in _ROWS and inferred is Result.AFFECTED:
            cure += ", or add RETURNING"
        report("QP301", span, f"`result: {result}`, and the statement gives {given}", cure)
    elif result is Result.VALUE and len(columns) != 1:
        message = f"`result: value`, and the statement gives {len(columns)} columns"
        report("QP301", span, message, "give one column, or take `result: one`")
    return result


def check_columns(statement: TypedStatement, result: Result) -> None:
    """Report output columns that would not make a good JSON object."""
    columns, reporter = statement.columns, statement.file.reporter
    if columns and statement.parsed.shape is Shape.UTILITY:
        message = "the rows of this statement cannot be rendered as JSON"
        cure = "call a function with SELECT instead of a procedure with OUT parameters"
        reporter.report("QP208", statement.start, message, cure)
        return
    if not columns or result is Result.NONE:
        return
    for star in output_stars(statement.parsed.node):
        place = reporter.source.word(statement.draft.origin_of_byte(star.location))
        message = "the contract of this operation would change with the table"
        reporter.report("QP304", place, message, "name the columns")
    for position, column in enumerate(columns, start=1):
        if column.name == "?column?" and result is not Result.VALUE:
            message = f"output column {position} has no name"
            reporter.report("QP303", _column_place(statement, position), message, "name it: `… AS name`")
    names = [column.name for column in columns]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1 and name != "?column?"):
        second = names.index(name, names.index(name) + 1) + 1
        message = f"{names.count(name)} output columns are called `{name}`, and an object has each name once"
        reporter.report("QP302", _column_place(statement, second), message, "rename one: `… AS name`")


def _column_place(statement: TypedStatement, position: int) -> Span:
    """Return where the expression of an output column begins, if each column has one of its own."""
    node, text = statement.parsed.node, statement.file.source.text
    targets = node.target_list if node_name(node) == "SelectStmt" else node.returning_clause.exprs
    if len(targets) < position or any(_is_star(target) for target in targets):
        return statement.start
    at = statement.draft.origin_of_byte(targets[position - 1].res_target.location)
    end = at
    while end < len(text) and text[end] not in ",\n":
        end += 1
    return Span(at, end)


def _is_star(target: object) -> bool:
    return any(type(inner).DESCRIPTOR.name == "A_Star" for _, inner in postgast.walk(target.res_target.val))  # type: ignore[attr-defined]  # postgast's messages are untyped


def documentation(
    answer: TypedStatement, types: Mapping[str, int], result: Result, errors: tuple[PossibleError, ...]
) -> Documentation:
    """Return what is told of an operation with the rows of `answer`; `types` are the oids of its parameters' types."""
    database, front_matter, columns = answer.file.database, answer.file.front_matter, answer.columns
    big_as_text = front_matter.big_numbers == "string"
    return Documentation(
        front_matter.summary,
        front_matter.description,
        _data_schema(database, result, columns, answer.analysis.nullable, big_as_text=big_as_text),
        errors,
        {name: database.types[oid].sql_name for name, oid in types.items()},
        {}
        if result in (Result.AFFECTED, Result.NONE)
        else {c.name: database.types[c.type_oid].sql_name for c in columns},
    )


def _data_schema(
    database: Database,
    result: Result,
    columns: tuple[Column, ...],
    may_be_null: tuple[bool, ...],
    *,
    big_as_text: bool = False,
) -> Schema:
    """Return the JSON Schema of an answer's `data`."""
    if result is Result.AFFECTED:
        return {"type": "integer", "minimum": 0}
    if result is Result.NONE:
        return {"type": "null"}
    properties = {
        column.name: result_schema(database, column, may_be_null=may, big_as_text=big_as_text)
        for column, may in zip(columns, may_be_null, strict=True)
    }
    if result is Result.VALUE:
        return properties[columns[0].name]
    row: Schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    if result is Result.MAYBE:
        return nullable(row)
    return {"type": "array", "items": row} if result is Result.MANY else row
