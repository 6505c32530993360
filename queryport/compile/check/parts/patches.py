"""Finds what a call leaves out that gives no value for a parameter with `patch: true`.

In SET it is the parameter's assignment, and in VALUES the column then has its DEFAULT. Such a parameter stands nowhere
else, so that every call means a statement that its author could have written. NULL is taken where the columns take it,
by PostgreSQL's catalogue.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import postgast
from postgast.pg_query_pb2 import CmdType

from queryport.compile.check.parts.stretches import Nodes, Stretches, grouped
from queryport.compile.describe.pg_relations import Attribute
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.syntax_tree import SyntaxNode, node_name
from queryport.compile.read.tokens import Placeholder
from queryport.diagnostics.source import Span

if TYPE_CHECKING:
    from queryport.compile.describe.database import Database


class Assignment(NamedTuple):
    """One of a SET list."""

    span: Span
    parameter: str | None
    """The parameter without which it is left out; None for one that every call has."""


class Patches(NamedTuple):
    """The parts of one statement that a call may leave out."""

    lists: tuple[tuple[Assignment, ...], ...] = ()
    """The SET lists with such an assignment."""
    defaults: tuple[tuple[Span, str], ...] = ()
    """The values that are DEFAULT without a parameter."""
    not_null: frozenset[str] = frozenset()
    """The parameters that a column takes no NULL of."""

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The parameters of each SET list, one of which a call has to give."""
        names = ([each.parameter for each in assignments if each.parameter] for assignments in self.lists)
        return tuple(dict.fromkeys(tuple(dict.fromkeys(group)) for group in names))


_CURE = "it can in `SET column = …` and in VALUES; elsewhere give the placeholder another name, without `patch`"


class _InsertedRow(NamedTuple):
    """The values of a row that is inserted, and the names of the columns that they are for."""

    values: Nodes
    columns: Sequence[str | None]
    """None for a field or an element of a column, which has no DEFAULT."""
    relation: SyntaxNode


class _SetList(NamedTuple):
    targets: Nodes
    relation: SyntaxNode


def find_patches(statement: TypedStatement) -> Patches:
    """Return what calls may leave out of a statement; report parameters that cannot be left out of it."""
    names = {place.name for place in statement.scan.placeholders}
    patch = frozenset(name for name in names if statement.file.front_matter.parameter(name).patch)
    return _PatchSearch(statement, patch).patches() if patch else Patches()


class _PatchSearch:
    def __init__(self, statement: TypedStatement, patch: frozenset[str]) -> None:
        self._statement = statement
        self._database: Database = statement.file.database
        self._report = statement.file.reporter.report
        self._patch = patch
        self._stretches = Stretches(statement)
        self._settled: set[int] = set()
        """The numbers of placeholders that can be left out, or were reported."""
        self._not_null: set[str] = set()

    def patches(self) -> Patches:
        lists: list[tuple[Assignment, ...]] = []
        defaults: list[tuple[Span, str]] = []
        nodes = [node for _, node in postgast.walk(self._stretches.node)]
        for node in nodes:
            proposed: set[str] = set()
            for row in self._rows(node):
                for column, span, name in self._defaults(row):
                    defaults.append((span, name))
                    proposed.add(column)
            if node_name(node) == "InsertStmt" and proposed:
                self._check_excluded(node, proposed)
            for set_list in self._set_lists(node):
                assignments = self._assignments(set_list)
                if any(each.parameter for each in assignments):
                    lists.append(assignments)
        for place in self._statement.scan.placeholders:
            if place.name in self._patch and place.number not in self._settled:
                self._report_elsewhere(place, nodes)
        return Patches(tuple(lists), tuple(defaults), frozenset(self._not_null))

    def _rows(self, node: SyntaxNode) -> Iterator[_InsertedRow]:
        match node_name(node):
            case "InsertStmt" if _has_plain_values(node):
                columns = self._columns(node.relation, node.cols)
                for row in node.select_stmt.select_stmt.values_lists:
                    yield _InsertedRow(row.list.items, columns, node.relation)
            case "MergeStmt":
                for clause in node.merge_when_clauses:
                    action = clause.merge_when_clause
                    if action.command_type == CmdType.CMD_INSERT:
                        yield _InsertedRow(
                            action.values, self._columns(node.relation, action.target_list), node.relation
                        )

    def _set_lists(self, node: SyntaxNode) -> Iterator[_SetList]:
        match node_name(node):
            case "UpdateStmt":
                yield _SetList(node.target_list, node.relation)
            case "InsertStmt" if node.on_conflict_clause.target_list:
                yield _SetList(node.on_conflict_clause.target_list, node.relation)
            case "MergeStmt":
                for clause in node.merge_when_clauses:
                    action = clause.merge_when_clause
                    if action.command_type == CmdType.CMD_UPDATE:
                        yield _SetList(action.target_list, node.relation)

    def _defaults(self, row: _InsertedRow) -> Iterator[tuple[str, Span, str]]:
        """Yield each column that has its DEFAULT without a parameter, with the value's stretch and the parameter."""
        for index, value in enumerate(row.values):
            places = self._places(value)
            if not self._is_of_one(places, "value"):
                continue
            column = row.columns[index]
            span = None if column is None else self._stretches.value(row.values, index, places[0])
            if column is None or span is None:
                continue  # DEFAULT cannot stand there, which is reported with all other places
            self._settle(places, row.relation, column, whole=True)
            yield column, span, places[0].name

    def _assignments(self, set_list: _SetList) -> tuple[Assignment, ...]:
        groups = grouped(set_list.targets)
        places = [self._places(*set_list.targets[group.start : group.stop]) for group in groups]
        if not any(places):
            return ()
        spans = self._stretches.assignments(set_list.targets)
        if spans is None:
            return ()
        assignments = []
        for group, span, found in zip(groups, spans, places, strict=True):
            what = "assignment" if len(group) == 1 else "assignment of several columns"
            name = found[0].name if self._is_of_one(found, what) else None
            assignments.append(Assignment(span, name))
            if name is not None:
                for target in set_list.targets[group.start : group.stop]:
                    column = target.res_target
                    self._settle(found, set_list.relation, column.name, whole=not len(column.indirection))
        return tuple(assignments)

    def _places(self, *nodes: SyntaxNode) -> list[Placeholder]:
        """Return the placeholders in nodes whose parameters a call may leave out, each once."""
        wrapped = [inner for node in nodes for _, inner in postgast.walk(postgast.unwrap_node(node))]
        numbers = {inner.number for inner in wrapped if node_name(inner) == "ParamRef"}
        return [
            place
            for place in self._statement.scan.placeholders
            if place.number in numbers and place.name in self._patch
        ]

    def _is_of_one(self, places: Sequence[Placeholder], what: str) -> bool:
        """Say whether the placeholders are of one parameter; report where they are of several."""
        names = list(dict.fromkeys(place.name for place in places))
        if len(names) > 1:
            self._settled.update(place.number for place in places)
            message = f"{' and '.join(f'`:{name}`' for name in names)} may each be left out, and stand in one {what}"
            cure = "write one for each of them, or leave `patch` to one of the parameters"
            self._report("QP114", places[0].span, message, cure, also=(places[1].span,))
        return len(names) == 1

    def _settle(self, places: Sequence[Placeholder], relation: SyntaxNode, column: str, *, whole: bool) -> None:
        self._settled.update(place.number for place in places)
        if whole and self._is_not_null(relation, column):
            self._not_null.update(place.name for place in places)

    def _is_not_null(self, relation: SyntaxNode, column: str) -> bool:
        attribute = next((each for each in self._attributes(relation) if each.name == column), None)
        return attribute is not None and (attribute.not_null or self._refuses_null(attribute.type_oid))

    def _refuses_null(self, oid: int) -> bool:
        """Whether a domain, or one below it, is NOT NULL."""
        row = self._database.types[oid]
        return row.not_null or (row.kind == "d" and self._refuses_null(row.base_oid))

    def _columns(self, relation: SyntaxNode, written: Nodes) -> list[str | None]:
        """Return the names of the columns that an INSERT writes to, in the order of its values."""
        if len(written):
            targets = [column.res_target for column in written]
            return [None if len(target.indirection) else target.name for target in targets]
        return [attribute.name for attribute in self._attributes(relation)]

    def _attributes(self, relation: SyntaxNode) -> Sequence[Attribute]:
        oid = self._database.relations.oid(relation.schemaname, relation.relname)
        return list(self._database.relations.attributes(oid).values()) if oid is not None else []

    def _check_excluded(self, insert: SyntaxNode, columns: set[str]) -> None:
        """Report `excluded.column` where that may be the DEFAULT: the row that is there is not meant to get it."""
        for _, node in postgast.walk(insert.on_conflict_clause):
            if node_name(node) != "ColumnRef":
                continue
            row, *column = [field.string.sval if field.WhichOneof("node") == "string" else "*" for field in node.fields]
            if row == "excluded" and (column in ([], ["*"]) or columns.intersection(column)):
                at = self._statement.file.source.word(self._statement.draft.origin_of_byte(node.location))
                name = ".".join([row, *column])
                message = f"`{name}` holds the column's DEFAULT in a call that leaves its parameter out"
                cure = "write the parameter itself: its assignment is then left out with it"
                self._report("QP114", at, message, cure)

    def _report_elsewhere(self, place: Placeholder, nodes: Sequence[SyntaxNode]) -> None:
        inserts = [node for node in nodes if node_name(node) == "InsertStmt" and not _has_plain_values(node)]
        if any(place in self._places(node.select_stmt) for node in inserts if node.HasField("select_stmt")):
            message = f"`:{place.name}` may be left out, and a DEFAULT for it can stand in a plain VALUES alone"
            cure = "write `INSERT … VALUES (…)`, or delete `patch` and give the parameter a `default`"
        else:
            message = f"`:{place.name}` may be left out, and nothing can be left out for it here"
            cure = _CURE
        self._report("QP114", place.span, message, cure)


def _has_plain_values(insert: SyntaxNode) -> bool:
    """Whether the rows of an INSERT are those of a VALUES that is nothing besides, so that DEFAULT can stand in it."""
    if not insert.HasField("select_stmt"):
        return False
    rows = insert.select_stmt.select_stmt
    more = (rows.sort_clause, rows.locking_clause)
    fields = ("limit_count", "limit_offset", "with_clause")
    return len(rows.values_lists) > 0 and not any(map(len, more)) and not any(map(rows.HasField, fields))
