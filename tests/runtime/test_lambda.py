"""The handler as Lambda runs it: events in, payloads and errors out, the time that is left, the log."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from queryport.emulator import Emulator, Fault
from tests.support.function import function_url_event
from tests.support.lambda_runtime import LambdaRuntime


def test_an_answer_passes_through_the_runtime_byte_by_byte(function: LambdaRuntime) -> None:
    payload = function.invoke_text('{"operation": "numbers.list", "parameters": {"count": 2}}')
    assert payload == (
        '{"data":[{"n":1,"label":"é \\"1","price":1.1000000000},{"n":2,"label":"é \\"2","price":1.1000000000}]}'
    )


def test_a_function_url_s_request_is_answered(function: LambdaRuntime) -> None:
    answer = function.invoke(function_url_event("GET", "/numbers/1", "", None, {}, is_base64=False))
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert json.loads(answer["body"]) == {"data": [{"n": 1, "label": 'é "1', "price": 1.1}]}


def test_an_unknown_route_is_a_problem_and_no_failed_invocation(function: LambdaRuntime) -> None:
    answer = function.invoke(function_url_event("GET", "/nowhere", "", None, {}, is_base64=False))
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (404, "application/problem+json")


def test_the_stack_trace_that_the_runtime_client_adds_is_the_same_whatever_failed(function: LambdaRuntime) -> None:
    """SECURITY.md: it says where the handler raises, and nothing of the failure's origin."""
    events: list[dict[str, object]] = [
        {"operation": "numbers.one", "parameters": {"count": 0}},
        {"operation": "nothing"},
        {"operation": "numbers.one", "parameters": {"count": "hunter2"}},
        {},
    ]
    traces = {tuple(function.invoke(event)["stackTrace"]) for event in events}
    (trace,) = traces
    assert ["application.py" in trace[0], "task.py" in trace[1]] == [True, True]
    assert len(trace) == 2


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        (
            {"operation": "numbers.one", "parameters": {"count": 0}},
            "NotFound",
            "numbers.one found no row for these parameters",
        ),
        (
            {"operation": "numbers.one", "parameters": {"count": 2}},
            "TooManyRows",
            "numbers.one is for one row, and found more",
        ),
        ({"operation": "nothing"}, "UnknownOperation", "the catalogue has no operation of this name"),
        (
            {"operation": "numbers.one", "parameters": {"count": "hunter2", "x": 1}},
            "InvalidParameters",
            "/count must be a whole number; /x is not known here",
        ),
    ],
)
def test_a_failure_has_the_name_that_a_state_machine_matches(
    function: LambdaRuntime, event: dict[str, object], error_type: str, message: str
) -> None:
    answer = function.invoke(event)
    assert (answer["errorType"], answer["errorMessage"]) == (error_type, message)
    text = json.dumps(answer)
    assert "SELECT" not in text
    assert "hunter2" not in text


def test_numbers_that_fit_a_float_come_back_as_they_went_in(function: LambdaRuntime) -> None:
    payload = function.invoke_text(
        '{"operation": "document.echo", "parameters": {"document": [0.1, 12345678901234567890]}}'
    )
    assert payload == '{"data":[0.1,12345678901234567890]}'


@pytest.mark.slow
def test_the_caller_hears_of_a_slow_database_before_lambda_ends_the_function(
    environment: Mapping[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    with LambdaRuntime(environment, tmp_path / "log", timeout_seconds=6) as function:
        assert function.invoke({"operation": "numbers.one", "parameters": {"count": 1}}) == {"data": {"n": 1}}
        emulator.faults.arm(Fault(kind="delay", seconds=7))
        answer = function.invoke({"operation": "numbers.one", "parameters": {"count": 1}})
        assert answer["errorType"] == "StatementTimeout"
        assert function.invoke({"operation": "numbers.one", "parameters": {"count": 1}}) == {"data": {"n": 1}}


def test_every_call_is_a_line_of_json(environment: Mapping[str, str], tmp_path: Path) -> None:
    with LambdaRuntime(environment, tmp_path / "log") as function:
        function.invoke({"operation": "numbers.list", "parameters": {"count": 3}})
        function.invoke(function_url_event("GET", "/numbers/x", "", None, {}, is_base64=False))
        lines = [json.loads(line) for line in function.log().splitlines() if line.startswith("{")]
    assert [(line["operation"], line["caller"], line["outcome"], line["rows"]) for line in lines] == [
        ("numbers.list", "task", "ok", 3),
        ("numbers.list", "function_url", "InvalidParameters", 0),
    ]
    assert [line["cold_start"] for line in lines] == [True, False]
    assert all("_aws" in line for line in lines)


def test_a_function_that_is_not_set_up_says_what_is_missing(environment: Mapping[str, str], tmp_path: Path) -> None:
    incomplete = {**environment, "QUERYPORT_SECRET_ARN": ""}
    with LambdaRuntime(incomplete, tmp_path / "log") as function:
        answer = function.invoke({"operation": "numbers.list"})
    assert answer["errorMessage"] == "QUERYPORT_SECRET_ARN must be set to an ARN in the function's environment"
