"""The workflow runs what a user can run, with actions that nobody can change afterwards."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.support.repository import ROOT

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def test_actions_are_pinned_by_their_commit() -> None:
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def _targets(text: str) -> set[str]:
    """The targets of make that check or test, whatever else a line has."""
    commands = re.findall(r"\bmake ([\w -]+)", text)
    return {target for command in commands for target in command.split() if re.match("check|test", target)}


def test_it_runs_all_that_ci_runs() -> None:
    ours = _targets((ROOT / ".ci" / "run").read_text()) - {"test-tools"}
    assert {"check", "check-template", "test", "test-slow", "test-container"} <= ours
    steps = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "run: " in line]
    assert ours <= _targets("\n".join(steps))


def _steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"][job]["steps"]
    return found


def _place(steps: list[dict[str, Any]], text: str) -> int:
    (place,) = [index for index, step in enumerate(steps) if text in step.get("run", step.get("uses", ""))]
    return place


def test_the_tools_are_there_before_the_role_is_assumed() -> None:
    steps = _steps("deploy")
    role = _place(steps, "configure-aws-credentials")
    assert [step["run"] for step in steps[role:] if "run" in step] == [".ci/deploy localhost/queryport/function"]
    assert _place(steps, "make sam-tools") < role


def test_what_was_tested_and_scanned_is_what_is_deployed() -> None:
    tested, deployed = _steps("image"), _steps("deploy")
    order = [_place(tested, text) for text in ("make test-container", "trivy-action", "docker save", "upload-artifact")]
    assert order == sorted(order)
    assert not [step for step in deployed if "build ." in step.get("run", "") or "sam build" in step.get("run", "")]
    assert _place(deployed, "download-artifact") < _place(deployed, "docker load") < _place(deployed, ".ci/deploy")


@pytest.mark.parametrize("tool", ["uv", "sam", "checkov", "plots", "openapi"])
def test_tools_are_locked_with_hashes_in_the_version_that_is_wanted(tool: str) -> None:
    wanted = (ROOT / f".ci/tools/{tool}.in").read_text().split()
    lines = (ROOT / f".ci/tools/{tool}.txt").read_text().splitlines()
    assert all(any(line.startswith(f"{each} \\") for line in lines) for each in wanted)
    assert all("--hash=sha256:" in line or line.endswith(" \\") for line in lines)


def test_the_installer_is_the_one_of_the_lock_file() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    (version,) = [each["version"] for each in locked if each["name"] == "uv"]
    assert (ROOT / ".ci/tools/uv.in").read_text().strip() == f"uv=={version}"


def test_sam_finds_the_parameters_whatever_it_does() -> None:
    """A processor that only one of them knew of would be built for, and another one declared."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    assert [name for name, each in settings.items() if "parameter_overrides" in each["parameters"]] == ["global"]
