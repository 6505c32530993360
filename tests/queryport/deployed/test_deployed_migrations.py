"""`queryport migrate` against the local RDS Data API, with the real boto3."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from queryport.commands.migrate import MigrateError, migrate_command
from queryport.deployed import client as deployed_client
from queryport.deployed import transport as deployed
from queryport.deployed.address import DatabaseAddress
from queryport.deployed.client import DeployedClient, DeployedError
from queryport.deployed.transport import DataApiTransport
from queryport.emulator import Emulator, Fault, Limits
from queryport.migrations.history import RUNNERS, HistoryError
from queryport.migrations.outlook import plan, status
from queryport.migrations.runner import apply, run_scripts
from queryport.migrations.scripts import ScriptError, read_scripts
from queryport.migrations.steps import Unfinished
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.function import client_environment
from tests.support.databases import emptied, fetch, suite_database
from tests.support.projects import eventually, write

pytestmark = pytest.mark.slow

CLUSTER = "arn:aws:rds:us-east-1:123456789012:cluster:shop"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"  # noqa: S105 (an ARN is no secret)

FILES = {
    "0001_a.sql": "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1); -- one\nINSERT INTO a VALUES (2)",
    "0002_f.sql": "CREATE FUNCTION f(x int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a:b' || x; END $$;",
}


@pytest.fixture
def url(postgres: EmbeddedPostgres) -> str:
    return emptied(suite_database(postgres, "deployed_suite", lambda _: None))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "migrations", FILES)


@pytest.fixture(scope="module")
def _running(postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    # A call's 45 seconds are half a second here.
    with Emulator(postgres.url(), limits=Limits(statement_seconds=0.5)) as running:
        yield running


@pytest.fixture
def emulator(_running: Emulator) -> Iterator[Emulator]:
    yield _running
    _running.faults.clear()


@pytest.fixture
def client(emulator: Emulator, url: str, monkeypatch: pytest.MonkeyPatch) -> DeployedClient:
    for name, value in client_environment(emulator.url).items():
        monkeypatch.setenv(name, value)
    for module in (deployed, deployed_client):
        monkeypatch.setattr(module, "_POLL_SECONDS", 0.1)
    return DeployedClient(DatabaseAddress(CLUSTER, SECRET, str(conninfo_to_dict(url)["dbname"])))


@pytest.fixture
def database(client: DeployedClient) -> DataApiTransport:
    return DataApiTransport(client)


def _migrate(database: DataApiTransport, folder: Path) -> list[str]:
    return [*run_scripts(database, read_scripts(folder)).migrations]


def test_every_file_runs_once(database: DataApiTransport, folder: Path, url: str) -> None:
    assert _migrate(database, folder) == ["0001_a.sql", "0002_f.sql"]
    assert _migrate(database, folder) == []
    assert fetch(url, "SELECT n, f(n) FROM a") == [(1, "a:b1"), (2, "a:b2")]


@pytest.mark.parametrize("elsewhere", [None, "eu-central-1"])
def test_the_region_is_the_clusters(
    client: DeployedClient, monkeypatch: pytest.MonkeyPatch, elsewhere: str | None
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if elsewhere is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, elsewhere)
    address = DatabaseAddress(CLUSTER, SECRET)
    assert (address.region, DatabaseAddress("arn:any", SECRET).region) == ("us-east-1", None)
    assert DeployedClient(address).query("SELECT 1::text") == client.query("SELECT 1::text")


def test_both_ways_of_running_keep_one_history(database: DataApiTransport, folder: Path, url: str) -> None:
    apply(url, folder)
    assert _migrate(database, folder) == []
    write(folder, {"0003_c.sql": "CREATE TABLE c ()"})
    assert _migrate(database, folder) == ["0003_c.sql"]
    assert apply(url, folder).migrations == ()


def test_a_refused_file_leaves_nothing_and_the_next_run_goes_on_with_it(
    database: DataApiTransport, folder: Path, url: str
) -> None:
    write(folder, {"0002_f.sql": "CREATE TABLE b ();\nSELECT nothing\n  FROM b;"})
    with pytest.raises(ScriptError, match=r'0002_f.sql:2:8 QP202 column "nothing" does not exist') as caught:
        _migrate(database, folder)
    assert "2 | SELECT nothing\n  |        ^" in str(caught.value)
    assert fetch(url, "SELECT name FROM queryport.migration") == [("0001_a.sql",)]
    assert fetch(url, "SELECT to_regclass('b')") == [(None,)]
    write(folder, {"0002_f.sql": "CREATE TABLE b ()"})
    assert _migrate(database, folder) == ["0002_f.sql"]


def test_a_constraint_that_is_checked_at_the_end_is_told(database: DataApiTransport, folder: Path) -> None:
    late = "CREATE TABLE d (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (1), (1);"
    write(folder, {"0003_d.sql": late})
    with pytest.raises(ScriptError, match=r"0003_d.sql: duplicate key .*; nothing of the file remains"):
        _migrate(database, folder)


def test_an_edited_file_is_refused(database: DataApiTransport, folder: Path) -> None:
    _migrate(database, folder)
    write(folder, {"0001_a.sql": "CREATE TABLE a (n bigint)"})
    for ask in (_migrate, lambda d, f: status(d, read_scripts(f))):
        with pytest.raises(HistoryError, match=r"0001_a.sql was edited after it ran"):
            ask(database, folder)


def test_the_plan_changes_nothing(database: DataApiTransport, folder: Path, url: str) -> None:
    planned = plan(database, read_scripts(folder))
    assert [(script.name, statements) for script, statements in planned] == [("0001_a.sql", 3), ("0002_f.sql", 1)]
    assert fetch(url, "SELECT to_regnamespace('queryport')") == [(None,)]


def test_the_status_tells_what_ran_and_what_is_pending(database: DataApiTransport, folder: Path) -> None:
    _migrate(database, folder)
    write(folder, {"0003_c.sql": "CREATE TABLE c ()"})
    first, second, third = status(database, read_scripts(folder))
    assert first.applied_at is not None
    assert second.applied_at is not None
    assert (third.name, third.applied_at) == ("0003_c.sql", None)


def test_a_file_without_a_transaction_goes_on_where_it_failed(
    database: DataApiTransport, folder: Path, url: str
) -> None:
    begin = "-- transaction: off\nCREATE TABLE c (n int);\nCREATE INDEX CONCURRENTLY c_n ON c (n);\n{}"
    write(folder, {"0003_c.sql": begin.format("SELECT nothing;")})
    with pytest.raises(ScriptError, match=r'0003_c.sql:4:8 QP202 column "nothing" does not exist'):
        _migrate(database, folder)
    assert status(database, read_scripts(folder))[-1].done == 2
    write(folder, {"0003_c.sql": begin.format("INSERT INTO c VALUES (1);")})
    assert _migrate(database, folder) == ["0003_c.sql"]
    assert fetch(url, "SELECT n FROM c") == [(1,)]
    assert fetch(url, "SELECT count(*) FROM queryport.migration_step") == [(0,)]


def test_a_file_without_a_transaction_is_refused_where_what_ran_of_it_was_edited(
    database: DataApiTransport, folder: Path
) -> None:
    write(folder, {"0003_c.sql": "-- transaction: off\nCREATE TABLE c (n int);\nSELECT nothing;"})
    with pytest.raises(ScriptError):
        _migrate(database, folder)
    write(folder, {"0003_c.sql": "-- transaction: off\nCREATE TABLE c (n text);\nSELECT 1;"})
    with pytest.raises(HistoryError, match=r"0003_c.sql failed on this database after 1 of its statements"):
        _migrate(database, folder)


def test_a_statement_may_outlive_its_call(database: DataApiTransport, folder: Path, url: str) -> None:
    write(
        folder, {"0003_slow.sql": "CREATE TABLE slow AS SELECT pg_sleep(1.5)::text AS s;\nALTER TABLE slow ADD n int;"}
    )
    assert _migrate(database, folder)[-1] == "0003_slow.sql"
    assert fetch(url, "SELECT count(*) FROM slow") == [(1,)]


def test_a_statement_that_fails_after_its_call_undoes_the_file(
    database: DataApiTransport, folder: Path, url: str
) -> None:
    slow = "CREATE TABLE slow ();\nDO $$ BEGIN PERFORM pg_sleep(1.2); RAISE 'no'; END $$;"
    write(folder, {"0003_slow.sql": slow})
    with pytest.raises(ScriptError, match=r"0003_slow.sql:2:1 QP202 the statement failed after more than 45 s"):
        _migrate(database, folder)
    assert fetch(url, "SELECT to_regclass('slow')") == [(None,)]


SLOW_INDEX = """\
-- transaction: off
CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.8); RETURN n; END $$;
CREATE INDEX CONCURRENTLY a_slow ON public.a (slow(n));
"""


def test_an_index_that_takes_its_time_is_found_done(database: DataApiTransport, folder: Path, url: str) -> None:
    write(folder, {"0003_index.sql": SLOW_INDEX})
    assert _migrate(database, folder)[-1] == "0003_index.sql"
    assert fetch(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_slow'::regclass") == [(True,)]


def test_an_outcome_that_cannot_be_told_is_not_guessed(database: DataApiTransport, folder: Path) -> None:
    write(folder, {"0003_slow.sql": "-- transaction: off\nDO $$ BEGIN COMMIT; PERFORM pg_sleep(1); END $$;"})
    with pytest.raises(ScriptError, match=r"0003_slow.sql:2:1 QP604 .* whether it succeeded cannot be told"):
        _migrate(database, folder)
    with pytest.raises(ScriptError, match=r"QP604 an earlier run of the statement was interrupted"):
        _migrate(database, folder)
    assert run_scripts(database, read_scripts(folder), unfinished=Unfinished.SKIP).migrations == ("0003_slow.sql",)


def test_a_slow_block_that_leaves_its_transaction_alone_is_done(database: DataApiTransport, folder: Path) -> None:
    write(folder, {"0003_slow.sql": "-- transaction: off\nDO $$ BEGIN PERFORM pg_sleep(1); END $$;"})
    assert _migrate(database, folder)[-1] == "0003_slow.sql"


def test_a_sleeping_database_is_waited_for(emulator: Emulator, database: DataApiTransport, folder: Path) -> None:
    emulator.faults.arm(Fault(kind="resume", seconds=0.5))
    assert len(_migrate(database, folder)) == 2


def test_a_lost_connection_is_not_tried_again_and_undone(
    emulator: Emulator, database: DataApiTransport, folder: Path, url: str
) -> None:
    run_scripts(database, read_scripts(folder)[:1])
    emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="before"))
    with pytest.raises(DeployedError, match="may have run"):
        _migrate(database, folder)
    assert fetch(url, "SELECT name FROM queryport.migration") == [("0001_a.sql",)]


def test_a_lost_call_is_told_with_the_cure_and_the_cure_works(
    emulator: Emulator, client: DeployedClient, url: str, tmp_path: Path
) -> None:
    assert client.query("SELECT 1")  # the environment is the emulator's
    project = write(tmp_path, {f"migrations/{name}": text for name, text in FILES.items()} | {"sql_queries/.keep": ""})
    database = str(conninfo_to_dict(url)["dbname"])
    options = ["--project", str(project), "--resource-arn", CLUSTER, "--secret-arn", SECRET, "--database", database]
    emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="after"))
    lost = CliRunner().invoke(migrate_command, options)
    assert isinstance(lost.exception, MigrateError)
    assert re.search("may have run: .*; run the command again, which applies nothing twice", str(lost.exception))
    assert CliRunner().invoke(migrate_command, options).exit_code == 0
    assert fetch(url, "SELECT name FROM queryport.migration ORDER BY 1") == [(name,) for name in FILES]
    assert fetch(url, "SELECT n FROM a ORDER BY n") == [(1,), (2,)]


@contextmanager
def _held(url: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [RUNNERS])
        yield


def test_one_runner_waits_for_the_other(database: DataApiTransport, folder: Path, url: str) -> None:
    said: list[str] = []

    def progress(text: str) -> AbstractContextManager[None]:
        said.append(text)
        return nullcontext()

    runner = threading.Thread(target=run_scripts, args=(database, read_scripts(folder)), kwargs={"progress": progress})
    with _held(url):
        runner.start()
        eventually(lambda: bool(said))
        time.sleep(0.3)  # in which one that did not wait would have gone on
        assert said == ["Waiting for another command that applies migrations"]
        assert fetch(url, "SELECT to_regclass('a')") == [(None,)]
    runner.join(10)
    assert said[1:] == ["Applying 0001_a.sql", "Applying 0002_f.sql"]


def test_two_runners_apply_every_file_once(client: DeployedClient, folder: Path, url: str) -> None:
    names: list[str] = []
    transports = (DataApiTransport(client), DataApiTransport(client))
    runners = [threading.Thread(target=lambda one=one: names.extend(_migrate(one, folder))) for one in transports]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(20)
    assert sorted(names) == ["0001_a.sql", "0002_f.sql"]
    assert fetch(url, "SELECT count(*) FROM a") == [(2,)]


def test_a_statement_that_is_too_long_is_refused_before_anything_runs(
    database: DataApiTransport, folder: Path, url: str
) -> None:
    columns = ", ".join(f"column_{number:04} int" for number in range(4_000))
    write(folder, {"0003_long.sql": f"CREATE TABLE long ({columns})"})
    with pytest.raises(ScriptError, match=r"0003_long.sql:1:1 QP211 the statement has 68,018 characters"):
        _migrate(database, folder)
    assert fetch(url, "SELECT to_regclass('a')") == [(None,)]


def test_who_may_not_call_is_told(emulator: Emulator, database: DataApiTransport, folder: Path) -> None:
    emulator.faults.arm(Fault(kind="error", error="AccessDeniedException"))
    with pytest.raises(DeployedError, match="the RDS Data API answers AccessDeniedException: User is not authorized"):
        _migrate(database, folder)
