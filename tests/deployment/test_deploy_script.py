""".ci/deploy, run with stand-ins for the commands that reach AWS: in which order they are called, and with what."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/queryport"
DIGEST = f"{REPOSITORY}@sha256:{'0' * 64}"
OUTPUTS = {
    "ClusterArn": "arn:aws:rds:eu-central-1:123456789012:cluster:c",
    "DatabaseName": "app",
    "FunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:queryport:live",
    "OwnerSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!c",
    "Url": "https://abc.lambda-url.eu-central-1.on.aws/",
}

# In shell, for each run of the script calls a dozen of them.
STAND_IN = f"""#!/bin/sh
here=$STAND_INS
line="${{0##*/}} $*"
printf '%s\\n' "$line" >>"$here/calls"
for last; do :; done
case "$line" in
"aws cloudformation describe-stacks "*)
  [ -e "$here/deployed" ] || exit 255
  wanted=${{last#*\\'}}
  cat "$here/outputs/${{wanted%%\\'*}}"
  exit ;;
"sam deploy "*) touch "$here/deployed" ;;
"aws lambda invoke "*)
  echo '{{"data": 0}}' >"$last"
  cat "$here/function_error" ;;
"docker "*.RepoDigests*) echo "{DIGEST}" ;;
"docker "*.Id*) echo sha256:0123456789abcdef0123 ;;
"queryport migrate --status") printf '0001_books.sql  2026-11-23\\nschema c0ffee\\n' ;;
esac
failing=$(cat "$here/failing")
case "$line" in *"${{failing:-(nothing)}}"*) exit 1 ;; esac
"""


class Pipeline:
    def __init__(self, folder: Path) -> None:
        self.errors = ""
        """What the last run wrote to standard error."""
        self._folder = folder
        (folder / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/deploy", folder / ".ci/deploy")
        shutil.copy(ROOT / "samconfig.toml", folder)
        for path in ("bin/aws", "bin/docker", "bin/curl", ".venv/bin/queryport", ".tools/sam/bin/sam"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(STAND_IN)
            (folder / path).chmod(0o755)
        (folder / ".venv/bin/python").symlink_to(sys.executable)
        for name, value in OUTPUTS.items():
            (folder / "outputs").mkdir(exist_ok=True)
            (folder / "outputs" / name).write_text(f"{value}\n")

    def take_the_real_sam(self) -> None:
        (self._folder / ".tools/sam/bin/sam").unlink()
        (self._folder / ".tools/sam/bin/sam").symlink_to(ROOT / ".tools/sam/bin/sam")
        shutil.copy(ROOT / "template.yaml", self._folder)
        shutil.copytree(ROOT / "statemachine", self._folder / "statemachine")

    def run(self, *, deployed: bool = True, failing: str = "", function_error: str = "None") -> tuple[int, list[str]]:
        """The exit code, and every call that does something."""
        (self._folder / "deployed").unlink(missing_ok=True)
        if deployed:
            (self._folder / "deployed").touch()
        for name, text in (("failing", failing), ("function_error", f"{function_error}\n"), ("calls", "")):
            (self._folder / name).write_text(text)
        done = subprocess.run(
            [self._folder / ".ci/deploy", "localhost/queryport/function"],
            env={
                "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}",
                "STAND_INS": str(self._folder),
                "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": "token",
                "IMAGE_REPOSITORY": REPOSITORY,
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody listens there
                "AWS_MAX_ATTEMPTS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.errors = done.stderr
        calls = (self._folder / "calls").read_text().splitlines()
        return done.returncode, [line for line in calls if "describe-stacks" not in line and " inspect " not in line]


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


def _commands(calls: list[str]) -> list[str]:
    return [" ".join(line.split()[:2]) for line in calls]


@pytest.mark.slow
def test_a_stack_that_is_there_is_migrated_and_checked_before_the_tested_image_is_deployed(pipeline: Pipeline) -> None:
    code, calls = pipeline.run()
    assert code == 0
    commands = _commands(calls)
    assert sorted(commands[3:5]) == ["aws ecr", "docker login"]  # two ends of a pipe
    assert commands[:3] + commands[5:] == [
        "queryport migrate",
        "queryport check",
        "queryport migrate",
        "docker tag",
        "docker push",
        "sam deploy",
        "curl --silent",
        "aws lambda",
    ]
    (deployment,) = [line for line in calls if line.startswith("sam")]
    assert f"--parameter-overrides Architecture=x86_64 ImageUri={DIGEST} SchemaFingerprint=c0ffee" in deployment
    (health,) = [line for line in calls if line.startswith("curl")]
    assert "--aws-sigv4 aws:amz:eu-central-1:lambda" in health
    assert "x-amz-security-token: token" in health
    assert health.endswith(" https://abc.lambda-url.eu-central-1.on.aws/health")


@pytest.mark.slow
def test_the_first_deployment_makes_the_database_before_it_is_migrated(pipeline: Pipeline) -> None:
    code, calls = pipeline.run(deployed=False)
    assert code == 0
    assert _commands(calls).index("sam deploy") < _commands(calls).index("queryport migrate")


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["queryport migrate", "queryport check", "docker push"])
def test_what_fails_before_ends_the_deployment(pipeline: Pipeline, failing: str) -> None:
    code, calls = pipeline.run(failing=failing)
    assert code != 0
    assert "sam deploy" not in _commands(calls)


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["curl", "sam deploy"])
def test_a_function_that_is_not_well_fails_the_job(pipeline: Pipeline, failing: str) -> None:
    assert pipeline.run(failing=failing)[0] != 0


@pytest.mark.slow
def test_a_call_that_fails_fails_the_job(pipeline: Pipeline) -> None:
    assert pipeline.run(function_error="Unhandled")[0] != 0


@pytest.mark.slow
def test_sam_takes_the_options_and_goes_to_aws(pipeline: Pipeline) -> None:
    pipeline.take_the_real_sam()
    code, calls = pipeline.run()
    assert code != 0
    assert "Could not connect to the endpoint URL" in pipeline.errors
    assert "curl --silent" not in _commands(calls)
