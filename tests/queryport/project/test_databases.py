import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from queryport.migrations.scripts import ScriptError
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.databases import DatabaseError, EmbeddedDatabases, OwnDatabase, Scripts
from queryport.project.project import Project
from tests.support.projects import BOOKSHOP, write


class Steps:
    """Keeps what was announced."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def __call__(self, text: str) -> Iterator[None]:
        self.told.append(text)
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("server")) as server:
        yield server


def _scripts(root: Path, **changed: str) -> Scripts:
    files = {name.replace("__", "/").replace("_dot_", "."): text for name, text in changed.items()}
    return Scripts.of(Project.load(write(root, BOOKSHOP | files)))


def _names(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.url()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def test_the_schema_is_made_once(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases, steps = EmbeddedDatabases(server), Steps()
    for _ in range(2):
        with databases.schema(_scripts(tmp_path), steps) as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM book").fetchone() == (0,)
    assert steps.told == ["Applying 0001_book.sql"]


def test_commands_that_need_one_schema_at_once_share_it(server: EmbeddedPostgres, tmp_path: Path) -> None:
    scripts, steps = _scripts(tmp_path, migrations__0002_a_dot_sql="CREATE TABLE shared (n int)"), Steps()
    urls: list[str] = []

    def command() -> None:
        with EmbeddedDatabases(server).schema(scripts, steps) as url, psycopg.connect(url):
            urls.append(url)

    commands = [threading.Thread(target=command) for _ in range(4)]
    for one in commands:
        one.start()
    for one in commands:
        one.join()
    assert len(urls) == 4
    assert steps.told == ["Applying 0001_book.sql", "Applying 0002_a.sql"]


def test_only_a_few_schemas_are_kept_and_never_one_in_use(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(server)
    with databases.schema(_scripts(tmp_path, migrations__0002_a_dot_sql="CREATE TABLE used (n int)")) as used:
        for number in range(6):
            text = f"CREATE TABLE t{number} (n int)"
            with databases.schema(_scripts(tmp_path, migrations__0002_a_dot_sql=text)):
                pass
        kept = [name for name in _names(server) if name.startswith("schema_")]
        assert len(kept) == 5
        with psycopg.connect(used) as connection:
            assert connection.execute("SELECT count(*) FROM used").fetchone() == (0,)


def test_a_refused_migration_makes_no_schema(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases, scripts = EmbeddedDatabases(server), _scripts(tmp_path, migrations__0002_a_dot_sql="SELECT 1 / 0")
    for _ in range(2):
        with pytest.raises(ScriptError, match="division by zero"), databases.schema(scripts):
            pass


def test_an_edited_history_makes_a_new_data_database(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases, steps = EmbeddedDatabases(server), Steps()
    url = databases.data(_scripts(tmp_path))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE book SET title = 'changed'")
        paused: list[list[str]] = []

        @contextmanager
        def pause() -> Iterator[None]:
            paused.append(_names(server))
            yield

        edited = _scripts(tmp_path, seed__01_book_dot_sql="INSERT INTO book VALUES (1, 'other', 1)")
        assert databases.data(edited, steps, pause) == url
    assert steps.told[0] == "Making a new database, since 01_book.sql was edited after it ran on this database"
    assert "app_next" in paused[0]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT title FROM book").fetchall() == [("other",)]
    assert "app_next" not in _names(server)


def test_a_new_database_that_fails_leaves_the_old_one(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(server)
    url = databases.data(_scripts(tmp_path))
    with pytest.raises(ScriptError, match="division by zero"):
        databases.data(_scripts(tmp_path, seed__01_book_dot_sql="SELECT 1 / 0"))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (5,)


def test_a_database_of_ones_own_must_answer() -> None:
    with pytest.raises(DatabaseError, match="--database-url: connection failed"):
        OwnDatabase("postgresql://nobody@127.0.0.1:1/none", migrate=True)
