"""Optional filters against plain PostgreSQL: leaving a condition out never changes the rows of a call.

The statements are all combinations of a small grammar: a test of a parameter, the condition around it, and the place of
the condition. Each is run with and without its parameters, and compared with the author's own statement.
"""

from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

import psycopg
import pytest

from handler.contract.operation import Operation
from queryport.diagnostics.source import Problem
from tests.queryport.compile.plain_postgres import run_compiled, run_plain
from tests.support.seeds import steps
from tests.support.statements import choices

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

# Whether a test of `:p` is one that an optional filter may begin with.
TESTS = {
    ":p IS NULL": True,
    "(:p) IS NULL": True,
    ":p::integer IS NULL": True,
    "((:p::int)) IS NULL": True,
    "CAST(:p AS int) IS NULL": True,
    ":p::pg_catalog.int4 IS NULL": True,
    ":p::numeric(3, 1) IS NULL": True,
    ":p::varchar(3) IS NULL": True,
    ":p::int[] IS NULL": True,
    ":p::positive IS NULL": True,
    ":p::never_null IS NULL": False,
    ":p::text::int IS NULL": False,
    ":p::boolean": False,
    ":p::boolean OR b IS NULL": False,
    ":p IS NOT NULL": False,
    "NOT :p IS NULL": False,
    ":p = 1": False,
    ":p = ANY(ARRAY[1, 2])": False,
    ":p + 1 IS NULL": False,
    "coalesce(:p, :q) IS NULL": False,
    ":p ISNULL": True,
    "(:p IS NULL) IS TRUE": False,
    "ROW(:p) IS NULL": False,
    "b IS NULL": False,
}

# Whether the condition is a filter with such a test; `{}` stands for it.
CONDITIONS = {
    "({} OR a = 1)": True,
    "({} OR a = :p)": True,
    "({} OR a = :q OR b = 2)": True,
    "({} OR a = 1 AND b = 2)": True,
    "({} OR (:q IS NULL OR a = :q))": True,
    "(({} OR a = 1))": True,
    "(({} OR a = 1) OR b = 2)": True,
    "({} OR a IN (SELECT x.a FROM t x WHERE (x.b = 2)))": True,
    "(a = 1 OR {})": False,
    "({} AND a = 1)": False,
    "({} AND a = 1 OR b = 2)": False,
    "(NOT ({}) OR a = 1)": False,
    "({})": False,
    "({} OR a = 1) IS TRUE": False,
    "({} OR a = 1) = true": False,
    "NOT ({} OR a = 1)": False,
    "({} OR a = 1, 1) = (true, 1)": False,
    "CASE WHEN ({} OR a = 1) THEN b = 2 ELSE false END": False,
}

# Whether AND joins the condition in a WHERE or an ON; `{}` stands for it.
PLACES = {
    "SELECT a, b FROM t WHERE {}": True,
    "SELECT a, b FROM t WHERE a > 0 AND {} AND b IS NOT NULL ORDER BY a": True,
    "SELECT a, b FROM t WHERE a > 0 AND{}AND b IS NOT NULL": True,
    "SELECT a, b FROM t WHERE a > 0 AND ({} AND b > 0)": True,
    "SELECT a, (SELECT count(*) FROM t u WHERE {}) AS n FROM t": True,
    "SELECT x.a, y.b FROM t x JOIN (SELECT a, b FROM t WHERE {}) y ON x.a = y.a": True,
    "WITH c AS (SELECT a, b FROM t WHERE {}) SELECT a FROM c UNION ALL SELECT b FROM t": True,
    "SELECT a, n FROM t LEFT JOIN (VALUES (1)) v(n) ON n = a AND {}": True,
    "SELECT a, b FROM t WHERE a = 1 OR {}": False,
    "SELECT a, b FROM t WHERE (a = 1 OR ({} AND b = 2))": False,
    "SELECT a, b FROM t WHERE {} IS NOT TRUE": False,
    "SELECT a, b, ({}) AS c FROM t": False,
    "SELECT a, b FROM t GROUP BY a, b HAVING {}": False,
    "SELECT a, b FROM t ORDER BY {}, a, b": False,
    "SELECT count(*) FILTER (WHERE {}) AS n FROM t": False,
}

INVALID_TEXT = "22P02"

CALLS: list[dict[str, str | None]] = [{"p": p, "q": q} for p, q in product((None, "1", "0"), (None, "2"))]


@pytest.fixture(scope="module")
def connection(schema_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(schema_url, autocommit=True) as connection:
        connection.execute("CREATE DOMAIN never_null AS integer NOT NULL")
        connection.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, 2), (1, NULL), (NULL, 2), (3, 4)) v(a, b)")
        yield connection
        connection.execute("DROP TABLE t")
        connection.execute("DROP DOMAIN never_null")


def combinations() -> Iterator[tuple[str, bool]]:
    """Every test in every condition, then some of them in every place: the statement, and whether it has a filter."""
    first = next(iter(PLACES))
    few = [":p IS NULL", ":p::numeric(3, 1) IS NULL", ":p::boolean", "NOT :p IS NULL"]
    some = ["({} OR a = :p)", "(({} OR a = 1) OR b = 2)", "({} OR (:q IS NULL OR a = :q))", "({} AND a = 1 OR b = 2)"]
    for place, test, condition in [
        *((first, test, condition) for test, condition in product(TESTS, CONDITIONS)),
        *product(PLACES, few, some),
    ]:
        yield place.format(condition.format(test)), TESTS[test] and CONDITIONS[condition] and PLACES[place]


@pytest.mark.parametrize("step", steps(5))
def test_leaving_a_filter_out_changes_no_row(
    compile_text: Compile, connection: psycopg.Connection[Any], step: int
) -> None:
    compiled = 0
    for text, is_filter in islice(combinations(), 0, None, step):
        params = ", ".join(f"{name}: {{optional: true}}" for name in "pq" if f":{name}" in text)
        operation, problems = compile_text(f"-- params: {{{params}}}\n{text}")
        if operation is None:
            assert {problem.code for problem in problems} <= {"QP101", "QP102", "QP202"}, text  # types that do not fit
            continue
        compiled += 1
        (sql,) = operation.statements
        assert ("p" in choices(sql)) == is_filter, text
        for values in CALLS:
            plain = run_plain(connection, text, values)
            # A literal that its type refuses is an error wherever it stands, a parameter only where it is looked at.
            if plain != INVALID_TEXT:
                assert run_compiled(connection, operation, values) == plain, (text, values)
    assert compiled > 400 / step
