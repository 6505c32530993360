"""One line for each call: what is in it, and what never is."""

import errno
import hashlib
import io
import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest

from handler.contract import errors
from handler.contract.operation import Http, Parameter, Result
from handler.observability import CallRecord, Observer
from queryport.emulator import Emulator, Fault
from tests.support.function import IAM_CALLER, REQUEST_ID, Function, NewFunction
from tests.support.operations import TEXT, operation

_GREET = operation(
    "SELECT to_json('secret_sql ' || :name::text)::text",
    name="people.greet",
    result=Result.VALUE,
    parameters={"name": TEXT},
    http=Http("GET", "/greetings/{name}"),
)
_RAISE = operation(
    "SELECT to_json(:number::int)::text",
    name="people.raise",
    result=Result.VALUE,
    parameters={"number": TEXT},
    how=[Parameter("number", "scalar")],
)

Lines = Callable[[], list[dict[str, Any]]]
Logged = Callable[[], Function]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def logged(new_function: NewFunction, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Logged:
    """Makes a function whose log the test reads; to be called by the test itself, whose output pytest captures anew."""
    # Powertools keeps one logger for each service, with the output that it had when it was first asked for.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    return lambda: new_function(_GREET, _RAISE)


def test_a_call_is_one_line_and_its_metrics(
    logged: Logged, lines: Lines, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = logged()
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    function.http("GET", "/greetings/hunter2")
    (line,) = lines()
    assert line.pop("timestamp").endswith("+00:00")
    duration = line.pop("duration_ms")
    assert 0 < duration < 10_000
    emf = line.pop("_aws")
    assert emf.pop("Timestamp") > 1_700_000_000_000
    assert emf == {
        "CloudWatchMetrics": [
            {
                "Namespace": "Queryport",
                "Dimensions": [["operation", "service"]],
                "Metrics": [
                    {"Name": "Calls", "Unit": "Count"},
                    {"Name": "Errors", "Unit": "Count"},
                    {"Name": "Duration", "Unit": "Milliseconds"},
                    {"Name": "Rows", "Unit": "Count"},
                ],
            }
        ]
    }
    assert line == {
        "level": "INFO",
        "message": "call",
        "service": request.node.name,
        "operation": "people.greet",
        "outcome": "ok",
        "rows": 1,
        "caller": "function_url",
        "cold_start": True,
        "function_request_id": REQUEST_ID,
        "caller_kind": "iam",
        "caller_id": hashlib.sha256(b"iam:arn:aws:iam::123456789012:role/shop-client").hexdigest()[:16],
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "Calls": 1,
        "Errors": 0,
        "Duration": duration,
        "Rows": 1,
    }


def test_only_the_first_call_is_a_cold_start(logged: Logged, lines: Lines) -> None:
    function = logged()
    for _ in range(3):
        function.task("people.greet", name="x")
    assert [line["cold_start"] for line in lines()] == [True, False, False]


def test_a_failed_call_says_why_by_name(logged: Logged, lines: Lines) -> None:
    function = logged()
    with pytest.raises(errors.InvalidParameters):
        function.task("people.raise", number="hunter2")
    (line,) = lines()
    assert {
        "level": "INFO",
        "outcome": "InvalidParameters",
        "sqlstate": "22P02",
        "cause": "DatabaseErrorException",
        "caller": "task",
        "Errors": 1,
    }.items() <= line.items()


def test_our_own_failures_are_errors(logged: Logged, lines: Lines, emulator: Emulator) -> None:
    function = logged()
    emulator.faults.arm(Fault(kind="error", error="AccessDeniedException"))
    with pytest.raises(errors.QueryFailed):
        function.task("people.greet", name="x")
    (line,) = lines()
    assert {"level": "ERROR", "outcome": "QueryFailed", "cause": "AccessDeniedException"}.items() <= line.items()


def test_what_a_caller_made_up_becomes_no_metric(logged: Logged, lines: Lines) -> None:
    function = logged()
    function.http("POST", "/operations/made.up")
    function.http("GET", "/made/up")
    function.http("GET", "/health")
    assert [(line["outcome"], line["operation"], "_aws" in line) for line in lines()] == [
        ("UnknownOperation", None, False),
        ("UnknownOperation", None, False),
        ("ok", None, False),
    ]


def test_a_refused_caller_is_a_metric_also_where_no_operation_is_known(logged: Logged, lines: Lines) -> None:
    function = logged()
    function.http("GET", "/greetings/x", headers={"x-api-key": "qp_" + "x" * 43})
    (line,) = lines()
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Queryport",
        "Dimensions": [["outcome", "service"]],
        "Metrics": [{"Name": "Refused", "Unit": "Count"}],
    }
    assert {"operation": None, "outcome": "NotAuthenticated", "Refused": 1}.items() <= line.items()
    assert "Calls" not in line


def test_a_refused_call_of_an_operation_counts_for_both(logged: Logged, lines: Lines) -> None:
    function = logged()
    function.caller = None
    function.http("GET", "/greetings/x")
    function.caller = IAM_CALLER
    function.http("GET", "/greetings/x")
    refused, answered = lines()
    assert [each["Dimensions"] for each in refused["_aws"]["CloudWatchMetrics"]] == [
        [["operation", "service"]],
        [["outcome", "service"]],
    ]
    assert {"operation": "people.greet", "Calls": 1, "Errors": 1, "Refused": 1}.items() <= refused.items()
    assert "Refused" not in answered
    assert len(answered["_aws"]["CloudWatchMetrics"]) == 1


def test_neither_sql_nor_values_are_in_the_log(
    logged: Logged, capsys: pytest.CaptureFixture[str], emulator: Emulator
) -> None:
    function = logged()
    function.http("GET", "/greetings/hunter2")
    function.http("GET", "/greetings/hunter2", query="x=hunter2")
    function.http("POST", "/operations/people.raise", body={"number": "hunter2"})
    emulator.faults.arm(Fault(kind="drop"))
    function.http("GET", "/greetings/hunter2")
    output = "".join(capsys.readouterr())
    assert output.count("\n") == 4
    assert "hunter2" not in output
    assert "secret_sql" not in output
    assert "SELECT" not in output


def test_a_mistake_of_ours_is_told_by_its_type_alone(
    logged: Logged, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = logged()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("handler.engine.statement.ReadyStatement.form", broken)
    function.http("GET", "/greetings/x")
    (line,) = lines()
    assert {"level": "ERROR", "outcome": "InternalError", "cause": "ZeroDivisionError"}.items() <= line.items()
    assert "hunter2" not in json.dumps(line)


def test_debug_adds_the_trace_of_a_mistake(logged: Logged, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    function = logged()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("handler.engine.statement.ReadyStatement.form", broken)
    function.http("GET", "/greetings/x")
    line, trace = lines()
    assert line["outcome"] == "InternalError"
    assert (trace["level"], trace["exception_name"]) == ("DEBUG", "ZeroDivisionError")


def test_a_quiet_log_still_has_metrics(logged: Logged, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Shop")
    logged().http("GET", "/greetings/x")
    (line,) = lines()
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Shop"
    assert "outcome" not in line


def test_an_empty_name_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    observer = Observer()
    # Powertools keeps one logger for each service, with the output that it had when it was first asked for.
    stream = io.StringIO()
    monkeypatch.setattr(observer._handler, "stream", stream)
    observer.record(CallRecord("task", "1", operation="people.greet"), 0.1)
    line = json.loads(stream.getvalue())
    assert line["service"] == "queryport"
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Queryport"


def test_metrics_can_be_disabled(logged: Logged, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    logged().http("GET", "/greetings/x")
    (line,) = lines()
    assert line["outcome"] == "ok"
    assert not {"_aws", "Calls", "Duration"} & line.keys()


def test_a_quiet_log_without_metrics_says_nothing(
    logged: Logged, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    logged().http("GET", "/greetings/x")
    assert lines() == []


def test_debug_alone_names_a_broken_constraint(
    new_function: NewFunction, lines: Lines, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    insert = operation(
        "INSERT INTO account (account_id, email) VALUES (1, 'x'), (2, 'x')",
        name="people.add",
        result=Result.NONE,
        read_only=False,
    )
    for level, named in (("INFO", []), ("DEBUG", ["account_email_key"])):
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"{request.node.name} {level}")
        monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
        function = new_function(insert)
        lines()
        with pytest.raises(errors.UniqueViolation):
            function.task("people.add")
        written = lines()
        assert [line["constraint"] for line in written if "constraint" in line] == named
        assert not any("account_email_key" in json.dumps(line) for line in written if line["level"] != "DEBUG")


def test_a_line_that_cannot_be_written_fails_no_call(
    logged: Logged, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    function = logged()
    (handler,) = logging.getLogger(request.node.name).handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(Full())
    value = str(random.getrandbits(64))
    assert value in function.task("people.greet", name=value)
    assert "No space left on device" in (told := capsys.readouterr().err)
    assert value not in told
