"""`big_numbers: string`: what is sent, what comes back of a real PostgreSQL, and what the schema says of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator

from handler.contract.exact_json import loads
from handler.contract.operation import Operation
from queryport.compile import compile_project
from queryport.compile.project_files import read_project
from queryport.compile.write.pieces import whole_text

Make = Callable[[str], Operation]

_COLUMNS = """
    9007199254740993::bigint AS big, NULL::bigint AS missing, 1.10::numeric(5, 2) AS price, 'NaN'::numeric AS odd,
    '-Infinity'::numeric AS low, ARRAY[1, NULL]::bigint[] AS many, ARRAY[[1.5], [2]]::numeric[] AS grid, 7 AS small,
    1.5::float8 AS float, json_build_object('n', 9007199254740993) AS nested, 'x'::text AS r
"""
_AS_STRINGS = {
    "big": "9007199254740993",
    "missing": None,
    "price": "1.10",
    "odd": "NaN",
    "low": "-Infinity",
    "many": ["1", None],
    "grid": [["1.5"], ["2"]],
    "small": 7,
    "float": 1.5,
    "nested": {"n": 9007199254740993},
    "r": "x",
}


def _answered(operation: Operation, url: str) -> list[Any]:
    """The rows of an operation without parameters, read exactly."""
    with psycopg.connect(url) as connection:
        sql = whole_text(operation.statements[0], present=True)
        return [loads(row[0]) for row in connection.execute(sql.encode())]


@pytest.mark.parametrize(
    "text",
    [
        f"-- big_numbers: string\n-- result: one\nSELECT {_COLUMNS}",
        f"-- big_numbers: string\n-- result: one\nWITH q AS (SELECT {_COLUMNS}) SELECT * FROM q AS r\n",  # noqa: S608 (the test's own)
    ],
)
def test_big_numbers_of_a_row_are_strings(operation_of: Make, schema_url: str, text: str) -> None:
    operation = operation_of(text.replace("-- result", "-- silence: [QP304]\n-- result"))
    (row,) = _answered(operation, schema_url)
    assert row == _AS_STRINGS
    Draft202012Validator(operation.documentation.result_schema).validate(row)
    types = operation.documentation.result_schema["properties"]
    assert (types["big"]["type"], types["price"]["type"], types["small"]["type"]) == ("string", "string", "integer")


@pytest.mark.parametrize(
    ("expression", "value"), [("2::bigint", "2"), ("1.50", "1.50"), ("ARRAY[1.5]", ["1.5"]), ("3", 3)]
)
def test_a_big_value_is_a_string(operation_of: Make, schema_url: str, expression: str, value: object) -> None:
    operation = operation_of(f"-- big_numbers: string\n-- result: value\nSELECT {expression} AS v")
    assert _answered(operation, schema_url) == [value]
    Draft202012Validator(operation.documentation.result_schema).validate(value)


def test_writes_answer_strings_with_a_key_and_without(operation_of: Make) -> None:
    operation = operation_of(
        "-- big_numbers: string\n-- result: one\n"
        "UPDATE visit SET small = 1 WHERE visit_id = :v RETURNING visit_id, small"
    )
    for statement in operation.statements:
        sql = whole_text(statement, present=True)
        assert 'SELECT q."visit_id"::text AS "visit_id", q."small" AS "small"' in sql


def test_pages_go_by_numbers_and_answer_strings(operation_of: Make) -> None:
    operation = operation_of("-- big_numbers: string\n-- page: {by: [person_id]}\nSELECT person_id FROM person")
    sql = str(operation.statements)
    assert 'q."person_id"::text AS "person_id"' in sql
    assert 'ORDER BY q."person_id"::text' not in sql


def test_the_project_the_folder_and_the_file_say_so(tmp_path: Path, schema_url: str) -> None:
    (tmp_path / "numbers").mkdir()
    (tmp_path / "numbers" / "_folder.yaml").write_text("big_numbers: number\n")
    (tmp_path / "numbers" / "a.sql").write_text("SELECT 1::bigint AS n")
    (tmp_path / "numbers" / "b.sql").write_text("-- big_numbers: string\nSELECT 1::bigint AS n")
    (tmp_path / "c.sql").write_text("SELECT 1::bigint AS n")

    def strings(defaults: dict[str, str]) -> set[str]:
        compilation = compile_project(tmp_path, schema_url, defaults)
        return {
            operation.name
            for operation in compilation.operations
            if operation.documentation.result_schema["items"]["properties"]["n"]["type"] == "string"
        }

    assert strings({}) == {"numbers.b"}
    assert strings({"big_numbers": "string"}) == {"c", "numbers.b"}
    keys = [{text.key for text in read_project(tmp_path, each).texts} for each in ({}, {"big_numbers": "string"})]
    assert len(keys[0] & keys[1]) == len(keys[0]) - 3, "what the project says is part of what a cache knows a file by"
