"""The role that `queryport role` prints, made in a database, and the database as that role sees it."""

import psycopg
from psycopg.conninfo import make_conninfo

from queryport.access.needs import needs
from queryport.access.role_sql import grants
from queryport.compile import Compilation


def as_least_role(url: str, compilation: Compilation, role: str) -> str:
    """The URL of the database as a role that may do what the operations need, and no more."""
    with psycopg.connect(url) as connection:
        connection.execute(grants(role, needs(url, compilation.catalogue)).encode())
    return as_role(url, role)


def as_role(url: str, role: str) -> str:
    return make_conninfo(url, options=f"-c role={role}")
