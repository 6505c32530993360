"""cfn-lint, as `sam validate --lint` calls it, finds nothing: AWS's schemas and rules for CloudFormation and SAM.

template.yaml itself is seen to by `make check-template`.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from queryport.commands.init import init
from tests.deployment.cdk_stack import cdk_templates, node
from tests.deployment.stack import SAM_PYTHON, plain_template
from tests.deployment.test_versions import TEMPLATE


def _without(rule: str, template: dict[str, Any]) -> str:
    """The template with a word to cfn-lint, for itself alone, to leave out one of its rules."""
    metadata = {**template.get("Metadata", {}), "cfn-lint": {"config": {"ignore_checks": [rule]}}}
    return json.dumps({**template, "Metadata": metadata})


@pytest.mark.slow
@pytest.mark.early
def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    """By one process for all: to import its rules takes longer than to apply them to most of these."""
    # W3011 wants a DeletionPolicy beside the UpdateReplacePolicy that SAM hands on; template.yaml says why not.
    (tmp_path / "plain.json").write_text(_without("W3011", plain_template(TEMPLATE)))
    init(tmp_path / "new")
    templates = [tmp_path / "plain.json", tmp_path / "new/template.yaml"]
    if (program := node()) is not None:
        # W3005: the CDK names dependencies that follow from references as well.
        (tmp_path / "cdk.json").write_text(_without("W3005", cdk_templates(program)[0]))
        templates.append(tmp_path / "cdk.json")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"A": 1}}}}')
    assert SAM_PYTHON.exists(), "the AWS SAM CLI is not installed: run `make sam-tools`"
    linter = SAM_PYTHON.with_name("cfn-lint")
    command: list[str | Path] = [linter, "--regions", "us-east-1", "--format", "parseable", "--", *templates, wrong]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [str(wrong)], done.stdout + done.stderr
