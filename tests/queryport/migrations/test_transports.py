"""What a migration may count on, by either way to the database: files without a transaction, indexes, two at once."""

import secrets
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from queryport.access.privileges import Needs, Privilege
from queryport.access.role_sql import grants
from queryport.migrations import outlook, records
from queryport.migrations.history import HistoryError
from queryport.migrations.runner import Applied, apply_scripts, run_scripts
from queryport.migrations.scripts import ScriptError, read_scripts
from queryport.migrations.steps import Unfinished
from tests.queryport.migrations.transports import WAYS, opened
from tests.support.databases import execute, executes, fetch
from tests.support.projects import eventually, write

TABLES = {"0001_t.sql": "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); CREATE TABLE other (n int)"}
OFF = "-- transaction: off\n"
TWICE = "INSERT INTO t VALUES (1)"
FIRST = "INSERT INTO other VALUES (1);\n"


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient_emulator")]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(url: str) -> str:
    """A database with Queryport's own tables: to make them takes half of the calls of most tests here."""
    apply_scripts(url, ())
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "migrations", TABLES)


def _migrate(way: str, url: str, folder: Path, unfinished: Unfinished = Unfinished.ASK) -> Applied:
    with opened(way, url) as transport:
        return run_scripts(transport, read_scripts(folder), unfinished=unfinished)


def _indexes(url: str) -> list[tuple[object, ...]]:
    query = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1"
    return fetch(url, query)


def _leave_invalid(url: str, index: str = "t_n") -> None:
    """What a CREATE INDEX CONCURRENTLY leaves that fails."""
    execute(url, TWICE)
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(url, f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON t (n)")
    execute(url, "DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t WHERE n = 1)")


CREATED = [
    OFF + "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_n ON t (n)",
    OFF + "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON public.t (n)",
    OFF + "CREATE INDEX IF NOT EXISTS t_n ON t (n)",
    "CREATE INDEX IF NOT EXISTS t_n ON t (n)",
]


@pytest.mark.parametrize("text", CREATED)
def test_an_index_that_another_left_invalid_is_not_taken_for_done(way: str, url: str, folder: Path, text: str) -> None:
    _migrate(way, url, folder)
    _leave_invalid(url)
    write(folder, {"0002_i.sql": text})
    for _ in range(2):
        with pytest.raises(ScriptError, match=r"0002_i.sql:\d:1 QP603 the index public.t_n is INVALID"):
            _migrate(way, url, folder)
    assert fetch(url, "SELECT name FROM queryport.migration") == [("0001_t.sql",)]
    execute(url, "DROP INDEX t_n")
    assert _migrate(way, url, folder).migrations == ("0002_i.sql",)
    assert _indexes(url) == [("t_n", True)]


@pytest.mark.parametrize("text", CREATED)
def test_an_index_of_another_table_is_not_taken_for_this_ones(way: str, url: str, folder: Path, text: str) -> None:
    _migrate(way, url, folder)
    execute(url, "CREATE INDEX t_n ON other (n)")
    write(folder, {"0002_i.sql": text})
    with pytest.raises(ScriptError, match=r"QP603 the statement made no index public.t_n: the name is another"):
        _migrate(way, url, folder)


@pytest.mark.parametrize("clause", ["", "IF NOT EXISTS "])
def test_a_build_that_fails_leaves_no_index(way: str, url: str, folder: Path, clause: str) -> None:
    _migrate(way, url, folder)
    execute(url, TWICE)
    write(folder, {"0002_i.sql": f"{OFF}CREATE UNIQUE INDEX CONCURRENTLY {clause}t_n ON t (n)"})
    for _ in range(2):
        with pytest.raises(ScriptError, match=r'0002_i.sql:2:1 QP202 could not create unique index "t_n"'):
            _migrate(way, url, folder)
        assert _indexes(url) == []
    execute(url, "DELETE FROM t")
    assert _migrate(way, url, folder).migrations == ("0002_i.sql",)
    assert _indexes(url) == [("t_n", True)]


def test_a_partitioned_index_without_its_parts_is_what_its_author_wants(way: str, url: str, folder: Path) -> None:
    write(
        folder,
        {
            "0002_p.sql": "CREATE TABLE p (n int) PARTITION BY RANGE (n);\n"
            "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (9);\n"
            "CREATE INDEX IF NOT EXISTS p_n ON ONLY p (n);"
        },
    )
    assert _migrate(way, url, folder).migrations == ("0001_t.sql", "0002_p.sql")


def _interrupt(way: str, url: str, folder: Path, text: str) -> None:
    """What a run leaves that is killed in the second statement of a file."""
    write(folder, {"0002_i.sql": f"{OFF}{FIRST}SELECT 1 / 0"})
    with pytest.raises(ScriptError, match="division by zero"):
        _migrate(way, url, folder)
    write(folder, {"0002_i.sql": f"{OFF}{FIRST}{text}"})
    script = read_scripts(folder)[1]
    with opened(way, url) as transport, transport.transaction() as transaction:
        records.record_step(transaction, script, 1, script.statements()[1], records.BEGUN)


@pytest.mark.parametrize("clause", ["", "IF NOT EXISTS "])
@pytest.mark.parametrize("left", ["nothing", "invalid", "valid"])
def test_an_interrupted_build_is_done_once(way: str, url: str, folder: Path, clause: str, left: str) -> None:
    _interrupt(way, url, folder, f"CREATE UNIQUE INDEX CONCURRENTLY {clause}t_n ON t (n)")
    if left == "invalid":
        _leave_invalid(url)
    elif left == "valid":
        execute(url, "CREATE UNIQUE INDEX t_n ON t (n)")
    assert _migrate(way, url, folder).migrations == ("0002_i.sql",)
    assert _indexes(url) == [("t_n", True)]
    assert fetch(url, "SELECT count(*) FROM other") == [(1,)]
    assert fetch(url, "SELECT count(*) FROM queryport.migration_step") == [(0,)]


COMMITS = "DO $$ BEGIN INSERT INTO other VALUES (2); COMMIT; END $$"


def test_an_interrupted_block_is_not_repeated_unasked(way: str, url: str, folder: Path) -> None:
    _interrupt(way, url, folder, COMMITS)
    for _ in range(2):
        with pytest.raises(ScriptError, match=r"(?s)0002_i.sql:3:1 QP604 .* --unfinished skip if it did"):
            _migrate(way, url, folder)


@pytest.mark.parametrize(("unfinished", "rows"), [(Unfinished.SKIP, 1), (Unfinished.REPEAT, 2)])
def test_its_fate_can_be_told(way: str, url: str, folder: Path, unfinished: Unfinished, rows: int) -> None:
    _interrupt(way, url, folder, COMMITS)
    assert _migrate(way, url, folder, unfinished).migrations == ("0002_i.sql",)
    assert fetch(url, "SELECT count(*) FROM other") == [(rows,)]


def test_a_statement_is_done_and_written_down_or_neither(way: str, url: str, folder: Path) -> None:
    late = "CREATE TABLE d (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO d VALUES (1), (1)"
    write(folder, {"0002_i.sql": f"{OFF}{late}"})
    for _ in range(2):
        with pytest.raises(ScriptError, match=r"0002_i.sql:3:1 QP202 duplicate key"):
            _migrate(way, url, folder)
    assert fetch(url, "SELECT step, state FROM queryport.migration_step") == [(0, "done")]


def test_what_ran_of_a_file_may_not_be_edited(way: str, url: str, folder: Path) -> None:
    write(folder, {"0002_i.sql": f"{OFF}CREATE TABLE c (n int);\nSELECT 1 / 0"})
    with pytest.raises(ScriptError):
        _migrate(way, url, folder)
    write(folder, {"0002_i.sql": f"{OFF}CREATE TABLE c (n text);\nSELECT 1"})
    with pytest.raises(HistoryError, match=r"0002_i.sql failed on this database after 1 of its statements"):
        _migrate(way, url, folder)


def test_steps_of_an_earlier_version_are_done(way: str, url: str, folder: Path) -> None:
    _interrupt(way, url, folder, "INSERT INTO other VALUES (2)")
    execute(url, "DELETE FROM queryport.migration_step WHERE step = 1")
    execute(url, "ALTER TABLE queryport.migration_step DROP COLUMN state")
    with opened(way, url) as transport:
        assert outlook.status(transport, read_scripts(folder))[1].done == 1
    assert _migrate(way, url, folder).migrations == ("0002_i.sql",)
    assert fetch(url, "SELECT n FROM other ORDER BY n") == [(1,), (2,)]


@pytest.mark.parametrize(
    "statement",
    ["SET lock_timeout = 1", "CREATE TEMP TABLE x (n int)", "PREPARE x AS SELECT 1", "BEGIN", "SELECT 1 INTO TEMP x"],
)
def test_what_only_changes_its_session_is_refused(way: str, url: str, folder: Path, statement: str) -> None:
    write(folder, {"0002_i.sql": f"{OFF}CREATE TABLE c (n int);\n{statement};\n"})
    with pytest.raises(ScriptError, match=r"0002_i.sql:3:1 QP20[67] "):
        _migrate(way, url, folder)
    assert fetch(url, "SELECT to_regclass('t')") == [(None,)]


@pytest.mark.parametrize("statement", ["CREATE INDEX CONCURRENTLY t_n ON t (n)", "VACUUM t"])
def test_the_cure_for_a_refused_transaction_is_the_mark(way: str, url: str, folder: Path, statement: str) -> None:
    write(folder, {"0002_i.sql": statement})
    with pytest.raises(ScriptError, match=r"(?s)0002_i.sql:1:1 QP202 .*write -- transaction: off at the top"):
        _migrate(way, url, folder)


def test_no_setting_of_one_file_reaches_the_next(way: str, url: str, folder: Path) -> None:
    write(folder, {"0002_s.sql": "SET search_path = ''; SET ROLE pg_monitor", "0003_d.sql": "CREATE TABLE d (n int)"})
    _migrate(way, url, folder)
    assert fetch(url, "SELECT to_regclass('public.d')::text") == [("d",)]


SEEDED = """\
CREATE SCHEMA "Other One";
CREATE TABLE "Other One"."a ""b"" c" (n int);
CREATE TABLE p (n int) PARTITION BY RANGE (n);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (9) PARTITION BY LIST (n);
CREATE TABLE p_1_1 PARTITION OF p_1 DEFAULT;
CREATE MATERIALIZED VIEW m AS SELECT n FROM t;
"""
ROWS = 'INSERT INTO "Other One"."a ""b"" c" VALUES (1); INSERT INTO p VALUES (1); REFRESH MATERIALIZED VIEW m;'


def test_the_planner_knows_the_rows_of_the_seeds(way: str, url: str, folder: Path) -> None:
    execute(url, "DROP SCHEMA queryport CASCADE")  # which says that there are no seeds
    write(folder, {"0002_s.sql": SEEDED})
    seed = write(folder.parent / "seed", {"01_rows.sql": ROWS})
    with opened(way, url) as transport:
        run_scripts(transport, read_scripts(folder), read_scripts(seed))
    query = "SELECT relname::text FROM pg_class WHERE reltuples > 0 AND oid >= 16384 AND relkind IN ('r', 'p', 'm')"
    known = {name for (name,) in fetch(url, query)}
    assert known >= {"t", 'a "b" c', "p", "p_1", "p_1_1", "m", "seed"}


SLOW_INDEX = f"""\
{OFF}CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN n; END $$;
CREATE INDEX CONCURRENTLY t_slow ON t (slow(n));
"""


@pytest.mark.parametrize("second", WAYS)
def test_two_runs_at_once_take_turns_whatever_their_ways(way: str, second: str, url: str, folder: Path) -> None:
    execute(url, "DROP SCHEMA queryport CASCADE")  # they are to meet over Queryport's own tables too
    write(folder, {"0002_i.sql": SLOW_INDEX, "0003_j.sql": f"{OFF}CREATE INDEX CONCURRENTLY t_n ON t (n)"})
    applied: list[str] = []
    failures: list[BaseException] = []

    def run(way: str) -> None:
        try:
            applied.extend(_migrate(way, url, folder).migrations)
        except BaseException as failure:  # noqa: BLE001 (told below)
            failures.append(failure)

    runs = [threading.Thread(target=run, args=(one,), daemon=True) for one in (way, second, way, second)]
    for one in runs:
        one.start()
    for one in runs:
        one.join(60)
    assert [one for one in runs if one.is_alive()] == []
    assert failures == []
    assert sorted(applied) == ["0001_t.sql", "0002_i.sql", "0003_j.sql"]
    assert _indexes(url) == [("t_n", True), ("t_slow", True)]


def test_the_session_that_holds_a_lock_is_named(
    way: str, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queryport.migrations.blockers._FIRST_LOOK_SECONDS", 0.1)
    _migrate(way, url, folder)
    write(folder, {"0002_a.sql": "ALTER TABLE t ADD m int"})
    said: list[str] = []
    told = threading.Event()

    class Shown(AbstractContextManager[None]):
        def __init__(self, text: str) -> None:
            said.append(text)
            if "lock" in text:
                told.set()

        def __exit__(self, *_: object) -> None:
            pass

    def run() -> None:
        with opened(way, url, Shown) as transport:
            run_scripts(transport, read_scripts(folder))

    with psycopg.connect(url) as holder:
        holder.execute("SELECT n AS held_here FROM t")
        pid = holder.info.backend_pid
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert told.wait(20), said
        holder.rollback()
    thread.join(20)
    assert not thread.is_alive()
    holding = next(text for text in said if "lock" in text)
    assert f"process {pid} (idle in transaction for " in holding
    assert "SELECT n AS held_here FROM t" in holding


def test_a_statement_that_outlived_its_run_is_waited_for(way: str, url: str, folder: Path) -> None:
    _interrupt(way, url, folder, "CREATE INDEX CONCURRENTLY t_n ON t (n)")
    label = "/* queryport 0002_i.sql statement 2 */"
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as orphan:
        thread = threading.Thread(target=orphan.execute, args=(f"{label} SELECT pg_sleep(1.5)".encode(),), daemon=True)
        thread.start()
        eventually(lambda: executes(url, label))
        assert _migrate(way, url, folder).migrations == ("0002_i.sql",)
        assert time.monotonic() - began >= 1.5
        thread.join()


def test_the_script_of_a_role_of_any_name_can_be_a_migration(way: str, url: str, folder: Path) -> None:
    role = f":a $$ \\ 'odd' \"{secrets.token_hex(4)}"
    script = grants(role, Needs((Privilege("table", "public.t", "SELECT"),), ()))
    write(folder, {"R_zz_role.sql": script})
    _migrate(way, url, folder)
    identifier = sql.Identifier(role)
    with psycopg.connect(url, autocommit=True) as connection:
        more = sql.SQL("GRANT DELETE ON t TO {0}; GRANT USAGE ON SCHEMA queryport TO {0}")
        connection.execute(more.format(identifier))
        write(folder, {"R_zz_role.sql": f"{script}-- once more"})
        _migrate(way, url, folder)
        held = (
            "SELECT has_table_privilege(%(role)s, 't', 'SELECT'), has_table_privilege(%(role)s, 't', 'DELETE'), "
            "has_schema_privilege(%(role)s, 'queryport', 'USAGE')"
        )
        assert connection.execute(held, {"role": role}).fetchone() == (True, False, False)
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(identifier))
