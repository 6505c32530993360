"""The pages on deployment: sums that are right, and blocks that can be copied as they stand."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.deployment.conftest import Loader
from tests.deployment.stack import Stack, deployed_template
from tests.deployment.test_versions import TEMPLATE
from tests.support.repository import DOCS

ROWS = re.findall(r"^\| (.+?) \| .+? \| `([\d.*/ +]+)` \| ([\d.]+) \|$", (DOCS / "cost.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("line", "formula", "amount"), ROWS, ids=lambda value: str(value)[:40])
def test_an_amount_is_what_its_formula_gives(line: str, formula: str, amount: str) -> None:
    assert round(eval(formula), 2) == pytest.approx(float(amount), abs=0.005), line  # noqa: S307 (digits and operators)


def test_every_line_of_the_costs_has_a_formula() -> None:
    text = (DOCS / "cost.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| what |")]
    assert len(ROWS) == len(lines)


def test_the_alarms_watch_as_many_metrics_as_they_are_said_to_cost() -> None:
    stack = Stack(TEMPLATE)
    alarms = [stack.properties(name) for name in stack.named("AWS::CloudWatch::Alarm")]
    watched = sum(sum("MetricStat" in each for each in alarm.get("Metrics", [{"MetricStat": 1}])) for alarm in alarms)
    assert f"`{watched} * 0.10`" in (DOCS / "cost.md").read_text()


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.+?)^ *```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_alias_and_the_http_api_can_be_copied_into_the_template() -> None:
    blocks = [yaml.load(block, Loader) for block in _blocks("deploy.md", "yaml")]  # noqa: S506 (a SafeLoader's child)
    resources: dict[str, Any] = {name: each for block in blocks for name, each in block.items()}
    assert set(resources) == {"ReaderAlias", "HttpApi", "HttpApiPermission"}
    stack = Stack(deployed_template(TEMPLATE, resources))
    (version,) = stack.named("AWS::Lambda::Version")
    assert stack.properties("ReaderAlias")["FunctionVersion"] == stack.physical_id(version).split(":")[7]
    assert stack.properties("HttpApi")["Target"] == stack.physical_id("QueryportFunctionAliaslive")


@pytest.mark.parametrize("page", ["deploy.md", "stages.md"])
def test_policies_are_json_and_grant_no_wildcard_actions(page: str) -> None:
    for policy in map(json.loads, _blocks(page, "json")):
        for statement in policy.get("Statement", []):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action]


def test_both_forms_of_github_s_subject_are_there() -> None:
    trust = json.loads(_blocks("deploy.md", "json")[0])
    subjects = trust["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert all(subject.endswith(":environment:production") for subject in subjects)
    assert ["@" in subject for subject in subjects] == [False, True]


def test_every_parameter_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", (DOCS / "deploy.md").read_text()))
    assert set(Stack(TEMPLATE).template["Parameters"]) <= named


def test_a_state_machines_role_may_invoke_its_alias_and_nothing_else() -> None:
    texts = [*_blocks("deploy.md", "yaml"), *_blocks("step-functions.md", "yaml")]
    blocks = [yaml.load(text, Loader) for text in texts]  # noqa: S506 (a SafeLoader's child)
    named: dict[str, Any] = {name: each for block in blocks for name, each in block.items()}
    resources = {name: named[name] for name in ("ReaderAlias", "ReportRole")}
    stack = Stack(deployed_template(TEMPLATE, resources))
    (policy,) = stack.properties("ReportRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == stack.physical_id("ReaderAlias")
