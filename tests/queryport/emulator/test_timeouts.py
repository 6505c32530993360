"""The statement limit, and statements that go on after it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from queryport.emulator import Emulator, Limits
from tests.queryport.emulator.conftest import NewEmulator
from tests.support.data_api import Api

pytestmark = pytest.mark.slow

SLOW_INSERT = "INSERT INTO t SELECT 'x' FROM (SELECT pg_sleep(0.6)) q"


@pytest.fixture
def hurried(new_emulator: NewEmulator, new_api: Callable[[Emulator], Api]) -> Api:
    """An emulator that gives a statement 0.3 seconds."""
    api = new_api(new_emulator(limits=Limits(statement_seconds=0.3)))
    api.execute("CREATE TABLE t (name text)")
    return api


def waits_for(api: Api, count: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if api.value("SELECT count(*) FROM t") == count:
            return True
        time.sleep(0.02)
    return False


def test_a_statement_past_its_time_is_given_up(hurried: Api) -> None:
    assert hurried.refusal(SLOW_INSERT).code == "StatementTimeoutException"
    time.sleep(0.5)
    assert hurried.value("SELECT count(*) FROM t") == 0


def test_the_limit_is_a_setting_of_the_session(hurried: Api) -> None:
    assert hurried.value("SHOW statement_timeout") == "300ms"
    assert hurried.value("SHOW statement_timeout", continueAfterTimeout=True) == "0"
    transaction = hurried.begin()
    assert hurried.value("SHOW statement_timeout", transactionId=transaction, continueAfterTimeout=True) == "0"
    assert hurried.value("SHOW statement_timeout", transactionId=transaction) == "300ms"


def test_with_continue_after_timeout_the_statement_goes_on(hurried: Api) -> None:
    refusal = hurried.refusal(SLOW_INSERT, continueAfterTimeout=True)
    assert (refusal.code, refusal.status) == ("StatementTimeoutException", 400)
    assert refusal.message == "canceling statement due to statement timeout"
    assert refusal.members["dbConnectionId"] > 0
    assert waits_for(hurried, 1)


def test_the_next_call_of_the_transaction_waits_for_what_goes_on(hurried: Api) -> None:
    transaction = hurried.begin()
    refusal = hurried.refusal(SLOW_INSERT, transactionId=transaction, continueAfterTimeout=True)
    assert refusal.code == "StatementTimeoutException"
    time.sleep(0.1)
    assert hurried.value("SELECT count(*) FROM t", transactionId=transaction) == 1
    hurried.commit(transaction)
    assert hurried.value("SELECT count(*) FROM t") == 1


def test_what_goes_on_for_too_long_is_still_running(hurried: Api) -> None:
    transaction = hurried.begin()
    hurried.refusal("SELECT pg_sleep(2)", transactionId=transaction, continueAfterTimeout=True)
    refusal = hurried.refusal("SELECT 1", transactionId=transaction)
    assert (refusal.code, refusal.message) == ("DatabaseErrorException", "Transaction is still running a query")


def test_an_error_after_the_time_fails_the_transaction(hurried: Api) -> None:
    transaction = hurried.begin()
    failing = "SELECT 1 / (length(pg_sleep(0.4)::text))"
    assert hurried.refusal(failing, transactionId=transaction, continueAfterTimeout=True).code == (
        "StatementTimeoutException"
    )
    assert hurried.refusal("SELECT 1", transactionId=transaction).message.endswith("SQLState: 25P02")


def test_a_quick_statement_with_continue_after_timeout_is_answered_as_ever(hurried: Api) -> None:
    assert hurried.value("SELECT 1", continueAfterTimeout=True) == 1
    assert hurried.refusal("SELECT 1 / 0", continueAfterTimeout=True).message.endswith("SQLState: 22012")


def test_waiting_for_a_lock_counts(hurried: Api) -> None:
    transaction = hurried.begin()
    hurried.execute("LOCK TABLE t", transactionId=transaction)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(hurried.refusal, "SELECT * FROM t").result().code == "StatementTimeoutException"
