"""`queryport check --live` and `queryport migrate`, as commands, and what counts as drift."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from queryport.compile import compile_project
from queryport.deployed.address import DatabaseAddress
from queryport.deployed.client import DeployedClient
from queryport.deployed.drift import Drift, LiveCheck, check_live
from queryport.emulator import Emulator
from queryport.migrations.runner import apply
from queryport.migrations.scripts import read_scripts
from queryport.testing.data_api_plugin import LocalDataApi
from tests.support.databases import NewDatabase
from tests.support.projects import QUERYPORT, write

PROJECT = {
    "migrations/0001_shop.sql": """
        CREATE TYPE cover AS ENUM ('hard', 'soft');
        CREATE DOMAIN price AS numeric(8, 2) CHECK (VALUE >= 0);
        CREATE TABLE book (book_id int PRIMARY KEY, title text NOT NULL, cover cover, price price NOT NULL);
        CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN upper(t);
    """,
    "sql_queries/get.sql": (
        "-- result: maybe\nSELECT title, shout(title) AS loud, price FROM book WHERE book_id = :book_id\n"
    ),
    "sql_queries/list.sql": "SELECT book_id FROM book WHERE (:cover IS NULL OR cover = :cover)\n",
    "sql_queries/rename.sql": "UPDATE book SET title = :title WHERE book_id = :book_id\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", PROJECT)


@pytest.fixture
def live(queryport_data_api: LocalDataApi, project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The deployed database, up to date; the environment says where it is."""
    for name, value in {
        "QUERYPORT_RESOURCE_ARN": queryport_data_api.resource_arn,
        "QUERYPORT_SECRET_ARN": queryport_data_api.secret_arn,
        "QUERYPORT_DATABASE": queryport_data_api.database,
    }.items():
        monkeypatch.setenv(name, value)
    apply(queryport_data_api.database_url, project / "migrations")
    return queryport_data_api.database_url


@pytest.fixture
def check(
    project: Path, new_database: NewDatabase, live: str, queryport_data_api: LocalDataApi
) -> Callable[[], LiveCheck]:
    del live  # its being there is what counts
    schema = new_database()
    apply(schema, project / "migrations")
    operations = compile_project(project / "sql_queries", schema).operations
    database = DeployedClient(DatabaseAddress(*queryport_data_api.arguments.values()))
    return lambda: check_live(database, read_scripts(project / "migrations"), operations, schema)


def _change(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_an_up_to_date_database_has_no_drift(check: Callable[[], LiveCheck]) -> None:
    assert check() == LiveCheck((), ())


@pytest.mark.parametrize(
    ("change", "drifts"),
    [
        (
            "DROP TABLE book CASCADE",
            {
                "table public.book": "is missing",
                "get": 'relation "book" does not exist (SQLSTATE 42P01)',
                "list": 'relation "book" does not exist (SQLSTATE 42P01)',
                "rename": 'relation "book" does not exist (SQLSTATE 42P01)',
            },
        ),
        (
            "CREATE INDEX bad ON book (title);"
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'bad'::regclass",
            {"index public.bad": "is INVALID, since a build of it failed: drop it, and make it again"},
        ),
        (
            "ALTER TABLE book RENAME title TO name",
            {
                "column public.book.title": "is missing",
                "get": 'column "title" does not exist (SQLSTATE 42703)',
                "rename": 'column "title" of relation "book" does not exist (SQLSTATE 42703)',
            },
        ),
        (
            "ALTER TABLE book ALTER price TYPE numeric",
            {"column public.book.price": "is numeric NOT NULL and should be price NOT NULL"},
        ),
        (
            "ALTER TYPE cover ADD VALUE 'cloth'",
            {"type public.cover": "is an enum of hard, soft, cloth and should be an enum of hard, soft"},
        ),
        (
            "DROP FUNCTION shout",
            {
                "function shout(text)": "is missing",
                "get": "function shout(text) does not exist (SQLSTATE 42883)",
            },
        ),
        (
            "ALTER TABLE book DROP CONSTRAINT book_pkey",
            {"constraint book.book_pkey": "is missing"},
        ),
        (
            "DELETE FROM queryport.migration",
            {"migration 0001_shop.sql": "has not been applied: run `queryport migrate`"},
        ),
    ],
)
def test_what_differs_is_told(check: Callable[[], LiveCheck], live: str, change: str, drifts: dict[str, str]) -> None:
    _change(live, change)
    found = {drift.subject: drift.difference for drift in check().drifts}
    assert drifts.items() <= found.items()


@pytest.mark.slow
def test_more_than_the_migrations_make_is_no_drift(check: Callable[[], LiveCheck], live: str) -> None:
    _change(live, "CREATE TABLE extra (n int); ALTER TABLE book ADD note text")
    assert check() == LiveCheck((), ("column public.book.note", "column public.extra.n", "table public.extra"))


def test_a_privilege_that_the_database_user_lacks_is_drift(
    check: Callable[[], LiveCheck], live: str, queryport_emulator: Emulator
) -> None:
    _change(
        live,
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA queryport TO reader;"
        "GRANT SELECT ON book, queryport.migration TO reader;"
        "GRANT SELECT, DELETE, UPDATE, INSERT ON queryport.idempotency_key TO reader",
    )
    server = queryport_emulator.database_url
    try:
        queryport_emulator.redirect(make_conninfo(server, user="reader"))
        assert check().drifts == (Drift("rename", "permission denied for table book (SQLSTATE 42501)"),)
    finally:
        queryport_emulator.redirect(server)
        _change(live, "DROP OWNED BY reader; DROP ROLE reader")


@pytest.mark.slow
def test_nothing_is_executed(check: Callable[[], LiveCheck], live: str) -> None:
    _change(live, "INSERT INTO book VALUES (1, 'One', 'hard', 1)")
    check()
    with psycopg.connect(live) as connection:
        assert connection.execute("SELECT title FROM book").fetchall() == [("One",)]


def _run(project: Path, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--project", str(project), *(["--data-dir", str(data_dir)] if arguments[0] == "check" else [])]
    return subprocess.run([QUERYPORT, *arguments, *options], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.usefixtures("live")
def test_the_commands_bring_a_database_up_to_date_and_find_it_so(project: Path, tmp_path: Path) -> None:
    write(
        project,
        {"migrations/0002_more.sql": "CREATE TABLE more (n int)", "sql_queries/more.sql": "SELECT n FROM more\n"},
    )
    before = _run(project, tmp_path / "data", "check", "--live")
    assert before.returncode == 1
    assert "migration 0002_more.sql: has not been applied: run `queryport migrate`\n" in before.stdout
    assert 'more: relation "more" does not exist (SQLSTATE 42P01)\n' in before.stdout
    assert before.stdout.endswith("no errors; 4 differences in the deployed database\n")
    planned = _run(project, tmp_path, "migrate", "--dry-run")
    assert (planned.returncode, planned.stdout) == (0, "0002_more.sql: 1 statement\n")
    done = _run(project, tmp_path, "migrate")
    assert (done.returncode, done.stdout) == (0, "applied 0002_more.sql\n1 migration applied\n")
    status = _run(project, tmp_path, "migrate", "--status").stdout.splitlines()
    assert [line.split()[0] for line in status] == ["0001_shop.sql", "0002_more.sql", "schema"]
    assert all(line.endswith(" UTC") for line in status[:2])
    after = _run(project, tmp_path / "data", "check", "--live")
    assert (after.returncode, after.stdout.count("\n")) == (0, 1)
    assert after.stdout.endswith("no errors; no differences in the deployed database\n")


@pytest.mark.slow
def test_where_the_database_is_must_be_said(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUERYPORT_RESOURCE_ARN", raising=False)
    monkeypatch.delenv("QUERYPORT_SECRET_ARN", raising=False)
    done = _run(project, tmp_path, "migrate")
    assert done.returncode == 2
    assert "give --resource-arn (or QUERYPORT_RESOURCE_ARN) and --secret-arn (or QUERYPORT_SECRET_ARN)" in done.stderr


@pytest.mark.slow
def test_a_database_user_for_whom_no_policy_holds_is_told(
    project: Path, check: Callable[[], LiveCheck], new_database: NewDatabase, queryport_data_api: LocalDataApi
) -> None:
    assert check() == LiveCheck((), ())  # nothing relies on policies
    (project / "sql_queries/get.sql").write_text("-- rls: true\nSELECT title FROM book WHERE book_id = :book_id\n")
    schema = new_database()
    apply(schema, project / "migrations")
    operations = compile_project(project / "sql_queries", schema).operations
    database = DeployedClient(DatabaseAddress(*queryport_data_api.arguments.values()))
    (drift,) = check_live(database, read_scripts(project / "migrations"), operations, schema).drifts
    assert drift == Drift("role postgres", "is a superuser, for whom no policy holds")
