"""Checks `etag:` of a query file: the column whose value tells one state of a row from the next.

An answer of one row gives it as its entity tag. An UPDATE or DELETE of a table takes the tag that its caller knows, and
happens only if the rows that it would change still have it: the column is then one of that table, unchanged.
"""

from typing import NamedTuple

import postgast

from handler.contract.operation import ONE_ROW, Precondition, Result
from queryport.compile.check.parts.stretches import Stretches
from queryport.compile.describe.description import Column
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema, result_schema
from queryport.compile.read.syntax_tree import SyntaxNode, node_name
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.source import Span

_COUNTED = frozenset({Result.AFFECTED, Result.NONE})
_CHANGES = frozenset({"UpdateStmt", "DeleteStmt"})
_SYSTEM_COLUMNS = {-2: "xmin"}
_XID = 28


class TagCondition(NamedTuple):
    """The part of a change that a tag in the call makes depend on it."""

    where: Span
    """The stretch of the author's own condition."""
    row: str
    """The name of the rows that are changed."""
    column: str
    looked_up: SyntaxNode
    """The syntax tree of a SELECT of nothing from those rows, by the author's own condition."""


class EntityTagPlan(NamedTuple):
    answered: str | None = None
    """The output column that holds the tag of the answered row."""
    condition: TagCondition | None = None
    required: bool = False
    """A call without a tag is refused."""

    @property
    def precondition(self) -> Precondition:
        if self.condition is None:
            return Precondition.NONE
        return Precondition.REQUIRED if self.required else Precondition.OPTIONAL


NO_TAG = EntityTagPlan()


def plan_entity_tag(statement: TypedStatement, result: Result) -> EntityTagPlan:
    """Read `etag:` against the statement; NO_TAG without `etag:`, or after a report of what does not fit."""
    file = statement.file
    entry, report = file.front_matter.etag, file.reporter.report
    if entry is None:
        return NO_TAG
    if len(file.statements) > 1:
        message = "an entity tag is that of one row, and this file has several statements"
        report("QP423", file.header.key("etag"), message, "give the change a file of its own, or delete the key `etag`")
        return NO_TAG
    place = file.header.value("etag")
    change = statement.parsed.node if node_name(statement.parsed.node) in _CHANGES else None
    if file.front_matter.batch or result is Result.MANY or (change is None and result not in ONE_ROW):
        kind = "a batch" if file.front_matter.batch else f"`result: {result}`"
        message = f"an entity tag is that of one row, and {kind} has not one"
        report("QP423", place, message, "take `result: one`, or delete the key `etag`")
        return NO_TAG
    if entry.required and change is None:
        message = "`required` asks callers for `If-Match`, which an UPDATE or DELETE alone can take"
        report("QP423", file.header.value("etag", "required"), message, "delete `required`")
        return NO_TAG
    errors = file.reporter.errors
    output = next((column for column in statement.columns if column.name == entry.column), None)
    if output is not None:
        _check_type(file, result_schema(file.database, output, may_be_null=False), place)
    condition = None
    if change is not None:
        condition = _condition(statement, change, entry.column, output, place)
    elif output is None:
        columns = [column.name for column in statement.columns]
        cure = did_you_mean(entry.column, columns, f"the columns are {', '.join(columns)}")
        report("QP423", place, f"the statement gives no column `{entry.column}`", cure)
    if file.reporter.errors > errors:
        return NO_TAG
    lasts = result in ONE_ROW and node_name(statement.parsed.node) != "DeleteStmt"
    return EntityTagPlan(output.name if output and lasts else None, condition, entry.required)


def _condition(
    statement: TypedStatement, change: SyntaxNode, name: str, output: Column | None, place: Span
) -> TagCondition | None:
    """Find the column of the table that is changed, and the author's condition."""
    file = statement.file
    database, report = file.database, file.reporter.report
    relation = change.relation
    oid = database.relations.oid(relation.schemaname, relation.relname)
    attributes = database.relations.attributes(oid) if oid is not None else {}
    names = {number: each.name for number, each in attributes.items()} | _SYSTEM_COLUMNS
    column = name
    if output is not None:
        if output.table_oid != oid or output.table_column not in names:
            message = f"`{name}` is no column of {relation.relname} as it stands there, which a condition compares"
            report("QP423", place, message, f"return a column of {relation.relname} by itself")
            return None
        column = names[output.table_column]
    elif name not in names.values():
        known = [each.name for each in attributes.values()]
        cure = did_you_mean(name, known, f"its columns are {', '.join(known)}")
        report("QP423", place, f"neither the answer nor {relation.relname} has a column `{name}`", cure)
        return None
    else:
        written = next((each for each in attributes.values() if each.name == name), None)
        plain = Column(name, written.type_oid if written else _XID, -1, 0, 0)
        _check_type(file, result_schema(database, plain, may_be_null=False), place)
    if not _can_be_locked(statement, oid):
        message = f"the rows of {relation.relname} are a view's that triggers or rules write, and cannot be locked"
        report("QP423", place, message, "change the table, or a view of its rows as they are")
        return None
    if node_name(change) == "UpdateStmt" and not _changes(statement, change, oid, column):
        message = f"nothing changes `{column}` with the row, so that the tag is good for the next change as well"
        cure = f"assign it, such as `{column} = {column} + 1`, or have a trigger do so before each UPDATE"
        report("QP426", place, message, cure)
    where = Stretches(statement).condition()
    if where is None:
        message = "the condition of this statement cannot be told from the rest of it"
        report("QP423", place, message, "write it in parentheses: `WHERE (…)`")
        return None
    row = relation.alias.aliasname or relation.relname
    return TagCondition(where, row, column, _looked_up(change, row))


def _changes(statement: TypedStatement, update: SyntaxNode, oid: int | None, column: str) -> bool:
    """Whether a column may have another value after an UPDATE; of a view's, that is assumed."""
    database = statement.file.database
    if oid is None or column in _SYSTEM_COLUMNS.values() or database.facts.relation(oid).kind == "v":
        return True
    assigned = {target.res_target.name for target in update.target_list}
    return column in assigned or database.relations.may_change_by_itself(oid, column)


def _can_be_locked(statement: TypedStatement, oid: int | None) -> bool:
    """Whether the rows that are changed are those of a table, seen through plain views at most."""
    if oid is None or statement.file.database.facts.relation(oid).kind != "v":
        return True
    relations = statement.analysis.relations
    return relations is not None and not any(each.kind == "v" and each.replaced for each in relations)


def _looked_up(change: SyntaxNode, row: str) -> SyntaxNode:
    """Write the SELECT that locks the rows which the change would change, and has the latest of each."""
    tree = postgast.parse("SELECT FROM t WHERE true FOR NO KEY UPDATE OF t")
    select = tree.stmts[0].stmt.select_stmt
    del select.from_clause[:]
    select.from_clause.add().range_var.CopyFrom(change.relation)
    select.from_clause.extend(change.from_clause if node_name(change) == "UpdateStmt" else change.using_clause)
    select.where_clause.CopyFrom(change.where_clause)
    select.locking_clause[0].locking_clause.locked_rels[0].range_var.relname = row
    return tree


def _check_type(file: QueryFile, schema: Schema, place: Span) -> None:
    """Report a column whose values have several texts, or no single one."""
    types: list[str] | str = schema.get("type", "any")
    if not {"integer", "string"} >= {*([types] if isinstance(types, str) else types)}:
        message = "the column's values are no texts and no whole numbers, which an entity tag can be made of"
        cure = "take a column of an integer, a uuid, a time or a text"
        file.reporter.report("QP423", place, message, cure)
