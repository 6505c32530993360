"""The project, a PostgreSQL for as long as a command lasts, and the project compiled: every command begins with them.

The PostgreSQL is the embedded one, with its data below the data directory, or the user's own if they name it.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from queryport.access.policies import check_development_role
from queryport.compile import Compilation, fingerprint
from queryport.compile.cache.cache import CompileCache
from queryport.compile.cache.key import cache_key
from queryport.compile.compiled_file import CompiledFile
from queryport.compile.compiler import compile_files, put_together
from queryport.compile.project_files import ProjectFiles, ProjectReader
from queryport.console.collector import collector_paused, collector_resumed
from queryport.console.terminal import Terminal
from queryport.diagnostics.source import Problem
from queryport.migrations.scripts import combined_checksum
from queryport.postgres.account import PostgresError
from queryport.project.databases import Databases, Pause, Scripts
from queryport.project.development_role import as_role
from queryport.project.project import Project
from queryport.project.settings import SETTINGS_FILE

if TYPE_CHECKING:
    from queryport.postgres.server import EmbeddedPostgres

CACHE_FOLDER = "compiled"
"""Where in the data directory the compile cache is."""

SERVER_FOLDER = "postgres"
"""Where in the data directory the embedded server is."""

_FEW = 100
"""Files whose compilation leaves less garbage than it takes to look for it."""


class Build(NamedTuple):
    """A project as it was at one moment, compiled."""

    project: Project
    scripts: Scripts
    compilation: Compilation

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.compilation.operations, combined_checksum(self.scripts.migrations))


class Workspace:
    """A project with a running PostgreSQL; see `open_workspace`."""

    def __init__(
        self,
        root: Path,
        data_dir: Path,
        databases: Databases,
        terminal: Terminal,
        cache: CompileCache,
        reader: ProjectReader,
    ) -> None:
        self.data_dir = data_dir
        self._root = root
        self._databases = databases
        self._terminal = terminal
        self._cache = cache
        self._reader = reader

    def build(self, *, keeps: bool = True) -> Build:
        """Read the project as it is now and compile it. Raises ProjectError, ScriptError and HistoryError.

        What was compiled is kept for the next command, unless `keep` is to do that.
        No server is asked, or even started, where nothing has to be compiled and it is known what it would answer.
        """
        project = Project.load(self._root)
        scripts = Scripts.of(project)
        with collector_paused():
            files = self._reader.read(project.queries, project.query_defaults)
        compiled = self._compiled(files, scripts)
        with collector_paused():
            compilation = put_together(files, compiled)
        if keeps:
            self.keep()
        return Build(project, scripts, compilation)

    def keep(self) -> None:
        """Leave what was read and compiled to the next command."""
        with collector_paused():
            self._cache.write()
            self._reader.keep()

    def _compiled(self, files: ProjectFiles, scripts: Scripts) -> dict[str, CompiledFile]:
        """Compile what the cache does not know, and keep it if the server is still the same afterwards."""
        expected = self._databases.schema_of(scripts)
        compiled = {} if expected is None else self._known(files, expected)
        if expected is None or any(text.key not in compiled for text in files.texts):
            with self.schema(scripts) as url, self._databases.asked(scripts, url) as ask:
                schema = ask()
                if schema != expected:
                    compiled = self._known(files, schema)
                unknown = [text for text in files.texts if text.key not in compiled]
                if unknown:
                    collector = collector_resumed() if len(unknown) > _FEW else nullcontext()
                    with self._terminal.step("Compiling"), collector:
                        compiled |= compile_files(unknown, url)
                    if ask() != schema:
                        return compiled
        with collector_paused():
            self._cache.keep(files.texts, compiled)
        return compiled

    def _known(self, files: ProjectFiles, schema: str) -> dict[str, CompiledFile]:
        with collector_paused():
            self._cache.open(cache_key(schema))
            return self._cache.known(files.texts)

    def beside(self, root: Path) -> "Workspace":
        """Return the workspace of another folder with this PostgreSQL, if that is ours. Raises DatabaseError."""
        if not self._databases.schema_is_ours:
            from queryport.project.own_database import DatabaseError

            raise DatabaseError("a commit's migrations are not those of --database-url: leave it out, or name a file")
        return Workspace(root, self.data_dir, self._databases, self._terminal, self._cache.borrowed(), ProjectReader())

    def schema(self, scripts: Scripts) -> AbstractContextManager[str]:
        """The URL of the database that the project is compiled against, for the length of a with block."""
        return self._databases.schema(scripts, self._terminal.step)

    def role_problems(self, build: Build) -> Sequence[Problem]:
        """Report the role that operations run as in development, where their policies do not hold for it."""
        role = build.project.role
        if role is None:
            return ()
        with self.schema(build.scripts) as url:
            settings = build.project.root / SETTINGS_FILE
            return check_development_role(url, role, build.compilation.catalogue, settings)

    def data(self, scripts: Scripts, pause: Pause = nullcontext) -> str:
        """The URL of the database with the project's data. Raises ScriptError and HistoryError."""
        return self._databases.data(scripts, self._terminal.step, pause)

    def calls(self, url: str, project: Project) -> str:
        """The URL by which calls reach the database that `data` answered: as the project's role, if it names one."""
        return self._databases.calls(url) if project.role is None else as_role(url, project.role)


@contextmanager
def open_workspace(
    root: Path,
    data_dir: Path | None,
    database_url: str | None,
    terminal: Terminal,
    *,
    migrate: bool,
    cached: bool = True,
    whole: bool = True,
) -> Iterator[Workspace]:
    """Have the embedded PostgreSQL at hand for a with block, unless `database_url` names another.

    It is started when it is first needed. `migrate` says whether the command may change the user's own database,
    `cached` whether it takes what an earlier command compiled and leaves its own to the next, and `whole` whether it
    looks into operations that need not be compiled. Raises ProjectError, PostgresError and DatabaseError.
    """
    databases: Databases
    project = Project.load(root)
    whole = whole or project.role is not None
    if database_url is not None:
        # Here, as with the embedded databases: each kind brings a dozen modules along that the other has no need of.
        from queryport.project.own_database import OwnDatabase

        data_dir = made_data_dir(root, data_dir)
        databases = OwnDatabase(database_url, migrate=migrate, report=terminal.note)
        yield Workspace(root, data_dir, databases, terminal, *_left_in(data_dir, cached=cached, whole=whole))
        return
    from queryport.project.embedded_databases import EmbeddedDatabases
    from queryport.project.server_states import ServerStates

    with ExitStack() as stack:
        started = cache(lambda: stack.enter_context(embedded_postgres(root, data_dir, terminal)))
        data_dir = made_data_dir(root, data_dir)
        states = ServerStates(data_dir / SERVER_FOLDER, data_dir / CACHE_FOLDER if cached else None)
        databases = EmbeddedDatabases(started, terminal.note, states)
        yield Workspace(root, data_dir, databases, terminal, *_left_in(data_dir, cached=cached, whole=whole))


def _left_in(data_dir: Path, *, cached: bool, whole: bool) -> tuple[CompileCache, ProjectReader]:
    """Open the results of an earlier command: the files that it compiled and read."""
    if not cached:
        return CompileCache(None), ProjectReader()
    folder = data_dir / CACHE_FOLDER
    return CompileCache(folder, whole=whole), ProjectReader(folder / "files.read")


@contextmanager
def embedded_postgres(root: Path, data_dir: Path | None, terminal: Terminal) -> "Iterator[EmbeddedPostgres]":
    """Run the project's embedded PostgreSQL for a with block. Raises ProjectError and PostgresError."""
    from queryport.postgres.revival import kept_running
    from queryport.postgres.server import EmbeddedPostgres
    from queryport.project.server_states import state_at

    Project.load(root)  # no server is started for a folder that is no project
    server = EmbeddedPostgres(made_data_dir(root, data_dir) / SERVER_FOLDER, asked=state_at)
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
