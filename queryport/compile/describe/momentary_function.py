"""Has PostgreSQL analyse SQL, as the body of a function that is there for a moment: the catalogue keeps it analysed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from queryport.compile.describe.description import refusal

MOST_ARGUMENTS = 100
"""Of a function (FUNC_MAX_ARGS)."""


class MomentaryFunction(NamedTuple):
    oid: int
    body: str
    """The analysed SQL, as pg_node_tree."""


@contextmanager
def momentary_function(connection: psycopg.Connection[Any], signature: str, sql: str) -> Iterator[MomentaryFunction]:
    """Make a function of reads and changes of rows, which is gone at the end of the with block.

    The signature is as behind the name in CREATE FUNCTION, `(bigint) RETURNS void`. Raises StatementError where
    PostgreSQL refuses the SQL, and psycopg.OperationalError where the connection is lost.
    """
    idle = connection.info.transaction_status == pq.TransactionStatus.IDLE
    define = f"CREATE FUNCTION pg_temp.queryport_analysis{signature} BEGIN ATOMIC {sql}\n; END"
    script = f"{'BEGIN' if idle else 'SAVEPOINT queryport'}; {define}; {_FUNCTION}"
    protocol = connection.pgconn
    try:
        result = protocol.exec_(script.encode())
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise refusal(connection, result)
        oid, body = (result.get_value(0, column) or b"" for column in range(2))
        yield MomentaryFunction(int(oid), body.decode())
    finally:
        protocol.exec_(b"ROLLBACK" if idle else b"ROLLBACK TO queryport; RELEASE queryport")


_FUNCTION = """
SELECT oid::bigint, prosqlbody FROM pg_catalog.pg_proc
WHERE proname = 'queryport_analysis' AND pronamespace = pg_catalog.pg_my_temp_schema()
"""
