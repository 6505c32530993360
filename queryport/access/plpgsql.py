"""Finds the names in a PL/pgSQL function's statements: tables by verb, columns and functions.

PostgreSQL keeps such a body as text and analyses it when it runs. Its own parser takes it apart here; names are looked
up later. A column that a statement uses is named in it, so the names are enough. Dynamic SQL is not read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import postgast

_EXPRESSION = re.compile(r'"PLpgSQL_expr":\{"query":("(?:[^"\\]|\\.)*")(?:,"parseMode":(\d+))?')
_DYNAMIC = re.compile(r'"PLpgSQL_stmt_dyn|"dynquery"')
_STATEMENT = "0"
_ASSIGNMENTS = frozenset({"3", "4", "5"})
"""RawParseMode of PostgreSQL's src/include/parser/parser.h: `v := e`, with one, two or three names before."""


@dataclass(frozen=True, slots=True)
class Use:
    """The verbs and columns by which a statement uses a table."""

    schema: str
    """Empty where the table is named alone."""
    name: str
    verb: str
    columns: frozenset[str] | None
    """The names that may be columns of it; None for all of its columns."""
    is_target: bool
    """It is written to, so that it need not be read as well."""
    takes_defaults: bool
    """The statement has the word DEFAULT for a value."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The names in the statements of a function."""

    uses: tuple[Use, ...]
    functions: frozenset[tuple[str, str]]
    """Schema and name; the schema may be empty."""
    dynamic: bool
    """It also runs what it puts together, of which nothing is known."""


def statements(definition: str) -> Statements:
    """Read the CREATE FUNCTION of a PL/pgSQL function. Raises postgast.PgQueryError for what is none."""
    parsed = _parsed(definition)
    uses: list[Use] = []
    functions: set[tuple[str, str]] = set()
    for match in _EXPRESSION.finditer(parsed):
        tree = postgast.parse(_sql(json.loads(match[1]), match[2] or _STATEMENT))
        uses += _uses(tree)
        functions.update(_functions(tree))
    return Statements(tuple(uses), frozenset(functions), _DYNAMIC.search(parsed) is not None)


def _parsed(definition: str) -> str:
    """Return libpg_query's JSON as text; of a trigger's function it has brackets too many (libpg_query 17)."""
    try:
        return json.dumps(postgast.parse_plpgsql(definition), separators=(",", ":"))
    except json.JSONDecodeError as error:
        return error.doc


def _sql(text: str, mode: str) -> str:
    if mode == _STATEMENT:
        return text
    if mode in _ASSIGNMENTS:
        text = re.split(r":?=", text, maxsplit=1)[1]
    return f"SELECT {text}"


def _uses(tree: Any) -> Iterator[Use]:
    """Yield the tables of a statement, but for those that its WITH defines."""
    nodes = [node for _, node in postgast.walk(tree)]
    defined = {node.ctename for node in nodes if _kind(node) == "CommonTableExpr"}
    locks = any(_kind(node) == "LockingClause" for node in nodes)
    read = _columns(nodes)
    takes_defaults = any(_kind(node) == "SetToDefault" for node in nodes)
    written = {node.relation.location: _written(node, read) for node in nodes if _kind(node) in _WRITES}
    for node in nodes:
        if _kind(node) != "RangeVar" or (not node.schemaname and node.relname in defined):
            continue
        is_target = node.location in written
        verbs = written.get(node.location, {"SELECT": read, **({"UPDATE": frozenset()} if locks else {})})
        for verb, columns in verbs.items():
            yield Use(node.schemaname, node.relname, verb, columns, is_target and verb == "SELECT", takes_defaults)


_WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def _kind(node: Any) -> str:
    return type(node).__name__


def _written(node: Any, read: frozenset[str] | None) -> dict[str, frozenset[str] | None]:
    """Return the verbs that a write needs on its table, with the columns written, and those perhaps read."""
    match _kind(node):
        case "InsertStmt":
            found = {"INSERT": _targets(node.cols) if node.cols else None}
            if updated := _targets(node.on_conflict_clause.target_list):
                found["UPDATE"] = updated
            if node.HasField("on_conflict_clause"):
                # The columns of the index that decides are read as well.
                found["SELECT"] = None if read is None else read | _inferred(node.on_conflict_clause)
            elif node.HasField("returning_clause"):
                found["SELECT"] = read
            return found
        case "UpdateStmt":
            return {"UPDATE": _targets(node.target_list), "SELECT": read}
        case "DeleteStmt":
            return {"DELETE": None, "SELECT": read}
        case _:
            return {"INSERT": None, "UPDATE": None, "DELETE": None, "SELECT": None}


def _inferred(clause: Any) -> frozenset[str]:
    return frozenset(element.index_elem.name for element in clause.infer.index_elems)


def _targets(targets: Any) -> frozenset[str]:
    return frozenset(target.res_target.name for target in targets)


def _columns(nodes: list[Any]) -> frozenset[str] | None:
    """Return the names in a statement, or None where it takes whole rows."""
    names: set[str] = set()
    rows: set[str] = set()
    tables: set[str] = set()
    for node in nodes:
        match _kind(node):
            case "A_Star":
                return None
            case "JoinExpr" if node.is_natural:
                return None
            case "String":
                names.add(node.sval)
            case "ColumnRef" if len(node.fields) == 1:
                rows.add(node.fields[0].string.sval)
            case "RangeVar":
                tables.add(node.alias.aliasname if node.HasField("alias") else node.relname)
    return None if rows & tables else frozenset(names)


def _functions(tree: Any) -> Iterator[tuple[str, str]]:
    for _, node in postgast.walk(tree):
        if _kind(node) == "FuncCall":
            parts = [part.string.sval for part in node.funcname]
            yield (parts[-2] if len(parts) > 1 else "", parts[-1])
