"""How a ratio is measured: ours and the peer take turns, each turn is CPU time, and the median of the turns counts.

Taking turns lets both sides suffer the noise of a busy machine alike; CPU time leaves out what the other end of a
socket does; and a fresh process now and then evens out what luck a process has with its place in memory.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROCESSES = 5
TURNS = 7
PROGRAM_TURNS = 31
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """One benchmark: what ours costs as a share of what the peer costs."""

    name: str
    ratio: float
    bar: float
    ours: float
    """CPU milliseconds."""
    peer: float
    unit: str = "ms"

    @property
    def passed(self) -> bool:
        return round(self.ratio, 3) <= self.bar

    def line(self) -> str:
        verdict = "PASS" if self.passed else "FAIL"
        figures = f"{self.ours:.3g} against {self.peer:.3g} {self.unit}"
        return f"{self.name:<24} {self.ratio:6.3f} {self.bar:6.2f}  {verdict}   {figures}"


def compare_calls(name: str, bar: float, *, ours: Sequence[str], peer: Sequence[str], calls: int) -> Outcome:
    """Compares two calls (see benchmarks.calls), each in a process of its own; every turn is `calls` calls."""
    turns = []
    for _ in range(PROCESSES):
        with _Caller(ours) as our_caller, _Caller(peer) as peer_caller:
            for caller in (our_caller, peer_caller):
                caller.cpu_seconds(calls)
            turns += [(our_caller.cpu_seconds(calls), peer_caller.cpu_seconds(calls)) for _ in range(TURNS)]
    return _outcome(name, bar, [(ours_cpu / calls, peer_cpu / calls) for ours_cpu, peer_cpu in turns])


class _Caller:
    """A process that makes as many calls as it is asked for, and says how much CPU time they took."""

    def __init__(self, call: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.calls", *call],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closing its standard input ends it

    def cpu_seconds(self, calls: int) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(calls, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def compare_programs(name: str, bar: float, *, ours: Sequence[str], peer: Sequence[str], bytecode: Path) -> Outcome:
    """Compares two Python programs, a fresh process each turn; a program prints the CPU seconds that it took.

    `bytecode` keeps that of both, compiled by a first run of each.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)

    def run(program: Sequence[str]) -> float:
        command = [sys.executable, "-m", *program]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        return float(done.stdout.split()[-1])

    for program in (ours, peer):
        run(program)
    turns = [(run(ours), run(peer)) for _ in range(PROGRAM_TURNS)]
    return _outcome(name, bar, turns)


def _outcome(name: str, bar: float, turns: Sequence[tuple[float, float]]) -> Outcome:
    ratio = statistics.median(ours / peer for ours, peer in turns)
    ours, peer = (statistics.median(side) * 1000 for side in zip(*turns, strict=True))
    return Outcome(name, ratio, bar, ours, peer)
