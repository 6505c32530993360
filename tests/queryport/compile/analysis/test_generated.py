"""Generated statements against PostgreSQL: no column that is called never null holds a NULL, no row breaks its schema.

The default takes a few seconds; `make generated COUNT=5000 SEED=2` tries more.
"""

import json
import random
from collections.abc import Callable, Iterator

import psycopg
import pytest
from jsonschema import Draft202012Validator

from handler.contract.execution import Single
from handler.contract.operation import Operation, Result
from queryport.compile.analysis.analysis import analyse
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import StatementError
from queryport.compile.write.pieces import whole_text
from queryport.diagnostics.source import Problem
from tests.queryport.compile.analysis.generated import COUNT, SEED, Generator

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[tuple[str]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET statement_timeout = '2s'")
        yield connection


def rows(connection: psycopg.Connection[tuple[str]], sql: str) -> list[dict[str, object]] | None:
    """The rows of a statement that is rolled back, or None where it fails."""
    connection.execute("BEGIN")
    try:
        return [json.loads(text) for (text,) in connection.execute(sql.encode()).fetchall()]
    except psycopg.Error:
        return None
    finally:
        connection.execute("ROLLBACK")


def test_no_claim_about_a_generated_statement_is_false(
    compile_text: Compile, connection: psycopg.Connection[tuple[str]]
) -> None:
    tried = claimed = not_null = 0
    for number in range(COUNT):
        text = Generator(random.Random(f"{SEED} {number}")).statement()
        operation, problems = compile_text(text)
        if operation is None:
            assert not any("defect of Queryport" in problem.cure for problem in problems), text
            continue
        assert operation.result is Result.MANY
        assert isinstance(operation.execution, Single)
        found = rows(connection, whole_text(operation.execution.sql, present=True))
        if found is None:
            continue
        tried += 1
        schema = operation.documentation.result_schema
        properties = schema["items"]["properties"]
        never_null = {name for name, column in properties.items() if "null" not in column["type"]}
        for row in found:
            assert not [name for name in never_null if row[name] is None], text
        error = next(Draft202012Validator(schema).iter_errors(found), None)
        assert error is None, (text, error)
        if found:
            claimed += len(never_null)
            not_null += sum(all(row[name] is not None for row in found) for name in properties)
    # Most statements have to be answered, and not by claiming nothing.
    assert tried > COUNT / 2
    assert claimed > not_null / 4


@pytest.mark.slow
def test_no_rows_tie_in_keys_that_are_called_unique(
    database: Database, connection: psycopg.Connection[tuple[str]]
) -> None:
    tried = called = unique = 0
    for number in range(COUNT):
        text, by = Generator(random.Random(f"{SEED} list {number}")).listing()
        try:
            tree = database.analyse(text, ())
        except StatementError:
            continue
        columns = len(database.prepare(text).columns)
        analysis = analyse(database.facts, tree, columns, frozenset())
        ties = f"SELECT row_to_json(t)::text FROM (SELECT {', '.join(by)} FROM ({text}) q GROUP BY {', '.join(by)} HAVING count(*) > 1) t"
        found = rows(connection, ties)
        if found is None:
            continue
        tried += 1
        claim = analysis.tells_rows_apart({int(name[1:]) for name in by})
        assert not (claim and found), (text, by)
        called += claim
        unique += not found
    assert tried > COUNT / 2
    # What is unique in this data need not be unique in all.
    assert called > unique / 5
