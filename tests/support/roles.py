"""A database as a role sees it."""

from psycopg.conninfo import make_conninfo


def as_role(url: str, role: str) -> str:
    return make_conninfo(url, options=f"-c role={role}")
