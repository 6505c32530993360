"""The role that calls run as on the embedded PostgreSQL: no superuser, since every program on the machine can call.

It reads and writes all data and runs every function, as the user of a deployed function may; it makes nothing in a
project's database, so that it leaves nothing there for the superuser to stumble over, who runs the migrations.
"""

import psycopg
from psycopg import sql

CALLER = "queryport_caller"

_MAKE_ROLE = sql.SQL("""
DO $$ BEGIN
  CREATE ROLE {0} LOGIN CREATEDB CREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT pg_read_all_data, pg_write_all_data, pg_maintain, pg_monitor, pg_signal_backend TO {0};
GRANT SET ON PARAMETER session_replication_role TO {0};
""").format(sql.Identifier(CALLER))

_OPEN_DATABASE = sql.SQL("""
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, MAINTAIN ON TABLES TO {0};
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {0};
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON ROUTINES TO {0};
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO {0};
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {0};
""").format(sql.Identifier(CALLER))


def make_caller(connection: psycopg.Connection) -> None:
    """Make the role on a server, if it has none. The connection is the superuser's, in any database."""
    connection.execute(_MAKE_ROLE)


def open_to_caller(connection: psycopg.Connection) -> None:
    """Let the role use what the superuser makes in the connection's database from now on."""
    connection.execute(_OPEN_DATABASE)


def give_database(connection: psycopg.Connection, database: str) -> None:
    """Make the role the owner of a database without migrations, in which calls make their tables themselves."""
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*map(sql.Identifier, (database, CALLER))))
