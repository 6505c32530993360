"""Asks PostgreSQL to prepare a statement, and for its types, columns and labels.

The only module of the compiler that talks to a server. Statements are prepared and described; executed is only what
defines something that later statements of the same file need, in a transaction that is rolled back. Answers about the
catalogue are kept, since one run asks the same questions for every file.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import pq

from queryport.compile.analysis.facts import Facts
from queryport.compile.describe.conversions import Conversions
from queryport.compile.describe.hindrances import Hindrances
from queryport.compile.describe.planning import Planning

UNKNOWN_OID = 0
TEXT_OID = 25

MOST_ARGUMENTS = 100
"""Of a function (FUNC_MAX_ARGS)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a statement's result, as PostgreSQL describes it."""

    name: str
    type_oid: int
    type_modifier: int
    table_oid: int
    """The table that the column comes from unchanged; 0 for an expression."""
    table_column: int


@dataclass(frozen=True, slots=True)
class Description:
    """The parameters and columns of a prepared statement."""

    parameter_oids: tuple[int, ...]
    columns: tuple[Column, ...]


class StatementError(Exception):
    """PostgreSQL would not prepare the statement; `position` counts characters from 0, where PostgreSQL knew it."""

    def __init__(self, sqlstate: str, message: str, hint: str | None, position: int | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message
        self.hint = hint
        self.position = position


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of a table or a field of a composite type."""

    name: str
    type_oid: int
    type_modifier: int
    not_null: bool
    dimensions: int


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A row of pg_type, with what belongs to it."""

    oid: int
    sql_name: str
    """As it is written in SQL, quoted and qualified where it must be; without a modifier."""
    schema: str
    name: str
    kind: str
    """pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange."""
    element_oid: int
    """Of an array; 0 otherwise."""
    base_oid: int
    """Of a domain; 0 otherwise."""
    type_modifier: int
    """Of a domain's base type; -1 otherwise."""
    relation_oid: int
    """Of a composite type; 0 otherwise."""
    delimiter: str
    not_null: bool
    json_cast: bool
    """row_to_json renders the type by a cast of its own, as hstore's."""


class Database:
    """A connection to the database that has the project's schema."""

    def __init__(self, url: str) -> None:
        # Autocommit: each prepare is a transaction of its own, so that one refusal does not spoil the next.
        self._connection = psycopg.connect(url, autocommit=True)
        self._types: dict[int, TypeRow] = {}
        self._attributes: dict[int, dict[int, Attribute]] = {}
        self._labels: dict[int, tuple[str, ...]] = {}
        self._defined = False
        self.hindrances = Hindrances()
        self.facts = Facts(self._connection)
        self.conversions = Conversions(self._connection, self._undone, self.hindrances)
        self.planning = Planning(self._connection, url, self.hindrances)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.planning.close()
        self._connection.close()

    @property
    def is_lost(self) -> bool:
        """Return whether the connection is broken, so that no answer is one of a statement."""
        return self._connection.pgconn.status != pq.ConnStatus.OK

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """A transaction that is rolled back at the end of the with block."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")
            if self._defined:
                self._forget()

    def _forget(self) -> None:
        """Drop what is known of the catalogue, which a rehearsed statement or its end has changed."""
        self._defined = self._connection.info.transaction_status != pq.TransactionStatus.IDLE
        for known in (self._types, self._attributes, self._labels):
            known.clear()
        self.facts.forget()
        self.conversions.forget()
        self.planning.forget()

    def define(self, sql: str, parameter_oids: Sequence[int]) -> None:
        """Execute a statement that defines something, within a rehearsal; its parameters are NULL.

        Raises StatementError where PostgreSQL refuses it.
        """
        with self._savepoint():
            result = self._connection.pgconn.exec_params(sql.encode(), [None] * len(parameter_oids), parameter_oids)
            if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
                raise self._error(result)
        self._forget()

    def prepare(self, sql: str, parameter_oids: list[int] | None = None) -> Description:
        """Prepare and describe a statement; an oid of 0 leaves a parameter's type to PostgreSQL.

        Raises StatementError where PostgreSQL refuses it.
        """
        with self._savepoint():
            return self._prepare(sql, parameter_oids)

    def _undone(self) -> AbstractContextManager[None]:
        return self.rehearsal() if self._is_idle else self._savepoint()

    @property
    def _is_idle(self) -> bool:
        return self._connection.info.transaction_status == pq.TransactionStatus.IDLE

    def analyse(self, sql: str, parameter_oids: Sequence[int]) -> str:
        """Return PostgreSQL's analysis of a SELECT, INSERT, UPDATE, DELETE or MERGE, as pg_node_tree.

        The statement is the body of a function for a moment, with its parameters as arguments; there can be
        MOST_ARGUMENTS of them. Raises StatementError where PostgreSQL refuses it.
        """
        arguments = ", ".join(self.type(oid).sql_name for oid in parameter_oids)
        idle = self._connection.info.transaction_status == pq.TransactionStatus.IDLE
        define = f"CREATE FUNCTION pg_temp.queryport_analysis({arguments}) RETURNS void BEGIN ATOMIC {sql}; END"
        script = f"{'BEGIN' if idle else 'SAVEPOINT queryport'}; {define}; {_ANALYSIS}"
        protocol = self._connection.pgconn
        try:
            result = protocol.exec_(script.encode())
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise self._error(result)
            return (result.get_value(0, 0) or b"").decode()
        finally:
            protocol.exec_(b"ROLLBACK" if idle else b"ROLLBACK TO queryport; RELEASE queryport")

    def plan(self, sql: str) -> Any:
        """Return the plan of a statement whose parameters' values nobody knows, as EXPLAIN's JSON has it.

        Raises StatementError where PostgreSQL refuses it.
        """
        with self._savepoint():
            result = self._connection.pgconn.exec_(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {sql}".encode())
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise self._error(result)
            return json.loads(result.get_value(0, 0) or b"null")[0]["Plan"]

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Within a rehearsal, a refusal undoes what is in the with block and leaves the rest as it was."""
        if self._is_idle:
            yield
            return
        self._connection.execute("SAVEPOINT queryport")
        try:
            yield
        except (StatementError, psycopg.Error):
            self._connection.execute("ROLLBACK TO queryport")
            raise
        finally:
            self._connection.execute("RELEASE queryport")

    def _prepare(self, sql: str, parameter_oids: list[int] | None) -> Description:
        protocol = self._connection.pgconn
        result = protocol.prepare(b"", sql.encode(), parameter_oids)
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise self._error(result)
        result = protocol.describe_prepared(b"")
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise self._error(result)
        return Description(
            tuple(result.param_type(index) for index in range(result.nparams)),
            tuple(
                Column(
                    (result.fname(index) or b"").decode(),
                    result.ftype(index),
                    result.fmod(index),
                    result.ftable(index),
                    result.ftablecol(index),
                )
                for index in range(result.nfields)
            ),
        )

    def _error(self, result: pq.abc.PGresult) -> StatementError | psycopg.OperationalError:
        if self.is_lost:
            return psycopg.OperationalError("the database closed the connection")
        error = _statement_error(result)
        self.hindrances.note(error.sqlstate)
        return error

    def type(self, oid: int) -> TypeRow:
        if oid not in self._types:
            row = self._connection.execute(_TYPE, (oid,)).fetchone()
            assert row is not None, oid  # noqa: S101 (PostgreSQL itself named the oid)
            self._types[oid] = TypeRow(*row)
        return self._types[oid]

    def base_type(self, oid: int) -> TypeRow:
        """Return the type under a domain, and under the domains below it."""
        row = self.type(oid)
        while row.kind == "d":
            row = self.type(row.base_oid)
        return row

    def type_oid(self, name: str) -> int | None:
        """Return the oid of a type as it is written in SQL (`text`, `numeric(10,2)`, `shop.email[]`), or None."""
        try:
            with self._savepoint():
                row = self._connection.execute("SELECT to_regtype(%s)::oid::bigint", (name,)).fetchone()
        except psycopg.Error as error:  # not even the grammar of a type name
            self.hindrances.note(error.sqlstate)
            return None
        return row[0] if row else None

    def attributes(self, relation_oid: int) -> dict[int, Attribute]:
        """Return the columns of a table, view or composite type, by their number."""
        if relation_oid not in self._attributes:
            rows = self._connection.execute(_ATTRIBUTES, (relation_oid,)).fetchall()
            self._attributes[relation_oid] = {row[0]: Attribute(*row[1:]) for row in rows}
        return self._attributes[relation_oid]

    def may_change_by_itself(self, relation_oid: int, column: str) -> bool:
        """Return whether an UPDATE may change a column that it does not assign: by a trigger, or as it is generated."""
        row = self._connection.execute(_CHANGES_BY_ITSELF, {"relation": relation_oid, "column": column}).fetchone()
        return row is not None and bool(row[0])

    def enum_labels(self, oid: int) -> tuple[str, ...]:
        if oid not in self._labels:
            rows = self._connection.execute(
                "SELECT enumlabel FROM pg_enum WHERE enumtypid = %s ORDER BY enumsortorder", (oid,)
            ).fetchall()
            self._labels[oid] = tuple(row[0] for row in rows)
        return self._labels[oid]

    def relation(self, schema: str, name: str) -> int | None:
        """Return the oid of a table or view as a statement would find it, or None."""
        parts = [part for part in (schema, name) if part]
        row = self._connection.execute(
            "SELECT to_regclass((SELECT string_agg(quote_ident(part), '.') FROM unnest(%s::text[]) part))::oid::bigint",
            (parts,),
        ).fetchone()
        return row[0] if row else None


def _statement_error(result: pq.abc.PGresult) -> StatementError:
    def field(name: pq.DiagnosticField) -> str | None:
        value = result.error_field(name)
        return value.decode(errors="replace") if value is not None else None

    position = field(pq.DiagnosticField.STATEMENT_POSITION)
    return StatementError(
        field(pq.DiagnosticField.SQLSTATE) or "XX000",
        field(pq.DiagnosticField.MESSAGE_PRIMARY) or "the statement was refused",
        field(pq.DiagnosticField.MESSAGE_HINT),
        int(position) - 1 if position else None,
    )


_ANALYSIS = """
SELECT prosqlbody FROM pg_catalog.pg_proc
WHERE proname = 'queryport_analysis' AND pronamespace = pg_catalog.pg_my_temp_schema()
"""

# format_type names bpchar `character` and bit `bit`, which as casts mean character(1) and bit(1).
_TYPE = """
SELECT t.oid::bigint,
       CASE coalesce(nullif(t.typelem, 0), t.oid)
         WHEN 'pg_catalog.bpchar'::regtype THEN 'bpchar'
         WHEN 'pg_catalog.bit'::regtype THEN '"bit"'
         ELSE format_type(coalesce(CASE WHEN array_type.is_array THEN t.typelem END, t.oid), NULL)
       END || CASE WHEN array_type.is_array THEN '[]' ELSE '' END,
       n.nspname, t.typname, t.typtype::text,
       CASE WHEN array_type.is_array THEN t.typelem ELSE 0 END::bigint,
       t.typbasetype::bigint, t.typtypmod, t.typrelid::bigint, t.typdelim::text, t.typnotnull,
       t.oid >= 16384 AND EXISTS (
         SELECT FROM pg_cast c
         WHERE c.castsource = t.oid AND c.casttarget = 'pg_catalog.json'::regtype AND c.castfunc <> 0)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
CROSS JOIN LATERAL (
  SELECT t.typelem <> 0 AND t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc AND t.typlen = -1
         AND t.typname NOT IN ('int2vector', 'oidvector') AS is_array) array_type
WHERE t.oid = %s
"""

# The bits are those of pg_trigger.h: of each row, before, UPDATE.
_CHANGES_BY_ITSELF = """
SELECT EXISTS (
  SELECT FROM pg_trigger
  WHERE tgrelid = %(relation)s AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 19 = 19
) OR EXISTS (
  SELECT FROM pg_attribute WHERE attrelid = %(relation)s AND attname = %(column)s AND attgenerated <> ''
)
"""

_ATTRIBUTES = """
SELECT a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.attnotnull, a.attndims
FROM pg_attribute a
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
