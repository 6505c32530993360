"""`check`, `build`, `run` and the command line itself, as processes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from queryport.migrations.runner import apply_scripts
from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import NewDatabase
from tests.support.projects import BOOKSHOP, QUERYPORT, run, write
from tests.support.repository import ROOT


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = write(tmp_path_factory.mktemp("shop"), BOOKSHOP)
    with EmbeddedPostgres(root / ".queryport/postgres"):  # the commands join it, which is quicker
        yield root


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wrong = {
        "sql_queries/books/wrong.sql": "SELECT titel FROM book\n",
        "sql_queries/books/all.sql": "SELECT * FROM book\n",
    }
    return write(tmp_path_factory.mktemp("broken"), BOOKSHOP | wrong)


def test_check_passes_and_writes_nothing(shop: Path) -> None:
    done = run("check", project=shop)
    assert (done.code, done.output) == (0, "5 operations, no errors\n")
    assert not (shop / "catalog.json").exists()


def test_check_reports_everything_and_fails(broken: Path) -> None:
    done = run("check", project=broken)
    assert done.code == 1
    assert 'wrong.sql:1:8 QP202 column "titel" does not exist' in done.output
    assert "QP304 warning" in done.output
    assert done.output.endswith("6 operations, 1 error, 1 warning\n")


def test_warnings_alone_do_not_fail(tmp_path: Path) -> None:
    write(tmp_path, BOOKSHOP | {"sql_queries/all.sql": "SELECT * FROM book\n"})
    done = run("check", project=tmp_path)
    assert (done.code, done.output.splitlines()[-1]) == (0, "6 operations, no errors, 1 warning")


def test_build_writes_the_catalogue(shop: Path, tmp_path: Path) -> None:
    output = tmp_path / "catalog.json"
    done = run("build", "--output", str(output), project=shop)
    assert done.code == 0, done.errors
    index, *lines = json.loads(output.read_text())
    bodies, documentation = lines[::2], lines[1::2]
    names = [
        "books.cheap",
        "books.count",
        "books.get",
        "books.rename",
        "books.wait",
        "queryport.purge_idempotency_keys",
    ]
    assert list(index["operations"]) == [body["name"] for body in bodies] == names
    assert all("result_schema" in each for each in documentation)
    before = output.read_bytes()
    run("build", "--output", str(output), project=shop)
    assert output.read_bytes() == before


def test_build_writes_nothing_where_there_are_errors(broken: Path) -> None:
    done = run("build", project=broken)
    assert done.code == 1
    assert done.output.endswith("6 operations, 1 error, 1 warning: nothing was written\n")
    assert not (broken / "catalog.json").exists()


def test_a_broken_migration_is_shown_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, BOOKSHOP | {"migrations/0002_bad.sql": "CREATE TABLE ok (n int);\nALTER TABLE bok ADD x int;"})
    done = run("check", project=tmp_path)
    assert done.code == 1
    assert 'migrations/0002_bad.sql:2:1 QP202 relation "bok" does not exist' in done.errors


def test_run_prints_rows_as_a_table(shop: Path) -> None:
    done = run("run", "books.cheap", "price=2", project=shop)
    assert done.code == 0, done.errors
    assert [line.strip("│ ") for line in done.output.splitlines() if "│" in line] == ["Book 1", "Book 2"]


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (["books.get", "book_id=2", "--json"], '{"book_id":2,"title":"Book 2","price":2.00}\n'),
        (["books.rename", "book_id=5", "title=5"], "1 row affected\n"),
    ],
)
def test_run_prints_the_answer(shop: Path, call: list[str], printed: str) -> None:
    done = run("run", *call, project=shop)
    assert (done.code, done.output) == (0, printed), done.errors


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["books.get", "book_id=one"], "error: book_id: expected integer, got a text that is not JSON"),
        (["books.get", "book_id=99"], "error: NotFound: books.get found no row for these parameters"),
    ],
)
def test_run_says_what_is_wrong_with_a_call(shop: Path, call: list[str], said: str) -> None:
    done = run("run", *call, project=shop)
    assert (done.code, done.output) == (1, "")
    assert said in done.errors


def test_run_shows_why_an_operation_does_not_compile(broken: Path) -> None:
    done = run("run", "books.wrong", project=broken)
    assert done.code == 1
    assert "books.wrong does not compile" in done.errors
    assert 'column "titel" does not exist' in done.errors


def test_the_commands_work_on_a_database_of_ones_own(shop: Path, new_database: NewDatabase) -> None:
    url = new_database(
        "CREATE TABLE book (book_id int, title text, price numeric); INSERT INTO book VALUES (1, 'Own', 1)"
    )
    done = run("check", "--database-url", url, project=shop)
    assert done.code == 1
    assert "apply the migrations to it first" in done.errors
    apply_scripts(url, ())
    done = run("check", "--database-url", url, project=shop)
    assert (done.code, done.output) == (0, "5 operations, no errors\n")


def test_migrate_brings_a_database_up_to_date(shop: Path, new_database: NewDatabase) -> None:
    url = new_database()
    done = run("migrate", "--database-url", url, project=shop)
    assert (done.code, done.output) == (0, "applied 0001_book.sql\n1 migration applied\n")
    done = run("migrate", "--database-url", url, project=shop)
    assert (done.code, done.output) == (0, "the database is up to date\n")
    assert run("check", "--database-url", url, project=shop).code == 0


def test_a_database_that_does_not_answer_is_told(shop: Path) -> None:
    done = run("check", "--database-url", "postgresql://nobody@127.0.0.1:1/none", project=shop)
    assert done.code == 1
    assert "--database-url" in done.errors
    assert "Traceback" not in done.errors


def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    done = run("check", project=tmp_path)
    assert done.code == 1
    assert "query files are kept in sql_queries/, and there is no such folder" in done.errors
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_cannot_be_made_is_told(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("check", project=shop, data_dir=tmp_path / "file" / "data")
    assert done.code == 1
    assert "choose another with --data-dir" in done.errors


def test_a_wrong_command_line_has_its_own_exit_code() -> None:
    assert subprocess.run([QUERYPORT, "check", "--fast"], capture_output=True, check=False).returncode == 2


def test_the_version_is_told() -> None:
    done = subprocess.run([QUERYPORT, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "queryport 0.1.0\n"


@pytest.mark.slow
def test_the_repository_is_a_project(tmp_path: Path) -> None:
    done = run("check", project=ROOT, data_dir=tmp_path / "data")
    assert done.code == 0, done.output
