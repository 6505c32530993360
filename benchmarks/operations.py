"""Catalogues of any number of operations, each the query of benchmarks.workload under a name and a route of its own."""

from pathlib import Path

from benchmarks.workload import COLUMNS, SQL, route
from handler.contract.execution import Single
from handler.contract.operation import (
    Access,
    Documentation,
    Http,
    Idempotency,
    Operation,
    Parameter,
    Result,
    RowSecurity,
)
from queryport.compile.write.emit import write_catalog
from queryport.compile.write.pieces import joined, sql_of
from queryport.compile.write.row_security import behind_settings, settings_first


def write_operations(path: Path, count: int) -> None:
    write_catalog(path, [read(number) for number in range(count)], fingerprint="0" * 64)


def write_a_secured_read(path: Path) -> None:
    """A catalogue of one read whose rows the policies of the database choose by the caller's claims."""
    write_catalog(path, [secured_read()], fingerprint="0" * 64)


def secured_read() -> Operation:
    rows = behind_settings("s", "q", ("(", _QUERY, ") q"))
    sql = sql_of(joined(("WITH ", settings_first("s"), " SELECT row_to_json(q)::text FROM ", *rows)))
    return read(0)._replace(execution=Single(sql), row_security=RowSecurity())


def write_a_write(path: Path) -> None:
    """A catalogue of one write, `orders.annotate`."""
    write_catalog(path, [annotate()], fingerprint="0" * 64)


def annotate() -> Operation:
    """A write as the compiler makes it of `UPDATE … RETURNING`, with and without an idempotency key."""
    change = "UPDATE orders SET note = (:note::text) WHERE order_id = (:order_id::bigint) RETURNING order_id, note"
    selection = "SELECT (SELECT row_to_json(q)::text FROM q) LIMIT 2 * (SELECT count(*) FROM q) - 1"
    kept = (
        "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
        "SELECT :__operation, :__key, :__hash, coalesce(array_agg(row_to_json(q)::text), '{}'), "
        "now() + :__keep::interval FROM q"
    )
    return Operation(
        name="orders.annotate",
        result=Result.ONE,
        read_only=False,
        execution=Single(
            sql_of((f"WITH q AS ({change}) {selection}",)),
            sql_of((f"WITH q AS MATERIALIZED ({change}), k AS ({kept}) {selection}",)),
        ),
        parameters=(Parameter("order_id", "scalar"), Parameter("note", "scalar")),
        parameters_schema={
            "type": "object",
            "properties": {"order_id": {"type": "integer"}, "note": {"type": "string", "maxLength": 100}},
            "required": ["order_id", "note"],
            "additionalProperties": False,
        },
        idempotency=Idempotency.OPTIONAL,
    )


_QUERY = SQL.format("(:order_id::bigint)", "(:count::bigint)")


def read(number: int) -> Operation:
    return Operation(
        name=f"area{number % 100}.orders_{number}",
        result=Result.MANY,
        read_only=True,
        execution=Single(sql_of(joined(("SELECT row_to_json(q)::text FROM (", _QUERY, ") q")))),
        parameters=(Parameter("order_id", "scalar"), Parameter("count", "scalar", optional=True, default=1)),
        parameters_schema={
            "type": "object",
            "properties": {
                "order_id": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
                "count": {"type": "integer", "minimum": 1, "maximum": 4000},
            },
            "required": ["order_id"],
            "additionalProperties": False,
        },
        http=Http("GET", route(number)),
        access=Access(("iam", "jwt")),
        documentation=Documentation(
            "Orders from one on",
            "The orders of the shop, in the order of their numbers, from a given one on.",
            _RESULT_SCHEMA,
        ),
    )


_RESULT_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "order_id": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
            "status": {"type": "string"},
            "placed_at": {"type": "string", "format": "date-time"},
            "total": {"type": ["number", "string"]},
            "paid": {"type": "boolean"},
            "note": {"type": ["string", "null"]},
        },
        "required": list(COLUMNS),
        "additionalProperties": False,
    },
}
