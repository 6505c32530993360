"""The databases that a command works on: one with the schema to compile against, and one with data to serve from.

A database of the user's own is both at once, and is never replaced (own_database.py). On the embedded server they are
two (embedded_databases.py).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.console.progress import Progress, no_progress
from queryport.migrations.scripts import Script, read_scripts
from queryport.project.project import Project

Pause = Callable[[], AbstractContextManager[None]]


class Scripts(NamedTuple):
    """All that makes a project's database."""

    migrations: tuple[Script, ...]
    seeds: tuple[Script, ...]

    @classmethod
    def of(cls, project: Project) -> Self:
        """Raises ScriptError."""
        seeds = read_scripts(project.seed, repeatable=False) if project.seed else ()
        return cls(read_scripts(project.migrations), seeds)


def database_name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def without_password(url: str) -> str:
    """A connection URL as it may be shown."""
    shown = {name: value for name, value in conninfo_to_dict(url).items() if name != "password"}
    return url if "password" not in conninfo_to_dict(url) else make_conninfo("", **shown)


class Databases(Protocol):
    """Both methods raise ScriptError for a script that PostgreSQL refuses."""

    schema_is_ours: bool
    """True where nothing but the migrations ever changes the schema."""

    def asked(self, scripts: Scripts, url: str) -> AbstractContextManager[Callable[[], str]]:
        """Have a database that `schema` answered tell the mark of its schema as often as it is asked."""
        ...

    def schema_of(self, scripts: Scripts) -> str | None:
        """A mark of the schema to compile against, and of its server; None where the database has to be asked."""
        ...

    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> AbstractContextManager[str]:
        """The URL of a database to compile against, for the length of a with block."""
        ...

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:
        """The URL of the database to serve from, brought up to date; `pause` is held while it changes places."""
        ...

    def calls(self, url: str) -> str:
        """The URL by which calls reach a database that `data` answered: on a server of ours, as no superuser."""
        ...
