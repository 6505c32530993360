"""Runs that are interrupted or killed at any moment, by either way, leave a database that the next run carries on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from queryport.emulator import Emulator, Limits
from queryport.migrations.runner import run_scripts
from queryport.migrations.scripts import read_scripts
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.function import client_environment
from tests.queryport.migrations.transports import WAYS, opened
from tests.support.databases import fetch
from tests.support.projects import ENVIRONMENT, eventually, write
from tests.support.repository import ROOT

FILES = {
    "0001_log.sql": """
        CREATE TABLE log (n int);
        CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN n; END $$;
        INSERT INTO log VALUES (1);
        SELECT pg_sleep(0.3);
        INSERT INTO log VALUES (2);
    """,
    "0002_index.sql": """
        -- transaction: off
        INSERT INTO log SELECT 3 FROM pg_sleep(0.2);
        CREATE UNIQUE INDEX CONCURRENTLY log_slow ON log (slow(n));
        VACUUM log;
        INSERT INTO log SELECT 4 FROM pg_sleep(0.1);
    """,
    "0003_more.sql": "INSERT INTO log VALUES (5); SELECT pg_sleep(0.3); ALTER TABLE log ADD m int;",
}
POLITE = (signal.SIGTERM, signal.SIGINT)
OPEN_TRANSACTIONS = """
    SELECT pid, state, query FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
def emulator(postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    limits = Limits(statement_seconds=1.0, transaction_idle_seconds=2.0)
    with Emulator(postgres.url(), limits=limits) as emulator:
        yield emulator


@pytest.fixture
def variables(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    variables = client_environment(emulator.url)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@dataclass(frozen=True, slots=True)
class _Runs:
    """The process of which each run is a fork."""

    requests: IO[str]
    said: IO[str]

    def interrupted(
        self, way: str, url: str, folder: Path, variables: dict[str, str], number: int, wait: Callable[[], object]
    ) -> str:
        """What a run says that gets a signal once it has begun and the waiting is over."""
        self.requests.write(json.dumps([way, url, str(folder), variables]) + "\n")
        self.requests.flush()
        ready, pid = self.said.readline().split()
        assert ready == "ready"
        wait()
        with suppress(ProcessLookupError):  # it may be over by now
            os.kill(int(pid), number)
        return "".join(iter(self.said.readline, "ended\n"))


@pytest.fixture(scope="module")
def runs() -> Iterator[_Runs]:
    program = Path(__file__).with_name("interrupted_run.py")
    with subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield _Runs(process.stdin, process.stdout)


_SLEEPING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'
"""
"""A block that commits is first tried in a transaction, where it fails before it sleeps."""


def _sleeps(url: str) -> None:
    """Wait until a statement of the run sleeps."""
    eventually(lambda: fetch(url, _SLEEPING) == [(1,)])


def _finish(url: str, folder: Path, way: str) -> None:
    with opened(way, url) as transport:
        run_scripts(transport, read_scripts(folder))
    assert fetch(url, "SELECT n FROM log ORDER BY n") == [(1,), (2,), (3,), (4,), (5,)]
    assert fetch(
        url, "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'log'::regclass"
    ) == [("log_slow", True)]
    assert fetch(url, "SELECT name FROM queryport.migration ORDER BY name") == [(name,) for name in sorted(FILES)]
    assert fetch(url, "SELECT count(*) FROM queryport.migration_step") == [(0,)]


def _campaign(seed: int, deaths: int, url: str, folder: Path, variables: dict[str, str], runs: _Runs) -> None:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    for _ in range(deaths):
        way, number = chance.choice(WAYS), chance.choice([*POLITE, signal.SIGKILL])
        runs.interrupted(way, url, folder, variables, number, partial(time.sleep, chance.uniform(0, 1.2)))
        if number in POLITE:
            # One whose beginning was interrupted has no name to roll it back by; the service ends it.
            eventually(lambda: fetch(url, OPEN_TRANSACTIONS) == [])
    _finish(url, folder, chance.choice(WAYS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 5])  # in which runs of both ways die, and of each signal
def test_runs_that_die_at_any_moment_are_carried_on(
    seed: int, url: str, tmp_path: Path, variables: dict[str, str], runs: _Runs
) -> None:
    _campaign(seed, 3, url, write(tmp_path / "migrations", FILES), variables, runs)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_runs_that_die_at_any_moment_are_carried_on(
    seed: int, url: str, tmp_path: Path, variables: dict[str, str], runs: _Runs
) -> None:
    _campaign(seed, 5, url, write(tmp_path / "migrations", FILES), variables, runs)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", POLITE)
def test_an_interrupted_statement_is_cancelled_and_rolled_back(
    way: str, number: signal.Signals, url: str, tmp_path: Path, variables: dict[str, str], runs: _Runs
) -> None:
    folder = write(tmp_path / "migrations", {"0001_a.sql": "CREATE TABLE a ();\nSELECT pg_sleep(60);"})
    said = runs.interrupted(way, url, folder, variables, number, partial(_sleeps, url))
    assert said.endswith("0001_a.sql: interrupted; nothing of the file remains in the database\n")
    assert fetch(url, OPEN_TRANSACTIONS) == []
    assert fetch(url, "SELECT to_regclass('a')") == [(None,)]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_an_interrupted_statement_without_a_transaction_is_cancelled(
    way: str, url: str, tmp_path: Path, variables: dict[str, str], runs: _Runs
) -> None:
    text = "-- transaction: off\nCREATE TABLE a ();\nDO $$ BEGIN COMMIT; PERFORM pg_sleep(60); END $$;"
    folder = write(tmp_path / "migrations", {"0001_a.sql": text})
    said = runs.interrupted(way, url, folder, variables, signal.SIGTERM, partial(_sleeps, url))
    assert "0001_a.sql:3:1: interrupted; what stands before this statement remains" in said
    assert fetch(url, OPEN_TRANSACTIONS) == []
    assert fetch(url, "SELECT step, state FROM queryport.migration_step ORDER BY step") == [(0, "done"), (1, "begun")]
