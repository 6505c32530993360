"""docs/terraform.md: its module, read by a parser of HCL, has what template.yaml has, and refers to what is there."""

import json
import re
from collections.abc import Iterator
from typing import Any

import hcl2
import pytest

from tests.deployment.policies import actions_on, granted
from tests.deployment.stack import Stack
from tests.deployment.test_versions import TEMPLATE
from tests.support.repository import DOCS


@pytest.fixture(scope="module")
def text() -> str:
    (found,) = re.findall(r"^```hcl\n(.+?)^```", (DOCS / "terraform.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def module(text: str) -> dict[str, Any]:
    return dict(hcl2.loads(text))


def _plain(value: Any) -> Any:
    """The parser's value without the quotes that it keeps around strings and names."""
    match value:
        case str():
            return value.strip('"')
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {_plain(key): _plain(each) for key, each in value.items() if key != "__is_block__"}
    return value


def _blocks(module: dict[str, Any], kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for block in module[kind]:
        for resource_type, named in _plain(block).items():
            for name, body in named.items():
                yield resource_type, name, body


def test_what_is_referred_to_is_there(module: dict[str, Any], text: str) -> None:
    resources = {f"{resource_type}.{name}" for resource_type, name, _ in _blocks(module, "resource")}
    data = {f"data.{resource_type}.{name}" for resource_type, name, _ in _blocks(module, "data")}
    variables = {f"var.{name}" for block in module["variable"] for name in _plain(block)}
    used = set(re.findall(r"(?<![\w.\"/])((?:data\.)?aws_\w+\.\w+)\.", text)) | set(re.findall(r"\bvar\.\w+", text))
    assert used <= resources | data | variables
    assert variables == {name for name in used if name.startswith("var.")}


def test_it_has_the_parts_that_the_template_has(module: dict[str, Any]) -> None:
    types = [resource_type for resource_type, _, _ in _blocks(module, "resource")]
    for wanted in ("function", "alias", "function_url", "function_event_invoke_config"):
        assert types.count(f"aws_lambda_{wanted}") == 1
    assert types.count("aws_lambda_permission") == 2
    assert types.count("aws_scheduler_schedule") == 1
    assert types.count("aws_cloudwatch_metric_alarm") == 4


def test_callers_of_the_url_have_both_permissions(module: dict[str, Any]) -> None:
    found = {body["action"]: body for kind, _, body in _blocks(module, "resource") if kind == "aws_lambda_permission"}
    assert found["lambda:InvokeFunctionUrl"]["function_url_auth_type"] == "AWS_IAM"
    assert found["lambda:InvokeFunction"]["invoked_via_function_url"] is True


def test_the_function_may_do_what_it_may_do_in_the_template(module: dict[str, Any]) -> None:
    documents = {name: body for _, name, body in _blocks(module, "data") if "statement" in body}
    given = {action for statement in documents["function"]["statement"] for action in statement["actions"]}
    stack = Stack(TEMPLATE)
    ours = actions_on(granted([stack.properties("SettingsPolicy"), stack.properties("FunctionPolicy")]))
    assert given == ours


def test_the_filters_are_those_of_the_template(text: str) -> None:
    stack = Stack(TEMPLATE)
    for name in ("FailuresFilter", "CrashesFilter"):
        assert json.dumps(stack.properties(name)["FilterPattern"].strip()) in text


def test_every_change_makes_a_version_that_stays(module: dict[str, Any]) -> None:
    (function,) = [body for kind, _, body in _blocks(module, "resource") if kind == "aws_lambda_function"]
    assert function["publish"] is True
