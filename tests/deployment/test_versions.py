"""A change of the configuration reaches the alias `live`, and takes nothing from the version that still answers."""

import re
from typing import Any

import pytest

from tests.deployment.stack import Stack
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

TEMPLATE = ROOT / "template.yaml"

OTHER = {
    "ApiKeysSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf",
    "Architecture": "arm64",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "ClusterArn": "arn:aws:rds:us-east-1:123456789012:cluster:other",
    "DataApiEndpoint": "https://vpce-1.rds-data.us-east-1.vpce.amazonaws.com",
    "DatabaseName": "other",
    "DeletionProtection": "true",
    "DeploymentAlarms": "DISABLED",
    "DirectClaims": "off",
    "DeploymentStrategy": "AllAtOnce",
    "DomainName": "api.example.com",
    "FrontDoor": "ENABLED",
    "FunctionUrl": "DISABLED",
    "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/queryport@sha256:1",
    "LogLevel": "DEBUG",
    "NightlySchedule": "DISABLED",
    "OperationMetrics": "DISABLED",
    "PurgeSchedule": "rate(1 day)",
    "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf",
    "SecretKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
    "Tracing": "PassThrough",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/other/1",
}
"""A second value of each parameter whose second value is not a number or any text."""

# Of the function and not of its versions: Lambda's API has them apart (PutFunctionConcurrency, TagResource).
_NOT_OF_A_VERSION = {"ReservedConcurrentExecutions", "Tags"}

# Parameters that a parameter makes sense only together with.
_TOGETHER = {"ClusterArn": {"SecretArn": OTHER["SecretArn"]}, "SecretKeyArn": {"SecretArn": OTHER["SecretArn"]}}


def other_value(name: str, declared: dict[str, Any]) -> str:
    """A value that a parameter may have and does not have by default."""
    if name in OTHER:
        return OTHER[name]
    if declared["Type"] == "Number":
        allowed = declared.get("AllowedValues", [int(declared["Default"]) + 2])
        return str(next(value for value in allowed if value != declared["Default"]))
    return "7" if "\\d" in declared.get("AllowedPattern", "") else "OTHER"


def changed(name: str, declared: dict[str, Any]) -> dict[str, str]:
    """The parameters of a stack of which one is changed, with what it makes sense only together with."""
    return {name: other_value(name, declared), **_TOGETHER.get(name, {})}


def stacks(name: str) -> tuple[Stack, Stack]:
    """The stack before and after a change of one parameter."""
    before = Stack(TEMPLATE, **_TOGETHER.get(name, {}))
    return before, Stack(TEMPLATE, **changed(name, before.template["Parameters"][name]))


def configuration(stack: Stack) -> dict[str, Any]:
    properties = stack.properties("QueryportFunction")
    return {name: value for name, value in properties.items() if name not in _NOT_OF_A_VERSION}


def version(stack: Stack) -> tuple[str, str]:
    (name,) = stack.named("AWS::Lambda::Version")
    return name, stack.physical_id(name)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(TEMPLATE)


def _parameters() -> list[str]:
    text = TEMPLATE.read_text()
    return re.findall(r"^  (\w+):$", text[text.index("\nParameters:") : text.index("\nRules:")], re.MULTILINE)


@pytest.mark.parametrize("name", _parameters())
def test_a_parameter_that_changes_the_function_makes_a_version(name: str) -> None:
    before, after = stacks(name)
    assert (configuration(before) != configuration(after)) <= (version(before) != version(after))


def test_these_parameters_change_the_function(stack: Stack) -> None:
    changing = {
        name for name in stack.template["Parameters"] if len({str(configuration(each)) for each in stacks(name)}) > 1
    }
    assert changing == {
        "ApiKeysSecretArn",
        "Architecture",
        "ClusterArn",
        "DataApiEndpoint",
        "DatabaseName",
        "DirectClaims",
        "FrontDoor",
        "ImageUri",
        "JwtIssuers",
        "LogLevel",
        "MemorySize",
        "OperationMetrics",
        "SchemaFingerprint",
        "SecretArn",
        "SecurityGroupIds",
        "SubnetIds",
        "Timeout",
        "Tracing",
    } - {"SecurityGroupIds"}  # which need subnets


@pytest.mark.parametrize("name", ["AlarmTopicArn", "LogRetentionDays", "NightlySchedule", "FunctionUrl"])
def test_a_parameter_that_does_not_makes_none(name: str) -> None:
    before, after = stacks(name)
    assert version(before) == version(after)


def test_a_version_stays_when_another_takes_its_place(stack: Stack) -> None:
    (name,) = stack.named("AWS::Lambda::Version")
    definition = stack.definitions[name]
    assert (definition["UpdateReplacePolicy"], definition["DeletionPolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("name", ["SecretArn", "ClusterArn"])
def test_both_databases_can_be_reached_while_one_takes_the_others_place(name: str) -> None:
    """CloudFormation makes the second policy before the new version, and removes the first one after `live` moved."""
    before, after = stacks(name)
    assert before.physical_id("SettingsPolicy") != after.physical_id("SettingsPolicy")
    for stack in (before, after):
        assert stack.properties("SettingsPolicy")["Roles"] == [stack.physical_id("FunctionRole")]
        assert stack.definitions["QueryportFunction"]["DependsOn"] == "SettingsPolicy"
    assert before.physical_id("FunctionRole") == after.physical_id("FunctionRole")


def test_the_descriptions_fit(stack: Stack) -> None:
    full = Stack(
        TEMPLATE,
        ClusterArn=f"arn:aws-us-gov:rds:us-gov-west-1:123456789012:cluster:{'c' * 63}",
        SecretArn=f"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:{'s' * 120}-AbCdEf",
        SecretKeyArn=f"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-{'k' * 32}",
        DatabaseName="d" * 63,
        SchemaFingerprint="f" * 64,
        JwtIssuers="j" * 700,
        ApiKeysSecretArn=f"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:{'k' * 100}-AbCdEf",
        ImageUri=f"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/{'i' * 40}@sha256:{'0' * 64}",
        DataApiEndpoint=f"https://vpce-{'e' * 60}.rds-data.us-gov-west-1.vpce.amazonaws.com",
        SubnetIds=",".join([f"subnet-{'a' * 17}"] * 3),
        SecurityGroupIds=",".join([f"sg-{'b' * 17}"] * 2),
    )
    for policy in ("SettingsPolicy", "FunctionPolicy"):
        assert len(full.properties(policy)["Description"]) <= 1000  # IAM's limit
    (name,) = stack.named("AWS::Lambda::Version")
    description = stack.properties(name)["Description"].replace("SettingsPolicy-", "")
    longest_name = 128  # IAM's limit, of which this stack's is a part
    assert len(description) + longest_name <= 256  # Lambda's limit


def test_no_alarm_stops_a_deployment_where_they_are_switched_off(stack: Stack) -> None:
    (group,) = stack.named("AWS::CodeDeploy::DeploymentGroup")
    assert len(stack.properties(group)["AlarmConfiguration"]["Alarms"]) == 3
    assert Stack(TEMPLATE, DeploymentAlarms="DISABLED").properties(group)["AlarmConfiguration"] == {}


@pytest.mark.parametrize("strategy", ["AllAtOnce", "Linear10PercentEvery1Minute"])
def test_codedeploy_knows_the_strategy(strategy: str) -> None:
    chosen = Stack(TEMPLATE, DeploymentStrategy=strategy)
    (group,) = chosen.named("AWS::CodeDeploy::DeploymentGroup")
    assert chosen.properties(group)["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{strategy}"
