"""The script of a role, as it is run on a server that other scripts run on at the same time."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from queryport.access.privileges import Needs
from queryport.access.role_sql import grants
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
