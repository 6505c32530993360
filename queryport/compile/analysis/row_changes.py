"""The changes of rows that an analysed statement asks for, and the parameters that feed their columns.

A parameter feeds a column if its value, or what an expression makes of it, is what the column gets. It is followed
through subqueries, WITH, VALUES, set operations and functions in FROM, and never by a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handler.contract.pointer import escaped
from queryport.compile.analysis.facts import Facts
from queryport.compile.analysis.named import FIRST_OF_USERS
from queryport.compile.analysis.node_tree import Node, UnreadableTreeError, Value, only_query
from queryport.compile.analysis.scope import Command, EntryKind, Scope, outputs

RowSource = tuple[int, str]
"""The number of a parameter, and the path of a member within it, such as `/email`; empty for the whole.

`/*/email` is the member of an element of the array, of which the column is a plain copy.
"""

RECORD_FUNCTIONS = frozenset({"json_to_record", "jsonb_to_record", "json_populate_record", "jsonb_populate_record"})
"""PostgreSQL's functions that make one row of an object."""

_ROWS_FUNCTIONS = frozenset(
    {"json_to_recordset", "jsonb_to_recordset", "json_populate_recordset", "jsonb_populate_recordset"}
)
"""Those that make a row of each element of an array."""

_NOTHING = frozenset[RowSource]()


@dataclass(frozen=True, slots=True)
class RowChange:
    """One INSERT, UPDATE, DELETE or MERGE within a statement."""

    relation: int
    command: Command
    columns: frozenset[int] | None
    """The numbers of the columns that an UPDATE sets; None is all."""
    feeds: Mapping[int, frozenset[RowSource]]
    """For each column that is set, the parameters that its value is made of."""
    ignores: frozenset[int] | None = None
    """The columns of the unique index on which ON CONFLICT turns a violation into something else; empty is any."""


@dataclass(frozen=True, slots=True)
class DomainCast:
    """A value that becomes one of a domain, or of a type that has one within."""

    domain: int
    sources: frozenset[RowSource]
    is_constant: bool


class RowChanges:
    """Reads one statement."""

    def __init__(self, facts: Facts, query: Node) -> None:
        self._facts = facts
        self._within: set[int] = set()
        self.changes: list[RowChange] = []
        self.casts: list[DomainCast] = []
        self._read(Scope(query))

    def _read(self, scope: Scope) -> None:
        self._look_at(scope, tuple(value for name, value in scope.query.fields()))
        query = scope.query
        command = query.number("commandType")
        if command in (Command.INSERT, Command.UPDATE, Command.DELETE, Command.MERGE):
            self._changes_of(scope, query, Command(command))

    def _look_at(self, scope: Scope, value: Value) -> None:
        """Read the queries within a query, each with its scope, and the values that become a domain's."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, tuple):
                pending.extend(item)
            elif isinstance(item, Node):
                if item.tag == "QUERY":
                    self._read(Scope(item, scope))
                    continue
                if item.tag == "COERCETODOMAIN":
                    argument = item.node("arg")
                    is_constant = argument.tag in ("CONST", "COERCETODOMAINVALUE")
                    self.casts.append(
                        DomainCast(item.number("resulttype"), self._sources(scope, argument), is_constant)
                    )
                if item.tag == "PARAM" and item.number("paramtype") >= FIRST_OF_USERS:
                    self.casts.append(
                        DomainCast(item.number("paramtype"), self._sources(scope, item), is_constant=False)
                    )
                if item.tag == "RANGETBLENTRY" and item.number("rtekind") == EntryKind.FUNCTION:
                    self._declared(scope, item)
                pending.extend(item.values())

    def _declared(self, scope: Scope, entry: Node) -> None:
        """The columns that a function in FROM is declared to give."""
        column = 0
        for item in entry.nodes("functions"):
            types = item.numbers("funccoltypes")
            for place in range(item.number("funccolcount")):
                column += 1
                if place < len(types) and types[place] >= FIRST_OF_USERS:
                    sources = self._function(scope, entry, column)
                    self.casts.append(DomainCast(types[place], sources, is_constant=False))

    def _changes_of(self, scope: Scope, query: Node, command: Command) -> None:
        relation = scope.entry(query.number("resultRelation")).number("relid")
        if command == Command.MERGE:
            for action in query.nodes("mergeActionList"):
                kind = action.number("commandType")
                if kind in (Command.INSERT, Command.UPDATE, Command.DELETE):
                    self._add(scope, relation, Command(kind), action.nodes("targetList"))
            return
        conflict = query.maybe("onConflict")
        ignores = None if conflict is None else _arbiter(conflict)
        self._add(scope, relation, command, query.nodes("targetList"), ignores)
        if conflict is not None and conflict.nodes("onConflictSet"):
            self._add(scope, relation, Command.UPDATE, conflict.nodes("onConflictSet"))

    def _add(
        self,
        scope: Scope,
        relation: int,
        command: Command,
        targets: list[Node],
        ignores: frozenset[int] | None = None,
    ) -> None:
        feeds = {
            target.number("resno"): self._sources(scope, target.node("expr"))
            for target in targets
            if not target.flag("resjunk")
        }
        if command == Command.DELETE:
            feeds = {}
        columns = frozenset(feeds) if command == Command.UPDATE else None
        self.changes.append(RowChange(relation, command, columns, feeds, ignores))

    def _sources(self, scope: Scope, value: Value) -> frozenset[RowSource]:
        """The parameters that an expression, or a list of them, is made of."""
        if isinstance(value, tuple):
            return _NOTHING.union(*(self._sources(scope, item) for item in value))
        if not isinstance(value, Node):
            return _NOTHING
        match value.tag:
            case "PARAM":
                return frozenset({(value.number("paramid"), "")}) if value.number("paramkind") == 0 else _NOTHING
            case "VAR":
                found = self._variable(scope, value)
                return _of_arrays(found) if value.numbers("varnullingrels") else found
            case "SUBLINK":
                return self._outputs(Scope(value.node("subselect"), scope))
            case "QUERY":
                return self._outputs(Scope(value, scope))
        return _of_arrays(_NOTHING.union(*(self._sources(scope, inner) for inner in value.values())))

    def _outputs(self, scope: Scope) -> frozenset[RowSource]:
        return _NOTHING.union(*(self._sources(scope, target.node("expr")) for target in outputs(scope.query)))

    def _variable(self, scope: Scope, variable: Node) -> frozenset[RowSource]:
        scope = scope.up(variable.number("varlevelsup"))
        column = variable.number("varattno")
        if column <= 0:
            return _NOTHING
        entry = scope.entry(variable.number("varno"))
        match entry.number("rtekind"):
            case EntryKind.SUBQUERY:
                return self._output(Scope(entry.node("subquery"), scope), column)
            case EntryKind.COMMON_TABLE if not entry.flag("self_reference"):
                owner, common = scope.common_table(entry)
                return self._output(Scope(common.node("ctequery"), owner), column)
            case EntryKind.JOIN:
                return self._sources(scope, entry.nodes("joinaliasvars")[column - 1])
            case EntryKind.GROUP:
                return self._sources(scope, entry.nodes("groupexprs")[column - 1])
            case EntryKind.VALUES:
                return _NOTHING.union(*(self._sources(scope, row[column - 1]) for row in entry.rows("values_lists")))
            case EntryKind.FUNCTION:
                return self._function(scope, entry, column)
            case EntryKind.RELATION:
                return self._excluded(scope, variable, column)
        return _NOTHING

    def _excluded(self, scope: Scope, variable: Node, column: int) -> frozenset[RowSource]:
        """The row that ON CONFLICT has found in the way of another is the one that was to be inserted."""
        conflict = scope.query.maybe("onConflict")
        if conflict is None or conflict.number("exclRelIndex") != variable.number("varno"):
            return _NOTHING
        targets = [target for target in scope.query.nodes("targetList") if target.number("resno") == column]
        return _NOTHING.union(*(self._sources(scope, target.node("expr")) for target in targets))

    def _output(self, scope: Scope, column: int) -> frozenset[RowSource]:
        key = id(scope.query) * 10_000 + column
        if key in self._within:  # a recursive query
            return _NOTHING
        self._within.add(key)
        try:
            operations = scope.query.maybe("setOperations")
            if operations is not None:
                return self._combined(scope, operations, column)
            targets = [target for target in outputs(scope.query) if target.number("resno") == column]
            return _NOTHING.union(*(self._sources(scope, target.node("expr")) for target in targets))
        finally:
            self._within.discard(key)

    def _combined(self, scope: Scope, operation: Node, column: int) -> frozenset[RowSource]:
        if operation.tag == "RANGETBLREF":
            subquery = scope.entry(operation.number("rtindex")).node("subquery")
            return self._output(Scope(subquery, scope), column)
        return self._combined(scope, operation.node("larg"), column) | self._combined(
            scope, operation.node("rarg"), column
        )

    def _function(self, scope: Scope, entry: Node, column: int) -> frozenset[RowSource]:
        before = 0
        for item in entry.nodes("functions"):
            count = item.number("funccolcount")
            if column <= before + count:
                call = item.node("funcexpr")
                sources = self._sources(scope, call)
                if call.tag == "FUNCEXPR" and call.number("funcid") < FIRST_OF_USERS:
                    function = self._facts.function(call.number("funcid"))
                    if function.name in RECORD_FUNCTIONS:
                        member = escaped(column_names(entry)[column - 1])
                        return frozenset((number, f"{path}/{member}") for number, path in sources)
                    if function.name in _ROWS_FUNCTIONS and len(entry.nodes("functions")) == 1:
                        given = {node.number("paramid") for node in call.nodes("args") if node.tag == "PARAM"}
                        member = escaped(column_names(entry)[column - 1])
                        return frozenset(
                            (number, f"/*/{member}" if number in given else path) for number, path in sources
                        )
                return sources
            before += count
        return _NOTHING


def _of_arrays(sources: frozenset[RowSource]) -> frozenset[RowSource]:
    """Return the sources with the whole array in place of a member of its elements."""
    return frozenset((number, path.partition("/*/")[0]) for number, path in sources)


def column_names(entry: Node) -> list[str]:
    """Return the names of the columns of an entry of the range table."""
    return strings(entry.node("eref"), "colnames")


def strings(node: Node, field: str) -> list[str]:
    """Return the strings of a list."""
    names = dict(node.fields())[field]
    listed = names if isinstance(names, tuple) else (names,)
    found = [name[1:-1] for name in listed if isinstance(name, str) and name[:1] == name[-1:] == '"']
    if len(found) != len(listed):
        raise UnreadableTreeError(f"{node.tag}.{field} is no list of strings")
    return found


def _arbiter(conflict: Node) -> frozenset[int] | None:
    """The columns of the index that ON CONFLICT names; empty where it names none, None for another kind of index."""
    if conflict.number("constraint"):
        return None
    elements = [element.node("expr") for element in conflict.nodes("arbiterElems")]
    if all(element.tag == "VAR" for element in elements):
        return frozenset(element.number("varattno") for element in elements)
    return None


def view_columns(facts: Facts, relation: int, column: int) -> tuple[int, int] | None:
    """Return the table and column behind a view's column that can be written to."""
    scope = Scope(only_query(facts.relation(relation).query))
    for target in outputs(scope.query):
        if target.number("resno") == column:
            variable = scope.origin(target.node("expr"))
            if variable.tag == "VAR" and variable.number("varlevelsup") == 0:
                entry = scope.entry(variable.number("varno"))
                if entry.number("rtekind") == EntryKind.RELATION:
                    return entry.number("relid"), variable.number("varattno")
    return None
