"""The golden cases: what the real service is known or documented to answer, each with its source and its confidence.

`data_api_cases.jsonl` holds them. Most are one call; those that need more around it have a scenario in this file.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from queryport.emulator import Clusters, Emulator, Limits
from queryport.emulator.sessions.clusters import Cluster, Secret
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.emulator.conftest import NewEmulator
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN, Api, Refusal, refused

Case = dict[str, Any]

CASES: list[Case] = [
    json.loads(line) for line in (Path(__file__).parent / "data_api_cases.jsonl").read_text().splitlines()
]

WITHOUT_LIBXML = "PostgreSQL answers 0A000: the embedded build has no libxml, so it cannot make a value of type xml"
EXPECTED_FAILURES = {"uns-xml": WITHOUT_LIBXML}

_OPERATIONS = {
    "ExecuteStatement": "execute_statement",
    "BatchExecuteStatement": "batch_execute_statement",
    "BeginTransaction": "begin_transaction",
    "RollbackTransaction": "rollback_transaction",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario may use."""

    api: Api
    postgres: EmbeddedPostgres
    new_emulator: NewEmulator
    new_api: Callable[[Emulator], Api]

    def on(self, emulator: Emulator) -> "Stage":
        return replace(self, api=self.new_api(emulator))


Answer = dict[str, Any] | Refusal


def single_call(stage: Stage, case: Case) -> Answer:
    options = case.get("options", {})
    for statement in options.get("setup", []):
        stage.api.execute(statement)
    members: dict[str, Any] = {
        name: options[name]
        for name in (
            "continueAfterTimeout",
            "formatRecordsAs",
            "includeResultMetadata",
            "parameterSets",
            "resultSetOptions",
            "schema",
            "transactionId",
        )
        if name in options
    }
    if "parameters" in case:
        members["parameters"] = [_with_bytes(parameter) for parameter in case["parameters"]]
    if "in_tx_after" in options:
        members["transactionId"] = stage.api.begin()
        for statement in options["in_tx_after"]:
            try:
                stage.api.execute(statement, transactionId=members["transactionId"])
            except ClientError:
                assert statement == "SELECT 1/0"
    operation = _OPERATIONS[options.get("op", "ExecuteStatement")]
    answer = _answer(lambda: stage.api.call(operation, sql=case["sql"], **members))
    if "after" in options:
        transaction = {name: members[name] for name in ("transactionId",) if name in members}
        assert stage.api.rows(options["after"]["sql"], **transaction) == options["after"]["records"]
    return answer


def begins(stage: Stage, case: Case) -> Answer:
    del case
    answer = stage.api.call("begin_transaction")
    assert set(answer) == {"transactionId"}
    assert 0 < len(answer["transactionId"]) <= 192
    b64decode(answer["transactionId"], validate=True)
    return answer


def rolls_back(stage: Stage, case: Case) -> Answer:
    del case
    return stage.api.call("rollback_transaction", transactionId=stage.api.begin())


def after_commit(stage: Stage, case: Case) -> Answer:
    transaction = stage.api.begin()
    stage.api.commit(transaction)
    return stage.api.refusal(case["sql"], transactionId=transaction)


def second_call_at_once(stage: Stage, case: Case) -> Answer:
    del case
    transaction = stage.api.begin()
    first = Thread(target=lambda: stage.api.execute("SELECT pg_sleep(1)", transactionId=transaction))
    first.start()
    while not _is_running(stage, "SELECT pg_sleep(1)"):
        pass
    answer = stage.api.refusal("SELECT 1", transactionId=transaction)
    first.join()
    return answer


def no_database(stage: Stage, case: Case) -> Answer:
    stage.api.execute("CREATE ROLE somebody LOGIN")
    secret = Secret(arn=SECRET_ARN, user="somebody")
    emulator = stage.new_emulator(clusters=_declared(Cluster(arn=RESOURCE_ARN), secret))
    with Api(emulator.url, None) as api:
        answer = api.refusal(case["sql"])
    stage.api.execute("DROP ROLE somebody")
    return replace(answer, message=answer.message.replace("somebody", "USERNAME"))


def wrong_password(stage: Stage, case: Case) -> Answer:
    """The embedded server asks the system who calls, until a line for this database asks for a password."""
    rules = stage.postgres.data / "pg_hba.conf"
    before = rules.read_text()
    with psycopg.connect(stage.postgres.url(), autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres PASSWORD 'right'")
        rules.write_text(f"local {stage.api.database} all scram-sha-256\n{before}")
        connection.execute("SELECT pg_reload_conf()")
        try:
            secret = Secret(arn=SECRET_ARN, user="postgres", password="wrong")  # noqa: S106
            emulator = stage.new_emulator(clusters=_declared(Cluster(arn=RESOURCE_ARN), secret))
            return stage.on(emulator).api.refusal(case["sql"])
        finally:
            rules.write_text(before)
            connection.execute("SELECT pg_reload_conf()")


def unserializable(stage: Stage, case: Case) -> Answer:
    del case
    api = stage.api
    api.execute("CREATE TABLE dots (id int, color text)")
    api.execute("INSERT INTO dots VALUES (1, 'black'), (2, 'white')")
    one, two = api.begin(), api.begin()
    for transaction in (one, two):
        api.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", transactionId=transaction)
    api.execute("UPDATE dots SET color = 'black' WHERE color = 'white'", transactionId=one)
    api.execute("UPDATE dots SET color = 'white' WHERE color = 'black'", transactionId=two)
    api.commit(one)
    return refused(lambda: api.commit(two))


def oversize_in_transaction(stage: Stage, case: Case) -> Answer:
    del case
    transaction = stage.api.begin()
    refusal = stage.api.refusal("SELECT repeat('x', 1000) FROM generate_series(1, 5000)", transactionId=transaction)
    assert refusal.code == "UnsupportedResultException"
    return stage.api.execute("SELECT 1", transactionId=transaction)


def out_of_time(stage: Stage, case: Case) -> Answer:
    hurried = stage.on(stage.new_emulator(limits=Limits(statement_seconds=0.2)))
    return single_call(hurried, case)


def aborted_by_timeout(stage: Stage, case: Case) -> Answer:
    api = stage.on(stage.new_emulator(limits=Limits(statement_seconds=0.2))).api
    api.execute("CREATE TABLE t (name text)")
    transaction = api.begin()
    refusal = api.refusal("INSERT INTO t SELECT 'x' FROM (SELECT pg_sleep(9)) q", transactionId=transaction)
    assert refusal.code == "StatementTimeoutException"
    return api.refusal(case["sql"], transactionId=transaction)


def paused(stage: Stage, case: Case) -> Answer:
    cluster = Cluster(arn=RESOURCE_ARN, paused=True)
    emulator = stage.new_emulator(clusters=_declared(cluster, Secret(arn=SECRET_ARN, user="postgres")))
    return stage.on(emulator).api.refusal(case["sql"])


SCENARIOS: dict[str, Callable[[Stage, Case], Answer]] = {
    "e-auth": wrong_password,
    "e-serialization": unserializable,
    "no-database": no_database,
    "resuming": paused,
    "size-tx-survives": oversize_in_transaction,
    "to-45s": out_of_time,
    "to-tx-aborted": aborted_by_timeout,
    "tx-after-commit": after_commit,
    "tx-begin": begins,
    "tx-concurrent": second_call_at_once,
    "tx-rollback": rolls_back,
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case["id"],
            marks=[pytest.mark.xfail(reason=EXPECTED_FAILURES[case["id"]], strict=True)]
            if case["id"] in EXPECTED_FAILURES
            else [],
        )
        for case in CASES
    ],
)
def test_case(
    case: Case, api: Api, postgres: EmbeddedPostgres, new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]
) -> None:
    scenario = SCENARIOS.get(case["id"], single_call)
    answer = scenario(Stage(api, postgres, new_emulator, new_api), case)
    expected = case["expect"]
    if expected["status"] == 200:
        assert isinstance(answer, dict), answer
        _check_success(answer, expected)
    else:
        assert isinstance(answer, Refusal), answer
        _check_refusal(answer, expected)


def test_cases_have_ids_of_their_own_and_no_scenario_is_without_a_case() -> None:
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids)) == 106
    assert set(SCENARIOS) | set(EXPECTED_FAILURES) <= set(ids)


def _check_success(answer: dict[str, Any], expected: Case) -> None:
    match expected.get("match"), expected.get("response"):
        case _, None:
            pass
        case None, response:
            assert _with_base64(answer) == response
        case "len", {"blob_bytes": length}:
            assert len(answer["records"][0][0]["blobValue"]) == length
        case "len", {"string_chars": length}:
            assert len(answer["records"][0][0]["stringValue"]) == length
        case "count", {"records_count": count}:
            assert len(answer["records"]) == count
        case "approx", response:
            [[field]], [[wanted]] = answer["records"], response["records"]
            assert field["doubleValue"] == pytest.approx(wanted["doubleValue"], rel=expected["tolerance"])
        case "subset", response:
            _check_subset(_with_base64(answer), response)
        case "subset+absent:records,columnMetadata", response:
            _check_subset(answer, response)
            assert not {"records", "columnMetadata"} & set(answer)
        case other:
            raise AssertionError(f"no way to check {other}")


def _check_subset(answer: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        for name, value in expected.items():
            _check_subset(answer[name], value)
    elif isinstance(expected, list):
        assert len(answer) == len(expected)
        for got, wanted in zip(answer, expected, strict=True):
            _check_subset(got, wanted)
    else:
        assert answer == expected


def _check_refusal(answer: Refusal, expected: Case) -> None:
    if expected.get("match") == "any-4xx":
        assert 400 <= answer.status < 500
        return
    assert (answer.code, answer.status) == (expected["error"]["code"], expected["status"])
    if "message" in expected["error"]:
        assert answer.message == expected["error"]["message"]
    else:
        assert re.fullmatch(expected["error"]["message_re"], answer.message), answer.message


def _answer(call: Callable[[], dict[str, Any]]) -> Answer:
    try:
        return call()
    except ClientError as error:
        failure = error

    def again() -> dict[str, Any]:
        raise failure

    return refused(again)


def _with_bytes(parameter: dict[str, Any]) -> dict[str, Any]:
    """The cases are JSON, so their blobs are base64; boto3 takes bytes."""
    if "blobValue" not in parameter["value"]:
        return parameter
    return parameter | {"value": {"blobValue": b64decode(parameter["value"]["blobValue"])}}


def _with_base64(answer: Any) -> Any:
    if isinstance(answer, bytes):
        return b64encode(answer).decode()
    if isinstance(answer, dict):
        return {name: _with_base64(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_with_base64(value) for value in answer]
    return answer


def _declared(cluster: Cluster, secret: Secret) -> Clusters:
    return Clusters({cluster.arn: cluster}, {secret.arn: secret})


def _is_running(stage: Stage, statement: str) -> bool:
    with psycopg.connect(stage.postgres.url()) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND state = 'active' AND query = %s",
            (stage.api.database, statement),
        )
        return found.fetchone() is not None
