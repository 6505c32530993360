import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from queryport.postgres.server import EmbeddedPostgres, PostgresError
from tests.support.projects import eventually, living


def _select(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _postmaster(server: EmbeddedPostgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split("\n", 1)[0]))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture
def server(directory: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(directory)


def test_whoever_leaves_last_stops_the_server(server: EmbeddedPostgres) -> None:
    with server:
        process = _postmaster(server)
        with EmbeddedPostgres(server.directory) as other:
            assert _select(other, "SELECT 1") == 1
        assert process.is_running()
        assert _select(server, "SELECT 1") == 1
    assert not process.is_running()


def test_data_is_kept_and_a_killed_server_recovers(server: EmbeddedPostgres) -> None:
    with server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            connection.execute("CHECKPOINT")
        _postmaster(server).kill()
        _postmaster(server).wait()
    with server:
        assert _select(server, "SELECT n FROM kept") == 7


def test_a_command_that_was_killed_leaves_no_false_count(server: EmbeddedPostgres) -> None:
    script = "import sys, os, pathlib; from queryport.postgres.server import EmbeddedPostgres as E\n"
    script += "E(pathlib.Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, server.directory], check=False)
    process = _postmaster(server)
    with server:
        assert _postmaster(server) == process  # it was joined
    eventually(lambda: living([process]) == [])


def test_settings_are_those_of_development(server: EmbeddedPostgres) -> None:
    with server:
        assert _select(server, "SHOW timezone") == "UTC"
        assert _select(server, "SHOW server_encoding") == "UTF8"
        assert _select(server, "SHOW listen_addresses") == ""


def test_root_does_not_run_the_server(server: EmbeddedPostgres) -> None:
    with server:
        assert _postmaster(server).uids().effective != 0 or os.geteuid() != 0


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("long" * 30)) as server:
        assert _select(server, "SELECT 1") == 1


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 9, and the embedded server is PostgreSQL 18"):
        server.start()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("18\n")
    with pytest.raises(PostgresError, match="could not access the server configuration file"):
        server.start()
