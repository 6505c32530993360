"""What template.yaml promises beyond being valid, which `make check-template` sees to."""

import json
import re
from typing import Any

import pytest

from handler.contract.errors import NotAllowed, NotAuthenticated
from handler.observability import CallRecord, Observer
from tests.deployment.stack import Stack
from tests.support.repository import ROOT

ALIAS = {"Ref": "QueryportFunction.Alias"}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(ROOT / "template.yaml")


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    policies = resource["Properties"].get("Policies", [resource["Properties"]])
    found = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


@pytest.mark.parametrize("prefix", ["Url", "FrontDoor"])
def test_callers_of_the_url_have_both_permissions(resources: dict[str, Any], prefix: str) -> None:
    both = [resources[f"{prefix}{name}"]["Properties"] for name in permission_names(prefix)]
    assert [each["FunctionName"] for each in both] == [ALIAS, ALIAS]
    by_action = {each["Action"]: each for each in both}
    assert by_action["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "AWS_IAM"
    assert by_action["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    granted = resources["CallerPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {action for each in granted for action in _actions(each)} == set(by_action)


def permission_names(prefix: str) -> list[str]:
    return ["Permission", "InvokePermission"] if prefix == "Url" else ["UrlPermission", "InvokePermission"]


def test_the_url_is_for_signed_requests_alone(resources: dict[str, Any]) -> None:
    assert resources["Url"]["Properties"]["AuthType"] == "AWS_IAM"


@pytest.mark.parametrize("name", ["FunctionPolicy", "SettingsPolicy", "WorkflowRole", "CallerPolicy"])
def test_only_what_takes_no_resource_is_granted_on_all(resources: dict[str, Any], name: str) -> None:
    takes_none = re.compile(r"xray:|logs:.*(Delivery|Deliveries|ResourcePolicies|ResourcePolicy|LogGroups)$")
    for statement in _statements(resources[name]):
        if statement["Resource"] == "*":
            assert [action for action in _actions(statement) if not takes_none.match(action)] == []
        assert not any("*" in action for action in _actions(statement))


def test_the_function_may_call_the_data_api_and_no_other_service_of_rds(resources: dict[str, Any]) -> None:
    granted = [*_statements(resources["FunctionPolicy"]), *_statements(resources["SettingsPolicy"])]
    actions = {action for each in granted for action in _actions(each)}
    assert {action for action in actions if action.startswith("rds")} == {
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
    }


def test_the_dashboard_shows_every_metric_that_the_function_writes(
    resources: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    # Powertools keeps one logger for each service, with the output that it had when it was first asked for.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    Observer().record(CallRecord("task", "1", operation="orders.get_order"), seconds=0.1)
    (written,) = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    body, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r'MetricName=\\"(\w+)\\"', body)) == {metric["Name"] for metric in written["Metrics"]}
    (dimensions,) = written["Dimensions"]
    searched = variables["Search"]["Fn::Sub"].partition("}")[0].lstrip("{").split(",")
    assert searched == [written["Namespace"], *sorted(dimensions)]


def test_refused_callers_are_shown_and_ring_by_the_metric_that_the_function_writes(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger keeps the standard output that it was made with, and each test has one of its own.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "refused-callers")
    alarm = stack.properties("RefusalsAlarm")
    body = stack.properties("Dashboard")["DashboardBody"]
    for error in (NotAuthenticated("unknown"), NotAllowed("no")):
        Observer().record(CallRecord("task", "1", error=error), seconds=0.1)
        line = json.loads(capsys.readouterr().out)
        (written,) = line["_aws"]["CloudWatchMetrics"]
        (metric,) = [each["Name"] for each in written["Metrics"]]
        dimensions = {name: line[name] for name in written["Dimensions"][0] if name != "service"}
        expected = {"outcome": error.name, "service": "queryport"}
        assert dimensions | {"service": "queryport"} == expected
        shown = [written["Namespace"], metric, *(part for pair in sorted(expected.items()) for part in pair)]
        assert json.dumps(shown) in body
        watched = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
        assert {
            "Namespace": written["Namespace"],
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(expected.items())],
        } in watched


def test_what_callers_can_ring_stops_no_deployment(stack: Stack) -> None:
    (group,) = stack.named("AWS::CodeDeploy::DeploymentGroup")
    stopping = {each["Name"] for each in stack.properties(group)["AlarmConfiguration"]["Alarms"]}
    assert stack.physical_id("RefusalsAlarm") not in stopping
    assert "RefusalsAlarm" not in Stack(ROOT / "template.yaml", OperationMetrics="DISABLED").named(
        "AWS::CloudWatch::Alarm"
    )


def test_the_dashboard_is_json_once_its_variables_are_in(resources: dict[str, Any]) -> None:
    body, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    body = body.replace("${Search}", variables["Search"]["Fn::Sub"])
    widgets = json.loads(re.sub(r"\$\{[\w:]+\}", "name", body))["widgets"]
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(set(places)) == len(places)
    assert 'service="name"' in json.dumps(widgets).replace('\\"', '"')


def test_a_schedule_that_cannot_start_leaves_a_message(stack: Stack) -> None:
    schedules = stack.named("AWS::Scheduler::Schedule")
    assert len(schedules) == 2
    for name in schedules:
        target = stack.properties(name)["Target"]
        assert target["DeadLetterConfig"]["Arn"] == f"{stack.physical_id('Undelivered')}.Arn"
        role = stack.properties(target["RoleArn"].split(":")[4])
        granted = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
        assert "sqs:SendMessage" in {action for each in granted for action in _actions(each)}


def test_a_call_that_nobody_waits_for_leaves_a_message_when_it_fails(stack: Stack) -> None:
    (name,) = stack.named("AWS::Lambda::EventInvokeConfig")
    configured = stack.properties(name)
    assert configured["DestinationConfig"]["OnFailure"]["Destination"] == f"{stack.physical_id('Undelivered')}.Arn"
    assert configured["Qualifier"] == "live"


def test_an_execution_that_fails_rings(stack: Stack) -> None:
    watched = {
        (query["MetricStat"]["Metric"]["MetricName"], dimension["Value"])
        for query in stack.properties("WorkflowsAlarm")["Metrics"]
        if "MetricStat" in query
        for dimension in query["MetricStat"]["Metric"]["Dimensions"]
    }
    machines = [stack.physical_id(name) for name in stack.named("AWS::StepFunctions::StateMachine")]
    assert watched == {(metric, each) for metric in ("ExecutionsFailed", "ExecutionsTimedOut") for each in machines}


def test_expired_keys_are_purged_on_a_schedule(resources: dict[str, Any]) -> None:
    schedule = resources["QueryportFunction"]["Properties"]["Events"]["PurgeIdempotencyKeys"]["Properties"]
    assert json.loads(schedule["Input"]) == {"operation": "queryport.purge_idempotency_keys"}


def test_each_alarm_tells_its_topic(resources: dict[str, Any]) -> None:
    alarms = {name: each for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert len(alarms) == 7
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


def test_what_costs_can_be_switched_off() -> None:
    stack = Stack(ROOT / "template.yaml", Tracing="PassThrough", OperationMetrics="DISABLED")
    policies = [*stack.named("AWS::IAM::Role"), *stack.named("AWS::IAM::ManagedPolicy")]
    assert "xray:" not in json.dumps([stack.properties(name) for name in policies])
    machines = stack.named("AWS::StepFunctions::StateMachine")
    assert {stack.properties(name)["TracingConfiguration"]["Enabled"] for name in machines} == {False}
    assert stack.properties("QueryportFunction")["Environment"]["Variables"]["POWERTOOLS_METRICS_DISABLED"] == "true"


def test_what_is_kept_started_is_paid_for_by_wish_alone(stack: Stack) -> None:
    (alias,) = stack.named("AWS::Lambda::Alias")
    assert "ProvisionedConcurrencyConfig" not in stack.properties(alias)
    started = Stack(ROOT / "template.yaml", ProvisionedConcurrency="2").properties(alias)[
        "ProvisionedConcurrencyConfig"
    ]
    assert started == {"ProvisionedConcurrentExecutions": "2"}


def test_in_a_vpc_the_function_may_have_its_network_interfaces() -> None:
    stack = Stack(ROOT / "template.yaml", SubnetIds="subnet-1,subnet-2", SecurityGroupIds="sg-1")
    assert stack.properties("QueryportFunction")["VpcConfig"] == {
        "SubnetIds": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }
    assert stack.properties("FunctionRole")["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
    ]
    assert "VpcConfig" not in Stack(ROOT / "template.yaml").properties("QueryportFunction")
