"""A SELECT that writes by what stands behind it is no read: with its answer lost it is not sent again."""

from collections.abc import Iterator

import psycopg
import pytest

from handler.contract import errors
from handler.contract.errors import Outcome
from queryport.emulator import Emulator, Fault
from queryport.postgres.server import EmbeddedPostgres
from tests.campaign.bank import callers
from tests.exactly_once.conftest import Bank
from tests.support.compiling import compile_to_catalog
from tests.support.databases import suite_database, with_our_tables
from tests.support.projects import write

SCHEMA = """
CREATE TABLE written (at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION writes(integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS
  'BEGIN INSERT INTO written DEFAULT VALUES; RETURN $1; END';
CREATE VIEW behind_a_view AS SELECT writes() AS a;
CREATE FUNCTION writes(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT writes($2)';
CREATE OPERATOR ## (LEFTARG = integer, RIGHTARG = integer, FUNCTION = writes);
CREATE AGGREGATE written_sum (integer) (SFUNC = writes, STYPE = integer, INITCOND = '0');
CREATE TYPE level AS ENUM ('low');
CREATE FUNCTION level_number(level) RETURNS integer LANGUAGE sql AS 'SELECT writes()';
CREATE CAST (level AS integer) WITH FUNCTION level_number(level);
CREATE FUNCTION level_json(level) RETURNS json LANGUAGE sql AS 'SELECT to_json(writes())';
CREATE CAST (level AS json) WITH FUNCTION level_json(level);
CREATE DOMAIN checked AS integer CHECK (writes(value) > 0);
CREATE FUNCTION by_default(integer DEFAULT writes()) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION declared_stable() RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN writes(); END';
"""
QUERIES = {
    "function": "SELECT writes() AS a",
    "view": "SELECT a FROM behind_a_view",
    "operator": "SELECT 1 ## 2 AS a",
    "aggregate": "SELECT written_sum(n) AS a FROM (VALUES (1)) v(n)",
    "cast": "SELECT 'low'::level::integer AS a",
    "json": "SELECT 'low'::level AS a",
    "domain": "SELECT n::checked AS a FROM (VALUES (:n::integer)) v(n)",
    "default": "SELECT by_default() AS a",
    "stable": "SELECT declared_stable() AS a",
}


@pytest.fixture(scope="module")
def unseen(
    postgres: EmbeddedPostgres, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    database = suite_database(postgres, "unseen_suite", with_our_tables(SCHEMA))
    folder = write(tmp_path_factory.mktemp("unseen"), {f"{name}.sql": text for name, text in QUERIES.items()})
    catalog, _ = compile_to_catalog(folder, database.url)
    make = callers(catalog, queryport_emulator.url, database.name)
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield Bank(database.url, connection, queryport_emulator, make, make(20.0), catalog)


@pytest.mark.parametrize("operation", QUERIES)
def test_a_lost_answer_never_makes_it_write_twice(unseen: Bank, emulator: Emulator, operation: str) -> None:
    unseen.run("DELETE FROM written")
    parameters = {"n": 1} if operation == "domain" else {}
    unseen.call(operation, parameters)
    once = unseen.value("SELECT count(*) FROM written")
    assert once >= 1
    emulator.faults.arm(Fault(kind="drop", when="after", operation="ExecuteStatement"))
    with pytest.raises(errors.OutcomeUnknown) as failure:
        unseen.call(operation, parameters)
    assert failure.value.outcome is Outcome.UNKNOWN
    assert unseen.value("SELECT count(*) FROM written") == 2 * once
