"""The metric filters, run over lines of the log: what is counted as a failure, a crash and a resume.

The reports have the forms that Lambda's Telemetry API documents and that logs of functions show.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.contract.errors import DatabaseResuming, InternalError, NotFound, OperationError
from handler.observability import CallRecord, Observer
from tests.deployment.filter_pattern import matches

REPORTS = [json.loads(line) for line in Path(__file__).with_name("reports.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("report", REPORTS, ids=lambda each: f"{each['line'].get('type')}-{each['crash']}")
def test_a_crash_is_counted_and_a_callers_own_failure_is_not(resources: dict[str, Any], report: dict[str, Any]) -> None:
    pattern = resources["CrashesFilter"]["Properties"]["FilterPattern"]
    assert matches(pattern, json.dumps(report["line"])) is report["crash"]


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (None, set()),
        (NotFound("there is no such row"), set()),
        (InternalError("a bug"), {"FailuresFilter"}),
        (DatabaseResuming("asleep"), {"FailuresFilter", "ResumesFilter"}),
    ],
)
def test_the_functions_own_lines_are_counted(
    resources: dict[str, Any],
    error: OperationError | None,
    counted: set[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A logger keeps the standard output that it was made with, and each test has one of its own.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"log-filters-{error and error.name}")
    Observer().record(CallRecord("task", "1", error=error), seconds=0.1)
    line = capsys.readouterr().out
    filters = {
        name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::Logs::MetricFilter"
    }
    assert {name for name, each in filters.items() if matches(each["FilterPattern"], line)} == counted


def test_a_metric_without_an_event_is_0_and_not_missing(resources: dict[str, Any]) -> None:
    filters = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Logs::MetricFilter"]
    assert filters
    for each in filters:
        assert [transformation["DefaultValue"] for transformation in each["MetricTransformations"]] == [0]


@pytest.mark.parametrize("pattern", ["ERROR", "{ $.level }", '{ $.level = "ERROR" ) }', '{ ($.level = "ERROR" }'])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        matches(pattern, "{}")
