"""A cache of compiled files answers what the server as it is would answer: roles and settings come, go and change."""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from queryport.compile.compiled_file import CompiledFile
from queryport.compile.compiler import compile_files
from queryport.compile.describe.server_digest import server_digest
from queryport.compile.project_files import QueryText
from queryport.console.terminal import Terminal
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.workspace import CACHE_FOLDER, SERVER_FOLDER, open_workspace
from tests.support.databases import run_script
from tests.support.projects import write
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow

_MADE_BY_HAND = {
    "queryport.toml": "",
    "migrations/0001_t.sql": """
        CREATE TABLE t (id int PRIMARY KEY, n text);
        CREATE SCHEMA other;
        CREATE TABLE other.o (id int PRIMARY KEY);
        CREATE FUNCTION share() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RETURN 1 / (SELECT count(*) FROM pg_auth_members WHERE member = to_regrole('rr_app')); END $$;
    """,
    "sql_queries/role.sql": "SELECT 'rr_app'::regrole::text AS name\n",
    "sql_queries/path.sql": "SELECT id FROM o\n",
    "sql_queries/day.sql": "SELECT '13/01/2020'::date AS day\n",
    "sql_queries/member.sql": "-- result: one\nSELECT id FROM t WHERE id = share() AND id = :id\n",
    "sql_queries/plain.sql": "SELECT id FROM t\n",
}
_OF_A_MIGRATION = {
    "migrations/0002_role.sql": "DO $$ BEGIN IF to_regrole('rr_app') IS NULL THEN CREATE ROLE rr_app; END IF; END $$;"
}
_CHANGES = {
    "role": ("CREATE ROLE rr_app", "DROP ROLE IF EXISTS rr_app"),
    "attribute": ("CREATE ROLE rr_more CREATEDB", "DROP ROLE IF EXISTS rr_more"),
    "setting of a role": ("ALTER ROLE postgres SET search_path = other, public", "ALTER ROLE postgres RESET ALL"),
    "setting of all roles": ("ALTER ROLE ALL SET search_path = other, public", "ALTER ROLE ALL RESET ALL"),
    "setting of the server": (
        "ALTER SYSTEM SET datestyle = 'ISO, DMY'; SELECT pg_reload_conf(), pg_sleep(0.1)",
        "ALTER SYSTEM RESET datestyle; SELECT pg_reload_conf(), pg_sleep(0.1)",
    ),
}
_SHOWN = (
    *(name for name, _ in _CHANGES.values()),
    "CREATE ROLE rr_app; ALTER ROLE rr_app LOGIN",
    "CREATE ROLE rr_app; GRANT pg_read_all_data TO rr_app",
    "CREATE ROLE rr_app; GRANT SET ON PARAMETER log_statement TO rr_app",
    "ALTER TABLESPACE pg_default SET (random_page_cost = 2)",
)


@contextmanager
def _server(data_dir: Path) -> Iterator[Callable[[str], None]]:
    with EmbeddedPostgres(data_dir / SERVER_FOLDER) as server:

        def change(script: str) -> None:
            for statement in script.split(";"):  # ALTER SYSTEM stands alone
                run_script(server.url(), statement)

        yield change


def _told(project: Path, data_dir: Path, *, cached: bool = True) -> Sequence[str]:
    """What a command tells: its problems and its operations."""
    with open_workspace(project, data_dir, None, Terminal(stderr=True), migrate=False, cached=cached) as workspace:
        compilation = workspace.build().compilation
    return [*map(repr, compilation.problems), *map(repr, compilation.operations)]


def _refused(told: Sequence[str]) -> bool:
    return any("rr_app" in each and "QP202" in each for each in told)


def _undo(change: Callable[[str], None]) -> None:
    for _, back in _CHANGES.values():
        change(back)


@pytest.mark.parametrize("seed", seeds(1, slow=1, long=8))
def test_cached_is_as_compiled_anew_whatever_happens_to_the_server(tmp_path: Path, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 (changes of a test)
    project, data_dir = write(tmp_path / "project", _MADE_BY_HAND), tmp_path / "data"
    data_dir.mkdir()
    made: set[str] = set()
    seen = []
    with _server(data_dir) as change:
        for _ in range(8):
            name = chosen.choice(sorted(_CHANGES))
            change(_CHANGES[name][name in made])
            made ^= {name}
            told = _told(project, data_dir)
            assert told == _told(project, data_dir, cached=False), made
            seen.append(told)
    assert any(before != after for before, after in pairwise(seen))


def test_each_change_of_what_a_statement_can_see_shows(tmp_path: Path) -> None:
    with _server(tmp_path) as change, EmbeddedPostgres(tmp_path / SERVER_FOLDER) as server:

        def digest() -> str:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                return server_digest(connection)

        before = digest()
        for script in _SHOWN:
            change(script)
            assert digest() != before, script
            change("ALTER TABLESPACE pg_default RESET (random_page_cost)")
            change("DROP OWNED BY rr_app; DROP ROLE rr_app" if "rr_app" in script else "SELECT")
            _undo(change)
            assert digest() == before, script
        change("CREATE DATABASE other; CREATE TABLE t ()")
        assert digest() == before


def test_a_role_that_outlives_its_migration_is_seen_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    project, first, other = tmp_path / "project", tmp_path / "first", tmp_path / "other"
    write(project, _MADE_BY_HAND)
    assert _refused(_told(project, first))
    write(project, _OF_A_MIGRATION)
    assert not _refused(_told(project, first))
    (project / "migrations/0002_role.sql").unlink()
    shutil.copytree(first / CACHE_FOLDER, other / CACHE_FOLDER)
    shutil.copytree(first / CACHE_FOLDER, other / "again" / CACHE_FOLDER)
    for cached in (True, True, False):
        assert not _refused(_told(project, first, cached=cached))
        assert _refused(_told(project, other, cached=cached))
    assert (other / SERVER_FOLDER).exists()
    _told(project, other / "again")
    assert not (other / "again" / SERVER_FOLDER).exists(), "what a new server would answer is known"


def test_a_server_that_stands_still_is_started_only_if_it_has_run_since(tmp_path: Path) -> None:
    project, data_dir = write(tmp_path / "project", _MADE_BY_HAND), tmp_path / "data"
    assert _refused(_told(project, data_dir))
    home = Path((data_dir / SERVER_FOLDER / "standstill").read_text().split("\n")[0])
    control, configuration = home / "data/global/pg_control", home / "data/postgresql.auto.conf"
    before = control.read_bytes()
    _told(project, data_dir)
    assert control.read_bytes() == before
    with _server(data_dir) as change:
        change("CREATE ROLE rr_app")
    assert not _refused(_told(project, data_dir))
    with _server(data_dir) as change:
        change("DROP ROLE rr_app")
    assert _refused(_told(project, data_dir))
    configuration.write_text("datestyle = 'ISO, DMY'\n")
    assert _told(project, data_dir) == _told(project, data_dir, cached=False)


def test_what_libpq_adds_to_a_session_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, data_dir = write(tmp_path / "project", _MADE_BY_HAND), tmp_path / "data"
    plain = _told(project, data_dir)
    monkeypatch.setenv("PGDATESTYLE", "ISO, DMY")
    told = _told(project, data_dir)
    assert told != plain
    assert told == _told(project, data_dir, cached=False)
    monkeypatch.delenv("PGDATESTYLE")
    assert _told(project, data_dir) == plain


def test_what_was_compiled_while_a_role_came_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, data_dir = write(tmp_path / "project", _MADE_BY_HAND), tmp_path / "data"
    data_dir.mkdir()
    with _server(data_dir) as change:

        def interrupted(texts: Iterable[QueryText], url: str) -> dict[str, CompiledFile]:
            compiled = compile_files(texts, url)
            change("CREATE ROLE rr_app")
            return compiled

        with monkeypatch.context() as patched:
            patched.setattr("queryport.project.workspace.compile_files", interrupted)
            assert _refused(_told(project, data_dir))
        assert not _refused(_told(project, data_dir))
        change("DROP ROLE rr_app")
        assert _refused(_told(project, data_dir))


def test_a_damaged_note_is_as_none(tmp_path: Path) -> None:
    project, data_dir = write(tmp_path / "project", _MADE_BY_HAND), tmp_path / "data"
    before = _told(project, data_dir)
    for damage in ("", "one", "\n\n", "\0\nmark\ndigest"):
        (data_dir / SERVER_FOLDER / "standstill").write_text(damage)
        assert _told(project, data_dir) == before
