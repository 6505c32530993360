"""The database role that operations run as in development, so that grants and policies hold as in production."""

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from queryport.console.failure import CommandError
from queryport.project.settings import SETTINGS_FILE


class DevelopmentRoleError(CommandError):
    """The role of queryport.toml cannot be taken; the message says why and how to mend it."""


def as_role(url: str, role: str | None) -> str:
    """Return the URL with which a database is reached as a role, or as it is where there is none.

    Our own server lets its developer in as any role; on another, the role is taken after the login. Raises
    DevelopmentRoleError.
    """
    if role is None:
        return url
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            if found is None:
                raise DevelopmentRoleError(
                    f"{SETTINGS_FILE} has the role {role}, and the database has none of that name: make it in a "
                    f"migration (`CREATE ROLE {role} LOGIN`, where it does not exist yet, and what it is granted)"
                )
            if "password" in conninfo_to_dict(url) or not _is_socket(url):
                return make_conninfo(url, options=f"-c role={role}")
            if not found[0]:
                connection.execute(psycopg.sql.SQL("ALTER ROLE {} LOGIN").format(psycopg.sql.Identifier(role)))
    except psycopg.Error as error:
        raise DevelopmentRoleError(f"the role {role} cannot be taken: {error}") from None
    return make_conninfo(url, user=role)


def _is_socket(url: str) -> bool:
    return str(conninfo_to_dict(url).get("host", "")).startswith("/")
