"""Asks PostgreSQL to prepare a statement, and for its parameters and columns.

Statements are prepared and described; executed are only definitions for later statements of the same file, in a
transaction that is rolled back. Answers about the catalogue are kept, since one run asks the same questions for every
file.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import pq

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.describe.conversions import Conversions
from queryport.compile.describe.description import Column, Description, StatementError, refusal
from queryport.compile.describe.hindrances import Hindrances
from queryport.compile.describe.momentary_function import momentary_function
from queryport.compile.describe.pg_relations import Relations
from queryport.compile.describe.pg_types import Types
from queryport.compile.describe.planning import Planning

UNKNOWN_OID = 0
TEXT_OID = 25


class Database:
    """A connection to the database that has the project's schema."""

    def __init__(self, url: str) -> None:
        # Autocommit: each prepare is a transaction of its own, so that one refusal does not spoil the next.
        self._connection = psycopg.connect(url, autocommit=True)
        self._defined = False
        self.hindrances = Hindrances()
        self.facts = Facts(self._connection)
        self.types = Types(self._connection, self._savepoint, self.hindrances)
        self.relations = Relations(self._connection)
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
        for known in (self.facts, self.types, self.relations, self.conversions, self.planning):
            known.forget()

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

        There can be MOST_ARGUMENTS of its parameters. Raises StatementError where PostgreSQL refuses it.
        """
        arguments = ", ".join(self.types[oid].sql_name for oid in parameter_oids)
        try:
            with momentary_function(self._connection, f"({arguments}) RETURNS void", sql) as function:
                return function.body
        except StatementError as error:
            self.hindrances.note(error.sqlstate)
            raise

    def plan(self, sql: str) -> Any:
        """Return the generic plan of a statement, as EXPLAIN's JSON has it.

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
        error = refusal(self._connection, result)
        if isinstance(error, StatementError):
            self.hindrances.note(error.sqlstate)
        return error
