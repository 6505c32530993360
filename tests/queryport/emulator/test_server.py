"""The emulator as an object and as a command: starting, stopping, redirecting."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from queryport.commands.emulator import emulator_command
from queryport.emulator import Emulator, EmulatorError
from queryport.postgres.server import EmbeddedPostgres
from tests.support.data_api import Api
from tests.support.databases import NewDatabase
from tests.support.pytest_process import run_pytest
from tests.support.repository import ROOT


def threads() -> int:
    return sum(thread.name == "queryport-emulator" for thread in threading.enumerate())


def test_it_starts_and_stops_as_often_as_one_likes(postgres: EmbeddedPostgres) -> None:
    before = threads()
    emulator = Emulator(postgres.url())
    for _ in range(2):
        emulator.start()
        emulator.start()
        assert threads() == before + 1
        with Api(emulator.url, "postgres") as api:
            assert api.value("SELECT 1") == 1
        emulator.stop()
        emulator.stop()
        assert threads() == before


def test_regions_are_compared_where_that_is_asked_for(postgres: EmbeddedPostgres) -> None:
    elsewhere = "arn:aws:rds:eu-west-1:123456789012:cluster:shop"
    for check_region in (False, True):
        with Emulator(postgres.url(), check_region=check_region) as emulator, Api(emulator.url, "postgres") as api:
            assert api.value("SELECT 1") == 1
            if check_region:
                refusal = api.refusal("SELECT 1", resourceArn=elsewhere)
                assert (refusal.code, refusal.message) == ("ValidationException", "Invalid region in ARN")
            else:
                assert api.value("SELECT 1", resourceArn=elsewhere) == 1
            # A signature of version 4a names no region.
            scope = "AWS4-ECDSA-P256-SHA256 Credential=a/20260102/rds-data/aws4_request,SignedHeaders=host,Signature=a"
            answer = httpx.post(
                f"{emulator.url}/Execute",
                headers={"Authorization": scope, "X-Amz-Date": "20260102T000000Z"},
                json=api.addressed | {"resourceArn": elsewhere, "database": "postgres", "sql": "SELECT 1"},
            )
            assert answer.status_code == 200


def test_it_has_no_port_before_it_runs(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(EmulatorError, match=r"not running: call start\(\)"):
        _ = Emulator(postgres.url()).port
    with pytest.raises(EmulatorError, match="not running"):
        Emulator(postgres.url()).status()


def test_a_port_that_is_taken_is_an_error_with_a_reason(postgres: EmbeddedPostgres) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"port {port} of 127.0.0.1 cannot be had: Address already in use"):
            Emulator(postgres.url(), port=port).start()


def test_all_addresses_are_reached_by_the_local_one(postgres: EmbeddedPostgres) -> None:
    with Emulator(postgres.url(), host="0.0.0.0") as emulator, Api(emulator.url, "postgres") as api:  # noqa: S104
        assert emulator.url.startswith("http://127.0.0.1:")
        assert api.value("SELECT 1") == 1


@pytest.mark.slow
def test_redirected_calls_go_to_another_database_and_transactions_stay(
    new_database: NewDatabase,
) -> None:
    blue = new_database("CREATE TABLE color AS SELECT 'blue' AS name")
    red = new_database("CREATE TABLE color AS SELECT 'red' AS name")
    name = str(conninfo_to_dict(blue)["dbname"])
    with Emulator(blue) as emulator, Api(emulator.url, name) as api:
        transaction = api.begin()
        assert api.value("SELECT name FROM color", transactionId=transaction) == "blue"
        emulator.redirect(red)
        assert api.value("SELECT name FROM color") == "red"
        assert api.value("SELECT name FROM color", transactionId=transaction) == "blue"
        assert api.value("SELECT current_database()", database="postgres") == "postgres"
        api.commit(transaction)
        emulator.redirect(blue)
        assert api.value("SELECT name FROM color") == "blue"


@pytest.mark.slow
def test_idle_sessions_of_a_database_that_was_left_are_closed(
    new_database: NewDatabase,
) -> None:
    blue, red = new_database(), new_database()
    name = str(conninfo_to_dict(blue)["dbname"])
    with Emulator(blue) as emulator, Api(emulator.url, name) as api, Api(emulator.url, "postgres") as other:
        api.execute("SELECT 1")
        emulator.redirect(red)
        api.execute("SELECT 1")
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND backend_type = 'client backend'"
        for _ in range(200):
            if not other.value(count, {"name": "name", "value": {"stringValue": name}}):
                break
        assert other.value(count, {"name": "name", "value": {"stringValue": name}}) == 0


# As a person runs it, signal handlers included.
_COMMAND = (sys.executable, "-c", "from queryport.__main__ import main; main()", "emulator")


@contextmanager
def _started(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Runs the command on a free port, and sends Ctrl-C at the end of a with block, also when it fails."""
    with subprocess.Popen(
        [*_COMMAND, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def _printed(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _stopped(process: subprocess.Popen[str]) -> str:
    """Stop the command by Ctrl-C and return what it wrote to the standard error."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=20)[1]


@pytest.mark.slow
def test_the_command_prints_what_to_set_and_stops_on_ctrl_c(postgres: EmbeddedPostgres) -> None:
    with _started("--database-url", postgres.url()) as process:
        lines = [_printed(process) for _ in range(3)]
        exported = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        assert list(exported) == ["AWS_ENDPOINT_URL_RDS_DATA", "QUERYPORT_RESOURCE_ARN", "QUERYPORT_SECRET_ARN"]
        with Api(
            exported["AWS_ENDPOINT_URL_RDS_DATA"],
            "postgres",
            resource_arn=exported["QUERYPORT_RESOURCE_ARN"],
            secret_arn=exported["QUERYPORT_SECRET_ARN"],
        ) as api:
            assert api.value("SELECT 1") == 1
        assert process.stderr is not None
        errors = process.stderr.readline()  # it is said behind what to set
        errors += _stopped(process)
    assert process.returncode == 0
    assert "Any ARN is accepted" in errors
    assert "warning" not in errors
    assert errors.endswith("stopped\n")


def test_web_pages_are_refused_before_anything_is_looked_at(emulator: Emulator) -> None:
    page = {"Origin": "http://evil.example"}
    for path in ("/Execute", "/nowhere", "/_queryport/faults"):
        answer = httpx.post(f"{emulator.url}{path}", headers=page, content=b"{}")
        assert (answer.status_code, list(answer.json())) == (403, ["message"])
    assert httpx.get(f"{emulator.url}/_queryport/status", headers={"Host": "evil.example"}).status_code == 403
    assert (list(emulator.log), emulator.faults.listed()) == ([], [])


@pytest.mark.slow
def test_the_command_serves_the_embedded_postgresql_as_auroras_master_user(tmp_path: Path) -> None:
    """And no superuser; within the limits that it is given."""
    with _started("--data-dir", str(tmp_path / "data"), "--limit", "result_bytes=1000") as process:
        url = _printed(process).partition("=")[2].strip()
        with Api(url, None) as api:
            assert api.value("SELECT current_database()") == "postgres"
            assert api.refusal("SELECT repeat('x', 2000)").code == "UnsupportedResultException"
            assert api.refusal("COPY (SELECT 1) TO PROGRAM 'true'").message.endswith("SQLState: 42501")
            # What a client of Aurora's does as the master user.
            for statement in (
                "CREATE TABLE made (id serial PRIMARY KEY)",
                "INSERT INTO made DEFAULT VALUES",
                "CREATE SCHEMA apart",
                "CREATE EXTENSION hstore",
                "CREATE EXTENSION vector",
                "CREATE ROLE reader",
                "CREATE DATABASE another",
            ):
                api.execute(statement)
            api.execute("CREATE TABLE there (id int)", database="another")
    assert not (tmp_path / "data" / "postgres" / "data" / "postmaster.pid").exists()


def test_the_command_explains_a_file_it_cannot_use(tmp_path: Path) -> None:
    result = CliRunner().invoke(emulator_command, ["--clusters", str(tmp_path / "nothing.toml")])
    assert result.exit_code == 1
    assert re.search(r"nothing\.toml cannot be read", str(result.exception))


@pytest.mark.parametrize("limit", ["statement_seconds", "seconds=2", "sessions=1.5", "sessions=0", "result_bytes=many"])
def test_the_command_explains_a_limit_it_cannot_use(limit: str) -> None:
    result = CliRunner().invoke(emulator_command, ["--limit", limit])
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert "one of request_bytes, result_bytes, formatted_bytes, statement_seconds" in said
    assert f"got '{limit}'" in said


def test_importing_the_package_imports_no_server() -> None:
    program = "import sys, queryport.emulator, queryport.testing.data_api_plugin;"
    loaded = subprocess.run(
        [sys.executable, "-c", f"{program} print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"uvicorn", "starlette", "pydantic", "psycopg", "boto3"} & set(loaded)


def test_the_entry_point_of_the_pytest_plugin_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"]["queryport_data_api"] == "queryport.testing.data_api_plugin"


@pytest.mark.slow
def test_the_pytest_plugin_gives_each_test_a_database_of_its_own(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE their_tests LOGIN CREATEDB")
    (tmp_path / "test_theirs.py").write_text(
        """
import boto3
import psycopg
import pytest
from queryport.emulator import Fault

pytest_plugins = ["queryport_data_api"]


@pytest.mark.parametrize("turn", [1, 2])
def test_own_database(queryport_data_api, turn):
    client = boto3.client("rds-data")
    client.execute_statement(sql="CREATE TABLE t (a int)", **queryport_data_api.arguments)
    client.execute_statement(sql="INSERT INTO t VALUES (1)", **queryport_data_api.arguments)
    with psycopg.connect(queryport_data_api.database_url) as connection:
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert [call.sql[:6] for call in queryport_data_api.emulator.log] == ["CREATE", "INSERT"]
    client.close()


def test_faults(queryport_data_api):
    client = boto3.client("rds-data")
    queryport_data_api.emulator.faults.arm(Fault(kind="error", error="ForbiddenException"))
    with pytest.raises(client.exceptions.ForbiddenException):
        client.execute_statement(sql="SELECT 1", **queryport_data_api.arguments)
    client.close()
"""
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    _, said = run_pytest(tmp_path, postgres=postgres, user="their_tests")
    assert "3 passed" in said, said
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("DROP ROLE their_tests")  # PostgreSQL refuses where one of its databases is left
