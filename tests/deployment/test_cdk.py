"""docs/cdk.md: its stack, synthesised by the AWS CDK from npm, does what template.yaml does."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.lint import findings
from tests.deployment.policies import actions_on, granted
from tests.deployment.stack import Stack
from tests.deployment.test_versions import TEMPLATE
from tests.support.repository import DOCS

FOLDER = Path(__file__).with_name("cdk")
CLUSTER = "arn:aws:rds:us-east-1:123456789012:cluster:c"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf"  # noqa: S105 (a secret's address)
OTHER_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:t-AbCdEf"  # noqa: S105


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the packages of package-lock.json, installed the first time they are needed."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("Node is not installed: the AWS CDK cannot be run")
    installed, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    return program


@pytest.fixture(scope="module")
def program(node: str) -> Path:  # noqa: ARG001 (its packages are there by then)
    """The page's stack, beside the packages that it imports."""
    (text,) = re.findall(r"^```js\n(.+?)^```", (DOCS / "cdk.md").read_text(), re.MULTILINE | re.DOTALL)
    path = FOLDER / "node_modules" / ".queryport.mjs"
    path.write_text(text)
    return path


CONTEXT = {
    "stack": "queryport",
    "repository": "queryport",
    "digest": "sha256:" + "0" * 64,
    "clusterArn": CLUSTER,
    "secretArns": SECRET,
    "database": "app",
}
CHANGES = (
    {"secretArns": f"{OTHER_SECRET},{SECRET}"},
    {"database": "other"},
    {"digest": "sha256:" + "1" * 64},
)
# The page's program synthesises its stack when Node has nothing more to do; the CDK alone takes a second to be loaded.
EACH = """
const given = JSON.parse(process.argv[2]);
const next = async () => {
  const turn = given.shift();
  if (turn === undefined) return;
  [process.env.CDK_OUTDIR, process.env.CDK_CONTEXT_JSON] = [turn.folder, JSON.stringify(turn.context)];
  await import(`./.queryport.mjs?${given.length}`);
};
process.on("beforeExit", next);
await next();
"""


def _synthesised(node: str, program: Path, folder: Path, **environment: str) -> list[dict[str, Any]]:
    """The stack's template, and those after each of the changes, made by one process."""
    folders = [folder / str(number) for number in range(1 + len(CHANGES))]
    turns = [
        {"folder": str(into), "context": CONTEXT | changed}
        for into, changed in zip(folders, ({}, *CHANGES), strict=True)
    ]
    each = program.with_name(".each.mjs")
    each.write_text(EACH)
    command = [node, str(each), json.dumps(turns)]
    done = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads((into / "queryport.template.json").read_text()) for into in folders]


@pytest.fixture(scope="module")
def templates(node: str, program: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Without the CDK's own validation, which takes seconds to begin; cfn-lint looks at the template as well."""
    return _synthesised(node, program, tmp_path_factory.mktemp("cdk"), CDK_VALIDATION="false")


@pytest.mark.long
def test_the_cdks_own_validation_finds_nothing(
    node: str, program: Path, templates: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert _synthesised(node, program, tmp_path) == templates


@pytest.fixture(scope="module")
def template(templates: list[dict[str, Any]]) -> dict[str, Any]:
    return templates[0]


def _of_type(template: dict[str, Any], resource_type: str) -> dict[str, Any]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == resource_type}


@pytest.mark.slow
def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(template))
    # W3005: the CDK names dependencies that follow from references as well.
    assert findings(tmp_path / "template.json", ignored="W3005") == ""


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
