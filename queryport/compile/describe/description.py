"""PostgreSQL's word on a statement: its parameters and columns, or the refusal to prepare it."""

from typing import Any, NamedTuple

import psycopg
from psycopg import pq


class Column(NamedTuple):
    """A column of a statement's result, as PostgreSQL describes it."""

    name: str
    type_oid: int
    type_modifier: int
    table_oid: int
    """The table that the column comes from unchanged; 0 for an expression."""
    table_column: int


class Description(NamedTuple):
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


def refusal(connection: psycopg.Connection[Any], result: pq.abc.PGresult) -> StatementError | psycopg.OperationalError:
    """Return the error that a result tells of: the statement's, unless the connection is lost."""
    if connection.pgconn.status != pq.ConnStatus.OK:
        return psycopg.OperationalError("the database closed the connection")

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
