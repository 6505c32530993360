"""What template.yaml promises beyond being valid, which `make check-template` sees to."""

import json
import re
from typing import Any

import pytest

from handler.observability import CallRecord, Observer
from tests.support.repository import ROOT

ALIAS = {"Ref": "QueryportFunction.Alias"}


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    found = [each for policy in role["Properties"]["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def test_callers_of_the_url_have_both_permissions(resources: dict[str, Any]) -> None:
    permissions = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Permission"]
    assert [each["FunctionName"] for each in permissions] == [ALIAS, ALIAS]
    by_action = {each["Action"]: each for each in permissions}
    assert by_action["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "AWS_IAM"
    assert by_action["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    granted = resources["CallerPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {action for each in granted for action in _actions(each)} == set(by_action)


def test_the_url_is_for_signed_requests_alone(resources: dict[str, Any]) -> None:
    assert resources["QueryportFunction"]["Properties"]["FunctionUrlConfig"]["AuthType"] == "AWS_IAM"


@pytest.mark.parametrize("role", ["FunctionRole", "WorkflowRole"])
def test_only_what_takes_no_resource_is_granted_on_all(resources: dict[str, Any], role: str) -> None:
    takes_none = re.compile(r"xray:|logs:.*(Delivery|Deliveries|ResourcePolicies|ResourcePolicy|LogGroups)$")
    for statement in _statements(resources[role]):
        if statement["Resource"] == "*":
            assert [action for action in _actions(statement) if not takes_none.match(action)] == []
        assert not any("*" in action for action in _actions(statement))


def test_the_function_may_call_the_data_api_and_no_other_service_of_rds(resources: dict[str, Any]) -> None:
    actions = {action for each in _statements(resources["FunctionRole"]) for action in _actions(each)}
    assert {action for action in actions if action.startswith("rds")} == {
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
    }


def test_the_dashboard_shows_every_metric_that_the_function_writes(
    resources: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Observer().record(CallRecord("task", "1", "orders.get_order"), seconds=0.1)
    (written,) = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    body, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r'MetricName=\\"(\w+)\\"', body)) == {metric["Name"] for metric in written["Metrics"]}
    (dimensions,) = written["Dimensions"]
    searched = variables["Search"]["Fn::Sub"].partition("}")[0].lstrip("{").split(",")
    assert searched == [written["Namespace"], *sorted(dimensions)]


def test_the_dashboard_is_json_once_its_variables_are_in(resources: dict[str, Any]) -> None:
    body, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    body = body.replace("${Search}", variables["Search"]["Fn::Sub"])
    widgets = json.loads(re.sub(r"\$\{[\w:]+\}", "name", body))["widgets"]
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(set(places)) == len(places)
    assert 'service="name"' in json.dumps(widgets).replace('\\"', '"')


def test_expired_keys_are_purged_on_a_schedule(resources: dict[str, Any]) -> None:
    schedule = resources["QueryportFunction"]["Properties"]["Events"]["PurgeIdempotencyKeys"]["Properties"]
    assert json.loads(schedule["Input"]) == {"operation": "queryport.purge_idempotency_keys"}


def test_each_alarm_tells_its_topic(resources: dict[str, Any]) -> None:
    alarms = {name: each for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert set(alarms) == {"FailuresAlarm", "ThrottlesAlarm", "DurationAlarm", "ResumesAlarm"}
    for alarm in alarms.values():
        assert alarm["Properties"]["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic"


def test_the_settings_that_sam_local_changes_are_in_the_template(resources: dict[str, Any]) -> None:
    """`sam local` gives the function only variables that the template has."""
    declared = resources["QueryportFunction"]["Properties"]["Environment"]["Variables"]
    assert set(json.loads((ROOT / "sam-local.json").read_text())["Parameters"]) <= set(declared)


def test_no_log_is_kept_for_ever(resources: dict[str, Any]) -> None:
    logs = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]
    assert [each["RetentionInDays"] for each in logs] == [{"Ref": "LogRetentionDays"}] * 2


def test_every_skipped_check_has_its_reason(resources: dict[str, Any]) -> None:
    skips = [
        skip for each in resources.values() for skip in each.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    assert [skip for skip in skips if len(skip.get("comment", "")) < 20] == []
