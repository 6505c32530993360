"""Direct invocations: what goes in, what comes out, and which exception a failure is."""

import json
from typing import Any

import pytest

from handler import task
from handler.contract import errors
from handler.contract.operation import Http, Parameter, Result
from tests.support.function import Function, NewFunction
from tests.support.operations import ANY, INTEGER, operation, rows_of

_NUMBERS = operation(
    rows_of("SELECT n, repeat('x', :width::int) AS filling FROM generate_series(1, (:count::int)) n"),
    name="numbers",
    parameters={"count": INTEGER, "width": INTEGER},
    how=[Parameter("width", "scalar", optional=True, default=0)],
    http=Http("GET", "/numbers"),
)
_DOCUMENT = operation(
    "SELECT to_json(:document::json)::text",
    name="document",
    result=Result.VALUE,
    parameters={"document": ANY},
    how=[Parameter("document", "json")],
)


@pytest.fixture
def function(new_function: NewFunction) -> Function:
    return new_function(_NUMBERS, _DOCUMENT)


def test_an_operation_answers_its_data(function: Function) -> None:
    assert function.invoke({"operation": "numbers", "parameters": {"count": 2}}) == {
        "data": [{"n": 1, "filling": ""}, {"n": 2, "filling": ""}]
    }


def test_the_answer_is_bytes_that_the_runtime_client_passes_on(function: Function) -> None:
    assert function.raw({"operation": "numbers", "parameters": {"count": 0}}) == b'{"data":[]}'


def test_fractions_that_aws_parsed_keep_their_shortest_form(function: Function) -> None:
    event = json.loads('{"operation": "document", "parameters": {"document": {"a": [0.1, 1e22, 3]}}}')
    assert function.raw(event) == b'{"data":{"a":[0.1,1E+22,3]}}'


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        (None, errors.InvalidParameters, 'the event must be an object such as {"operation": "orders.get_order",'),
        ([], errors.InvalidParameters, "the event must be an object such as"),
        ({"parameters": {}}, errors.InvalidParameters, "the event must be an object such as"),
        ({"operation": 7}, errors.InvalidParameters, "the event must be an object such as"),
        (
            {"operation": "numbers", "params": {}, "x": 1},
            errors.InvalidParameters,
            "the event takes operation, parameters, idempotency_key, if_match, claims and rollback, and not params, x",
        ),
        (
            {"operation": "numbers", "idempotency_key": 5},
            errors.InvalidParameters,
            "idempotency_key must be a string",
        ),
        ({"operation": "numbers", "if_match": True}, errors.InvalidParameters, "if_match must be a string or a whole"),
        ({"operation": "numbers", "if_match": 1.5}, errors.InvalidParameters, "if_match must be a string or a whole"),
        ({"operation": "numbers", "rollback": 1}, errors.InvalidParameters, "rollback must be true or false"),
        ({"operation": "numbers", "parameters": []}, errors.InvalidParameters, "the parameters must be an object"),
        (
            {"operation": "numbers", "parameters": "[]"},
            errors.InvalidParameters,
            "parameters must be an object, or for",
        ),
        (
            {"operation": "numbers", "parameters": {"count": float("nan")}},
            errors.InvalidParameters,
            "parameters has NaN or Infinity",
        ),
        ({"operation": "numbers", "parameters": {"count": "x"}}, errors.InvalidParameters, "/count must be a whole"),
        ({"operation": "nothing"}, errors.UnknownOperation, "the catalogue has no operation of this name"),
        # Neither an API Gateway of format 1.0 nor anything else that looks like HTTP is a Function URL.
        ({"version": "1.0", "requestContext": {"http": {}}}, errors.InvalidParameters, "the event must be an object"),
        ({"version": "2.0", "requestContext": {}}, errors.InvalidParameters, "the event must be an object"),
    ],
)
def test_a_failure_is_raised_by_its_name(
    function: Function, event: Any, error: type[errors.OperationError], message: str
) -> None:
    with pytest.raises(error) as failure:
        function.raw(event)
    assert str(failure.value).startswith(message)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


def test_an_answer_that_step_functions_could_not_carry_is_refused(function: Function) -> None:
    almost = task.LARGEST_ANSWER - len('{"data":[{"n":1,"filling":""}]}')
    parameters = {"count": 1, "width": almost}
    assert len(function.raw({"operation": "numbers", "parameters": parameters})) == task.LARGEST_ANSWER
    with pytest.raises(errors.ResultTooLarge, match="the answer has 260097 bytes, and Step Functions passes 260096"):
        function.task("numbers", count=1, width=almost + 1)


def test_a_mistake_of_ours_has_a_name_of_its_own(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("handler.engine.statement.ReadyStatement.form", broken)
    with pytest.raises(errors.InternalError) as failure:
        function.task("numbers", count=1)
    assert "hunter2" not in str(failure.value)


@pytest.mark.parametrize(
    "event",
    [
        {"operation": "numbers", "parameters": {"a\nERROR forged\u2028\x1b[31m": 1}},
        {"operation": "numbers", "a\r\nERROR forged": 1},
    ],
)
def test_a_caller_begins_no_line_in_the_log(function: Function, event: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidParameters) as failure:
        function.invoke(event)
    assert "forged" in str(failure.value)
    assert not any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in str(failure.value))
