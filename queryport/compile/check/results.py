"""`result:` of a query file: what the operation answers, checked against what the statement gives."""

import postgast

from handler.contract.operation import Result
from queryport.compile.describe.database import Column, Database
from queryport.compile.describe.types import Schema, nullable, result_schema
from queryport.compile.read.front_matter import Header
from queryport.compile.read.scan import Draft, Scan, character_offset
from queryport.compile.read.statement import Shape, ParsedStatement, output_stars, word_at
from queryport.diagnostics.source import Problem, Source, Span

_ROWS = frozenset({Result.MANY, Result.ONE, Result.MAYBE, Result.VALUE})


def check_result(
    source: Source, header: Header, scan: Scan, statement: ParsedStatement, columns: tuple[Column, ...]
) -> tuple[Result, list[Problem]]:
    """The result kind that is written, or the one that follows from the statement."""
    span = header.value("result") if header.front_matter.result else Span(scan.span.start, scan.span.start + 1)
    written = Result(header.front_matter.result) if header.front_matter.result else None
    if statement.shape is Shape.UTILITY:
        if columns:
            message = "the rows of this statement cannot be rendered as JSON"
            cure = "call a function with SELECT instead of a procedure with OUT parameters"
            return Result.NONE, [source.problem("QP208", span, message, cure)]
        inferred, possible = Result.NONE, {Result.NONE}
    elif columns:
        inferred, possible = Result.MANY, {*_ROWS, Result.NONE}
    elif statement.returns_rows:  # a SELECT of no columns
        return Result.NONE, [source.problem("QP208", span, "the statement has no output column", "select something")]
    else:
        inferred, possible = Result.AFFECTED, {Result.AFFECTED, Result.NONE}
    result = written or inferred
    if result not in possible:
        given = "rows" if columns else "a count of rows" if inferred is Result.AFFECTED else "neither rows nor a count"
        cure = f"take one of {', '.join(sorted(possible))}"
        if result in _ROWS and inferred is Result.AFFECTED:
            cure += ", or add RETURNING"
        return result, [source.problem("QP301", span, f"`result: {result}`, and the statement gives {given}", cure)]
    if result is Result.VALUE and len(columns) != 1:
        message = f"`result: value`, and the statement gives {len(columns)} columns"
        return result, [source.problem("QP301", span, message, "give one column, or take `result: one`")]
    return result, []


def columns_problems(
    source: Source, scan: Scan, statement: ParsedStatement, draft: Draft, columns: tuple[Column, ...], result: Result
) -> list[Problem]:
    """Output columns that would not make a good JSON object."""
    problems = []
    start = Span(scan.span.start, scan.span.start + 1)
    if not columns or result is Result.NONE:
        return []
    for star in output_stars(statement.node):
        place = word_at(source, draft.origin(character_offset(draft.text, star.location)))
        message = "the contract of this operation would change with the table"
        problems.append(source.problem("QP304", place, message, "name the columns"))
    for position, column in enumerate(columns, start=1):
        if column.name == "?column?" and result is not Result.VALUE:
            at = _column_place(source, statement, draft, position) or start
            message = f"output column {position} has no name"
            problems.append(source.problem("QP303", at, message, "name it: `… AS name`"))
    names = [column.name for column in columns]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1 and name != "?column?"):
        second = names.index(name, names.index(name) + 1) + 1
        at = _column_place(source, statement, draft, second) or start
        message = f"{names.count(name)} output columns are called `{name}`, and an object has each name once"
        problems.append(source.problem("QP302", at, message, "rename one: `… AS name`"))
    return problems


def _column_place(source: Source, statement: ParsedStatement, draft: Draft, position: int) -> Span | None:
    """Where the expression of an output column begins, if each column has one of its own."""
    node = statement.node
    targets = node.target_list if type(node).DESCRIPTOR.name == "SelectStmt" else node.returning_clause.exprs
    if len(targets) < position or any(_is_star(target) for target in targets):
        return None
    at = draft.origin(character_offset(draft.text, targets[position - 1].res_target.location))
    end = at
    while end < len(source.text) and source.text[end] not in ",\n":
        end += 1
    return Span(at, end)


def _is_star(target: object) -> bool:
    return any(type(inner).DESCRIPTOR.name == "A_Star" for _, inner in postgast.walk(target.res_target.val))  # type: ignore[attr-defined]  # postgast's messages are untyped


def data_schema(
    database: Database, result: Result, columns: tuple[Column, ...], may_be_null: tuple[bool, ...]
) -> Schema:
    """The JSON Schema of an answer's `data`."""
    if result is Result.AFFECTED:
        return {"type": "integer", "minimum": 0}
    if result is Result.NONE:
        return {"type": "null"}
    properties = {
        column.name: result_schema(database, column, may_be_null=may)
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
