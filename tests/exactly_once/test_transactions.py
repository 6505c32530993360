"""Files of several statements: all of it or nothing, whatever happens, and the caller is told which."""

from typing import Any

import pytest

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.engine.running import Running
from queryport.emulator import Fault
from tests.exactly_once.conftest import Bank

MOVE = {"ticket": "t", "source": 1, "target": 2, "amount": 10}


def test_statements_use_each_others_rows(bank: Bank) -> None:
    answer = bank.call("move_in_steps", MOVE)
    assert answer["data"]["ticket"] == "t"
    assert bank.value("SELECT array_agg(balance ORDER BY account_id) FROM account") == [990, 1010, 1000, 1000, 1000]
    assert bank.requests() == ["BeginTransaction", *["ExecuteStatement"] * 5, "CommitTransaction"]


def test_rows_pass_on_documents_and_arrays_through_temporary_tables(bank: Bank) -> None:
    answer = bank.call("temporary", {"numbers": [3, 1, 2]})
    doc = {"doc": {"all": [1, 2, 3]}, "list": [1, 2, 3]}
    assert answer == {"data": [{"n": 1, **doc}, {"n": 2, **doc}]}
    assert bank.call("temporary", {"numbers": [7]}) == {"data": []}


def test_the_answer_to_a_key_is_kept_by_the_functions_own_role(bank: Bank) -> None:
    assert bank.call("name_as_writer", {"name": "a"}, "k") == {"data": 1}
    assert bank.call("name_as_writer", {"name": "a"}, "k") == {"data": 1, "replayed": True}
    assert bank.value("SELECT note FROM named") == "pg_write_all_data"
    sent = [call.sql or "" for call in bank.emulator.log]
    written, checked, returned, kept = (
        next(number for number, sql in enumerate(sent) if part in sql)
        for part in ("INSERT INTO named", "SET CONSTRAINTS ALL IMMEDIATE", "'role', 'none'", "UPDATE queryport")
    )
    assert written < checked < returned < kept


def test_a_refusal_leaves_nothing(bank: Bank) -> None:
    with pytest.raises(errors.CheckViolation) as caught:
        bank.call("late_refusal", {"name": "a", "amount": 5000})
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.names() == []
    assert bank.requests()[-1] == "RollbackTransaction"


@pytest.mark.parametrize(("ids", "error"), [([], errors.NotFound), ([1, 2], errors.TooManyRows)])
def test_a_row_that_is_referred_to_is_exactly_one(
    bank: Bank, ids: list[int], error: type[errors.OperationError]
) -> None:
    with pytest.raises(error) as caught:
        bank.call("no_such_account", {"name": "a", "ids": ids})
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert caught.value.detail.startswith("the row `account` that the next statements need ")
    assert bank.names() == []
    assert bank.call("no_such_account", {"name": "a", "ids": [1]}) == {"data": 1}


def test_a_statement_that_would_outlive_the_deadline_is_cancelled(bank: Bank) -> None:
    with pytest.raises(errors.StatementTimeout) as caught:
        bank.new_caller(2.5).call("slow_steps", {"name": "a", "seconds": 30})
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.names() == []
    assert (
        bank.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
        )
        == 0
    )
    assert bank.emulator.log.listed(1)[0]["operation"] == "RollbackTransaction"


@pytest.mark.parametrize("operation", ["BeginTransaction", "ExecuteStatement"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_before_the_commit_is_no_matter(bank: Bank, operation: str, when: str) -> None:
    fault = {"kind": "drop", "operation": operation, "when": when}
    bank.emulator.faults.arm(Fault.model_validate(fault))
    assert bank.call("move_in_steps", MOVE)["data"]["ticket"] == "t"
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_a_commit_that_did_not_arrive_is_rolled_back_and_run_again(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="before"))
    assert bank.call("move_in_steps", MOVE)["data"]["ticket"] == "t"
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_a_commit_whose_answer_is_lost_is_unknown_without_a_key(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="after"))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        bank.call("move_in_steps", MOVE)
    assert not caught.value.retryable
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_a_commit_whose_answer_is_lost_is_found_out_with_a_key(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="after"))
    answer = bank.call("move_in_steps", MOVE, "k")
    assert bank.value("SELECT count(*) FROM movement") == 1
    assert bank.call("move_in_steps", MOVE, "k") == {**answer, "replayed": True}


@pytest.mark.slow
@pytest.mark.parametrize("key", ["k", None])
def test_what_a_function_that_died_held_is_free_when_its_call_would_have_ended(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    class Death(BaseException):
        pass

    execute = Running.execute

    def die(running: Running, sql: str, arguments: Any) -> Any:
        execute(running, sql, arguments)
        raise Death

    with monkeypatch.context() as dying:
        dying.setattr(Running, "execute", die)
        dying.setattr("handler.engine.transactions._abandon", lambda *_: None)
        with pytest.raises(Death):
            bank.new_caller(3).call("move_in_steps", MOVE, key)
    # The service would keep the transaction, its locks and the key for three minutes.
    assert "replayed" not in bank.new_caller(20).call("move_in_steps", MOVE, key)
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_a_collision_runs_the_whole_transaction_again(bank: Bank) -> None:
    collision = "ERROR: could not serialize access due to concurrent update; SQLState: 40001"
    bank.emulator.faults.arm(
        Fault(kind="error", error="DatabaseErrorException", message=collision, operation="CommitTransaction", calls=2)
    )
    assert bank.call("move_serializable", MOVE) == {"data": 1}
    assert bank.value("SELECT count(*) FROM movement") == 1
    assert bank.requests().count("BeginTransaction") == 3


def test_the_isolation_level_is_set(bank: Bank) -> None:
    bank.call("move_serializable", MOVE)
    assert [call.sql for call in bank.emulator.log][1] == "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"


def test_a_mistake_of_ours_leaves_nothing_either(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("handler.engine.statement.ReadyStatement.form", broken)
    with pytest.raises(errors.InternalError):
        bank.call("move_in_steps", MOVE)
    assert bank.requests()[-1] == "RollbackTransaction"


@pytest.mark.slow
def test_where_nothing_is_answered_any_more_the_deadline_ends_the_asking(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", operation="CommitTransaction", when="after"))
    bank.emulator.faults.arm(Fault(kind="drop", operation="RollbackTransaction", calls=1000))
    with pytest.raises(errors.OutcomeUnknown):
        bank.new_caller(2.5).call("move_in_steps", MOVE)
    assert bank.value("SELECT count(*) FROM movement") == 1
    with pytest.raises(errors.CheckViolation) as caught:
        bank.new_caller(2.5).call("late_refusal", {"name": "a", "amount": 5000})
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.names() == []
