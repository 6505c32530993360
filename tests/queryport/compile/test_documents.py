"""The schemas of JSON parameters that a statement takes apart: PostgreSQL takes what they take."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from handler.contract.exact_json import exact
from handler.contract.operation import Operation
from handler.contract.validation import Validator

Make = Callable[[str], Operation]

INT4 = {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1}
TEXT = {"type": ["string", "null"]}
OBJECT = {"type": "object", "properties": {"name": TEXT, "n": INT4}}


def parameter(operation: Operation, name: str = "rows") -> Any:
    return operation.parameters_schema["properties"][name]


@pytest.mark.parametrize("json_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("sql", "schema"),
    [
        ("SELECT r.n FROM {}_to_recordset(:rows) AS r(name text, n integer)", {"type": "array", "items": OBJECT}),
        ("SELECT r.n FROM {}_to_record(:rows) AS r(name text, n integer)", OBJECT),
        (
            "SELECT r.b FROM ROWS FROM ({}_to_recordset(:rows) AS (name text, n integer)) AS r(a, b)",
            {"type": "array", "items": OBJECT},
        ),
        ("SELECT r.zip FROM {}_populate_record(NULL::address, :rows) AS r", "address"),
        ("SELECT r.zip FROM {}_populate_recordset(NULL::address, :rows) AS r", "addresses"),
        ("SELECT ({}_populate_record(NULL::address, :rows)).zip AS zip", "address"),
        ("SELECT r.n FROM {}_to_recordset(:rows) AS r(name text, n integer) WHERE :rows IS NOT NULL", None),
        (
            "WITH given AS (SELECT n FROM {}_to_recordset(:rows) AS r(name text, n integer)) SELECT n FROM given",
            {"type": "array", "items": OBJECT},
        ),
        ("SELECT {0}_array_length(:rows) AS n, r.n AS m FROM {0}_to_recordset(:rows) AS r(name text, n integer)", None),
    ],
)
def test_a_document_has_the_schema_of_what_it_is_taken_apart_into(
    operation_of: Make, json_type: str, sql: str, schema: Any
) -> None:
    address = {"type": "object", "properties": {"street": TEXT, "zip": TEXT}}
    named = {"address": address, "addresses": {"type": "array", "items": address}}
    expected = {"type": "array", "items": OBJECT} if schema is None else named.get(str(schema), schema)
    assert parameter(operation_of(sql.format(json_type))) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT r.n FROM jsonb_to_recordset(:rows::jsonb -> 'of') AS r(n integer)",
        "SELECT r.n FROM jsonb_to_recordset(CASE WHEN :rows = '{}'::jsonb THEN :rows::jsonb END) AS r(n integer)",
        "SELECT r.n FROM jsonb_to_recordset(:rows) AS r(n integer) WHERE jsonb_typeof(:rows) = 'array'",
        "SELECT r.n FROM jsonb_to_recordset(:rows) AS r(n integer) WHERE :rows::text <> '[]'",
        "SELECT e.value FROM jsonb_array_elements(:rows) e",
    ],
)
def test_a_statement_that_looks_at_the_document_first_decides_by_itself(operation_of: Make, sql: str) -> None:
    assert parameter(operation_of(sql)) == {}


def test_a_function_of_one_s_own_of_the_same_name_says_nothing(operation_of: Make) -> None:
    assert parameter(operation_of("SELECT jsonb_to_record(:rows::jsonb, 1) AS n")) == {}


def test_the_author_s_keywords_narrow_it(operation_of: Make) -> None:
    operation = operation_of(
        """
-- params:
--   rows:
--     maxItems: 3
--     items: {type: object, required: [n, extra], properties: {n: {type: integer, minimum: 1}, extra: {type: boolean}}}
SELECT r.n FROM jsonb_to_recordset(:rows) AS r(name text, n integer)
""".strip()
    )
    assert parameter(operation) == {
        "type": "array",
        "maxItems": 3,
        "items": {
            "type": "object",
            "required": ["n", "extra"],
            "properties": {
                "name": TEXT,
                "n": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                "extra": {"type": "boolean"},
            },
        },
    }


def test_a_row_and_a_column_that_are_wrong_are_named(operation_of: Make) -> None:
    operation = operation_of("SELECT r.n FROM jsonb_to_recordset(:rows) AS r(name text, n numeric)")
    flaws = Validator(operation.parameters_schema).flaws(exact({"rows": [{"n": 1}, {"n": "x"}, 3, {"name": 4}]}))
    assert sorted(flaw.pointer for flaw in flaws) == ["/rows/1/n", "/rows/2", "/rows/3/name"]


_TYPES = (
    *("smallint", "integer", "bigint", "numeric", "numeric(5,2)", "real", "double precision", "boolean", "text"),
    *("varchar(3)", "char(3)", "uuid", "date", "timestamp", "timestamptz", "time", "timetz", "interval", "bytea"),
    *("json", "jsonb", "integer[]", "text[]", "integer[][]", "numeric[]", "date[]", "jsonb[]", "mood", "mood[]"),
    *("address", "address[]", "email", "positive", "int4range", "inet", "cidr", "macaddr", "oid", "bit(3)", "money"),
    *("point", "int2vector", "oidvector", "xid", "pg_lsn", "priced"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -5, 2.5, 1e30, 70000, 3_000_000_000, "", "5", "2.5", "x", "abc", "abcd", "NaN", "sad"),
    *("Infinity", "2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00", "10:00:00", "10:00:00Z", "a@b", "1 day"),
    *("00000000-0000-0000-0000-000000000000", r"\x0aff", "16/B374D848", "[1,2)", "127.0.0.1", "10.0.0.0/8", "101"),
    *("{1,2}", "(1,2)", "infinity", "08:00:2b:01:02:03"),
    *([], [1], [1, None], ["a"], [[1, 2], [3, 4]], [True], [{}], {}, {"street": "a"}, {"street": 5}, {"price": "1"}),
    *({"zip": "123456"}, [{"street": "a", "zip": None}], ["2024-01-01"], ["sad"], {"a": [1]}),
)


@pytest.fixture(scope="module")
def connection(schema_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(schema_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("type_name", _TYPES)
def test_postgresql_takes_what_the_schema_takes(
    operation_of: Make, connection: psycopg.Connection[Any], type_name: str
) -> None:
    """Texts of types that the schema leaves to PostgreSQL, and texts too long, are PostgreSQL's to refuse."""
    operation = operation_of(f"SELECT r.c FROM jsonb_to_recordset(:rows) AS r(c {type_name})")  # noqa: S608 (a test's)
    statement = f"SELECT r.c FROM jsonb_to_recordset(%s::jsonb) AS r(c {type_name})"  # noqa: S608
    validator = Validator(operation.parameters_schema)
    taken = 0
    for value in _VALUES:
        document = [{"c": value}]
        if validator.flaws(exact({"rows": document})):
            continue
        taken += 1
        try:
            connection.execute(statement.encode(), [json.dumps(document)])
        except psycopg.DataError:
            assert type_name in _LEFT_TO_POSTGRESQL, (type_name, value)
        except psycopg.IntegrityError:
            assert type_name in ("email", "positive")  # a domain's CHECK is PostgreSQL's to judge
    assert taken > 1


_LEFT_TO_POSTGRESQL = frozenset(
    {
        *(
            "varchar(3)",
            "numeric(5,2)",
            "interval",
            "int4range",
            "money",
            "point",
            "int2vector",
            "oidvector",
            "address",
        ),
        *("bit(3)", "address[]", "char(3)", "cidr", "inet", "macaddr"),
    }
)
