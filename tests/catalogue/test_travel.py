"""Values on their way: a column of an earlier row, a page's key and a parameter reach the statement as they were."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest

from queryport.emulator import Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from queryport.testing.function import cold_start, function_environment, invoke
from tests.support.compiling import catalog_of, compiled_once
from tests.support.databases import suite_database, with_our_tables

SCHEMA = """
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN percent AS numeric(5, 2);
-- Casts of a project's own, none of which a string literal meets.
CREATE FUNCTION mood_of(text) RETURNS mood LANGUAGE sql IMMUTABLE AS $$ SELECT 'sad'::mood $$;
CREATE CAST (text AS mood) WITH FUNCTION mood_of(text);
CREATE FUNCTION text_of(mood) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'not so'::text $$;
CREATE CAST (mood AS text) WITH FUNCTION text_of(mood);
CREATE DOMAIN state AS mood;
CREATE TABLE item (id integer PRIMARY KEY, "userId" integer NOT NULL, doc json, mood mood, percent percent, at timestamptz);
INSERT INTO item
SELECT n, 100 + n, '{"a": 1, "a": 2, "n": 1e400}', CASE n % 3 WHEN 0 THEN mood 'sad' WHEN 1 THEN mood 'ok' END, n / 7.0,
       CASE WHEN n % 4 > 0 THEN timestamptz '2024-01-01' + n * interval '1 hour 1 microsecond' END
FROM generate_series(1, 23) n;
CREATE VIEW documents AS SELECT id, JSON_VALUE(jsonb_build_object('a', id), '$.a' RETURNING jsonb) AS value FROM item;
"""

VALUES = {
    "json_null": "'null'::jsonb",
    "json_with_a_member_twice": """'{"a": 1, "a": 2}'::json""",
    "json_number_beyond_a_double": "'[1e999, 0.10]'::json",
    "jsonb": """'{"é": [1, null, "x"]}'::jsonb""",
    "jsonb_array_of_two_dimensions": """ARRAY[['{"a": 1}'::jsonb, 'null'], ['[1]'::jsonb, '[]']]""",
    "array_with_bounds": "'[0:1]={7,8}'::integer[]",
    "array_of_two_dimensions": "'{{1,2},{3,NULL}}'::integer[]",
    "array_of_texts": """ARRAY['', 'NULL', NULL, 'a"b', 'c\\d', '{e}', ' h ']""",
    "int2vector": "'1 2 3'::int2vector",
    "oidvector": "'23 25'::oidvector",
    "char": "'ab '::character(4)",
    "inner_char": "'x'::\"char\"",
    "boolean": "true",
    "interval": "interval '1 year 2 mons 3 days 04:05:06.7'",
    "timetz": "'10:00:00+02'::timetz",
    "infinity": "'infinity'::timestamptz",
    "bc": "'0044-03-15 BC'::date",
    "numeric": "12345678901234567890.12345678901234567890",
    "nan": "'NaN'::float8",
    "bytea": r"'\x00ff'::bytea",
    "range": "int4range(1, 5)",
    "inet": "'192.168.1.5/24'::inet",
    "xid": "'42'::xid",
    "regtype": "'integer'::regtype",
    "hstore": "'a=>1, b=>NULL'::hstore",
    "mood": "'ok'::mood",
    "row": "ROW(1, 'x,\"y')::pair",
    "row_of_nulls": "ROW(NULL, NULL)::pair",
    "array_of_rows": "ARRAY[ROW(1, 'x')::pair, NULL]",
    "null": "NULL::pair",
}

QUERIES = {
    **{
        name: f"""
            -- result: value
            -- @a
            SELECT {literal} AS v, 1 AS "Other ö", 2 AS "userId";
            -- @result
            SELECT record_send(ROW(:a.v)) = record_send(ROW({literal})) AND :a."Other ö" = 1 AND :a.userId = 2
        """
        for name, literal in VALUES.items()
    },
    "copy": """
        -- result: one
        -- @a
        SELECT id, "userId", doc FROM item WHERE id = :id;
        -- @result
        INSERT INTO item (id, "userId", doc) VALUES (:a.id + 1000, :a."userId", :a.doc) RETURNING id, "userId", doc::text
    """,
    "by_mood": "-- page: {by: [mood desc, id], size: 4}\nSELECT id, doc, mood FROM item WHERE id < 1000",
    "by_percent": "-- page: {by: [percent, id desc], size: 4}\nSELECT id, doc, percent FROM item WHERE id < 1000",
    "by_time": "-- page: {by: [at desc, id desc], size: 4}\nSELECT id, at, doc FROM item WHERE id < 1000",
    "of_mood": "SELECT id FROM item WHERE mood = :mood ORDER BY id",
    "of_state": "SELECT id FROM item WHERE mood = :mood::state::mood ORDER BY id",
    "from_view": "SELECT id, value FROM documents WHERE id < 3 ORDER BY id",
    "from_view_in_pages": "-- page: {by: [id], size: 2}\nSELECT id, value FROM documents WHERE id < 4",
}

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> FreshDatabase:
    return suite_database(postgres, "travel_suite", with_our_tables(SCHEMA))


@pytest.fixture(scope="module")
def call(
    postgres: EmbeddedPostgres,
    database: FreshDatabase,
    queryport_emulator: Emulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Call:
    texts = {f"{name}.sql": "\n".join(map(str.strip, text.strip().splitlines())) for name, text in QUERIES.items()}
    catalog = catalog_of(compiled_once(postgres, "travel", texts, database.url), tmp_path_factory.mktemp("travel"))
    send = partial(invoke, cold_start(function_environment(queryport_emulator.url, database.name, catalog)))

    def call_operation(operation: str, **parameters: Any) -> Any:
        return json.loads(send({"operation": operation, "parameters": parameters}))

    return call_operation


@pytest.mark.parametrize("name", VALUES)
def test_a_referred_value_is_the_value_that_it_was(call: Call, name: str) -> None:
    assert call(name)["data"] is True


def test_a_document_is_passed_on_as_it_was_written(call: Call) -> None:
    assert call("copy", id=3)["data"] == {"id": 1003, "userId": 103, "doc": '{"a": 1, "a": 2, "n": 1e400}'}


@pytest.mark.parametrize(
    ("operation", "order"),
    [("by_mood", "mood DESC, id"), ("by_percent", "percent, id DESC"), ("by_time", "at DESC, id DESC")],
)
def test_pages_give_every_row_in_order_whatever_else_is_in_them(
    call: Call, database: FreshDatabase, operation: str, order: str
) -> None:
    found: list[int] = []
    cursor = None
    while True:
        page = call(operation, cursor=cursor)
        found += [row["id"] for row in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    with psycopg.connect(database.url) as connection:
        rows = connection.execute(f"SELECT id FROM item WHERE id < 1000 ORDER BY {order}".encode()).fetchall()
    assert found == [row[0] for row in rows]


def test_a_parameter_is_read_by_its_types_own_input(call: Call) -> None:
    for operation in ("of_mood", "of_state"):
        found = call(operation, mood="ok")["data"]
        assert [row["id"] for row in found if row["id"] < 1000] == list(range(1, 23, 3)), operation


def test_json_value_keeps_its_value_within_a_row(call: Call) -> None:
    assert call("from_view")["data"] == [{"id": 1, "value": 1}, {"id": 2, "value": 2}]
    first = call("from_view_in_pages")
    assert first["data"] == [{"id": 1, "value": 1}, {"id": 2, "value": 2}]
    assert call("from_view_in_pages", cursor=first["next"])["data"] == [{"id": 3, "value": 3}]
