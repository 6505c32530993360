"""Repeatable migrations: they run when their text changes and behind every new migration, by either way."""

from pathlib import Path

import pytest

from queryport.emulator import Emulator
from queryport.migrations.outlook import plan, status
from queryport.migrations.runner import run_again, run_scripts
from queryport.migrations.scripts import ScriptError, read_scripts
from queryport.testing.function import client_environment
from tests.queryport.migrations.transports import WAYS, opened
from tests.support.databases import fetch
from tests.support.projects import write

pytestmark = pytest.mark.slow

FILES = {
    "0001_t.sql": "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)",
    "R_a_total.sql": "CREATE OR REPLACE VIEW total AS SELECT sum(n) AS total FROM t",
    "R_b_twice.sql": "CREATE OR REPLACE VIEW twice AS SELECT total * 2 AS twice FROM total",
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _reached_by_the_sdk(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in client_environment(emulator.url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "migrations", FILES)


def _migrate(way: str, url: str, folder: Path) -> tuple[str, ...]:
    with opened(way, url) as transport:
        return run_scripts(transport, read_scripts(folder)).migrations


def test_they_run_behind_the_numbered_ones_and_once_each(way: str, url: str, folder: Path) -> None:
    assert _migrate(way, url, folder) == tuple(FILES)
    assert _migrate(way, url, folder) == ()
    assert fetch(url, "SELECT twice FROM twice") == [(6,)]


def test_one_that_changed_runs_again_with_all_behind_it(way: str, url: str, folder: Path) -> None:
    _migrate(way, url, folder)
    write(folder, {"R_b_twice.sql": "CREATE OR REPLACE VIEW twice AS SELECT total * 2 + 1 AS twice FROM total"})
    assert _migrate(way, url, folder) == ("R_b_twice.sql",)
    assert fetch(url, "SELECT twice FROM twice") == [(7,)]
    write(
        folder,
        {"R_a_total.sql": "DROP VIEW IF EXISTS total CASCADE;\nCREATE VIEW total AS SELECT count(*) AS total FROM t"},
    )
    assert _migrate(way, url, folder) == ("R_a_total.sql", "R_b_twice.sql")
    assert fetch(url, "SELECT twice FROM twice") == [(5,)]


def test_behind_a_new_migration_all_run_again(way: str, url: str, folder: Path) -> None:
    _migrate(way, url, folder)
    write(folder, {"0002_wide.sql": "DROP VIEW twice, total; ALTER TABLE t ALTER n TYPE bigint"})
    assert _migrate(way, url, folder) == ("0002_wide.sql", "R_a_total.sql", "R_b_twice.sql")
    assert fetch(url, "SELECT twice FROM twice") == [(6,)]


def test_a_run_that_stopped_between_is_carried_on(way: str, url: str, folder: Path) -> None:
    _migrate(way, url, folder)
    write(
        folder,
        {"0002_drop.sql": "DROP VIEW twice, total", "R_a_total.sql": "CREATE VIEW total AS SELECT nothing FROM t"},
    )
    with pytest.raises(ScriptError, match=r'R_a_total.sql:1:29 QP202 column "nothing" does not exist'):
        _migrate(way, url, folder)
    write(folder, {"R_a_total.sql": FILES["R_a_total.sql"]})  # as it ran before, and is gone
    assert _migrate(way, url, folder) == ("R_a_total.sql", "R_b_twice.sql")
    assert fetch(url, "SELECT twice FROM twice") == [(6,)]


def test_an_edit_and_a_removal_are_no_other_history(way: str, url: str, folder: Path) -> None:
    _migrate(way, url, folder)
    (folder / "R_b_twice.sql").unlink()
    assert _migrate(way, url, folder) == ()


def test_plan_and_status_know_them(way: str, url: str, folder: Path) -> None:
    with opened(way, url) as transport:
        assert [(script.name, count) for script, count in plan(transport, read_scripts(folder))] == [
            ("0001_t.sql", 2),
            ("R_a_total.sql", 1),
            ("R_b_twice.sql", 1),
        ]
    _migrate(way, url, folder)
    write(folder, {"R_b_twice.sql": "SELECT 1"})
    with opened(way, url) as transport:
        entries = status(transport, read_scripts(folder))
    assert [(entry.name, entry.applied_at is None) for entry in entries] == [
        ("0001_t.sql", False),
        ("R_a_total.sql", False),
        ("R_b_twice.sql", True),
    ]


def test_what_cannot_run_twice_is_told_where_the_schema_is_made(way: str, url: str, folder: Path) -> None:
    write(folder, {"R_a_total.sql": "CREATE VIEW total AS SELECT sum(n) AS total FROM t"})
    _migrate(way, url, folder)
    with pytest.raises(ScriptError, match=r'(?s)"total" already exists.*its second run: write CREATE OR REPLACE'):
        run_again(url, read_scripts(folder))


def test_one_without_a_transaction_is_refused(way: str, url: str, folder: Path) -> None:
    write(folder, {"R_c.sql": "-- transaction: off\nVACUUM"})
    with pytest.raises(ScriptError, match=r"R_c.sql:1:1 QP602 a repeatable file is one transaction"):
        _migrate(way, url, folder)


def test_a_seed_cannot_be_repeatable(tmp_path: Path) -> None:
    folder = write(tmp_path / "seed", {"R_a.sql": "SELECT 1"})
    with pytest.raises(ScriptError, match=r"R_a.sql: only migrations can be repeatable"):
        read_scripts(folder, repeatable=False)
