"""Where a call goes: from a request's ARNs and database name to a PostgreSQL server, database, user and password.

Without declared clusters every ARN means the one server that the emulator was started for. The database is the one that
the call names, or else, as on Aurora, the one that is called like the user.
"""

from dataclasses import dataclass
from typing import Protocol

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.emulator.requests import Request


@dataclass(frozen=True, slots=True)
class Target:
    """A database as a user; equal targets may share sessions."""

    conninfo: str
    user: str


class Directory(Protocol):
    """Answers where a call goes."""

    def target(self, request: Request) -> Target:
        """Raises ApiError for a cluster or a secret that cannot be used."""

    def redirect(self, database_url: str) -> None:
        """New calls go to another database."""


class OneServer:
    """Any cluster, any secret: one server, the user of its URL."""

    def __init__(self, database_url: str) -> None:
        self._home = self._current = parameters_of(database_url)

    def redirect(self, database_url: str) -> None:
        """Calls for the database that the emulator was started with go to this URL's database from now on."""
        self._current = parameters_of(database_url)

    def target(self, request: Request) -> Target:
        user = self._current["user"]
        database = request.database or user
        if database == self._home["dbname"]:
            database = self._current["dbname"]
        return target(self._current, database)


def target(parameters: dict[str, str], database: str) -> Target:
    return Target(make_conninfo("", **parameters | {"dbname": database}), parameters["user"])


def parameters_of(database_url: str) -> dict[str, str]:
    """libpq's connection parameters in a URL, `user` and `dbname` always among them."""
    given = {name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None}
    user = given.setdefault("user", "postgres")
    given.setdefault("dbname", user)
    return given
