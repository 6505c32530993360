"""The project, a PostgreSQL for as long as a command lasts, and the project compiled: every command begins with them.

The PostgreSQL is the embedded one, with its data below the data directory, or the user's own if they name it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from queryport.compile import Compilation, CompileCache, compile_project, fingerprint
from queryport.console.terminal import Terminal
from queryport.migrations.scripts import Script, combined_checksum
from queryport.postgres.account import PostgresError
from queryport.postgres.revival import kept_running
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.databases import DatabaseError, Databases, EmbeddedDatabases, OwnDatabase, Pause, Scripts
from queryport.project.development_role import as_role
from queryport.project.project import Project


@dataclass(frozen=True, slots=True)
class Build:
    """A project as it was at one moment, compiled."""

    project: Project
    scripts: Scripts
    compilation: Compilation

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.compilation.operations, combined_checksum(self.scripts.migrations))


class Workspace:
    """A project with a running PostgreSQL; see `open_workspace`."""

    def __init__(self, root: Path, data_dir: Path, databases: Databases, terminal: Terminal) -> None:
        self.data_dir = data_dir
        self._root = root
        self._databases = databases
        self._terminal = terminal
        self._compile_cache: CompileCache = {}
        self._remembered: tuple[Script, ...] = ()

    def build(self) -> Build:
        """Read the project as it is now and compile it. Raises ProjectError, ScriptError and HistoryError."""
        project = Project.load(self._root)
        scripts = Scripts.of(project)
        if not self._databases.schema_is_ours or scripts.migrations != self._remembered:
            self._compile_cache.clear()
            self._remembered = scripts.migrations
        with self._databases.schema(scripts, self._terminal.step) as url, self._terminal.step("Compiling"):
            return Build(project, scripts, compile_project(project.queries, url, self._compile_cache))

    def beside(self, root: Path) -> "Workspace":
        """Return the workspace of another folder with this PostgreSQL, if that is ours. Raises DatabaseError."""
        if not self._databases.schema_is_ours:
            raise DatabaseError("a commit's migrations are not those of --database-url: leave it out, or name a file")
        return Workspace(root, self.data_dir, self._databases, self._terminal)

    def schema(self, scripts: Scripts) -> AbstractContextManager[str]:
        """The URL of the database that the project is compiled against, for the length of a with block."""
        return self._databases.schema(scripts, self._terminal.step)

    def data(self, scripts: Scripts, pause: Pause = nullcontext) -> str:
        """The URL of the database with the project's data. Raises ScriptError and HistoryError."""
        return self._databases.data(scripts, self._terminal.step, pause)

    def calls(self, url: str, project: Project) -> str:
        """The URL by which calls reach the database that `data` answered: as the project's role, if it names one."""
        return self._databases.calls(url) if project.role is None else as_role(url, project.role)


@contextmanager
def open_workspace(
    root: Path, data_dir: Path | None, database_url: str | None, terminal: Terminal, *, migrate: bool
) -> Iterator[Workspace]:
    """Start the embedded PostgreSQL for a with block, unless `database_url` names another.

    `migrate` says whether the command may change the user's own database. Raises ProjectError, PostgresError and
    DatabaseError.
    """
    if database_url is not None:
        Project.load(root)
        data_dir = made_data_dir(root, data_dir)
        yield Workspace(root, data_dir, OwnDatabase(database_url, migrate=migrate, report=terminal.note), terminal)
        return
    with embedded_postgres(root, data_dir, terminal) as server:
        databases = EmbeddedDatabases(server, terminal.note)
        yield Workspace(root, made_data_dir(root, data_dir), databases, terminal)


@contextmanager
def embedded_postgres(root: Path, data_dir: Path | None, terminal: Terminal) -> Iterator[EmbeddedPostgres]:
    """Run the project's embedded PostgreSQL for a with block. Raises ProjectError and PostgresError."""
    Project.load(root)  # no server is started for a folder that is no project
    server = EmbeddedPostgres(made_data_dir(root, data_dir) / "postgres")
    try:
        with terminal.step("Starting PostgreSQL"):
            server.start()
        with kept_running(server, terminal.error):
            yield server
    finally:
        with terminal.step("Stopping PostgreSQL"):
            server.stop()


def made_data_dir(root: Path, chosen: Path | None) -> Path:
    """Make the folder where the embedded PostgreSQL keeps its data, if need be."""
    data_dir = chosen or root / ".queryport"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / ".gitignore").write_text("*\n")  # nothing in there is source
    except OSError as error:
        raise PostgresError(f"{data_dir} cannot be used ({error.strerror}): choose another with --data-dir") from None
    return data_dir
