"""docs/cdk.md: its stack, synthesised by the AWS CDK from npm, does what template.yaml does; test_lint.py lints it."""

from typing import Any

import pytest

from tests.deployment.cdk_stack import CHANGES, cdk_templates, node, synthesised
from tests.deployment.policies import actions_on, granted
from tests.deployment.stack import Stack
from tests.deployment.test_versions import TEMPLATE


@pytest.fixture(scope="module")
def program() -> str:
    found = node()
    if found is None:
        pytest.skip("Node is not installed: the AWS CDK cannot be run")
    return found


@pytest.fixture(scope="module")
def templates(program: str) -> list[dict[str, Any]]:
    return cdk_templates(program)


@pytest.mark.long
def test_the_cdks_own_validation_finds_nothing(program: str, templates: list[dict[str, Any]]) -> None:
    assert synthesised(program) == templates


@pytest.fixture(scope="module")
def template(templates: list[dict[str, Any]]) -> dict[str, Any]:
    return templates[0]


def _of_type(template: dict[str, Any], resource_type: str) -> dict[str, Any]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == resource_type}


@pytest.mark.slow
def test_it_has_the_parts_that_the_template_has(template: dict[str, Any]) -> None:
    types = {each["Type"] for each in template["Resources"].values()}
    assert {
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::SQS::Queue",
        "AWS::Scheduler::Schedule",
    } <= types


@pytest.mark.slow
def test_callers_of_the_url_have_both_permissions(template: dict[str, Any]) -> None:
    permissions = [each["Properties"] for each in _of_type(template, "AWS::Lambda::Permission").values()]
    ours = {each["Action"]: each for each in permissions if each["Principal"] == {"Ref": "AWS::AccountId"}}
    assert ours["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "AWS_IAM"
    assert ours["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    (url,) = _of_type(template, "AWS::Lambda::Url").values()
    assert url["Properties"]["AuthType"] == "AWS_IAM"


@pytest.mark.slow
def test_the_function_may_do_what_it_may_do_in_the_template(template: dict[str, Any]) -> None:
    policies = [each["Properties"] for each in _of_type(template, "AWS::IAM::Policy").values()]
    given = actions_on(granted(policies))
    ours = actions_on(granted([Stack(TEMPLATE).properties("SettingsPolicy")]))
    assert ours <= given
    assert not [action for action in given if "*" in action]


@pytest.mark.slow
def test_the_filters_are_those_of_the_template(template: dict[str, Any]) -> None:
    stack = Stack(TEMPLATE)
    wanted = {stack.properties(name)["FilterPattern"].strip() for name in ("FailuresFilter", "CrashesFilter")}
    found = [each["Properties"] for each in _of_type(template, "AWS::Logs::MetricFilter").values()]
    assert {each["FilterPattern"] for each in found} == wanted
    assert {each["MetricTransformations"][0]["DefaultValue"] for each in found} == {0}


@pytest.mark.slow
@pytest.mark.parametrize("change", range(len(CHANGES)), ids=lambda change: next(iter(CHANGES[change])))
def test_a_change_makes_a_version_and_keeps_the_one_before(templates: list[dict[str, Any]], change: int) -> None:
    ((before, version),) = _of_type(templates[0], "AWS::Lambda::Version").items()
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")
    (after,) = _of_type(templates[1 + change], "AWS::Lambda::Version")
    assert before != after
