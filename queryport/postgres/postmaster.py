"""PostgreSQL's own programs over one data directory: made by initdb, started, asked whether it answers, stopped."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from queryport.console import signals
from queryport.postgres.account import Account, PostgresError, environment
from queryport.postgres.configuration import write_configuration
from queryport.postgres.files import opened, rotate
from queryport.postgres.initialised import make_data
from queryport.postgres.programs import Programs, programs_for

START_SECONDS = 30.0
STOP_SECONDS = 60
PORT = 5432
"""No port is listened on: it is a part of the socket's name, and PGPORT would else change it."""

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

_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
"""A server whose data goes with it need not wait for the disk."""

_LARGEST_PID = 2**31 - 1

_STILL_IN_USE = "pre-existing shared memory block"
"""The children of a killed server end a moment after it."""


class Postmaster:
    """The server's main process, which need not be a child of ours."""

    def __init__(self, home: Path, sockets: Path, log: Path, account: Account, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._sockets = sockets
        self._log = log
        self._account = account
        self._data = data_folder(home)
        self._kept_programs: Programs | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._known: int | None = None

    @property
    def _programs(self) -> Programs:
        if self._kept_programs is None:
            self._kept_programs = programs_for(self._account)
        return self._kept_programs

    def answers(self) -> bool:
        """Whether the server runs and lets us in."""
        if self.pid() is None:
            return False
        try:
            psycopg.connect(url(self._sockets), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def pid(self) -> int | None:
        """The pid of the server, if it runs: the one that its data directory had noted first.

        The note goes where the folder is moved away, and is another server's where one was started in its place.
        """
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        if self._known is None or not _is_server(self._known):
            noted = _noted_pid(self._data)
            self._known = noted if noted is not None and _is_server(noted) else None
        return self._known

    def initialise(self) -> None:
        """Make the data directory where there is none. Raises PostgresError, also for data of another version."""
        version = self._data / "PG_VERSION"
        if version.exists():
            found, ours = version.read_text().strip(), _version(self._programs)
            if found != ours:
                raise PostgresError(
                    f"{self._data} was made by PostgreSQL {found}, and the embedded server is PostgreSQL {ours}: "
                    f"delete {self._home} to start afresh"
                )
            return
        # Made under another name first, so that an interrupted run leaves no half-made directory behind.
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_data(unfinished, self._programs, self._account, keep=not self._durable)
        unfinished.rename(self._data)

    def launch(self) -> None:
        """Start the server. Raises PostgresError if it does not answer within START_SECONDS."""
        command = self._command()
        rotate(self._log)
        give_up = time.monotonic() + START_SECONDS
        while True:
            with opened(self._log, "a") as log, signals.held_back():
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
                if self.answers():
                    return
                time.sleep(0.02)
            said = self._log.read_bytes()[told:].decode(errors="replace")
            if time.monotonic() >= give_up or _STILL_IN_USE not in said:
                tail = "\n".join(said.splitlines()[-15:])
                self.kill()
                raise PostgresError(f"PostgreSQL did not start; the end of {self._log}:\n{tail}")
            time.sleep(0.2)

    def _command(self) -> list[str]:
        """Write the configuration, and return the command that starts the server."""
        account, programs = self._account, self._programs
        trusted = self._home / "extensions"
        write_configuration(programs, account, self._data, trusted)
        settings = _SETTINGS | {"extension_control_path": f"{trusted}:$system:{programs.extensions}"}
        if not self._durable:
            settings |= _NOT_DURABLE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return account.command(programs.path("postgres"), "-D", str(self._data), "-k", str(self._sockets), *options)

    def kill(self) -> None:
        """End a server that this object started, at once."""
        if self._process is not None:
            self._signal(self._process.pid, signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def shut_down(self) -> None:
        """End open sessions and wait until the data is flushed; give up on that only after STOP_SECONDS."""
        # By signals and not by pg_ctl, which has to find the folder and to be let into it.
        pid = self.pid()
        if pid is None and self._process is not None:
            pid = self._process.pid
        if pid is not None:
            self._signal(pid, signal.SIGINT)
            if not self._has_ended(pid):
                self._signal(pid, signal.SIGQUIT)  # the next start recovers from the log
                self._has_ended(pid)
        self._process = self._known = None

    def _signal(self, pid: int, number: signal.Signals) -> None:
        # As the account, where it is no child: its own note alone says whose the number is.
        is_child = self._process is not None and self._process.pid == pid
        with suppress(PermissionError):  # root of a container that lacks the capability KILL
            if is_child or self._account.is_ours:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                return
        self._account.run("/bin/sh", "-c", 'kill -s "$1" "$2"', "sh", number.name.removeprefix("SIG"), str(pid))

    def _has_ended(self, pid: int) -> bool:
        """Wait until a server has ended, at most STOP_SECONDS; answers whether it has."""
        if self._process is not None and self._process.pid == pid:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            return self._process.returncode is not None
        give_up = time.monotonic() + STOP_SECONDS
        while _is_server(pid):
            if time.monotonic() > give_up:
                return False
            time.sleep(0.01)
        return True

    def leave_running(self) -> None:
        """Let it outlive this object, and this process."""
        if self._process is not None:
            # It is not ours to wait for any more. A Popen that knows of no end warns when it is dropped, at the latest
            # where the interpreter ends.
            self._process.returncode = 0
            self._process = None


def data_folder(home: Path) -> Path:
    """Return the data directory below the folder of PostgreSQL's own files."""
    return home / "data"


def url(sockets: Path, database: str = "postgres", user: str = "postgres") -> str:
    """Return the libpq connection URL of a database of the server whose socket is in a folder."""
    host = quote(str(sockets), safe="")
    return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"


def _noted_pid(data: Path) -> int | None:
    """Return what the server noted in its data directory; None where there is nothing that can be a pid."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if 1 < pid <= _LARGEST_PID else None


def _is_server(pid: int) -> bool:
    """Whether a process of that pid runs, and, as far as can be told, is PostgreSQL: pids are used again."""
    process = Path(f"/proc/{pid}")
    try:
        words = (process / "cmdline").read_bytes()
        if words:
            return words.partition(b"\0")[0].endswith(b"postgres")
        # It ends, or has ended and its parent has not asked about it.
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        if process.with_name("self").exists():  # there is a /proc
            return False
    try:
        with suppress(PermissionError):  # it runs, under another user
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _version(programs: Programs) -> str:
    # Not as the account: to tell its version, PostgreSQL does not mind being root's.
    command = (programs.path("postgres"), "-V")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())  # noqa: S603 (the wheel's)
    return done.stdout.split()[-1].split(".")[0]
