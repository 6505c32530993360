"""cfn-lint, as `sam validate --lint` calls it: AWS's schemas and rules for CloudFormation and SAM."""

import subprocess
from pathlib import Path

from tests.deployment.stack import SAM_PYTHON


def findings(template: Path, *, ignored: str | None = None) -> str:
    """Return what cfn-lint finds in a template, but for one rule that is ignored."""
    assert SAM_PYTHON.exists(), "the AWS SAM CLI is not installed: run `make sam-tools`"
    options = ["--regions", "us-east-1", *(["--ignore-checks", ignored] if ignored else [])]
    command = [str(SAM_PYTHON.with_name("cfn-lint")), *options, "--", str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stdout == ""), done.stderr
    return done.stdout
