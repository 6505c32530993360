"""The start compares the schema that the operations were compiled against with the deployed one's fingerprint."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from handler.settings import Settings
from queryport.compile.write.emit import write_catalog
from queryport.testing.function import cold_start

FINGERPRINT = "0123456789abcdef-fedcba98765432100123456789abcdef"


@pytest.fixture
def variables(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    # Powertools keeps one logger for each service, with the output that it had when it was first asked for.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    write_catalog(Settings.from_environment(environment).catalog, [], FINGERPRINT)
    return dict(environment)


def _start(variables: Mapping[str, str]) -> object:
    return cold_start(variables)


def test_another_schema_is_a_warning_and_a_metric(variables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _start(variables | {"QUERYPORT_SCHEMA": "ffffffffffffffff"})
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"]) == ("WARNING", "schema mismatch")
    assert (line["compiled"], line["deployed"]) == ("0123456789abcdef", "ffffffffffffffff")
    assert line["SchemaMismatch"] == [1.0]
    (metrics,) = line["_aws"]["CloudWatchMetrics"]
    assert metrics["Dimensions"] == [["service"]]
    assert metrics["Metrics"] == [{"Name": "SchemaMismatch", "Unit": "Count"}]


@pytest.mark.parametrize("schema", ["", "0123456789abcdef"])
def test_the_same_schema_or_none_is_silent(variables: Any, capsys: pytest.CaptureFixture[str], schema: str) -> None:
    _start(variables | {"QUERYPORT_SCHEMA": schema})
    assert capsys.readouterr().out == ""


def test_the_level_silences_the_warning_and_not_the_metric(
    variables: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    _start(variables | {"QUERYPORT_SCHEMA": "ffffffffffffffff"})
    line = json.loads(capsys.readouterr().out)
    assert line["SchemaMismatch"] == [1.0]
    assert "message" not in line


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("ERROR", 0)])
def test_without_metrics_the_level_alone_decides(
    variables: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, level: str, lines: int
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
    _start(variables | {"QUERYPORT_SCHEMA": "ffffffffffffffff"})
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(written) == lines
    assert not any("SchemaMismatch" in line for line in written)
