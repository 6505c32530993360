"""Writes in every form: what PostgreSQL takes is compiled, or refused by a rule that says why."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import psycopg
import pytest

from handler.contract.operation import Idempotency, Operation
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import StatementError
from queryport.diagnostics.source import Problem
from tests.queryport.compile.plain_postgres import run_compiled
from tests.support.seeds import steps

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

COMMON = (
    "",
    "WITH c AS (SELECT visit_id FROM visit) ",
    "WITH RECURSIVE c(visit_id) AS (SELECT 1::bigint UNION ALL SELECT visit_id + 1 FROM c WHERE visit_id < 3) ",
    "WITH c AS (DELETE FROM visit WHERE visit_id = 1 RETURNING visit_id) ",
    "WITH x AS (SELECT 'ö' AS ö), c AS MATERIALIZED (UPDATE visit SET small = 2 WHERE true RETURNING visit_id) ",
    "WITH RECURSIVE c(visit_id, n) AS (SELECT 1::bigint, 1 UNION ALL SELECT visit_id + 1, n + 1 FROM c WHERE n < 3) "
    "SEARCH DEPTH FIRST BY n SET o CYCLE n SET is_cycle USING path, "
    "d AS (INSERT INTO written VALUES (1) RETURNING id) ",
)
MAIN = (
    "SELECT visit_id FROM c",
    "(SELECT visit_id FROM c) ORDER BY 1",
    "TABLE c",
    "VALUES (1)",
    "INSERT INTO written SELECT visit_id FROM c",
    "INSERT INTO written VALUES (1), (2)",
    "UPDATE visit SET small = 3 FROM c WHERE visit.visit_id = c.visit_id",
    "DELETE FROM visit USING c WHERE visit.visit_id = c.visit_id",
    "MERGE INTO written USING c ON id = visit_id WHEN MATCHED THEN DELETE "
    "WHEN NOT MATCHED THEN INSERT VALUES (c.visit_id)",
)
FORMS = (
    "{with}{main}{returning}",
    "({with}{main}{returning})",
    "({with}{main}{returning}) LIMIT 2",
    "(({with}({main}{returning})))",
    "INSERT INTO written {with}{main}{returning}",
    "INSERT INTO written ({with}{main}){returning}",
    "SELECT visit_id FROM ({with}{main}) s",
    "WITH w AS ({with}{main}{returning}) SELECT count(*) AS n FROM w",
)


def statements() -> Iterator[str]:
    for common, main, form in product(COMMON, MAIN, FORMS):
        for returning in ("", " RETURNING 1 AS one"):
            yield form.replace("{with}", common).replace("{main}", main).replace("{returning}", returning)


@pytest.mark.parametrize("step", steps(5))
def test_what_postgresql_takes_is_compiled(compile_text: Compile, database: Database, step: int) -> None:
    taken = 0
    for text in list(dict.fromkeys(statements()))[::step]:
        try:
            described = database.prepare(text)
        except StatementError:
            continue
        taken += 1
        for result in ("many", "one", "maybe") if described.columns else ("affected",):
            named = all(column.name != "?column?" for column in described.columns)
            operation, problems = compile_text(f"-- result: {result}\n{text}")
            assert operation is not None or not named, (text, [problem.render() for problem in problems])
            assert not any("defect" in problem.cure for problem in problems), text
    assert taken > 100 / step


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("INSERT INTO ruled VALUES (:id, 1)", []),
        ("INSERT INTO ruled VALUES (:id, 1) RETURNING id", ["QP212"]),
        ("-- idempotency: required\nINSERT INTO ruled VALUES (:id, 1)", ["QP503"]),
        ("-- keep: 1h\nINSERT INTO ruled VALUES (:id, 1)", ["QP503"]),
        ("-- answer: none\nINSERT INTO ruled VALUES (:id, 1)", ["QP503"]),
        ("INSERT INTO ruled_view VALUES (:id, 1)", []),
        ("INSERT INTO ruled_view VALUES (:id, 1) RETURNING id", ["QP202"]),  # by PostgreSQL itself
        ("DELETE FROM ruled WHERE id = :id", []),
        ("DELETE FROM ruled WHERE id = :id RETURNING id", ["QP202"]),
        ("UPDATE ruled SET n = 1 WHERE id = :id RETURNING id", []),
    ],
)
def test_tables_with_rules(compile_text: Compile, text: str, codes: list[str]) -> None:
    operation, problems = compile_text(text)
    assert [problem.code for problem in problems] == codes
    if not codes and "RETURNING" not in text:
        assert operation is not None
        assert operation.idempotency is Idempotency.OFF
        assert len(operation.statements) == 1


def test_names_with_characters_of_several_bytes(compile_text: Compile, schema_url: str) -> None:
    operation, _ = compile_text(
        "WITH x AS (SELECT 'öäü'::text AS name), y AS (SELECT 8 AS id) "
        "INSERT INTO written (id) SELECT y.id + length(x.name) FROM x, y RETURNING id"
    )
    assert operation is not None
    connection: psycopg.Connection[Any]
    with psycopg.connect(schema_url) as connection:
        assert run_compiled(connection, operation, {}) == [{"id": 11}]
        connection.rollback()
