"""The target of a call: from a request's ARNs and database name to a PostgreSQL server, database, user and password.

Without declared clusters every ARN means the one server that the emulator was started for. The database is the one that
the call names, or else, as on Aurora, the one that is called like the user.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.emulator.errors import PostgresFailure
from queryport.emulator.requests.shapes import ServiceRequest


@dataclass(frozen=True, slots=True)
class Target:
    """A database as a user; equal targets may share sessions."""

    conninfo: str
    user: str


class Directory(Protocol):
    """The way from a request to its target."""

    def target(self, request: ServiceRequest) -> Target:
        """Find a request's target. Raises ApiError for a cluster or a secret that cannot be used."""

    def redirect(self, database_url: str) -> None:
        """Send new calls to another database."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """libpq's connection parameters, `user` and `dbname` always among them."""

    parameters: tuple[tuple[str, str], ...]
    user: str
    database: str

    @classmethod
    def at(cls, database_url: str, **other: str) -> Self:
        given = {
            name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None
        } | other
        user = given.setdefault("user", "postgres")
        given.setdefault("dbname", user)
        return cls(tuple(given.items()), user, given["dbname"])


@lru_cache(maxsize=256)
def target(server: PostgresServer, database: str) -> Target:
    """Make a target. Raises PostgresFailure for a name that PostgreSQL's protocol cannot carry."""
    if "\0" in database:
        raise PostgresFailure("FATAL", "invalid startup packet layout: expected terminator as last byte", "08P01")
    return Target(make_conninfo("", **dict(server.parameters) | {"dbname": database}), server.user)


class OneServer:
    """Any cluster, any secret: one server, the user of its URL."""

    def __init__(self, database_url: str, unnamed_database: str | None = None) -> None:
        """`unnamed_database` is that of calls which name none; without it, the one that is called like the user."""
        self._unnamed = unnamed_database
        self._current = PostgresServer.at(database_url)
        self._home = self._current.database

    def redirect(self, database_url: str) -> None:
        """Send calls for the database that the emulator was started with to this URL's database."""
        self._current = PostgresServer.at(database_url)

    def target(self, request: ServiceRequest) -> Target:
        server = self._current
        database = request.database or self._unnamed or server.user
        return target(server, server.database if database == self._home else database)
