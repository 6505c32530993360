"""A database of the user's own: the schema's and the data's at once, brought up to date or taken as it is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import psycopg
from psycopg.conninfo import make_conninfo

from queryport.compile.describe.schema_digest import schema_digest
from queryport.console.failure import CommandError
from queryport.console.progress import Progress, Report, no_progress, no_report
from queryport.project.databases import Pause, Scripts, database_name


class DatabaseError(CommandError):
    """The user's own database cannot be used."""


class OwnDatabase:
    """A database of the user's own. Raises HistoryError where the files tell another history than the database."""

    schema_is_ours = False

    def __init__(self, url: str, *, migrate: bool, report: Report = no_report) -> None:
        """`migrate` says whether to bring it up to date, or to take it as it is. Raises DatabaseError."""
        self._report = report
        try:
            with psycopg.connect(url) as connection:
                # What the URL leaves out, libpq adds from the environment and from the account's name.
                self._url = make_conninfo(url, user=connection.info.user, dbname=connection.info.dbname)
        except psycopg.Error as error:
            raise DatabaseError(f"--database-url: {error}") from None
        self._migrate = migrate

    def schema_of(self, scripts: Scripts) -> None:
        """None: others may change the schema."""

    def asked(self, scripts: Scripts, url: str) -> AbstractContextManager[Callable[[], str]]:  # noqa: ARG002 (as in Databases)
        return nullcontext(partial(schema_digest, url))

    @contextmanager
    def schema(self, scripts: Scripts, progress: Progress = no_progress) -> Iterator[str]:
        yield self.data(scripts, progress)

    def data(self, scripts: Scripts, progress: Progress = no_progress, pause: Pause = nullcontext) -> str:  # noqa: ARG002 (as in Databases)
        if self._migrate:
            from queryport.migrations.runner import apply_scripts  # here, since most commands take it as it is

            applied = apply_scripts(self._url, scripts.migrations, scripts.seeds, progress=progress)
            for file in (*applied.migrations, *applied.seeds):
                self._report(f"applied {file} to the database {database_name(self._url)}")
        return self._url

    def calls(self, url: str) -> str:
        return url
