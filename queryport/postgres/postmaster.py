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
        """The pid that the server noted in its data directory, if a process has it."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _lives(pid) else None

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
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def shut_down(self) -> None:
        """End open sessions and wait until the data is flushed; give up on that only after STOP_SECONDS."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()  # the next start recovers from the log
            self._process = None
        elif self.pid() is not None:  # no child: the number may be another's by now, which the account cannot end
            stop = (self._programs.path("pg_ctl"), "stop", "-s", "-D", str(self._data), "-t", str(STOP_SECONDS))
            if self._account.run(*stop, "-m", "fast").returncode != 0:
                self._account.run(*stop, "-m", "immediate")

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


def _version(programs: Programs) -> str:
    # Not as the account: to tell its version, PostgreSQL does not mind being root's.
    command = (programs.path("postgres"), "-V")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())  # noqa: S603 (the wheel's)
    return done.stdout.split()[-1].split(".")[0]
