"""The workflow runs what a user can run, with actions that nobody can change afterwards."""

import re

from tests.support.repository import ROOT

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def test_actions_are_pinned_by_their_commit() -> None:
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_it_runs_all_that_ci_runs() -> None:
    ours = set(re.findall(r"^make .+$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    theirs = {
        command for path in WORKFLOWS for command in re.findall(r"run: (make .+)$", path.read_text(), re.MULTILINE)
    }
    assert ours <= theirs
