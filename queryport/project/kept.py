"""Development databases that were put aside: none of their rows is lost before their owner drops them.

The database that is served from is always called `app`. Where another takes its place, it is kept under a name with the
time, and a comment says why. One that holds nothing but what its scripts put into it is dropped instead.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from psycopg import sql

from queryport.console.failure import CommandError
from queryport.diagnostics.near_names import did_you_mean
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.content import digest
from queryport.project.server_databases import drop, exists, rename

DATA = "app"
_KEPT = r"^app_[0-9]{8}_[0-9]{6}(_[0-9]+)?$"
_MADE = "made of scripts: "
_MOST_A_SECOND = 1000


class KeptError(CommandError):
    """There is no such database, or it cannot be taken back."""


class KeptDatabase(NamedTuple):
    name: str
    megabytes: float
    comment: str
    """When and why it was put aside."""


def mark_as_made(server: EmbeddedPostgres, session: psycopg.Connection, name: str) -> None:
    """Note what a database holds that has just been made of its scripts."""
    content = digest(server.url(name))
    set_comment(session, name, None if content is None else _MADE + content)


def is_as_made(server: EmbeddedPostgres, session: psycopg.Connection, name: str) -> bool:
    """Return whether a database holds what `mark_as_made` noted, and nothing else."""
    query = "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s"
    row = session.execute(query, [name]).fetchone()
    noted = str(row[0]) if row else ""
    return noted.startswith(_MADE) and noted == f"{_MADE}{digest(server.url(name))}"


def put_aside(session: psycopg.Connection) -> str:
    """Rename the database that is served from to a name for keeping, and return it."""
    stamp = time.strftime("app_%Y%m%d_%H%M%S", time.gmtime())
    names = [stamp, *(f"{stamp}_{number}" for number in range(2, _MOST_A_SECOND))]
    name = next(name for name in names if not exists(session, name))
    rename(session, DATA, name)
    return name


def keep_or_drop(server: EmbeddedPostgres, session: psycopg.Connection, name: str, reason: str) -> bool:
    """Drop a database that was put aside if it holds nothing of its own; returns whether it is kept."""
    if is_as_made(server, session, name):
        drop(session, name)
        return False
    set_comment(session, name, f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC: {reason}")
    return True


def kept_databases(session: psycopg.Connection) -> Sequence[KeptDatabase]:
    """The databases that were put aside, the newest first."""
    rows = session.execute(
        "SELECT datname, pg_database_size(oid) / 1048576.0, coalesce(shobj_description(oid, 'pg_database'), '')"
        " FROM pg_database WHERE datname ~ %s ORDER BY datname DESC",
        [_KEPT],
    )
    return [KeptDatabase(name, float(size), comment) for name, size, comment in rows.fetchall()]


def require_kept(session: psycopg.Connection, name: str) -> None:
    """Raise KeptError, with the nearest name, where no kept database is called so."""
    names = [database.name for database in kept_databases(session)]
    if name not in names:
        hint = did_you_mean(name, names, "`queryport db list` shows those that are kept", "{}")
        raise KeptError(f"there is no kept database {name}: {hint}")


def set_comment(session: psycopg.Connection, name: str, text: str | None) -> None:
    session.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text)))
