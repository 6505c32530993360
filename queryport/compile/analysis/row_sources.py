"""The parameters that a value of an analysed statement is made of.

A value is followed through subqueries, WITH, VALUES, set operations and functions in FROM, and never by a name.
"""

from handler.contract.pointer import escaped
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.tree.named import FIRST_OF_USERS
from queryport.compile.analysis.tree.node_tree import Node, Value
from queryport.compile.analysis.tree.scope import EntryKind, ParameterKind, Scope, outputs

RowSource = tuple[int, str]
"""The number of a parameter, and the path of a member within it, such as `/email`; empty for the whole.

`/*/email` is the member of an element of the array, of which the column is a plain copy.
"""

RECORD_FUNCTIONS = frozenset({"json_to_record", "jsonb_to_record", "json_populate_record", "jsonb_populate_record"})
"""PostgreSQL's functions that make one row of an object."""

RECORDSET_FUNCTIONS = frozenset(
    {"json_to_recordset", "jsonb_to_recordset", "json_populate_recordset", "jsonb_populate_recordset"}
)
"""Those that make a row of each element of an array."""

_NOTHING = frozenset[RowSource]()


class RowSources:
    """Reads one statement."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._within: set[tuple[int, int]] = set()

    def of(self, scope: Scope, value: Value) -> frozenset[RowSource]:
        """Return the parameters that an expression, or a list of them, is made of."""
        if isinstance(value, tuple):
            return _NOTHING.union(*(self.of(scope, item) for item in value))
        if not isinstance(value, Node):
            return _NOTHING
        match value.tag:
            case "PARAM":
                is_given = value.number("paramkind") == ParameterKind.EXTERNAL
                return frozenset({(value.number("paramid"), "")}) if is_given else _NOTHING
            case "VAR":
                found = self._variable(scope, value)
                return _of_arrays(found) if value.numbers("varnullingrels") else found
            case "SUBLINK":
                return self._outputs(Scope(value.node("subselect"), scope))
            case "QUERY":
                return self._outputs(Scope(value, scope))
        return _of_arrays(_NOTHING.union(*(self.of(scope, inner) for inner in value.values())))

    def _outputs(self, scope: Scope) -> frozenset[RowSource]:
        return _NOTHING.union(*(self.of(scope, target.node("expr")) for target in outputs(scope.query)))

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
                return self.of(scope, entry.nodes("joinaliasvars")[column - 1])
            case EntryKind.GROUP:
                return self.of(scope, entry.nodes("groupexprs")[column - 1])
            case EntryKind.VALUES:
                return _NOTHING.union(*(self.of(scope, row[column - 1]) for row in entry.rows("values_lists")))
            case EntryKind.FUNCTION:
                return self.of_function(scope, entry, column)
            case EntryKind.RELATION:
                return self._excluded(scope, variable, column)
        return _NOTHING

    def _excluded(self, scope: Scope, variable: Node, column: int) -> frozenset[RowSource]:
        """The row that ON CONFLICT has found in the way of another is the one that was to be inserted."""
        conflict = scope.query.maybe("onConflict")
        if conflict is None or conflict.number("exclRelIndex") != variable.number("varno"):
            return _NOTHING
        targets = [target for target in scope.query.nodes("targetList") if target.number("resno") == column]
        return _NOTHING.union(*(self.of(scope, target.node("expr")) for target in targets))

    def _output(self, scope: Scope, column: int) -> frozenset[RowSource]:
        key = id(scope.query), column
        if key in self._within:  # a recursive query
            return _NOTHING
        self._within.add(key)
        try:
            operations = scope.query.maybe("setOperations")
            if operations is not None:
                return self._combined(scope, operations, column)
            targets = [target for target in outputs(scope.query) if target.number("resno") == column]
            return _NOTHING.union(*(self.of(scope, target.node("expr")) for target in targets))
        finally:
            self._within.discard(key)

    def _combined(self, scope: Scope, operation: Node, column: int) -> frozenset[RowSource]:
        if operation.tag == "RANGETBLREF":
            subquery = scope.entry(operation.number("rtindex")).node("subquery")
            return self._output(Scope(subquery, scope), column)
        return self._combined(scope, operation.node("larg"), column) | self._combined(
            scope, operation.node("rarg"), column
        )

    def of_function(self, scope: Scope, entry: Node, column: int) -> frozenset[RowSource]:
        """Return the parameters that a column of an entry of functions is made of."""
        before = 0
        for item in entry.nodes("functions"):
            count = item.number("funccolcount")
            if column <= before + count:
                return self._of_call(scope, entry, column, item.node("funcexpr"))
            before += count
        return _NOTHING

    def _of_call(self, scope: Scope, entry: Node, column: int, call: Node) -> frozenset[RowSource]:
        """A column of a record is made of a member of the object; of other functions, of all that they are given."""
        sources = self.of(scope, call)
        if call.tag != "FUNCEXPR" or call.number("funcid") >= FIRST_OF_USERS:
            return sources
        name = self._facts.function(call.number("funcid")).name
        if name in RECORD_FUNCTIONS:
            member = escaped(_column_names(entry)[column - 1])
            return frozenset((number, f"{path}/{member}") for number, path in sources)
        if name in RECORDSET_FUNCTIONS and len(entry.nodes("functions")) == 1:
            member = escaped(_column_names(entry)[column - 1])
            given = {node.number("paramid") for node in call.nodes("args") if node.tag == "PARAM"}
            return frozenset((number, f"/*/{member}" if number in given else path) for number, path in sources)
        return sources


def _of_arrays(sources: frozenset[RowSource]) -> frozenset[RowSource]:
    """Return the sources with the whole array in place of a member of its elements."""
    return frozenset((number, path.partition("/*/")[0]) for number, path in sources)


def _column_names(entry: Node) -> list[str]:
    """The names of the columns of an entry of the range table."""
    return entry.node("eref").strings("colnames")
