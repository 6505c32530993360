"""The benchmarks' two sides still run, and do the same work."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import workload
from benchmarks.measure import Outcome, Programs
from benchmarks.operations import write_operations
from benchmarks.replay import Replay
from benchmarks.responses import json_response, rows, typed_response
from benchmarks.start_up import PARTS
from tests.support.repository import ROOT

_PRINT_THE_ANSWER = """
import sys
from pathlib import Path
from benchmarks import workload
kind, *arguments = sys.argv[1:]
if kind == "boto3":
    print(workload.hand_written_call(*arguments)())
else:
    print(workload.handler_call(arguments[0], arguments[1], 3)().decode())
"""


def _answer(*arguments: str) -> str:
    command = [sys.executable, "-c", _PRINT_THE_ANSWER, *arguments]
    environment = {"PATH": "", **workload.ENVIRONMENT}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_both_sides_read_the_same_orders(tmp_path: Path) -> None:
    table = rows(2)
    catalog = tmp_path / "catalog.json"
    write_operations(catalog, 5)
    with (
        Replay(json_response(table), tmp_path) as json_rows,
        Replay(typed_response(table), tmp_path) as typed_rows,
    ):
        by_the_handler = json.loads(_answer("handler", str(catalog), json_rows.url).splitlines()[-1])
        by_hand = _answer("boto3", typed_rows.url)
    orders = json.loads(by_the_handler["body"])["data"]
    assert [order["order_id"] for order in orders] == [1, 2]
    for order in orders:
        assert set(order) == set(workload.COLUMNS)
        assert repr(order["status"]) in by_hand
        assert f"'total': '{order['total']}'" in by_hand


@pytest.mark.parametrize(
    ("ratio", "more_is_better", "verdict"),
    [(0.5, False, "PASS"), (1.0, False, "PASS"), (1.001, False, "FAIL"), (1.0, True, "PASS"), (0.999, True, "FAIL")],
)
def test_a_line_has_the_name_the_ratio_the_bar_and_the_verdict(
    ratio: float, verdict: str, *, more_is_better: bool
) -> None:
    line = Outcome("one-row", ratio, 1.0, ours=ratio, peer=1.0, more_is_better=more_is_better).line()
    assert line.split()[:5] == ["one-row", f"{ratio:.3f}", "≥" if more_is_better else "≤", "1", verdict]


@pytest.mark.slow
def test_a_start_is_measured_in_its_parts(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.json"
    write_operations(catalog, 3)
    programs = Programs()
    parts = programs.run(["benchmarks.start_up", "parts", str(catalog)])
    assert len(parts) == len(PARTS)
    assert all(part > 0 for part in parts)
    for side in (["handler", str(catalog)], ["boto3"]):
        assert programs.run(["benchmarks.start_up", *side])[0] > 0


def test_the_documentation_has_the_figures_of_the_last_run() -> None:
    measured = {
        each["name"]: each for each in json.loads((ROOT / "benchmarks" / "results.json").read_text())["outcomes"]
    }
    page = (ROOT / "docs" / "performance.md").read_text()
    rows = {
        "start": "start",
        "start-and-call": "start and first call",
        "one-row": "call, one row",
        "4000-rows": "call, 4,000 rows of six columns",
        "keyed-write": "write with an idempotency key",
        "10k-start": "10,000 operations: start",
        "10k-call": "10,000 operations: call",
        "compile": "compile 1,000 files for the first time",
    }
    for name, what in rows.items():
        (ratio,) = re.findall(rf"^\| {re.escape(what)} \| [^|]+ \| ([0-9.]+) \|", page, re.MULTILINE)
        digits = len(ratio.partition(".")[2])
        assert float(ratio) == round(measured[name]["ratio"], digits), name
    for plot in ("calls", "start", "operations"):
        assert f"(performance/{plot}.svg)" in page
        assert (ROOT / "docs" / "performance" / f"{plot}.svg").is_file()
