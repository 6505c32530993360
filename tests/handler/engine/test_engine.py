"""What each kind of result answers, and what happens to changes, on a real PostgreSQL."""

from typing import Any

import pytest

from handler.contract import errors
from handler.contract.operation import Parameter, Result
from queryport.compile.write.pieces import Alternative
from queryport.emulator import Emulator
from tests.support.function import NewFunction
from tests.support.operations import INTEGER, operation, rows_of

_SERIES = rows_of("SELECT n FROM generate_series(1, (:count::int)) n")
_VALUE = "SELECT to_json(n)::text FROM generate_series(1, (:count::int)) n"
_NULL = "SELECT to_json(NULL::int)::text FROM generate_series(1, (:count::int)) n"


def _call(new_function: NewFunction, sql: str, result: Result, count: int) -> Any:
    function = new_function(operation(sql, result=result, parameters={"count": INTEGER}))
    return function.task("test.operation", count=count)


@pytest.mark.parametrize(
    ("result", "sql", "count", "answer"),
    [
        (Result.MANY, _SERIES, 0, []),
        (Result.MANY, _SERIES, 2, [{"n": 1}, {"n": 2}]),
        (Result.ONE, _SERIES, 1, {"n": 1}),
        (Result.MAYBE, _SERIES, 0, None),
        (Result.MAYBE, _SERIES, 1, {"n": 1}),
        (Result.VALUE, _VALUE, 1, 1),
        (Result.VALUE, _NULL, 1, None),
        (Result.NONE, _SERIES, 2, None),
    ],
)
def test_answers(new_function: NewFunction, result: Result, sql: str, count: int, answer: Any) -> None:
    assert _call(new_function, sql, result, count) == answer


@pytest.mark.parametrize(("result", "sql"), [(Result.ONE, _SERIES), (Result.VALUE, _VALUE)])
def test_no_row_is_not_found(new_function: NewFunction, result: Result, sql: str) -> None:
    with pytest.raises(errors.NotFound, match=r"test\.operation found no row for these parameters"):
        _call(new_function, sql, result, 0)


@pytest.mark.parametrize(("result", "sql"), [(Result.ONE, _SERIES), (Result.MAYBE, _SERIES), (Result.VALUE, _VALUE)])
def test_two_rows_are_too_many(new_function: NewFunction, result: Result, sql: str) -> None:
    with pytest.raises(errors.TooManyRows, match=r"test\.operation is for one row, and found more$"):
        _call(new_function, sql, result, 2)


def test_a_change_answers_the_rows_that_it_changed(new_function: NewFunction) -> None:
    function = new_function(
        operation(
            "INSERT INTO account (account_id, email) SELECT n, n::text FROM generate_series(1, (:count::int)) n",
            name="insert",
            result=Result.AFFECTED,
            read_only=False,
            parameters={"count": INTEGER},
        ),
        operation("DELETE FROM account", name="delete", result=Result.NONE, read_only=False),
        operation(
            "WITH q AS (UPDATE account SET balance = 1 RETURNING account_id) SELECT row_to_json(q)::text FROM q",
            name="update",
            result=Result.ONE,
            read_only=False,
        ),
    )
    assert function.task("insert", count=3) == 3
    with pytest.raises(errors.TooManyRows, match="found more"):
        function.task("update")
    assert function.task("delete") is None
    with pytest.raises(errors.NotFound):
        function.task("update")


def test_only_what_the_call_needs_is_sent(new_function: NewFunction, emulator: Emulator) -> None:
    function = new_function(
        operation(
            "SELECT to_json(n)::text FROM generate_series(1, 3) n",
            Alternative("only", " WHERE n = (:only::int)", ""),
            result=Result.MANY,
            parameters={"only": {"type": ["integer", "null"]}},
            how=[Parameter("only", "scalar", optional=True)],
        )
    )
    assert function.task("test.operation") == [1, 2, 3]
    assert function.task("test.operation", only=2) == [2]
    without, with_it = emulator.log
    assert without.parameters == ()
    assert without.sql == "SELECT to_json(n)::text FROM generate_series(1, 3) n"
    assert [parameter["name"] for parameter in with_it.parameters] == ["only"]


def test_operations_beyond_those_kept_ready_still_answer(
    new_function: NewFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handler.engine.engine._MOST_READY", 2)
    function = new_function(
        *(operation(f"SELECT '{number}'", name=f"o{number}", result=Result.VALUE) for number in range(5))
    )
    for _ in range(2):
        assert [function.task(f"o{number}") for number in range(5)] == [0, 1, 2, 3, 4]


def test_a_broken_constraint_is_named(new_function: NewFunction) -> None:
    function = new_function(
        operation(
            "INSERT INTO account (account_id, email) SELECT n, 'x' FROM generate_series(1, (:count::int)) n",
            result=Result.AFFECTED,
            read_only=False,
            parameters={"count": INTEGER},
        )
    )
    with pytest.raises(errors.UniqueViolation) as caught:
        function.task("test.operation", count=2)
    assert (caught.value.constraint, caught.value.sqlstate) == ("account_email_key", "23505")
