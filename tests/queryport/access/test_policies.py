"""Roles for which the policies do not hold that operations rely on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from queryport.access.needs import needs_by
from queryport.access.policies import check_development_role
from queryport.access.proof import lacks
from queryport.compile import Compilation
from queryport.compile.describe.database import Database
from queryport.postgres.server import EmbeddedPostgres
from tests.support.compiling import compile_folder
from tests.support.databases import suite_database, with_our_tables

SCHEMA = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'policies_owner') THEN
    CREATE ROLE policies_owner; CREATE ROLE policies_member IN ROLE policies_owner; CREATE ROLE policies_app;
    CREATE ROLE policies_bypass BYPASSRLS; CREATE ROLE policies_super SUPERUSER;
    CREATE ROLE policies_unused IN ROLE policies_owner NOINHERIT;
  END IF;
END $$;
CREATE TABLE forced (tenant int); ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE plain (tenant int); ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON plain USING (tenant = 1);
CREATE TABLE open (tenant int);
ALTER TABLE forced OWNER TO policies_owner; ALTER TABLE plain OWNER TO policies_owner;
GRANT SELECT ON plain, open TO PUBLIC;
"""

EXEMPT = {
    "policies_owner": "owns plain, whose policies do not hold for their owner",
    "policies_member": "owns plain, whose policies do not hold for their owner",
    "policies_bypass": "has BYPASSRLS",
    "policies_super": "is a superuser",
}
BOUND = ("policies_app", "policies_unused")


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> str:
    return suite_database(postgres, "policies", with_our_tables(SCHEMA)).url


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[Database]:
    with Database(url) as made:
        yield made


@pytest.fixture(scope="module")
def asking(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _compiled(folder: Path, database: Database, text: str) -> Compilation:
    (folder / "query.sql").write_text(text)
    compilation = compile_folder(folder, database)
    assert not compilation.problems, [problem.render() for problem in compilation.problems]
    return compilation


SECURED = "-- rls: true\nSELECT tenant FROM plain"


@pytest.mark.parametrize("role", [*EXEMPT, *BOUND])
def test_who_sees_every_row_is_told(
    url: str, database: Database, asking: psycopg.Connection[Any], tmp_path: Path, role: str
) -> None:
    with asking.transaction(force_rollback=True):
        asking.execute("INSERT INTO plain VALUES (2)")
        asking.execute(f"SET LOCAL ROLE {role}".encode())
        sees_all = asking.execute("SELECT tenant FROM plain").fetchall() == [(2,)]
    settings = tmp_path / "queryport.toml"
    settings.write_text(f'[development]\nrole = "{role}"\n')
    operations = _compiled(tmp_path, database, SECURED).catalogue
    problems = check_development_role(url, role, operations, settings)
    assert bool(problems) == sees_all == (role in EXEMPT)
    for problem in problems:
        assert (problem.code, problem.line, problem.column) == ("QP706", 2, 1)
        assert EXEMPT[role] in problem.message
    if role != "policies_super":  # which is refused whatever the operations are
        found = [
            lack.reason for lack in lacks(url, role, operations, needs_by(asking, operations)) if "role" in lack.subject
        ]
        assert any(EXEMPT[role] in reason for reason in found) if sees_all else not any("own" in each for each in found)


def test_a_role_that_nothing_relies_on_is_not_asked_about(
    url: str, database: Database, asking: psycopg.Connection[Any], tmp_path: Path
) -> None:
    operations = _compiled(tmp_path, database, "SELECT tenant FROM open").catalogue
    assert not check_development_role(url, "policies_bypass", operations, tmp_path / "queryport.toml")
    reasons = {lack.reason for lack in lacks(url, "policies_bypass", operations, needs_by(asking, operations))}
    assert not [reason for reason in reasons if "BYPASSRLS" in reason]


@pytest.mark.parametrize(
    "given", ["role: policies_bypass", "role: claims.role\n-- roles: [policies_app, policies_bypass]"]
)
def test_a_role_that_an_operation_takes_is_asked_about_too(
    url: str, database: Database, asking: psycopg.Connection[Any], tmp_path: Path, given: str
) -> None:
    operations = _compiled(tmp_path, database, f"-- {given}\nSELECT tenant FROM open").catalogue
    found = {
        (lack.subject, lack.reason) for lack in lacks(url, "policies_app", operations, needs_by(asking, operations))
    }
    assert ("role policies_bypass", "has BYPASSRLS, so that no policy holds for it") in found


def test_a_role_that_is_not_there_is_another_problem(url: str, database: Database, tmp_path: Path) -> None:
    operations = _compiled(tmp_path, database, SECURED).catalogue
    assert not check_development_role(url, "policies_nobody", operations, tmp_path / "queryport.toml")
