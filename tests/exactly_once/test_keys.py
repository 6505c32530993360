"""Writes with an idempotency key: once, in one round trip, and the same answer ever after."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from handler.contract import errors
from handler.contract.errors import Outcome
from queryport.emulator import Emulator, Fault
from tests.campaign.bank import callers
from tests.exactly_once.conftest import Bank
from tests.support.function import IAM_CALLER
from tests.support.roles import as_role

MOVE = {"ticket": "t", "source": 1, "target": 2, "amount": 10}


def test_a_write_with_a_key_takes_one_round_trip_and_happens_once(bank: Bank) -> None:
    first = bank.call("move_at_once", MOVE, "k")
    assert bank.requests() == ["ExecuteStatement"]
    again = bank.call("move_at_once", MOVE, "k")
    assert again == {**first, "replayed": True}
    assert bank.value("SELECT count(*) FROM movement") == 1
    assert bank.value("SELECT balance FROM account WHERE account_id = 1") == 990


def test_over_http_the_answer_is_the_same_byte_for_byte_and_marked(bank: Bank) -> None:
    first = bank.caller.http("POST", "/movements", body=MOVE, headers={"idempotency-key": "k"})
    again = dict(reversed(MOVE.items()))
    quoted = bank.caller.http("POST", "/movements", body=again, headers={"idempotency-key": '"k"'})
    assert first.status == quoted.status == 200
    assert first.text == quoted.text
    assert "idempotency-replayed" not in first.headers
    assert quoted.headers["idempotency-replayed"] == "true"


def test_other_parameters_are_a_conflict(bank: Bank) -> None:
    bank.caller.http("POST", "/movements", body=MOVE, headers={"idempotency-key": "k"})
    other = {**MOVE, "amount": 11}
    response = bank.caller.http("POST", "/movements", body=other, headers={"idempotency-key": "k"})
    problem = response.json
    assert (response.status, problem["code"], problem["outcome"]) == (422, "IdempotencyConflict", "not_executed")
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_a_key_of_one_caller_is_none_of_another(bank: Bank) -> None:
    first = bank.caller.http("POST", "/movements", body=MOVE, headers={"idempotency-key": "k"})
    bank.caller.caller = {**IAM_CALLER, "userArn": "arn:aws:iam::123456789012:user/mallory"}
    others = bank.caller.http("POST", "/movements", body={**MOVE, "amount": 11}, headers={"idempotency-key": "k"})
    assert (first.status, others.status) == (200, 200)
    assert "idempotency-replayed" not in others.headers
    again = bank.caller.http("POST", "/movements", body={**MOVE, "amount": 11}, headers={"idempotency-key": "k"})
    assert (again.json, again.headers["idempotency-replayed"]) == (others.json, "true")
    bank.call("move_at_once", {**MOVE, "amount": 12}, "k")
    assert bank.value("SELECT count(*) FROM movement") == 3


@pytest.mark.parametrize("operation", ["move_at_once", "move_in_steps", "move_serializable", "move_uncounted"])
def test_concurrent_twins_wait_and_answer_alike(bank: Bank, operation: str) -> None:
    twins = [bank.new_caller(20.0) for _ in range(8)]
    with ThreadPoolExecutor(len(twins)) as pool:
        answers = list(pool.map(lambda caller: caller.call(operation, MOVE, "k"), twins))
    assert bank.value("SELECT count(*) FROM movement") == 1
    assert {json.dumps(answer["data"]) for answer in answers} == {json.dumps(answers[0]["data"])}
    assert sum("replayed" in answer for answer in answers) == len(twins) - 1


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("name_it", {"name": "a"}),
        ("by_function", {"name": "abc"}),
        ("many_names", {"prefix": "p", "count": 3}),
        ("many_names", {"prefix": "p", "count": 0}),
        ("maybe_rename", {"note": "x", "like": "nobody"}),
        ("move_uncounted", MOVE),
        ("move_serializable", MOVE),
        ("move_in_steps", MOVE),
    ],
)
def test_every_result_is_replayed_as_it_was(bank: Bank, operation: str, parameters: dict[str, Any]) -> None:
    first = bank.call(operation, parameters, "k")
    assert bank.call(operation, parameters, "k") == {**first, "replayed": True}
    assert bank.value("SELECT count(*) FROM queryport.idempotency_key") == 1


@pytest.mark.parametrize("operation", ["move_at_once", "move_in_steps"])
def test_a_key_goes_with_what_is_bound_and_not_with_how_it_was_written(bank: Bank, operation: str) -> None:
    first = bank.call(operation, MOVE, "k")
    assert bank.call(operation, {**MOVE, "source": 1.0, "target": 2.0}, "k") == {**first, "replayed": True}


def test_a_null_value_is_replayed(bank: Bank) -> None:
    bank.run("INSERT INTO named VALUES ('a', 'b')")
    assert bank.call("no_value", {"name": "a"}, "k") == {"data": None}
    assert bank.call("no_value", {"name": "a"}, "k") == {"data": None, "replayed": True}


@pytest.mark.slow
def test_a_lapsed_key_is_free_again(bank: Bank) -> None:
    assert bank.call("name_for_a_second", {"name": "a"}, "k") == {"data": 1}
    assert bank.call("name_for_a_second", {"name": "a"}, "k")["replayed"]
    time.sleep(1.1)
    assert bank.call("name_for_a_second", {"name": "b"}, "k") == {"data": 1}
    assert bank.names() == ["a", "b"]
    bank.run("UPDATE queryport.idempotency_key SET expires_at = now() - interval '1 second'")
    assert bank.call("queryport.purge_idempotency_keys", {}) == {"data": 1}
    assert bank.call("queryport.purge_idempotency_keys", {"at_most": 5}) == {"data": 0}


@pytest.mark.parametrize(("lapsed", "pieces"), [(0, 1), (9_999, 1), (10_000, 2), (25_000, 3)])
def test_all_keys_that_have_lapsed_are_purged_piece_by_piece(bank: Bank, lapsed: int, pieces: int) -> None:
    bank.run(
        "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "  # noqa: S608 (a number)
        f"SELECT 'o', n::text, '', '{{}}', now() - interval '1 s' FROM generate_series(1, {lapsed}) n; "
        "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
        "VALUES ('o', 'kept', '', '{}', now() + interval '1 day')"
    )
    assert bank.new_caller(30).call("queryport.purge_idempotency_keys", {}) == {"data": lapsed}
    assert len(bank.requests()) == pieces
    assert bank.value("SELECT string_agg(key, ' ') FROM queryport.idempotency_key") == "kept"


def test_a_purge_takes_its_piece_once_whatever_the_statistics_say(bank: Bank) -> None:
    insert = (
        "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
        "SELECT 'o', n::text, '', '{}', now() - interval '1 s' FROM generate_series(1, 300) n"
    )
    bank.run(insert)
    bank.run("DELETE FROM queryport.idempotency_key")
    # Many pages without rows are planned for as such; those of a table that is small are not believed to stay empty.
    bank.run("VACUUM (ANALYZE, TRUNCATE off) queryport.idempotency_key")
    bank.run(insert)
    assert bank.call("queryport.purge_idempotency_keys", {"at_most": 100}) == {"data": 100}
    assert bank.value("SELECT count(*) FROM queryport.idempotency_key") == 200
    bank.run("ANALYZE queryport.idempotency_key")


def test_a_purge_stops_while_there_is_time_to_answer(bank: Bank) -> None:
    bank.run(
        "INSERT INTO queryport.idempotency_key (operation, key, request_hash, response, expires_at) "
        "SELECT 'o', n::text, '', '{}', now() - interval '1 s' FROM generate_series(1, 10001) n"
    )
    assert bank.new_caller(9).call("queryport.purge_idempotency_keys", {}) == {"data": 10_000}
    assert bank.new_caller(30).call("queryport.purge_idempotency_keys", {"at_most": 1}) == {"data": 1}


def test_a_lapsed_key_is_free_again_for_a_transaction(bank: Bank) -> None:
    bank.call("move_in_steps", MOVE, "k")
    bank.run("UPDATE queryport.idempotency_key SET expires_at = now()")
    assert "replayed" not in bank.call("move_in_steps", {**MOVE, "amount": 1}, "k")
    assert bank.value("SELECT count(*) FROM movement") == 2


def test_a_failure_is_not_kept(bank: Bank) -> None:
    with pytest.raises(errors.CheckViolation) as caught:
        bank.call("move_at_once", {**MOVE, "amount": 5000}, "k")
    assert caught.value.outcome is Outcome.ROLLED_BACK
    bank.run("UPDATE account SET balance = 9000 WHERE account_id = 1")
    assert "replayed" not in bank.call("move_at_once", {**MOVE, "amount": 5000}, "k")
    bank.run("UPDATE account SET balance = 1000 WHERE account_id <= 2")


@pytest.mark.parametrize("operation", ["name_it", "by_function"])
def test_what_the_first_try_achieved_does_not_refuse_the_second(bank: Bank, operation: str) -> None:
    """The name is unique by itself, so the author's own constraint speaks before the key's."""
    bank.emulator.faults.arm(Fault(kind="drop", when="after"))
    answer = bank.call(operation, {"name": "a"}, "k")
    assert answer["replayed"]
    assert bank.names() == ["a"]


def test_required_and_refused_keys(bank: Bank) -> None:
    for operation, key in (
        ("name_with_key", None),
        ("name_without_key", "k"),
        ("name_it", "k" * 256),
        ("name_it", "ü"),
    ):
        with pytest.raises(errors.InvalidParameters, match="idempotency key"):
            bank.call(operation, {"name": "a"}, key)
    assert bank.names() == []
    assert bank.call("balance", {"account_id": 1}, "k") == {"data": 1000}


def test_a_key_that_is_missing_or_too_much_is_told_in_the_caller_s_terms(bank: Bank) -> None:
    for operation, headers in (("name_with_key", {}), ("name_without_key", {"idempotency-key": "k"})):
        response = bank.caller.http("POST", f"/operations/{operation}", body={"name": "a"}, headers=headers)
        (flaw,) = response.json["errors"]
        told = {"pointer": "", "detail": response.json["detail"], "in": "header", "name": "Idempotency-Key"}
        assert (response.status, flaw) == (400, told)
    missing = bank.caller.http("POST", "/operations/name_with_key", body={"name": "a"}).json["detail"]
    assert missing == "this operation requires an idempotency key: send the header Idempotency-Key"
    with pytest.raises(errors.InvalidParameters, match="send idempotency_key beside parameters in the event"):
        bank.call("name_with_key", {"name": "a"})


_STATEMENTS = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"


@pytest.mark.parametrize("granted", ["", "GRANT USAGE ON SCHEMA queryport TO {role}", _STATEMENTS])
@pytest.mark.parametrize("operation", ["name_it", "name_for_a_second", "steps_unkept"])
def test_a_role_that_may_not_keep_keys_is_told_so_and_leaves_no_doubt(bank: Bank, operation: str, granted: str) -> None:
    with _as_keyless(bank, granted) as call:
        for _ in range(2):
            with pytest.raises(errors.NotAllowed) as caught:
                call(operation)
            assert caught.value.sqlstate == "42501"
            assert caught.value.outcome in (Outcome.NOT_EXECUTED, Outcome.ROLLED_BACK)
    assert bank.names() == []


def test_a_role_that_may_keep_keys_and_not_read_them_leaves_doubt(bank: Bank) -> None:
    keeps = "GRANT USAGE ON SCHEMA queryport TO {role}; GRANT INSERT ON queryport.idempotency_key TO {role}"
    with _as_keyless(bank, f"{_STATEMENTS}; {keeps}") as call:
        call("name_it")
        with pytest.raises(errors.OutcomeUnknown):  # the key is taken, and by which call cannot be read
            call("name_it")
    assert bank.names() == ["a"]


@contextmanager
def _as_keyless(bank: Bank, granted: str) -> Iterator[Callable[[str], Any]]:
    """Calls as a role that has what is granted alone; it is dropped behind them."""
    role = f"keyless_{os.getpid()}"
    bank.run(f"CREATE ROLE {role}; {granted.format(role=role)}")
    try:
        with Emulator(as_role(bank.url, role)) as emulator:
            caller = callers(bank.catalog, emulator.url, str(conninfo_to_dict(bank.url)["dbname"]))(20.0)
            yield lambda operation: caller.call(operation, {"name": "a"}, "k")
    finally:
        bank.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(
    ("operation", "like", "error"),
    [
        ("rename_all", "n%", errors.TooManyRows),
        ("maybe_rename", "n%", errors.TooManyRows),
        ("rename_all", "x%", errors.NotFound),
        ("rename_and_count", "n1", errors.NotFound),
    ],
)
def test_a_write_of_one_row_happens_with_one_row_only(
    bank: Bank, operation: str, like: str, error: type[errors.OperationError], key: str | None
) -> None:
    bank.run("INSERT INTO named VALUES ('n1', 'old'), ('n2', 'old')")
    with pytest.raises(error) as caught:
        bank.call(operation, {"note": "new", "like": like}, key)
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.value("SELECT count(*) FROM named WHERE note = 'old'") == 2
    assert bank.value("SELECT count(*) FROM queryport.idempotency_key") == 0


def test_without_a_key_nobody_knows_what_a_lost_answer_said(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", when="after"))
    problem = bank.caller.http("POST", "/movements", body=MOVE).json
    assert (problem["code"], problem["outcome"], problem["retryable"]) == ("OutcomeUnknown", "unknown", False)
    assert bank.requests() == ["ExecuteStatement"]


@pytest.mark.slow
def test_with_a_key_and_no_time_left_the_caller_may_call_again(bank: Bank) -> None:
    hurried = bank.new_caller(1.2)
    bank.emulator.faults.arm(Fault(kind="delay", seconds=2))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        hurried.call("move_at_once", MOVE, "k")
    assert caught.value.retryable
    assert bank.call("move_at_once", MOVE, "k")["data"]["ticket"] == "t"
    time.sleep(1.5)
    assert bank.value("SELECT count(*) FROM movement") == 1


def test_retry_after_is_told_where_it_is_known(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="resume", seconds=60))
    response = bank.new_caller(1.5).http("POST", "/movements", body=MOVE)
    problem = response.json
    assert (problem["code"], problem["outcome"]) == ("DatabaseResuming", "not_executed")
    assert response.headers["retry-after"] == "10"


def test_a_call_that_nobody_took_in_looks_nothing_up(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="error", error="AccessDeniedException"))
    with pytest.raises(errors.QueryFailed) as caught:
        bank.call("name_it", {"name": "a"}, "k")
    assert caught.value.outcome is Outcome.NOT_EXECUTED
    assert bank.requests() == ["ExecuteStatement"]


def test_where_the_look_up_is_not_answered_either_nobody_knows(bank: Bank) -> None:
    bank.emulator.faults.arm(Fault(kind="drop", when="after"))
    bank.emulator.faults.arm(Fault(kind="error", error="AccessDeniedException", calls=2))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        bank.call("name_it", {"name": "a"}, "k")
    assert caught.value.retryable
    assert bank.call("name_it", {"name": "a"}, "k")["replayed"]


@pytest.mark.parametrize(("operation", "parameters"), [("move_at_once", MOVE), ("move_in_steps", MOVE)])
def test_a_key_that_lapses_while_it_is_looked_up_is_tried_again_and_given_up(
    bank: Bank, operation: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.call(operation, parameters, "k")
    with monkeypatch.context() as patch:  # a key lapses within the microsecond between two statements
        patch.setattr("handler.engine.idempotency.Keys.answer", lambda *_: None)
        with pytest.raises(errors.OperationError) as caught:
            bank.new_caller(3).call(operation, parameters, "k")
    assert caught.value.outcome is Outcome.ROLLED_BACK
    assert bank.call(operation, parameters, "k")["replayed"]


def test_fractions_count_in_what_a_key_goes_with(bank: Bank) -> None:
    bank.call("slow_name", {"name": "a", "seconds": 0.01}, "k")
    assert bank.call("slow_name", {"name": "a", "seconds": 0.010}, "k")["replayed"]
    with pytest.raises(errors.IdempotencyConflict):
        bank.call("slow_name", {"name": "a", "seconds": 0.02}, "k")


def test_an_answer_that_is_too_large_says_that_the_change_was_made(bank: Bank) -> None:
    with pytest.raises(errors.ResultTooLarge, match="the change was made") as caught:
        bank.call("many_names", {"prefix": "p" * 1000, "count": 300})
    assert caught.value.outcome is Outcome.COMMITTED
    assert len(bank.names()) == 300
