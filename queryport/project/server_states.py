"""What is known of the embedded server without starting it, so that a command that compiles nothing starts none.

Of one that stands still, the command that stopped it has noted its digest beside its data, with its schemas: where one
is not there, its migrations would run, and could make roles. One that is not there at all will be what the migrations
make of a new one: the first command with a new server leaves that beside what it compiled.
"""

import os
from contextlib import suppress
from pathlib import Path

import psycopg

from queryport.compile.cache.key import cache_key
from queryport.compile.describe.server_digest import server_digest
from queryport.postgres.standstill import read_note
from queryport.whole_file import write_whole

SCHEMA_PREFIX = "schema_"
"""How the names of databases begin that were made to compile against."""

_OF_LIBPQ = ("PGCLIENTENCODING", "PGDATESTYLE", "PGGEQO", "PGOPTIONS", "PGSERVICE", "PGTZ")
"""Variables by which libpq gives this process's sessions other settings than the server does."""

_RECORDS_KEPT = 20


class ServerStates:
    """The digests of a server that does not run, by the schema that is compiled against."""

    def __init__(self, server: Path, records: Path | None) -> None:
        """`server` is the server's folder, `records` that of the compile cache, if there is one."""
        self._server = server
        self._records = records
        self._is_new = not server.exists()
        """Nothing was made on the server yet, so that the next schema is the first."""

    def known(self, schema: str) -> str | None:
        """Return the server's digest; None where it has to be asked."""
        if _has_settings_of_its_own():
            return None
        if self._server.exists():
            digest, *schemas = (read_note(self._server) or " ").split(" ")
            return digest if schema_name(schema) in schemas else None
        path = self._path(schema)
        try:
            return None if path is None else path.read_text()
        except (OSError, ValueError):
            return None

    def record_first(self, schema: str, connection: psycopg.Connection) -> None:
        """Keep what the migrations of a schema have made of a new server, if it is the first that was made there."""
        is_new, self._is_new = self._is_new, False
        path = self._path(schema)
        if not is_new or path is None or _has_settings_of_its_own():
            return
        if made_databases(connection) != [schema_name(schema)]:  # another command was quicker to begin with it
            return
        digest = server_digest(connection)
        with suppress(OSError):  # a full disk: the next command starts the server
            path.parent.mkdir(exist_ok=True)
            write_whole(path, [digest.encode()])
            found = sorted(path.parent.glob("*.server"), key=lambda each: each.stat().st_mtime, reverse=True)
            for other in found[_RECORDS_KEPT:]:
                other.unlink(missing_ok=True)

    def _path(self, schema: str) -> Path | None:
        return None if self._records is None else self._records / f"{cache_key(f'new server {schema}')}.server"


def schema_name(schema: str) -> str:
    """Return the name of the database that is made of migrations, by their checksum."""
    return SCHEMA_PREFIX + schema[:16]


def _has_settings_of_its_own() -> bool:
    return any(name in os.environ for name in _OF_LIBPQ)


def made_databases(connection: psycopg.Connection) -> list[str]:
    """Return the names of the server's databases that initdb has not made."""
    rows = connection.execute(
        "SELECT datname FROM pg_catalog.pg_database"
        " WHERE oid OPERATOR(pg_catalog.>=) 16384 ORDER BY datname USING OPERATOR(pg_catalog.<)"
    )
    return [name for (name,) in rows.fetchall()]


def state_at(url: str) -> str | None:
    """Return the digest of the server that a URL leads to and the names of its schemas.

    None where the server does not answer, and where its answer is for this process alone.
    """
    if _has_settings_of_its_own():
        return None
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            names = made_databases(connection)
            return " ".join([server_digest(connection), *(name for name in names if name.startswith(SCHEMA_PREFIX))])
    except psycopg.Error:
        return None
