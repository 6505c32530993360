"""The privileges that operations need, from PostgreSQL's own analysis of their statements.

The analysis says for each table which privileges are checked, and on which columns (RTEPermissionInfo); pg_depend says
which sequences are named. Followed from there is what runs with the caller's privileges and is checked when it runs:
defaults, conditions, policies, views with security_invoker, and functions and triggers that are not SECURITY DEFINER.
PostgreSQL analyses PL/pgSQL only as it runs, so of that the names count. What cannot be read, such as dynamic SQL, is
told, and nothing is claimed of it.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from typing import Any, Literal

import postgast
import psycopg

from handler.contract.operation import Idempotency, Operation
from queryport.access import plpgsql
from queryport.access.checked import checked_columns, checked_verbs, defaulted_columns
from queryport.access.objects import Objects, Routine, Table
from queryport.access.privileges import Needs, Privilege, for_idempotency_keys, merged, unquoted
from queryport.access.statements import can_be_analysed, texts, without_parameters
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.tree.named import named
from queryport.compile.analysis.tree.node_tree import Node, UnreadableTreeError, Value, read_tree, walk
from queryport.compile.analysis.tree.scope import Command
from queryport.compile.describe.description import StatementError
from queryport.compile.describe.momentary_function import momentary_function

_TRIGGER_BITS = {"INSERT": 1 << 2, "DELETE": 1 << 3, "UPDATE": 1 << 4}
"""TRIGGER_TYPE_INSERT and so on, of src/include/catalog/pg_trigger.h."""


def needs(url: str, operations: Iterable[Operation]) -> Needs:
    """Derive what a role needs to run the operations in the database, which has the project's schema."""
    with psycopg.connect(url, autocommit=True) as connection:
        return needs_by(connection, operations)


def needs_by(connection: psycopg.Connection[Any], operations: Iterable[Operation]) -> Needs:
    """Derive as `needs` does, by a connection in autocommit that is kept for others."""
    return _Derivation(connection).of(operations)


class _Derivation:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._objects = Objects(connection)
        self._facts = Facts(connection)
        self._found: set[Privilege] = set()
        self._any: set[tuple[Table, str]] = set()
        """Tables of which rows are counted or locked, and the verb: that takes the privilege on any one column."""
        self._unseen: set[str] = set()
        self._bodies: set[int] = set()
        """The functions whose bodies have been followed."""
        self._followed: set[tuple[str, bool]] = set()
        """The analysed texts of the catalogue that were followed, each with whether its tables are checked."""

    def of(self, operations: Iterable[Operation]) -> Needs:
        for operation in operations:
            if operation.idempotency is not Idempotency.OFF:
                self._found.update(for_idempotency_keys())
            for statements in texts(operation):
                with self._connection.transaction(force_rollback=True):
                    self._call(operation.name, statements)
        return Needs(merged([*self._found, *self._any_columns()]), tuple(sorted(self._unseen)))

    def _any_columns(self) -> Iterator[Privilege]:
        """Yield one column of each table on which any column will do, and none is needed anyway."""
        needed = {(each.name, each.verb) for each in self._found}
        for table, verb in self._any:
            if (table.name, verb) not in needed:
                yield Privilege("table", table.name, verb, tuple(table.columns.values())[:1])

    def _call(self, operation: str, statements: Sequence[str]) -> None:
        """Follow the statements of one call, and run those that define what later ones need."""
        for statement in map(without_parameters, statements):
            if can_be_analysed(statement):
                try:
                    self._text(statement)
                except (StatementError, psycopg.Error, UnreadableTreeError):
                    self._unseen.add(f"operation {operation}: PostgreSQL's analysis of it cannot be read")
                continue
            self._connection.execute(statement.encode())
            self._facts.forget()
            self._objects.forget()
            self._found.add(Privilege("database", "", "TEMPORARY"))
            self._unseen.add(f"operation {operation}: it defines something, and may need more than TEMPORARY for that")

    def _text(self, sql: str, signature: str = "() RETURNS void") -> None:
        """Follow SQL as the body of a function of the signature."""
        with momentary_function(self._connection, signature, sql) as function:
            sequences = self._objects.sequences(function.oid)
        self._tree(read_tree(function.body))
        self._sequences(sequences, function.body)

    def _kept(self, tree: str, *, checked: bool = True) -> None:
        """Follow what the catalogue keeps analysed; `checked` says whether its tables are checked as the caller's."""
        if (tree, checked) not in self._followed:
            self._followed.add((tree, checked))
            self._tree(read_tree(tree), checked=checked)

    def _tree(self, tree: Value, *, checked: bool = True) -> None:
        for query in (node for node in walk(tree) if node.tag == "QUERY"):
            if checked:
                self._query(query)
            else:
                self._views(query)
        objects = named(tree)
        self._facts.look_up(operators=objects.operators, types=objects.types)
        for oid in {*objects.functions, *(self._facts.operator(oid)[0] for oid in objects.operators)}:
            self._function(self._objects.routine(oid))
        for oid in objects.types:
            for condition in self._facts.type(oid).trees:
                self._kept(condition)

    def _query(self, query: Node) -> None:
        writes = query.number("commandType") != Command.SELECT
        takes_defaults = writes and any(node.tag == "SETTODEFAULT" for node in walk(query))
        for entry in query.nodes("rteperminfos"):
            table = self._objects.table(entry.number("relid"))
            if table.built_in:
                continue
            verbs = checked_verbs(entry)
            for verb in verbs:
                self._need("table", table, verb, checked_columns(table, verb, entry))
            self._behind(table, verbs, defaulted_columns(table, verbs, entry, takes_defaults=takes_defaults))
            if table.query is not None:
                self._view(table, verbs)

    def _views(self, query: Node) -> None:
        """Follow the views behind a view; one with security_invoker is always read as the caller."""
        for entry in query.nodes("rteperminfos"):
            table = self._objects.table(entry.number("relid"))
            if table.query is not None and not table.built_in:
                self._view(table, ["SELECT"])

    def _view(self, view: Table, verbs: Sequence[str]) -> None:
        """Follow a view; its owner's privileges count for its tables, and its reader's for everything else."""
        assert view.query is not None  # noqa: S101 (see _query)
        self._kept(view.query, checked=view.invoker)
        self._sequences(view.sequences, view.query)
        if not set(verbs) - {"SELECT"}:
            return
        if view.invoker:
            self._unseen.add(f"view {view.name}: who writes to it needs the same on the tables behind it")
        for node in (node for node in walk(read_tree(view.query)) if node.tag == "QUERY"):
            for entry in node.nodes("rteperminfos"):
                table = self._objects.table(entry.number("relid"))
                self._behind(table, verbs, table.defaults.keys() if "INSERT" in verbs else set())

    def _behind(self, table: Table, verbs: Sequence[str], defaulted: Set[str]) -> None:
        """Follow what runs when rows are read or written; `defaulted` are the columns that may take their default."""
        for policy in table.policies:
            self._kept(policy)
            self._sequences(table.sequences, policy)
        if set(verbs) & {"INSERT", "UPDATE"}:
            for condition in table.conditions:
                self._kept(condition)
            for number in table.defaults.keys() & defaulted:
                self._kept(table.defaults[number])
                self._sequences(table.default_sequences.get(number, ()), table.defaults[number])
        for function, kinds in table.triggers:
            if any(kinds & _TRIGGER_BITS.get(verb, 0) for verb in verbs):
                self._body(self._objects.routine(function))

    def _sequences(self, oids: Sequence[int], tree: str) -> None:
        """Need the sequences that are named, as far as the tree uses them."""
        if not oids:
            return
        routines = [self._objects.routine(oid) for oid in named(read_tree(tree)).functions]
        sets = any(routine and routine.name.startswith("pg_catalog.setval(") for routine in routines)
        for oid in oids:
            for verb in ("USAGE", "UPDATE") if sets else ("USAGE",):
                self._need("sequence", self._objects.table(oid), verb)

    def _function(self, routine: Routine | None) -> None:
        if routine is None or (routine.public and not routine.own):
            return
        self._found.add(Privilege("function", routine.name, "EXECUTE"))
        self._found.add(Privilege("schema", routine.schema, "USAGE"))
        self._body(routine)

    def _body(self, routine: Routine | None) -> None:
        """Follow what a function does with its caller's privileges."""
        if routine is None or routine.oid in self._bodies or not routine.own or routine.definer:
            return
        self._bodies.add(routine.oid)
        for body in routine.bodies:
            self._kept(body)
            self._sequences(self._objects.sequences(routine.oid), body)
        if routine.language == "sql" and routine.source:
            signature = f"({routine.arguments}) RETURNS {routine.result}"
            with suppress(StatementError, psycopg.Error, UnreadableTreeError):
                self._text(routine.source.rstrip().removesuffix(";"), signature)
                return
        if routine.language == "c" or (routine.language == "sql" and not routine.source):
            return
        if routine.language == "plpgsql" and self._statements(routine):
            return
        self._unseen.add(
            f"function {routine.name}: it runs with its caller's privileges, and not all that it does can be read "
            f"({routine.language}); grant what it needs, or make it SECURITY DEFINER"
        )

    def _statements(self, routine: Routine) -> bool:
        """Follow what a PL/pgSQL function names; return whether that is all it does."""
        try:
            found = plpgsql.statements(routine.definition)
        except postgast.PgQueryError:
            return False
        for use in found.uses:
            # What is not there is a transition table, or one that is made on the way.
            table = self._objects.named_table(use.schema, use.name)
            if table is None or table.built_in:
                continue
            columns = table.columns.values()
            used = columns if use.columns is None else [each for each in columns if unquoted(each) in use.columns]
            if used or not use.is_target:
                self._need("table", table, use.verb, None if use.verb == "DELETE" else tuple(used))
            given = () if use.takes_defaults or use.columns is None else used
            inserts = use.verb == "INSERT" or (use.verb == "UPDATE" and use.takes_defaults)
            free = {number for number, column in table.columns.items() if inserts and column not in given}
            self._behind(table, [use.verb], free)
            if table.query is not None:
                self._view(table, [use.verb])
        for schema, name in found.functions:
            for each in self._objects.named_routines(schema, name):
                self._function(each)
        return not found.dynamic

    def _need(
        self, kind: Literal["table", "sequence"], table: Table, verb: str, columns: tuple[str, ...] | None = None
    ) -> None:
        """Need a verb on columns; None for the whole object, an empty tuple for any one column."""
        if columns == ():
            self._any.add((table, verb))
        else:
            self._found.add(Privilege(kind, table.name, verb, columns or ()))
        self._found.add(Privilege("schema", table.schema, "USAGE"))
