import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from queryport.migrations.runner import apply_scripts
from queryport.migrations.scripts import ScriptError
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.content import digest
from queryport.project.databases import Scripts
from queryport.project.embedded_databases import EmbeddedDatabases
from queryport.project.kept import KeptError
from queryport.project.own_database import DatabaseError, OwnDatabase
from queryport.project.project import Project
from tests.support.databases import run_script, suite_database
from tests.support.projects import BOOKSHOP, write

pytestmark = pytest.mark.slow


class Steps:
    """Keeps what was announced."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def __call__(self, text: str) -> Iterator[None]:
        self.told.append(text)
        yield


@pytest.fixture(scope="module")
def server(module_data_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(module_data_dir / "postgres") as server:
        yield server


def _scripts(root: Path, **changed: str) -> Scripts:
    files = {name.replace("__", "/").replace("_dot_", "."): text for name, text in changed.items()}
    return Scripts.of(Project.load(write(root, BOOKSHOP | files)))


def _names(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.url()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def test_the_schema_is_made_once(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases, steps = EmbeddedDatabases(lambda: server), Steps()
    for _ in range(2):
        with databases.schema(_scripts(tmp_path), steps) as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM book").fetchone() == (0,)
    assert steps.told == ["Applying 0001_book.sql"]


def test_commands_that_need_one_schema_at_once_share_it(server: EmbeddedPostgres, tmp_path: Path) -> None:
    scripts, steps = _scripts(tmp_path, migrations__0002_a_dot_sql="CREATE TABLE shared (n int)"), Steps()
    urls: list[str] = []

    def command() -> None:
        with EmbeddedDatabases(lambda: server).schema(scripts, steps) as url, psycopg.connect(url):
            urls.append(url)

    commands = [threading.Thread(target=command) for _ in range(4)]
    for one in commands:
        one.start()
    for one in commands:
        one.join()
    assert len(urls) == 4
    assert steps.told == ["Applying 0001_book.sql", "Applying 0002_a.sql"]


def test_only_a_few_schemas_are_kept_and_never_one_in_use(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(lambda: server)
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
    databases, scripts = (
        EmbeddedDatabases(lambda: server),
        _scripts(tmp_path, migrations__0002_a_dot_sql="SELECT 1 / 0"),
    )
    for _ in range(2):
        with pytest.raises(ScriptError, match="division by zero"), databases.schema(scripts):
            pass


class Told(list[str]):
    """Keeps what was reported."""

    def __call__(self, text: str) -> None:
        self.append(text)


def _edited(root: Path) -> Scripts:
    return _scripts(root, seed__01_book_dot_sql="INSERT INTO book VALUES (1, 'other', 1)")


def _titles(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [title for (title,) in connection.execute("SELECT title FROM book ORDER BY title").fetchall()]


def _change(url: str, title: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE book SET title = %s WHERE book_id = 1", [title])


@pytest.fixture
def fresh(server: EmbeddedPostgres) -> EmbeddedPostgres:
    """The server without databases of data."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for name in _names(server):
            if name.startswith("app"):
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    return server


def test_an_edited_history_makes_a_new_data_database_and_keeps_the_old(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    told, steps = Told(), Steps()
    databases = EmbeddedDatabases(lambda: fresh, told)
    url = databases.data(_scripts(tmp_path))
    _change(url, "mine")
    paused: list[list[str]] = []

    @contextmanager
    def pause() -> Iterator[None]:
        paused.append(_names(fresh))
        yield

    with psycopg.connect(url):  # a session on it holds nothing up
        assert databases.data(_edited(tmp_path), steps, pause) == url
    assert steps.told[0] == "Making a new database, since 01_book.sql was edited after it ran on this database"
    assert "app_next" in paused[0]
    assert _titles(url) == ["other"]
    (kept,) = databases.kept()
    assert _titles(fresh.url(kept.name)) == ["Book 2", "Book 3", "Book 4", "Book 5", "mine"]
    assert told == [
        "01_book.sql was edited after it ran on this database: the database app is kept as "
        f"{kept.name}, and a new one has taken its place (back: queryport db restore {kept.name}; "
        "all: queryport db list)"
    ]
    assert "01_book.sql was edited" in kept.comment
    assert "app_next" not in _names(fresh)


def test_what_holds_nothing_of_its_own_is_not_kept(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    told = Told()
    databases = EmbeddedDatabases(lambda: fresh, told)
    databases.data(_scripts(tmp_path))
    later = _scripts(tmp_path, migrations__0002_a_dot_sql="UPDATE book SET price = 0")
    databases.data(later)
    assert told == ["applied 0002_a.sql to the database app"]
    (tmp_path / "migrations/0002_a.sql").unlink()
    url = databases.data(_scripts(tmp_path))
    assert databases.kept() == []
    assert "held only what its scripts had put there" in told[1]
    assert len(_titles(url)) == 5


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO book VALUES (9, 'mine', 1)",
        "UPDATE book SET title = 'mine' WHERE book_id = 2",
        "DELETE FROM book WHERE book_id = 3",
        "CREATE TABLE mine ()",
        "CREATE VIEW seen AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA other; CREATE TABLE other.mine AS SELECT 1",
        "TRUNCATE book",
    ],
)
def test_any_change_by_hand_is_told_from_what_the_scripts_made(postgres: EmbeddedPostgres, change: str) -> None:
    """Each is made to what the others have left, in any order."""
    url = suite_database(postgres, "made_of_scripts", _made).url
    run_script(url, "INSERT INTO book VALUES (2, 'Two', 1), (3, 'Three', 1) ON CONFLICT DO NOTHING")
    before = digest(url)
    run_script(url, change)
    assert digest(url) != before


def _made(url: str) -> None:
    apply_scripts(url, ())
    for script in ("migrations/0001_book.sql", "seed/01_book.sql"):
        run_script(url, BOOKSHOP[script])


def test_what_was_changed_by_hand_is_kept(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(lambda: fresh)
    run_script(databases.data(_scripts(tmp_path)), "DELETE FROM book WHERE book_id = 1")
    databases.data(_edited(tmp_path))
    assert len(databases.kept()) == 1


def test_a_branch_that_only_adds_migrations_is_found_again(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    told = Told()
    databases = EmbeddedDatabases(lambda: fresh, told)
    main = _scripts(tmp_path)
    feature = _scripts(tmp_path, migrations__0002_more_dot_sql="ALTER TABLE book ADD COLUMN more text")
    _change(databases.data(main), "main")
    url = databases.data(feature)
    assert "main" in _titles(url), "a migration that is added is applied to what is there"
    _change(url, "feature")
    _change(databases.data(main), "main again")
    for scripts, title in [(feature, "feature"), (main, "main again")] * 2:
        assert _titles(databases.data(scripts))[-1] == title
    assert [name for name in _names(fresh) if name.startswith("app")][1:] == [each.name for each in databases.kept()]
    assert len(databases.kept()) == 1
    assert told[-2].startswith("the files hold scripts that it has not seen: the database app is kept as app_")


def test_switching_between_two_histories_gives_each_its_own_data(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(lambda: fresh)
    one, other = _scripts(tmp_path / "one"), _edited(tmp_path / "other")
    url = databases.data(one)
    _change(url, "of one")
    databases.data(other)
    _change(url, "of the other")
    for _ in range(4):
        assert "of one" in _titles(databases.data(one))
        assert _titles(databases.data(other)) == ["of the other"]
    assert len(databases.kept()) == 1
    # A history that has gone on is still that one's.
    longer = _scripts(tmp_path / "one", migrations__0002_a_dot_sql="CREATE TABLE a ()")
    assert "of one" in _titles(databases.data(longer))


def test_a_kept_database_is_restored_reset_and_dropped(fresh: EmbeddedPostgres, tmp_path: Path) -> None:
    told = Told()
    databases, scripts = EmbeddedDatabases(lambda: fresh, told), _scripts(tmp_path)
    url = databases.data(scripts)
    _change(url, "first")
    databases.reset(scripts)
    assert "Book 1" in _titles(url)
    _change(url, "second")
    (first,) = databases.kept()
    databases.restore(first.name, scripts)
    assert "first" in _titles(url)
    (second,) = databases.kept()
    assert "second" in _titles(fresh.url(second.name))
    with pytest.raises(KeptError, match=f"there is no kept database {second.name}x: did you mean {second.name}"):
        databases.drop(f"{second.name}x")
    with pytest.raises(KeptError, match=r"cannot be served with the files as they are: 01_book.sql was edited"):
        databases.restore(second.name, _edited(tmp_path))
    databases.drop(second.name)
    assert databases.kept() == []


def test_a_new_database_that_fails_leaves_the_old_one(server: EmbeddedPostgres, tmp_path: Path) -> None:
    databases = EmbeddedDatabases(lambda: server)
    url = databases.data(_scripts(tmp_path))
    with pytest.raises(ScriptError, match="division by zero"):
        databases.data(_scripts(tmp_path, seed__01_book_dot_sql="SELECT 1 / 0"))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (5,)


def test_a_database_of_ones_own_must_answer() -> None:
    with pytest.raises(DatabaseError, match="--database-url: connection failed"):
        OwnDatabase("postgresql://nobody@127.0.0.1:1/none", migrate=True)
