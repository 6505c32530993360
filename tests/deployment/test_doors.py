"""The ways in: the Function URL, where a region has one, and the front door for the internet."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from queryport.project.settings import CorsSettings
from tests.deployment.stack import Stack
from tests.deployment.test_versions import OTHER, TEMPLATE
from tests.support.repository import ROOT

SCHEMAS = next(ROOT.glob(".tools/sam/lib/python3.*/site-packages/cfnlint/data/schemas/providers"))


@pytest.fixture(scope="module")
def front_door() -> Stack:
    return Stack(
        TEMPLATE,
        FrontDoor="ENABLED",
        DomainName=OTHER["DomainName"],
        CertificateArn=OTHER["CertificateArn"],
        HostedZoneId="Z123",
        WebAclArn=OTHER["WebAclArn"],
    )


def test_the_front_door_is_off_unless_asked_for() -> None:
    stack = Stack(TEMPLATE)
    assert [each for each in stack.definitions.values() if each["Type"].startswith("AWS::CloudFront")] == []
    principals = {stack.properties(name)["Principal"] for name in stack.named("AWS::Lambda::Permission")}
    assert principals == {"123456789012"}


def test_the_front_door_signs_and_leads_to_the_url(front_door: Stack) -> None:
    configuration = front_door.properties("Distribution")["DistributionConfig"]
    (origin,) = configuration["Origins"]
    assert origin["OriginAccessControlId"] == front_door.physical_id("FrontDoorAccess")
    assert front_door.properties("FrontDoorAccess")["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    assert front_door.properties("Url")["AuthType"] == "AWS_IAM"
    assert configuration["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    assert configuration["Aliases"] == [OTHER["DomainName"]]
    assert configuration["WebACLId"] == OTHER["WebAclArn"]
    assert configuration["ViewerCertificate"]["AcmCertificateArn"] == OTHER["CertificateArn"]
    assert {each["Type"] for each in front_door.properties("FrontDoorDns")["RecordSets"]} == {"A", "AAAA"}


def test_only_this_distribution_is_let_in(front_door: Stack) -> None:
    for name in ("FrontDoorUrlPermission", "FrontDoorInvokePermission"):
        permission = front_door.properties(name)
        assert permission["Principal"] == "cloudfront.amazonaws.com"
        assert permission["SourceArn"].endswith(f":distribution/{front_door.physical_id('Distribution')}")


def test_the_front_door_keeps_only_what_an_answer_allows_and_apart_for_each_caller(front_door: Stack) -> None:
    policy = front_door.properties("FrontDoorCache")["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 0)
    keyed = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert {"x-forwarded-authorization", "x-api-key", "accept"} <= set(keyed["HeadersConfig"]["Headers"])
    assert keyed["QueryStringsConfig"]["QueryStringBehavior"] == "all"


@pytest.mark.skipif(shutil.which("node") is None, reason="the front door's function is JavaScript, and needs Node.js")
@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ({"authorization": "Bearer a"}, {"x-forwarded-authorization": "Bearer a"}),
        ({"x-forwarded-authorization": "Bearer forged"}, {}),
        (
            {"authorization": "Bearer a", "x-forwarded-authorization": "Bearer forged", "accept": "*/*"},
            {"x-forwarded-authorization": "Bearer a", "accept": "*/*"},
        ),
    ],
)
def test_the_callers_authorization_goes_on(
    front_door: Stack, tmp_path: Path, given: dict[str, str], passed_on: dict[str, str]
) -> None:
    code = front_door.properties("FrontDoorIdentity")["FunctionCode"]
    request = {"headers": {name: {"value": value} for name, value in given.items()}}
    script = tmp_path / "call.js"
    script.write_text(f"{code}\nconsole.log(JSON.stringify(handler({json.dumps({'request': request})})))")
    said = json.loads(subprocess.run(["node", script], capture_output=True, check=True).stdout)
    assert {name: each["value"] for name, each in said["headers"].items()} == passed_on


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"FrontDoor": "ENABLED", "FunctionUrl": "DISABLED"}, "The front door leads to the Function URL"),
        ({"FrontDoor": "ENABLED", "DomainName": "api.example.com"}, "A DomainName needs its CertificateArn."),
    ],
)
def test_what_does_not_go_together_is_refused(parameters: dict[str, str], message: str) -> None:
    (said,) = Stack(TEMPLATE, **parameters).broken_rules()
    assert said.startswith(message)


def test_only_through_the_urls_alias_is_an_event_a_request() -> None:
    stack = Stack(TEMPLATE)
    variables = stack.properties("QueryportFunction")["Environment"]["Variables"]
    (alias,) = stack.named("AWS::Lambda::Alias")
    assert variables["QUERYPORT_HTTP_ALIAS"] == stack.properties(alias)["Name"]
    assert json.loads((ROOT / "sam-local.json").read_text())["Parameters"]["QUERYPORT_HTTP_ALIAS"] == ""


def test_behind_the_front_door_tokens_come_in_the_header_that_it_passes_on(front_door: Stack) -> None:
    variables = front_door.properties("QueryportFunction")["Environment"]["Variables"]
    assert (
        f"headers['{variables['QUERYPORT_TOKEN_HEADER']}']"
        in front_door.properties("FrontDoorIdentity")["FunctionCode"]
    )
    assert "QUERYPORT_TOKEN_HEADER" not in Stack(TEMPLATE).properties("QueryportFunction")["Environment"]["Variables"]


def test_without_a_url_the_function_is_called_directly() -> None:
    stack = Stack(TEMPLATE, FunctionUrl="DISABLED")
    assert stack.named("AWS::Lambda::Url") == stack.named("AWS::Lambda::Permission") == []
    assert set(stack.outputs()) & {"Url", "CallerPolicyArn", "FunctionArn"} == {"FunctionArn"}


def _regions_without(resource_type: str) -> set[str]:
    def types(path: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    regions = [path for path in SCHEMAS.glob("*-*-*.json") if "AWS::RDS::DBCluster" in types(path)]
    return {path.stem for path in regions if resource_type not in types(path)}


def test_the_regions_without_function_urls_are_named() -> None:
    text = (ROOT / "docs/deploy.md").read_text()
    (section,) = re.findall(r"^## Regions$(.+?)^## ", text, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`([a-z]{2}(?:-gov)?-[a-z]+-\d)`", section)) == _regions_without("AWS::Lambda::Url")


def test_pages_of_other_origins_are_let_in_as_serve_lets_them_in() -> None:
    cors = CorsSettings()
    url = Stack(TEMPLATE, CorsOrigins="https://shop.example.com").properties("Url")["Cors"]
    assert url["AllowMethods"] == cors.allow_methods
    assert url["AllowHeaders"] == cors.allow_headers
    assert url["ExposeHeaders"] == cors.expose_headers
    assert int(Stack(TEMPLATE).template["Parameters"]["CorsMaxAge"]["Default"]) == cors.max_age
