import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from queryport.postgres import revival
from queryport.postgres.account import PostgresError
from queryport.postgres.postmaster import PORT
from queryport.postgres.revival import kept_running
from queryport.postgres.server import EmbeddedPostgres
from tests.support.descriptors import descriptors
from tests.support.projects import eventually, living


def _select(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _postmaster(server: EmbeddedPostgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split("\n", 1)[0]))


def _sockets(server: EmbeddedPostgres) -> Path:
    return Path(str(conninfo_to_dict(server.url())["host"]))


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder in a place that every user can reach, unlike root's tmp_path."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name) / "postgres"


@pytest.fixture(scope="module")
def long_directory() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name) / ("long" * 30)


@pytest.fixture
def server(directory: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(directory)


@pytest.mark.slow
def test_whoever_leaves_last_stops_the_server(server: EmbeddedPostgres) -> None:
    with server:
        process = _postmaster(server)
        with EmbeddedPostgres(server.directory) as other:
            assert _select(other, "SELECT 1") == 1
        assert process.is_running()
        assert _select(server, "SELECT 1") == 1
    assert not process.is_running()


@pytest.mark.slow
def test_data_is_kept_and_a_killed_server_recovers(server: EmbeddedPostgres) -> None:
    with server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            connection.execute("CHECKPOINT")
        _postmaster(server).kill()
        _postmaster(server).wait()
    with server:
        assert _select(server, "SELECT n FROM kept") == 7


@pytest.mark.slow
def test_a_command_that_was_killed_leaves_no_false_count(server: EmbeddedPostgres) -> None:
    script = "import sys, os, pathlib; from queryport.postgres.server import EmbeddedPostgres as E\n"
    script += "E(pathlib.Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, server.directory], check=False)
    process = _postmaster(server)
    with server:
        assert _postmaster(server) == process  # it was joined
    eventually(lambda: living([process]) == [])


@pytest.mark.slow
def test_who_started_the_server_ends_before_it_without_a_word(server: EmbeddedPostgres) -> None:
    script = "import sys, pathlib; from queryport.postgres.server import EmbeddedPostgres as E\n"
    script += "with E(pathlib.Path(sys.argv[1])): print(flush=True), input()"
    command = [sys.executable, "-W", "error", "-c", script, str(server.directory)]
    piped = subprocess.PIPE
    with subprocess.Popen(command, stdin=piped, stdout=piped, stderr=piped, text=True) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        with server:
            _, errors = starter.communicate("\n")
            assert (starter.returncode, errors) == (0, "")
            assert _select(server, "SELECT 1") == 1
            process = _postmaster(server)
    assert living([process]) == []


def test_settings_are_those_of_development(postgres: EmbeddedPostgres) -> None:
    assert _select(postgres, "SHOW timezone") == "UTC"
    assert _select(postgres, "SHOW server_encoding") == "UTF8"
    assert _select(postgres, "SHOW listen_addresses") == ""


def test_root_does_not_run_the_server(postgres: EmbeddedPostgres) -> None:
    assert _postmaster(postgres).uids().effective != 0 or os.geteuid() != 0


@pytest.mark.slow
def test_a_long_path_is_no_obstacle_and_its_socket_leaves_nothing(long_directory: Path) -> None:
    with EmbeddedPostgres(long_directory) as server:
        assert _select(server, "SELECT 1") == 1
        with EmbeddedPostgres(server.directory) as other:
            assert other.url() == server.url()
        sockets = _sockets(server)
        assert sockets.parent != server.directory
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


@pytest.mark.slow
def test_a_folder_for_the_socket_is_not_adopted_from_others(passable: Path, long_directory: Path) -> None:
    server = EmbeddedPostgres(long_directory)
    with server:
        record = server.directory / "sockets"
    theirs = passable / "theirs"
    theirs.mkdir(mode=0o777)
    link = passable / "link"
    link.symlink_to(theirs)
    for bait in (theirs, link, passable / "gone"):
        record.write_text(str(bait))
        with server:
            assert _sockets(server) != bait
            assert _select(server, "SELECT 1") == 1
    assert list(theirs.iterdir()) == []


def test_other_users_can_neither_enter_nor_connect(postgres: EmbeddedPostgres) -> None:
    socket = _sockets(postgres) / ".s.PGSQL.5432"
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    with psycopg.connect(postgres.url()) as connection:
        rules = connection.execute("SELECT type, auth_method, options FROM pg_hba_file_rules").fetchall()
    assert rules == [("local", "peer", ["map=queryport"])]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
def test_the_system_says_who_calls_and_other_users_are_refused(server: EmbeddedPostgres) -> None:
    daemon = pwd.getpwnam("daemon")
    script = "import psycopg, os, sys; os.setgid({gid}); os.setuid({uid}); psycopg.connect(sys.argv[1])"
    with server:
        folder = _sockets(server)
        # As if the folder's mode did not keep them out.
        folder.chmod(0o711)
        (folder / ".s.PGSQL.5432").chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", script.format(uid=daemon.pw_uid, gid=daemon.pw_gid), server.url()],
            capture_output=True,
            text=True,
            check=False,
        )
    assert 'Peer authentication failed for user "postgres"' in done.stderr


@pytest.mark.slow
def test_a_server_that_died_is_started_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "_INTERVAL_SECONDS", 0.1)
    told: list[str] = []
    with EmbeddedPostgres(directory) as server, kept_running(server, told.append):
        for deaths in (1, 2):
            killed = _postmaster(server)
            killed.kill()
            killed.wait()
            eventually(lambda deaths=deaths: len(told) == deaths)  # type: ignore[misc]  # mypy has no type for it
            assert _select(server, "SELECT 1") == 1
        process = _postmaster(server)
    assert told == ["PostgreSQL had ended, and was started again"] * 2
    assert not process.is_running()


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 2, 8, *(pytest.param(left, marks=pytest.mark.long) for left in (1, 4))])
def test_it_is_started_again_when_descriptors_had_run_out(
    directory: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """Whatever part of a look lacks one."""
    monkeypatch.setattr(revival, "_INTERVAL_SECONDS", 0.05)
    told: list[str] = []
    with EmbeddedPostgres(directory) as server, kept_running(server, told.append):
        for _ in range(2):
            told.clear()
            first = _postmaster(server)
            with descriptors(left):
                os.kill(first.pid, signal.SIGKILL)  # psutil's needs one
                time.sleep(0.5)  # several looks
                failures = [line for line in told if "Too many open files" in line]
            eventually(lambda: told[-1:] == ["PostgreSQL had ended, and was started again"])
            assert _select(server, "SELECT 1") == 1
            assert len(failures) <= 1
            assert left or failures
            assert not any("\n" in line for line in failures)


def test_another_users_folder_is_not_taken(passable: Path) -> None:
    theirs = passable / "theirs"
    theirs.mkdir()
    if os.geteuid() == 0:
        os.chown(theirs, 12345, 12345)
        with pytest.raises(PostgresError, match="belongs to the user 12345: run the command as that user"):
            EmbeddedPostgres(theirs).start()
        with pytest.raises(PostgresError, match="holds other files"):
            EmbeddedPostgres(Path("/etc")).start()
    else:
        with pytest.raises(PostgresError, match="belongs to root"):
            EmbeddedPostgres(Path("/etc")).start()


@pytest.mark.slow
def test_a_scratch_server_leaves_nothing() -> None:
    with EmbeddedPostgres.scratch() as server:
        assert _select(server, "SELECT 1") == 1
    assert not server.directory.parent.exists()
    assert not server.home.exists()


def test_data_of_another_version_is_refused(passable: Path) -> None:
    server = EmbeddedPostgres(passable / "postgres")
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 9, and the embedded server is PostgreSQL 18"):
        server.start()


@pytest.mark.slow
def test_a_server_that_does_not_start_says_why(server: EmbeddedPostgres) -> None:
    with server:
        pass
    settings = server.data / "postgresql.conf"
    aside = settings.rename(settings.with_name("aside.conf"))
    with pytest.raises(PostgresError, match="could not access the server configuration file"):
        server.start()
    aside.rename(settings)


def _blocked(path: Path) -> None:
    path.rename(path.with_name("aside"))
    path.write_text("in its place")


def _circular(path: Path) -> None:
    path.rename(path.with_name("aside"))
    path.symlink_to(path)


_GONE: dict[str, Callable[[Path], object]] = {
    "moved": lambda path: path.rename(path.with_name("aside")),
    "removed": shutil.rmtree,
    "a file in its place": _blocked,
    "a circular link in its place": _circular,
    "closed": lambda path: path.chmod(0),
}


@pytest.mark.slow
@pytest.mark.parametrize("spoil", _GONE.values(), ids=_GONE)
@pytest.mark.parametrize("name", ["..", *(pytest.param(name, marks=pytest.mark.long) for name in (".", "data"))])
@pytest.mark.parametrize("joins", [True, pytest.param(False, marks=pytest.mark.long)], ids=["joined", "started"])
def test_a_server_is_stopped_whose_folder_is_gone(
    passable: Path, name: str, spoil: Callable[[Path], object], *, joins: bool
) -> None:
    project = passable / "project"
    project.mkdir()
    with ExitStack() as stack:
        starting = stack.enter_context(EmbeddedPostgres(project / "postgres", durable=False))
        process = _postmaster(starting)
        if joins:
            joining = stack.enter_context(EmbeddedPostgres(project / "postgres", durable=False))
            starting.stop()
            assert joining.url() == starting.url()
        spoil((starting.directory / name).resolve())
    assert not living([process])


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [f"1\n/nowhere\n{PORT}", None, *(pytest.param(text, marks=pytest.mark.long) for text in ("", "9" * 23, "-1", "x"))],
)
def test_a_server_is_stopped_whose_note_of_its_pid_is_not(passable: Path, text: str | None) -> None:
    server = EmbeddedPostgres(passable / "postgres", durable=False)
    with server:
        process = _postmaster(server)
        note = server.data / "postmaster.pid"
        if text is None:
            note.unlink()
        else:
            note.write_text(text)
        assert not server.revive()
    assert not living([process])


@pytest.mark.slow
def test_a_server_in_the_place_of_ours_is_left_alone(passable: Path) -> None:
    with ExitStack() as others:
        with EmbeddedPostgres(passable / "postgres", durable=False) as server:
            process = _postmaster(server)
            server.directory.rename(passable / "aside")
            other = _postmaster(others.enter_context(EmbeddedPostgres(passable / "postgres", durable=False)))
        assert not living([process])
        assert other.is_running()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="another user runs PostgreSQL for root alone")
def test_data_that_postgresql_is_not_let_through_to_are_told(passable: Path) -> None:
    folder = passable / "closed"
    folder.mkdir()
    with EmbeddedPostgres(folder / "postgres", durable=False):
        pass
    folder.chmod(0o700)
    with pytest.raises(PostgresError, match=r"is not let through: let others pass the folders above \(chmod o\+x\)"):
        EmbeddedPostgres(folder / "postgres", durable=False).start()
