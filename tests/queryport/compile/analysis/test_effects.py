"""What a statement reaches that may change something, however it gets there."""

from collections.abc import Callable

import psycopg
import pytest

from handler.contract.operation import Operation
from queryport.diagnostics.source import Problem

Compile = Callable[[str], tuple[Operation | None, list[Problem]]]

SCHEMA = """
CREATE SCHEMA w;
CREATE SEQUENCE w.numbers;
CREATE TABLE w.log (at timestamptz DEFAULT now(), what text);
CREATE FUNCTION w.write() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO w.log (what) VALUES (''x''); SELECT 1';
CREATE FUNCTION w.write_int(int) RETURNS int LANGUAGE plpgsql VOLATILE AS
  'BEGIN INSERT INTO w.log (what) VALUES (''y''); RETURN $1; END';
CREATE VIEW w.behind_view AS SELECT w.write() AS a;
CREATE VIEW w.behind_views AS SELECT a FROM w.behind_view;
CREATE VIEW w.locking AS SELECT what AS a FROM w.log FOR UPDATE;
CREATE FUNCTION w.pick(int, int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT w.write_int($1)';
CREATE OPERATOR w.%% (LEFTARG = int, RIGHTARG = int, FUNCTION = w.pick);
CREATE AGGREGATE w.total (int) (SFUNC = w.pick, STYPE = int, INITCOND = '0');
CREATE TYPE w.level AS ENUM ('low', 'high');
CREATE FUNCTION w.level_number(w.level) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT w.write()';
CREATE CAST (w.level AS int) WITH FUNCTION w.level_number(w.level);
CREATE FUNCTION w.level_json(w.level) RETURNS json LANGUAGE sql VOLATILE AS 'SELECT to_json(w.write())';
CREATE TYPE w.shown AS ENUM ('a');
CREATE FUNCTION w.shown_json(w.shown) RETURNS json LANGUAGE sql VOLATILE AS 'SELECT to_json(w.write())';
CREATE CAST (w.shown AS json) WITH FUNCTION w.shown_json(w.shown);
CREATE DOMAIN w.checked AS int CHECK (w.write_int(value) > 0);
CREATE TYPE w.holding AS (checked w.checked);
CREATE FUNCTION w.random() RETURNS float8 LANGUAGE sql VOLATILE AS 'SELECT w.write()::float8';
CREATE FUNCTION w.defaulted(a int DEFAULT w.write()) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION w.stable_over_volatile() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN w.write(); END';
CREATE FUNCTION w.stable_over_sequence() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT nextval(''w.numbers'')';
CREATE FUNCTION w.stable_over_view() RETURNS int LANGUAGE sql STABLE AS 'SELECT a FROM w.behind_view';
CREATE FUNCTION w.stable_atomic() RETURNS int LANGUAGE sql STABLE RETURN w.write();
CREATE FUNCTION w.dynamic(text) RETURNS int LANGUAGE plpgsql STABLE AS
  'DECLARE r int; BEGIN EXECUTE $1 INTO r; RETURN r; END';
CREATE TABLE w.secured (a int);
INSERT INTO w.secured VALUES (1);
ALTER TABLE w.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON w.secured USING (w.write() = 1);
CREATE FUNCTION w.reads(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int + $1 FROM w.log';
CREATE FUNCTION w.reads_too() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT w.reads(1)); END';
CREATE VIEW w.reading AS SELECT w.reads(1) AS a, random() AS r, now() AS t FROM w.log;
"""

WRITES = [
    "SELECT w.write() AS a",
    "SELECT a FROM w.behind_view",
    "SELECT a FROM w.behind_views",
    "SELECT a FROM w.locking",
    "SELECT 1 OPERATOR(w.%%) 2 AS a",
    "SELECT w.total(1) AS a",
    "SELECT w.total(1) OVER () AS a",
    "SELECT 'low'::w.level::int AS a",
    "SELECT 'a'::w.shown AS a",
    "SELECT ROW('a'::w.shown) AS a",
    "SELECT ARRAY['a'::w.shown] AS a",
    "SELECT 1::w.checked AS a",
    "SELECT '(3)'::w.holding AS a",
    "SELECT w.random() AS a",
    "SELECT w.defaulted() AS a",
    "SELECT w.stable_over_volatile() AS a",
    "SELECT w.stable_over_sequence() AS a",
    "SELECT w.stable_over_view() AS a",
    "SELECT w.stable_atomic() AS a",
    "SELECT w.dynamic('SELECT 1') AS a",
    "SELECT a FROM w.secured",
    "SELECT nextval('w.numbers') AS a",
    "SELECT set_config('a.b', 'c', true) AS a",
    "SELECT pg_advisory_lock(1)::text AS a",
    "SELECT pg_notify('a', 'b')::text AS a",
    "SELECT what AS a FROM w.log ORDER BY w.write()",
    "SELECT what AS a FROM w.log LIMIT w.write()",
    "SELECT what AS a FROM w.log GROUP BY what HAVING w.write() = 1",
    "SELECT what AS a FROM w.log JOIN w.secured s ON w.write() = s.a",
    "WITH c AS (SELECT w.write() AS a) SELECT 1 AS a",
    "SELECT what AS a FROM w.log TABLESAMPLE bernoulli (w.write())",
    "SELECT count(*) FILTER (WHERE w.write() = 1) AS a FROM w.log",
    "SELECT count(*) OVER (PARTITION BY w.write()) AS a FROM w.log",
    "SELECT s.a FROM generate_series(1, w.write()) s(a)",
    "SELECT schema_to_xml('w', true, true, '')::text AS a",
    "SELECT query_to_xml('SELECT w.write()', true, true, '')::text AS a",
]
READS = [
    "SELECT what AS a FROM w.log",
    "SELECT w.reads(1) AS a",
    "SELECT w.reads_too() AS a",
    "SELECT a FROM w.reading",
    "SELECT random() AS a",
    "SELECT gen_random_uuid() AS a",
    "SELECT clock_timestamp() AS a",
    "SELECT count(*) AS a FROM w.log GROUP BY what ORDER BY what",
    "SELECT upper(what) || '!' AS a FROM w.log WHERE what LIKE :what",
    "SELECT 'low'::w.level AS a",
    "SELECT relname AS a FROM pg_class",
    "SELECT table_name AS a FROM information_schema.tables",
]


@pytest.fixture(scope="session", autouse=True)
def functions_that_write(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())


@pytest.mark.parametrize("text", WRITES)
def test_what_may_write(compile_text: Compile, text: str) -> None:
    operation, problems = compile_text(f"-- http: GET /x\n{text}")
    assert operation is not None
    assert not operation.read_only
    assert [problem.code for problem in problems] == ["QP408"]


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("SELECT nextval('w.numbers') AS a", "take another method, such as POST"),
        ("-- result: none\nSELECT pg_advisory_xact_lock(1) AS a", "take another method, such as POST"),
        ("SELECT set_config('a.b', :v, true) AS a", "take another method, such as POST"),
        ("SELECT w.write() AS a", "declare `write` STABLE if it only reads, or take another method, such as POST"),
        ("SELECT w.write() AS a, nextval('w.numbers') AS b", "take another method, such as POST"),
    ],
)
def test_only_what_the_project_can_declare_is_to_be_declared(compile_text: Compile, text: str, cure: str) -> None:
    _, (problem,) = compile_text(f"-- http: GET /x\n{text}")
    assert (problem.code, problem.cure) == ("QP408", cure)


@pytest.mark.parametrize("text", READS)
def test_what_only_reads(compile_text: Compile, text: str) -> None:
    operation, problems = compile_text(f"-- http: GET /x\n{text}")
    assert operation is not None, problems
    assert operation.read_only
    assert not problems
