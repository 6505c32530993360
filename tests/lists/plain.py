"""The same lists in plain PostgreSQL: WHERE and ORDER BY written here, independently of the compiler."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

_OPERATORS = {
    "eq": "{column} = {value}::{type}",
    "ne": "{column} <> {value}::{type}",
    "lt": "{column} < {value}::{type}",
    "lte": "{column} <= {value}::{type}",
    "gt": "{column} > {value}::{type}",
    "gte": "{column} >= {value}::{type}",
    "in": "{column} = ANY ({value}::{type}[])",
    "like": "{column} LIKE {value}",
    "ilike": "{column} ILIKE {value}",
    "contains": "{column} @> {value}::{type}",
}
_TYPES = {
    "status": "text",
    "total": "numeric",
    "placed_at": "timestamptz",
    "day": "date",
    "grade": "smallint",
    "score": "float8",
    "mood": "mood",
    "lasting": "mood",
    "name": "text",
    "code": "integer",
    "uid": "uuid",
    "flag": "boolean",
    "tags": "text[]",
    "details": "jsonb",
    "during": "int4range",
    "item_id": "integer",
    "labels": "hstore",
    "lines": "bigint",
    'Odd "name': "text",
    "kind": "text",
}

Filter = Mapping[str, Mapping[str, Any]]


def plain_rows(
    connection: psycopg.Connection[Any], query: str, order: Sequence[str], filters: Filter | None
) -> list[str]:
    """The JSON of the rows, in the order of names such as `-total`."""
    conditions = [
        _condition(column, operator, value)
        for column, of_column in (filters or {}).items()
        for operator, value in of_column.items()
    ]
    where = sql.SQL(" AND ").join([sql.SQL("true"), *conditions])
    keys = [
        sql.SQL("q.{}{}").format(sql.Identifier(name.removeprefix("-")), sql.SQL(" DESC" if name[0] == "-" else ""))
        for name in order
    ]
    text = sql.SQL("SELECT row_to_json(q)::text FROM ({}) q WHERE {} ORDER BY {}").format(
        sql.SQL(query), where, sql.SQL(", ").join(keys)
    )
    return [row for (row,) in connection.execute(text)]


def _condition(column: str, operator: str, value: Any) -> sql.Composable:
    written = sql.Identifier(column)
    if operator == "is_null":
        return sql.SQL("{}q.{} IS NOT DISTINCT FROM NULL").format(sql.SQL("" if value else "NOT "), written)
    many = operator == "in"
    of_type = _TYPES[column]
    literal = sql.Literal([_literal(each, of_type) for each in value] if many else _literal(value, of_type))
    return sql.SQL(_OPERATORS[operator]).format(
        # PostgreSQL has no operators of its own for a domain over an enum.
        column=sql.SQL("q.{}::{}").format(written, sql.SQL(of_type)),
        value=literal,
        type=sql.SQL(of_type),
    )


def _literal(value: Any, of_type: str) -> Any:
    if of_type == "hstore":
        return ", ".join(f'"{name}"=>{json.dumps(text)}' for name, text in value.items())
    if of_type == "jsonb":
        return json.dumps(value)
    return str(value) if isinstance(value, bool | int | float) else value
