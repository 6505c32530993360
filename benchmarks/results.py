"""The figures of one run of the benchmarks, as the file that the plots are made from."""

import datetime
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import ROOT, Outcome, Pair

FILE = ROOT / "benchmarks" / "results.json"
_PACKAGES = ("boto3", "botocore", "urllib3", "orjson", "aws-lambda-powertools", "psycopg")


@dataclass(slots=True)
class Results:
    outcomes: list[Outcome] = field(default_factory=list)
    start_by_parts: dict[str, float] = field(default_factory=dict)
    """Shares of the CPU that boto3's client takes."""
    call_by_rows: dict[int, Pair] = field(default_factory=dict)
    cost_by_operations: dict[int, tuple[Pair, Pair]] = field(default_factory=dict)
    """Start and call with so many operations; the peer is one with ten."""

    def write(self, path: Path = FILE) -> None:
        content = {
            "machine": _machine(),
            "outcomes": [{**asdict(each), "passed": each.passed} for each in self.outcomes],
            "start_by_parts": self.start_by_parts,
            "call_by_rows": {str(rows): asdict(pair) for rows, pair in self.call_by_rows.items()},
            "cost_by_operations": {
                str(operations): {"start": asdict(start), "call": asdict(call)}
                for operations, (start, call) in self.cost_by_operations.items()
            },
        }
        path.write_bytes(orjson.dumps(_rounded(content), option=orjson.OPT_INDENT_2) + b"\n")


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_rounded(member) for member in value]
    return value
