"""Runs a query file's statement on PostgreSQL twice: as its author wrote it, and as Queryport sends it."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import psycopg
from psycopg import pq

from handler.contract.operation import Operation
from handler.engine.statement import ReadyStatement
from queryport.aws import placeholders

Values = Mapping[str, str | None]
"""PostgreSQL's text form of each parameter."""

Answer = list[Any] | str
"""The rows in the order of their texts, or the SQLSTATE of a refusal."""


def run_compiled(connection: psycopg.Connection[Any], operation: Operation, values: Values) -> Answer:
    """Run the statement that is sent, with every value as text and by AWS's own idea of a placeholder."""
    sql = operation.statements[0]
    scanned = placeholders.scan(ReadyStatement(sql).form(values).sql)
    arguments = [values.get(place.name) for place in scanned.placeholders]
    result = connection.pgconn.exec_params(
        scanned.text.encode(),
        [None if value is None else value.encode() for value in arguments],
        [psycopg.adapters.types["text"].oid] * len(arguments),
    )
    return _answer(result)


def run_plain(connection: psycopg.Connection[Any], text: str, values: Values) -> Answer:
    """Run the author's statement with literals in place of placeholders; it must hold no string and no slice."""
    literals = {name: "NULL" if value is None else f"'{value}'" for name, value in values.items()}
    text = re.sub(r"(?<!:):([a-z_]+)", lambda found: literals[found[1]], text)
    wrapped = f"SELECT row_to_json(q)::text FROM ({text}) q"  # noqa: S608 (a test's own statement)
    return _answer(connection.pgconn.exec_(wrapped.encode()))


def _answer(result: pq.abc.PGresult) -> Answer:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    rows = sorted(result.get_value(row, 0) or b"null" for row in range(result.ntuples))
    return [orjson.loads(row) for row in rows]
