import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from handler.contract.operation import Operation
from queryport.console.terminal import Terminal
from queryport.migrations.runner import apply_scripts
from queryport.project.workspace import CACHE_FOLDER, Build, Workspace, open_workspace
from tests.support.databases import NewDatabase
from tests.support.projects import BOOKSHOP, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, BOOKSHOP)


@pytest.fixture
def workspace(project: Path, data_dir: Path) -> Iterator[Workspace]:
    with open_workspace(project, data_dir, None, Terminal(stderr=True), migrate=False) as workspace:
        yield workspace


def _operation(build: Build, name: str) -> Operation:
    return next(operation for operation in build.compilation.operations if operation.name == name)


@pytest.mark.slow
def test_only_what_changed_is_compiled_again(workspace: Workspace, project: Path) -> None:
    before = workspace.build()
    write(project, {"sql_queries/books/count.sql": "SELECT count(*) AS n FROM book\n"})
    after = workspace.build()
    assert _operation(after, "books.get") is _operation(before, "books.get")
    assert _operation(after, "books.count") != _operation(before, "books.count")
    assert after.fingerprint != before.fingerprint


@pytest.mark.slow
def test_what_an_earlier_command_compiled_needs_no_server(project: Path) -> None:
    write(project, {"sql_queries/star.sql": "SELECT * FROM book\n", "sql_queries/no.sql": "SELECT titel FROM book\n"})
    first, other = project / "first", project / "other"
    with open_workspace(project, first, None, Terminal(stderr=True), migrate=False) as workspace:
        built = workspace.build()
    assert len(built.compilation.problems) == 2
    shutil.rmtree(first / "postgres")
    shutil.copytree(first, other)  # as CI keeps it
    for data_dir in (first, other):
        with open_workspace(project, data_dir, None, Terminal(stderr=True), migrate=False) as workspace:
            again = workspace.build()
        assert (again, again.fingerprint) == (built, built.fingerprint)
        assert not (data_dir / "postgres").exists()


@pytest.mark.slow
def test_without_the_cache_every_file_is_compiled(project: Path, data_dir: Path) -> None:
    for _ in range(2):
        with open_workspace(project, data_dir, None, Terminal(stderr=True), migrate=False, cached=False) as workspace:
            workspace.build()
    assert not (data_dir / CACHE_FOLDER).exists()


@pytest.mark.slow
def test_another_schema_compiles_everything_again(workspace: Workspace, project: Path) -> None:
    before = workspace.build()
    write(project, {"migrations/0002_big.sql": "ALTER TABLE book ALTER book_id TYPE bigint;"})
    assert _operation(workspace.build(), "books.get") != _operation(before, "books.get")


@pytest.mark.slow
def test_problems_remain_until_they_are_mended(workspace: Workspace, project: Path) -> None:
    write(project, {"sql_queries/wrong.sql": "SELECT titel FROM book\n"})
    assert [len(workspace.build().compilation.problems) for _ in range(2)] == [1, 1]
    (project / "sql_queries/wrong.sql").unlink()
    assert workspace.build().compilation.problems == ()


def test_a_database_of_ones_own_is_asked_each_time(project: Path, new_database: NewDatabase) -> None:
    url = new_database("CREATE TABLE book (book_id int, title text, price numeric)")
    apply_scripts(url, ())
    with open_workspace(project, None, url, Terminal(stderr=True), migrate=False) as workspace:
        before = workspace.build()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER TABLE book ALTER book_id TYPE bigint")
        assert _operation(workspace.build(), "books.get") != _operation(before, "books.get")
