"""The script of a role, whatever its name, also on a server that other scripts run on at the same time."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from queryport.access.privileges import Needs, Privilege
from queryport.access.proof import RoleError, lacks
from queryport.access.role_names import why_no_role
from queryport.access.role_sql import grants
from queryport.commands.main import queryport
from queryport.postgres.server import EmbeddedPostgres

_WAITS = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_role_that_another_session_makes_meanwhile_is_taken(postgres: EmbeddedPostgres, *, is_kept: bool) -> None:
    role = f"made_twice_{secrets.token_hex(4)}"
    script = grants(role, Needs((), ()))
    with (
        psycopg.connect(postgres.url()) as other,
        psycopg.connect(postgres.url(), autocommit=True) as connection,
        psycopg.connect(postgres.url(), autocommit=True) as watching,
        ThreadPoolExecutor() as threads,
    ):
        other.execute(script.encode())
        running = threads.submit(connection.execute, script.encode())
        give_up = time.monotonic() + 30
        while watching.execute(_WAITS, [connection.info.backend_pid]).rowcount == 0:
            assert not running.done(), "the script does not wait for the other one"
            assert time.monotonic() < give_up
            time.sleep(0.001)
        if is_kept:
            other.commit()
        else:
            other.rollback()
        running.result(timeout=30)
        assert watching.execute("SELECT to_regrole(%s) IS NOT NULL", [role]).fetchone() == (True,)
        watching.execute(f'DROP ROLE "{role}"'.encode())


ODD = (
    *("", "public", "PUBLIC", "Public", "none", "None", "pg_x", "PG_x", "pg_", "pg", "current_user", "session_user"),
    *("$$", "$role_0$", "$$ $role_0$ $role_1$", "$", "a$", "'", "''", '"', '"";', "\\", "\\'", "%I", "%", "{}", ":a"),
    *("--", "/*", "a\nb", "a\r\nb", "\x85", "\u2028", " ", "\t", "é" * 31, "é" * 32, "a" * 63, "a" * 64, "🐘", "all"),
    *("select", "user", "0", "a;b"),
)

_HOLDS = """
SELECT has_database_privilege(%(name)s, current_database(), 'CREATE'),
  has_schema_privilege(%(name)s, 'public', 'CREATE')
"""


def _is_made(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    """Whether PostgreSQL makes a role of just this name."""
    with connection.transaction(force_rollback=True):
        try:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        except psycopg.Error:
            return False
        return connection.execute("SELECT FROM pg_roles WHERE rolname::text = %s", [name]).rowcount == 1


def _agrees(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    assert _is_made(connection, name) is (why_no_role(name) is None), name
    if why_no_role(name) is not None:
        return
    needs = Needs((Privilege("database", "", "TEMPORARY"), Privilege("schema", "public", "CREATE")), ())
    grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
    more = grant.format(sql.Identifier(connection.info.dbname), sql.Identifier(name))
    for conforming in ("on", "off"):
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL standard_conforming_strings = {conforming}".encode())
            connection.execute(grants(name, needs).encode())
            connection.execute(more)
            assert connection.execute(_HOLDS, {"name": name}).fetchone() == (True, True)
            connection.execute(grants(name, needs).encode())
            assert connection.execute(_HOLDS, {"name": name}).fetchone() == (False, True)


def test_the_odd_names_are_taken_that_postgresql_takes(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for name in ODD:
            _agrees(connection, name)


@given(st.text(st.sampled_from("$role_01pg'\"\\%:{}é \n"), max_size=70))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_is_taken_that_postgresql_takes(postgres: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        _agrees(connection, name)


@pytest.mark.parametrize("name", ["", "public", "pg_x", "none", "a" * 64, "\udcff"])
def test_the_command_refuses_a_name_that_no_role_can_have(tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(queryport, ["role", "--project", str(tmp_path), "--", name])
    assert done.exit_code == 2
    assert "no role can be called" in done.output


def test_who_may_not_become_a_role_is_told_the_cure(postgres: EmbeddedPostgres) -> None:
    role, user = (f"{name}_{secrets.token_hex(4)}" for name in ("tried", "trying"))
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}; CREATE ROLE {user} LOGIN".encode())
        with pytest.raises(RoleError, match=f'{user} may not become the role {role}.*GRANT "{role}" TO "{user}"'):
            lacks(postgres.url(user=user), role, (), Needs((), ()))
        connection.execute(f"GRANT {role} TO {user}".encode())
        assert lacks(postgres.url(user=user), role, (), Needs((), ())) == []
        connection.execute(f"DROP ROLE {role}; DROP ROLE {user}".encode())
