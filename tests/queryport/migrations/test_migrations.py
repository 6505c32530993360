import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queryport.migrations.history import HistoryError
from queryport.migrations.runner import apply
from queryport.migrations.scripts import ScriptError
from tests.support.databases import fetch
from tests.support.projects import write


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return write(
        tmp_path / "migrations", {"0001_a.sql": "CREATE TABLE a (n int)", "0002_b.sql": "CREATE TABLE b (n int)"}
    )


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return write(tmp_path / "seed", {"01_a.sql": "INSERT INTO a VALUES (1)"})


def test_every_script_runs_once(url: str, migrations: Path, seed: Path) -> None:
    assert apply(url, migrations, seed).migrations == ("0001_a.sql", "0002_b.sql")
    again = apply(url, migrations, seed)
    assert (again.migrations, again.seeds) == ((), ())
    assert fetch(url, "SELECT n FROM a") == [(1,)]


def test_a_new_script_is_applied_to_what_is_there(url: str, migrations: Path, seed: Path) -> None:
    apply(url, migrations, seed)
    write(migrations, {"0003_c.sql": "ALTER TABLE a ADD m int DEFAULT 7"})
    assert apply(url, migrations, seed).migrations == ("0003_c.sql",)
    assert fetch(url, "SELECT n, m FROM a") == [(1, 7)]


def test_what_ran_is_written_down(url: str, migrations: Path) -> None:
    apply(url, migrations)
    rows = fetch(url, "SELECT name, length(checksum), applied_at <= now() FROM queryport.migration ORDER BY name")
    assert rows == [("0001_a.sql", 64, True), ("0002_b.sql", 64, True)]


def test_a_refused_script_leaves_nothing_behind_and_shows_the_place(url: str, migrations: Path) -> None:
    write(migrations, {"0003_c.sql": "CREATE TABLE c (n int);\nSELECT ünknown\n  FROM c;"})
    with pytest.raises(ScriptError, match=r'0003_c.sql:2:8 QP202 column "ünknown" does not exist') as caught:
        apply(url, migrations)
    assert "2 | SELECT ünknown\n  |        ^" in str(caught.value)
    assert fetch(url, "SELECT to_regclass('b')::text, to_regclass('c')::text") == [("b", None)]


def test_an_error_at_run_time_points_at_its_statement(url: str, migrations: Path) -> None:
    write(migrations, {"0003_c.sql": "INSERT INTO a VALUES (1);\n\nINSERT INTO a SELECT 1 / 0;"})
    with pytest.raises(ScriptError, match=r"0003_c.sql:3:1 QP202 division by zero"):
        apply(url, migrations)


def test_without_a_transaction_each_statement_stands_alone(url: str, migrations: Path) -> None:
    write(migrations, {"0003_c.sql": "-- transaction: off\nCREATE INDEX CONCURRENTLY i ON a (n);\nSELECT 1 / 0;"})
    with pytest.raises(ScriptError, match="what stands before this statement remains in the database"):
        apply(url, migrations)
    assert fetch(url, "SELECT to_regclass('i')::text") == [("i",)]
    assert fetch(url, "SELECT count(*) FROM queryport.migration") == [(2,)]


def test_settings_of_one_script_do_not_reach_the_next(url: str, migrations: Path) -> None:
    write(
        migrations, {"0003_c.sql": "SET search_path = ''; SET ROLE pg_monitor;", "0004_d.sql": "CREATE TABLE d (n int)"}
    )
    apply(url, migrations)
    assert fetch(url, "SELECT to_regclass('public.d')::text") == [("d",)]


def test_an_edited_migration_is_refused(url: str, migrations: Path) -> None:
    apply(url, migrations)
    write(migrations, {"0001_a.sql": "CREATE TABLE a (n bigint)"})
    with pytest.raises(HistoryError, match="was edited after it ran on this database: take the edit back"):
        apply(url, migrations)


def test_a_missing_migration_is_refused(url: str, migrations: Path) -> None:
    apply(url, migrations)
    (migrations / "0002_b.sql").unlink()
    with pytest.raises(HistoryError, match="ran on this database and is gone: bring the file back"):
        apply(url, migrations)


def test_a_migration_that_comes_too_late_is_refused(url: str, migrations: Path) -> None:
    (migrations / "0002_b.sql").rename(migrations / "0003_b.sql")
    apply(url, migrations)
    write(migrations, {"0002_late.sql": "SELECT 1"})
    with pytest.raises(HistoryError, match=r"0002_late.sql has to come before 0003_b.sql, .* a higher number"):
        apply(url, migrations)


def test_a_database_that_was_begun_without_seeds_is_never_seeded(url: str, migrations: Path, seed: Path) -> None:
    apply(url, migrations)
    assert apply(url, migrations, seed).seeds == ()
    assert fetch(url, "SELECT count(*) FROM a") == [(0,)]


@pytest.mark.slow
def test_two_runners_take_turns(url: str, migrations: Path) -> None:
    write(migrations, {"0003_c.sql": "SELECT pg_sleep(0.3); CREATE TABLE c (n int)"})
    announced: list[str] = []

    @contextmanager
    def progress(text: str) -> Iterator[None]:
        announced.append(text)
        yield

    runners = [threading.Thread(target=apply, args=(url, migrations), kwargs={"progress": progress}) for _ in range(2)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert announced.count("Applying 0003_c.sql") == 1
    assert "Waiting for another command that applies migrations" in announced
