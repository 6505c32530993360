"""`make cloudformation`: a template for pipelines that know no SAM, with the same parameters as the SAM template."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.stack import SAM_PYTHON, Stack, plain_template
from tests.deployment.test_versions import TEMPLATE, other_value, version
from tests.support.repository import ROOT


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return plain_template(TEMPLATE)


@pytest.mark.slow
def test_the_command_prints_it(plain: dict[str, Any]) -> None:
    script = ROOT / "tests/deployment/sam_transform.py"
    said = subprocess.run([SAM_PYTHON, script, TEMPLATE], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == plain


def test_it_needs_no_transform(plain: dict[str, Any]) -> None:
    assert "Transform" not in plain
    assert not [each for each in plain["Resources"].values() if "Serverless" in each["Type"]]


@pytest.mark.slow
def test_cfn_lint_finds_nothing(plain: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(plain))
    # W3011 wants a DeletionPolicy beside the UpdateReplacePolicy that SAM hands on; template.yaml says why not.
    options = ["--ignore-checks", "W3011", "--regions", "us-east-1"]
    command = [str(SAM_PYTHON.with_name("cfn-lint")), *options, "--", str(tmp_path / "template.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_each_parameter_does_what_it_does_to_the_sam_template(plain: dict[str, Any]) -> None:
    for name, declared in plain["Parameters"].items():
        given = {
            name: other_value(name, declared),
            "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
        }
        ours, aws = Stack(plain, **given), Stack(TEMPLATE, **given)
        logical_ids = {version(ours)[0]: version(aws)[0]}  # has a hash of what was filled in
        assert {logical_ids.get(each, each) for each in ours.definitions} == set(aws.definitions)
        for each in set(ours.definitions) & set(aws.definitions) - {"QueryportFunctionAliaslive"}:
            assert ours.properties(each) == aws.properties(each), f"{name} makes another {each}"


def test_each_parameter_of_the_function_makes_a_version(plain: dict[str, Any]) -> None:
    for name in ("ImageUri", "MemorySize", "SecretArn", "Tracing"):
        changed = Stack(plain, **{name: other_value(name, plain["Parameters"][name])})
        assert version(changed) != version(Stack(plain))
