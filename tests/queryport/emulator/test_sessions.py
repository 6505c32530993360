"""Sessions outside transactions: reset by DISCARD ALL for every call, with the service's settings, and never leaked."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from queryport.emulator import Emulator, Limits
from queryport.emulator.calls.log import DatabaseReport
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.emulator.conftest import NewEmulator
from tests.support.data_api import Api, long
from tests.support.databases import executes
from tests.support.projects import eventually

pytestmark = pytest.mark.slow

_LOCKS = """SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid
WHERE locktype = 'advisory' AND datname = current_database()"""


def test_what_a_call_sets_is_gone_with_it(api: Api) -> None:
    api.execute("SET app.who = 'bob'")
    api.execute("SET TIME ZONE 'Asia/Tokyo'")
    api.execute("CREATE TEMP TABLE kept (a int)")
    api.execute("PREPARE p AS SELECT 1")
    assert api.value("SELECT current_setting('app.who', true)") in (None, "")
    assert api.value("SHOW TimeZone") == "UTC"
    assert api.refusal("SELECT * FROM kept").message.endswith("SQLState: 42P01")
    assert api.refusal("EXECUTE p").message.endswith("SQLState: 26000")
    assert api.value("SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'sqlx_s_%'") == 0


@pytest.mark.parametrize(
    ("earlier", "question", "stays"),
    [
        ("SELECT setseed(0.25)", "SELECT random()", True),
        ("SELECT set_config('app.who', 'bob', false)", "SELECT current_setting('app.who', true)", True),
        ("SELECT set_config('app.who', 'bob', true)", "SELECT current_setting('app.who', true)", True),
        ("CREATE TEMP TABLE kept ()", "SELECT pg_my_temp_schema() <> 0", True),
        ("CREATE TEMP TABLE kept ()", "SELECT to_regclass('kept')::text", False),
        ("ALTER DATABASE {database} SET work_mem = '2MB'", "SHOW work_mem", True),
        ("LOAD 'pg_trgm'", "SELECT current_setting('pg_trgm.similarity_threshold', true)", True),
        (
            "CREATE EXTENSION IF NOT EXISTS dblink; SELECT dblink_connect('left', '{url}')",
            "SELECT dblink_get_connections()::text",
            True,
        ),
        ("SET work_mem = '1MB'", "SHOW work_mem", False),
        ("SET ROLE pg_read_all_data", "SELECT current_user", False),
        ("SELECT pg_advisory_lock(43)", _LOCKS, False),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors WHERE name = 'c'", False),
        ("LISTEN x", "SELECT count(*) FROM pg_listening_channels()", False),
    ],
)
def test_an_earlier_call_leaves_what_discard_all_leaves(
    new_emulator: NewEmulator,
    new_api: Callable[[Emulator], Api],
    postgres: EmbeddedPostgres,
    earlier: str,
    question: str,
    stays: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    """That the service's sessions are reset so is known, and no more: docs/emulator.md lists what stays."""
    api = new_api(new_emulator())
    url = postgres.url(api.database or "")
    statements = earlier.format(database=api.database, url=url).split("; ")
    backend = api.value("SELECT pg_backend_pid()")
    with psycopg.connect(url, autocommit=True) as plain:
        try:
            for statement in statements:
                api.execute(statement)
                plain.execute(statement.encode())
                plain.execute("DISCARD ALL")
            found = api.value(question)
            assert (found,) == plain.execute(question.encode()).fetchone()
            assert api.value("SELECT pg_backend_pid()") == backend
            with psycopg.connect(url) as new:
                assert ((found,) != new.execute(question.encode()).fetchone()) is stays
        finally:
            plain.execute(f"ALTER DATABASE {api.database} RESET work_mem".encode())


def test_a_session_lock_does_not_outlive_its_call(api: Api, postgres: EmbeddedPostgres) -> None:
    api.execute("SELECT pg_advisory_lock(42)")
    with psycopg.connect(postgres.url(api.database or ""), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("SELECT pg_advisory_lock(42)")


def test_transaction_control_as_sql_leaves_nothing_open(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    emulator = new_emulator()  # that no other test left a transaction in
    api = new_api(emulator)
    api.execute("CREATE TABLE t (a int)")
    api.execute("BEGIN")
    api.execute("INSERT INTO t VALUES (1)")
    assert api.value("SELECT count(*) FROM t") == 1
    api.execute("LOCK TABLE t", transactionId=api.begin())
    assert emulator.status()["transactions"] == 1


def test_settings_are_the_services_own(api: Api) -> None:
    for setting, value in (
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("client_encoding", "UTF8"),
        ("statement_timeout", "45s"),
    ):
        assert api.value(f"SHOW {setting}") == value


def test_settings_of_the_url_are_kept(postgres: EmbeddedPostgres) -> None:
    url = make_conninfo(postgres.url(), options="-c search_path=pg_catalog -c TimeZone=Asia/Tokyo")
    with Emulator(url) as emulator, Api(emulator.url, "postgres") as api:
        assert api.value("SHOW search_path") == "pg_catalog"
        assert api.value("SHOW TimeZone") == "UTC"


def test_statements_are_prepared_under_sqlxs_names(api: Api) -> None:
    assert api.value("SELECT name FROM pg_prepared_statements").startswith("sqlx_s_")


def test_statements_that_cannot_run_in_a_transaction_run(api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    api.execute("CREATE INDEX CONCURRENTLY ON t (a)")
    api.execute("VACUUM t")
    api.execute("CREATE TYPE mood AS ENUM ('sad')")
    api.execute("ALTER TYPE mood ADD VALUE 'happy'")
    assert api.value("SELECT 'happy'::mood") == "happy"


@pytest.mark.parametrize(
    ("sql", "direction"), [("COPY (SELECT 1) TO STDOUT", "CopyOutResponse"), ("COPY t FROM STDIN", "CopyInResponse")]
)
def test_copy_is_refused_in_the_services_words(api: Api, sql: str, direction: str) -> None:
    api.execute("CREATE TABLE t (a int)")
    refusal = api.refusal(sql)
    assert (refusal.code, refusal.message) == ("DatabaseErrorException", f"execute: unexpected message: {direction}")
    assert api.value("SELECT 1") == 1


def test_a_session_that_died_idle_is_not_handed_out(api: Api, postgres: EmbeddedPostgres) -> None:
    pid = api.value("SELECT pg_backend_pid()")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        ended = connection.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,)).fetchone()
    assert ended == (True,)
    assert api.value("SELECT pg_backend_pid()") != pid


def test_a_session_whose_end_nobody_had_time_to_hear_of_is_not_handed_out(
    new_api: Callable[[Emulator], Api], postgres: EmbeddedPostgres
) -> None:
    """The end and the next call arrive while the emulator is at something else."""
    is_busy, may_go_on = Event(), Event()

    def be_busy(_: DatabaseReport) -> None:
        is_busy.set()
        may_go_on.wait(30)

    with (
        Emulator(postgres.url(), observe=be_busy) as emulator,
        ThreadPoolExecutor(2) as threads,
        psycopg.connect(postgres.url(), autocommit=True) as connection,
    ):
        api = new_api(emulator)
        first, other = api.begin(), api.begin()
        pid = api.value("SELECT pg_backend_pid()", transactionId=first)
        api.commit(first)
        time.sleep(0.1)  # its session is idle, and has been reset
        refused = threads.submit(api.refusal, "SELECT nothing", transactionId=other)
        assert is_busy.wait(30)
        ended = connection.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,)).fetchone()
        assert ended == (True,)
        called = threads.submit(api.value, "SELECT pg_backend_pid()")
        time.sleep(0.2)  # the call is on its way; one that came later would find it easier
        may_go_on.set()
        assert refused.result(30).code == "DatabaseErrorException"
        assert called.result(30) != pid


def test_many_calls_at_once_wait_for_their_turn(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> None:
    emulator = new_emulator(limits=Limits(sessions=4))
    api = new_api(emulator)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: api.value("SELECT :n::int, pg_sleep(0.01)"[:14], long("n", n)), range(120)))
    assert answers == list(range(120))
    assert emulator.status()["sessions"] <= 4


def test_the_emulator_leaves_no_session_behind(
    new_emulator: NewEmulator, new_api: Callable[[Emulator], Api], postgres: EmbeddedPostgres
) -> None:
    emulator = new_emulator()
    api = new_api(emulator)
    api.begin()
    pids = {api.value("SELECT pg_backend_pid()") for _ in range(3)}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(api.refusal, "SELECT pg_sleep(60)")
        eventually(lambda: executes(postgres.url(str(api.database)), "pg_sleep(60)"))
        emulator.stop()
        assert running.result().code == "DatabaseUnavailableException"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        count = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND (pid = ANY(%s) OR query LIKE '%%sleep(60)%%')"
        )
        eventually(lambda: connection.execute(count, (api.database, list(pids))).fetchone() == (0,))
