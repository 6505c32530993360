"""Faults on demand, the call log and the status, over HTTP and from Python."""

import json
import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ConnectionClosedError
from pydantic import ValidationError

from queryport.emulator import Emulator, Fault
from queryport.emulator.errors import STATUS, WITHOUT_MESSAGE
from tests.support.data_api import Api, long, refused, text

WITHOUT_WORDS = WITHOUT_MESSAGE | {"InternalFailure", "RequestEntityTooLargeException", "UnknownOperationException"}


def arm(emulator: Emulator, **members: Any) -> httpx.Response:
    # By json, which writes an infinite number too.
    return httpx.post(f"{emulator.url}/_queryport/faults", content=json.dumps(members))


def test_the_next_calls_get_an_error_and_the_ones_after_do_not(emulator: Emulator, api: Api) -> None:
    assert arm(emulator, kind="error", error="DatabaseResumingException", calls=2).status_code == 201
    for _ in range(2):
        refusal = api.refusal("SELECT 1")
        assert refusal.code == "DatabaseResumingException"
        assert "is resuming after being auto-paused" in refusal.message
    assert api.value("SELECT 1") == 1


@pytest.mark.parametrize("code", sorted(STATUS))
def test_every_error_can_be_had_by_name(emulator: Emulator, api: Api, code: str) -> None:
    emulator.faults.arm(Fault(kind="error", error=code))
    refusal = api.refusal("SELECT 1")
    assert (refusal.code, refusal.status) == (code, STATUS[code])
    assert bool(refusal.message) == (code not in WITHOUT_WORDS)


def test_an_error_can_have_words_of_its_own(emulator: Emulator, api: Api) -> None:
    message = "ERROR: deadlock detected; Hint: See server log for query details.; SQLState: 40P01"
    emulator.faults.arm(Fault(kind="error", error="DatabaseErrorException", message=message))
    assert api.refusal("SELECT 1").message == message


def test_a_fault_is_of_an_operation(emulator: Emulator, api: Api) -> None:
    emulator.faults.arm(Fault(kind="throttle", operation="CommitTransaction"))
    transaction = api.begin()
    assert api.value("SELECT 1", transactionId=transaction) == 1
    assert refused(lambda: api.commit(transaction)).code == "ThrottlingException"
    assert api.commit(transaction) == "Transaction Committed"


def test_a_throttle_is_what_boto3_retries(emulator: Emulator, database: str) -> None:
    with Api(emulator.url, database, attempts=2) as api:
        emulator.faults.arm(Fault(kind="throttle"))
        assert api.value("SELECT 1") == 1
    assert [call.outcome for call in emulator.log] == ["ThrottlingException", "OK"]


def test_a_delay_delays(emulator: Emulator, api: Api) -> None:
    emulator.faults.arm(Fault(kind="delay", seconds=0.2))
    began = time.monotonic()
    assert api.value("SELECT 1") == 1
    assert time.monotonic() - began >= 0.2


def test_a_connection_dropped_before_has_done_nothing(emulator: Emulator, api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    emulator.faults.arm(Fault(kind="drop", when="before"))
    with pytest.raises(ConnectionClosedError):
        api.execute("INSERT INTO t VALUES (1)")
    assert api.value("SELECT count(*) FROM t") == 0


def test_a_connection_dropped_after_has_done_it_all(emulator: Emulator, api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    emulator.faults.arm(Fault(kind="drop", when="after"))
    with pytest.raises(ConnectionClosedError):
        api.execute("INSERT INTO t VALUES (1)")
    assert api.value("SELECT count(*) FROM t") == 1
    assert [call.outcome for call in emulator.log][1] == "Dropped"


def test_an_error_after_the_work_hides_that_it_was_done(emulator: Emulator, api: Api) -> None:
    api.execute("CREATE TABLE t (a int)")
    transaction = api.begin()
    api.execute("INSERT INTO t VALUES (1)", transactionId=transaction)
    emulator.faults.arm(Fault(kind="error", error="InternalServerErrorException", when="after"))
    assert refused(lambda: api.commit(transaction)).status == 500
    assert api.value("SELECT count(*) FROM t") == 1


def test_a_fault_after_hides_an_error_too(emulator: Emulator, api: Api) -> None:
    emulator.faults.arm(Fault(kind="throttle", when="after"))
    assert api.refusal("SELEKT").code == "ThrottlingException"


def test_a_resume_lasts_its_seconds_from_the_first_call(emulator: Emulator, api: Api) -> None:
    transaction = api.begin()
    emulator.faults.arm(Fault(kind="resume", seconds=0.3))
    time.sleep(0.4)
    began = time.monotonic()
    refusals = 0
    while True:
        try:
            api.value("SELECT 1")
        except api.client.exceptions.DatabaseResumingException:
            refusals += 1
            time.sleep(0.02)
        else:
            break
    assert refusals
    assert time.monotonic() - began >= 0.3
    assert api.commit(transaction) == "Transaction Committed"
    assert emulator.faults.listed() == []


@pytest.mark.slow
def test_a_share_of_calls_is_the_same_for_the_same_seed(emulator: Emulator, api: Api) -> None:
    def outcomes(seed: int) -> list[bool]:
        emulator.faults.clear()
        emulator.faults.arm(Fault(kind="throttle", share=0.4, seed=seed))
        emulator.log.clear()
        for _ in range(50):
            try:
                api.value("SELECT 1")
            except api.client.exceptions.ClientError:
                continue
        return [call.outcome == "OK" for call in emulator.log]

    one = outcomes(1)
    assert one == outcomes(1)
    assert one != outcomes(2)
    assert 10 < one.count(False) < 30


def test_faults_are_listed_and_cleared(emulator: Emulator, api: Api) -> None:
    first = arm(emulator, kind="throttle", calls=3).json()["id"]
    arm(emulator, kind="delay", seconds=0.01, share=0.5, operation="BeginTransaction")
    api.refusal("SELECT 1")
    listed = httpx.get(f"{emulator.url}/_queryport/faults").json()
    assert [(fault["kind"], fault["hits"], fault["left"]) for fault in listed] == [
        ("throttle", 1, 2),
        ("delay", 0, None),
    ]
    assert listed[0]["id"] == first
    assert httpx.delete(f"{emulator.url}/_queryport/faults").status_code == 204
    assert httpx.get(f"{emulator.url}/_queryport/faults").json() == []
    assert api.value("SELECT 1") == 1


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"kind": "explode"}, "Input should be 'error'"),
        ({"kind": "error"}, "names the AWS error"),
        ({"kind": "error", "error": "NoSuchException"}, "expected one of AccessDeniedException"),
        ({"kind": "throttle", "error": "ForbiddenException"}, "and of no other"),
        ({"kind": "delay"}, "wants `seconds`"),
        ({"kind": "resume", "seconds": 1, "when": "after"}, "can only be before"),
        ({"kind": "throttle", "operation": "Vacuum"}, "ExecuteStatement"),
        ({"kind": "delay", "seconds": 1e400}, "finite number"),
        ({"kind": "throttle", "share": 2}, "less than or equal to 1"),
        ({"kind": "throttle", "calls": 0}, "greater than or equal to 1"),
        ({"kind": "throttle", "cals": 1}, "Extra inputs"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: Emulator, members: dict[str, Any], words: str) -> None:
    response = arm(emulator, **members)
    assert response.status_code == 400
    assert words in response.json()["errors"][0]["message"]
    with pytest.raises(ValidationError):
        Fault(**members)


def test_the_log_tells_what_a_client_sent_but_no_values(emulator: Emulator, api: Api) -> None:
    api.execute("SELECT :id, :at", long("id", 7), text("at", "2026-01-02", "DATE"))
    transaction = api.begin()
    api.refusal("SELEKT", transactionId=transaction)
    api.rollback(transaction)
    api.call("batch_execute_statement", sql="SELECT :a", parameterSets=[[text("a", "secret")], [text("a", "b")]])
    calls = httpx.get(f"{emulator.url}/_queryport/log").json()
    assert [(call["operation"], call["outcome"], call["transaction"]) for call in calls] == [
        ("ExecuteStatement", "OK", False),
        ("BeginTransaction", "OK", False),
        ("ExecuteStatement", "DatabaseErrorException", True),
        ("RollbackTransaction", "OK", True),
        ("BatchExecuteStatement", "OK", False),
    ]
    assert calls[0]["sql"] == "SELECT :id, :at"
    assert calls[0]["parameters"] == [
        {"name": "id", "type": "longValue"},
        {"name": "at", "type": "stringValue", "typeHint": "DATE"},
    ]
    assert calls[2]["message"].endswith("SQLState: 42601")
    assert calls[4]["parameter_sets"] == 2
    assert calls[4]["parameters"] == [{"name": "a", "type": "stringValue"}]
    assert all(call["seconds"] > 0 and call["fault"] is None for call in calls)
    assert "secret" not in str(calls)


def test_the_log_can_be_shortened_and_emptied(emulator: Emulator, api: Api) -> None:
    for _ in range(3):
        api.value("SELECT 1")
    log = f"{emulator.url}/_queryport/log"
    assert len(httpx.get(log, params={"last": 2}).json()) == 2
    assert httpx.get(log, params={"last": 0}).json() == []
    for senseless in ("few", "-1", "1.5", "9" * 5000):
        assert httpx.get(log, params={"last": senseless}).status_code == 400
    assert httpx.delete(log).status_code == 204
    assert httpx.get(log).json() == []


def test_the_log_names_the_fault_that_hit(emulator: Emulator, api: Api) -> None:
    emulator.faults.arm(Fault(kind="throttle"))
    api.refusal("SELECT 1")
    [call] = emulator.log
    assert (call.fault, call.outcome, call.message) == ("throttle", "ThrottlingException", "Rate exceeded")


def test_the_status_counts_what_is_open(emulator: Emulator, api: Api) -> None:
    before = emulator.status()
    transaction = api.begin()
    status = httpx.get(f"{emulator.url}/_queryport/status").json()
    assert status["transactions"] == before["transactions"] + 1
    assert status["sessions"] >= status["idle"] + 1
    api.rollback(transaction)
    assert emulator.status()["transactions"] == before["transactions"]
