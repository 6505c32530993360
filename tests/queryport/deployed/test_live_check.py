"""`queryport check --live` and `queryport migrate`, as commands, and what counts as drift."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from handler.contract.operation import Operation
from queryport.compile import compile_project
from queryport.deployed.address import DatabaseAddress
from queryport.deployed.client import DeployedClient
from queryport.deployed.drift import Drift, LiveCheck, check_live
from queryport.emulator import Emulator
from queryport.migrations.runner import apply
from queryport.migrations.scripts import read_scripts
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.data_api_plugin import LocalDataApi
from queryport.testing.databases import FreshDatabase
from tests.support.databases import copy_for_suite, fresh_copy, template_database
from tests.support.projects import run, write

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def migrated(postgres: EmbeddedPostgres) -> FreshDatabase:
    """A database that has the project's migrations, to be copied."""
    return template_database(postgres, "live_check", _migrate)


def _migrate(url: str) -> None:
    with TemporaryDirectory() as folder:
        apply(url, write(Path(folder), PROJECT) / "migrations")


@pytest.fixture
def database(
    postgres: EmbeddedPostgres, migrated: FreshDatabase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalDataApi]:
    """The deployed database, up to date; the environment says where it is."""
    with fresh_copy(postgres, migrated) as copy:
        api = LocalDataApi(emulator, copy.name, copy.url)
        where = {
            "QUERYPORT_RESOURCE_ARN": api.resource_arn,
            "QUERYPORT_SECRET_ARN": api.secret_arn,
            "QUERYPORT_DATABASE": api.database,
        }
        for name, value in (where | api.environment).items():
            monkeypatch.setenv(name, value)
        yield api


@pytest.fixture
def live(database: LocalDataApi) -> str:
    """The URL of the deployed database."""
    return database.database_url


@pytest.fixture(scope="module")
def schema(postgres: EmbeddedPostgres, migrated: FreshDatabase) -> str:
    """The database that the project is compiled against."""
    return copy_for_suite(postgres, migrated, "live_check_schema").url


@pytest.fixture(scope="module")
def operations(schema: str, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Operation]:
    project = write(tmp_path_factory.mktemp("compiled"), PROJECT)
    return compile_project(project / "sql_queries", schema).operations


@pytest.fixture
def check(
    project: Path, schema: str, operations: Sequence[Operation], database: LocalDataApi
) -> Callable[[], LiveCheck]:
    client = DeployedClient(DatabaseAddress(*database.arguments.values()))
    return lambda: check_live(client, read_scripts(project / "migrations"), operations, schema)


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


def test_more_than_the_migrations_make_is_no_drift(check: Callable[[], LiveCheck], live: str) -> None:
    _change(live, "CREATE TABLE extra (n int); ALTER TABLE book ADD note text")
    assert check() == LiveCheck((), ("column public.book.note", "column public.extra.n", "table public.extra"))


def test_a_privilege_that_the_database_user_lacks_is_drift(
    check: Callable[[], LiveCheck], live: str, emulator: Emulator
) -> None:
    _change(
        live,
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA queryport TO reader;"
        "GRANT SELECT ON book, queryport.migration TO reader;"
        "GRANT SELECT, DELETE, UPDATE, INSERT ON queryport.idempotency_key TO reader",
    )
    server = emulator.database_url
    try:
        emulator.redirect(make_conninfo(server, user="reader"))
        assert check().drifts == (Drift("rename", "permission denied for table book (SQLSTATE 42501)"),)
    finally:
        emulator.redirect(server)
        _change(live, "DROP OWNED BY reader; DROP ROLE reader")


def test_nothing_is_executed(check: Callable[[], LiveCheck], live: str) -> None:
    _change(live, "INSERT INTO book VALUES (1, 'One', 'hard', 1)")
    check()
    with psycopg.connect(live) as connection:
        assert connection.execute("SELECT title FROM book").fetchall() == [("One",)]


@pytest.mark.usefixtures("live")
def test_the_commands_bring_a_database_up_to_date_and_find_it_so(project: Path, data_dir: Path) -> None:
    write(
        project,
        {"migrations/0002_more.sql": "CREATE TABLE more (n int)", "sql_queries/more.sql": "SELECT n FROM more\n"},
    )
    before = run("check", "--live", project=project, data_dir=data_dir)
    assert before.code == 1
    assert "migration 0002_more.sql: has not been applied: run `queryport migrate`\n" in before.output
    assert 'more: relation "more" does not exist (SQLSTATE 42P01)\n' in before.output
    assert before.output.endswith("no errors; 4 differences in the deployed database\n")
    planned = run("migrate", "--dry-run", project=project)
    assert (planned.code, planned.output) == (0, "0002_more.sql: 1 statement\n")
    done = run("migrate", project=project)
    assert (done.code, done.output) == (0, "applied 0002_more.sql\n1 migration applied\n")
    status = run("migrate", "--status", project=project).output.splitlines()
    assert [line.split()[0] for line in status] == ["0001_shop.sql", "0002_more.sql", "schema"]
    assert all(line.endswith(" UTC") for line in status[:2])
    after = run("check", "--live", project=project, data_dir=data_dir)
    assert (after.code, after.output.count("\n")) == (0, 1)
    assert after.output.endswith("no errors; no differences in the deployed database\n")


def test_where_the_database_is_must_be_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUERYPORT_RESOURCE_ARN", raising=False)
    monkeypatch.delenv("QUERYPORT_SECRET_ARN", raising=False)
    done = run("migrate", project=project)
    assert done.code == 2
    assert "give --resource-arn (or QUERYPORT_RESOURCE_ARN) and --secret-arn (or QUERYPORT_SECRET_ARN)" in done.errors
    assert "--database-url" in done.errors


def test_a_database_user_for_whom_no_policy_holds_is_told(
    project: Path, check: Callable[[], LiveCheck], schema: str, database: LocalDataApi
) -> None:
    assert check() == LiveCheck((), ())  # nothing relies on policies
    (project / "sql_queries/get.sql").write_text("-- rls: true\nSELECT title FROM book WHERE book_id = :book_id\n")
    operations = compile_project(project / "sql_queries", schema).operations
    client = DeployedClient(DatabaseAddress(*database.arguments.values()))
    (drift,) = check_live(client, read_scripts(project / "migrations"), operations, schema).drifts
    assert drift == Drift("role postgres", "is a superuser, for whom no policy holds")
