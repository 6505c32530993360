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
    """One benchmark: a figure of ours as a share of the peer's, and what that share is to be."""

    name: str
    ratio: float
    bar: float
    ours: float
    peer: float
    unit: str = "ms of CPU"
    more_is_better: bool = False

    @property
    def passed(self) -> bool:
        ratio = round(self.ratio, 3)
        return ratio >= self.bar if self.more_is_better else ratio <= self.bar

    def line(self) -> str:
        verdict = "PASS" if self.passed else "FAIL"
        bar = f"{'≥' if self.more_is_better else '≤'} {self.bar:.3g}"
        figures = f"{self.ours:.3g} against {self.peer:.3g} {self.unit}"
        return f"{self.name:<20} {self.ratio:6.3f}  {bar:<7} {verdict}   {figures}"


@dataclass(frozen=True, slots=True)
class Pair:
    """The same work on both sides, in milliseconds of CPU: the medians of all turns, and of the turns' ratios."""

    ours: float
    peer: float
    ratio: float

    @classmethod
    def of(cls, turns: Sequence[tuple[float, float]]) -> "Pair":
        """Summarize turns of CPU seconds, ours and the peer's."""
        ours, peer = (statistics.median(side) * 1000 for side in zip(*turns, strict=True))
        return cls(ours, peer, statistics.median(ours / peer for ours, peer in turns))

    def outcome(self, name: str, bar: float) -> Outcome:
        return Outcome(name, self.ratio, bar, self.ours, self.peer)


def compare_calls(ours: Sequence[str], peer: Sequence[str], *, calls: int, processes: int = PROCESSES) -> Pair:
    """Compare two calls (see benchmarks.calls), each in a process of its own; every turn is `calls` calls."""
    turns = []
    for _ in range(processes):
        with _Caller(ours) as our_caller, _Caller(peer) as peer_caller:
            for caller in (our_caller, peer_caller):
                caller.cpu_seconds(calls)
            turns += [(our_caller.cpu_seconds(calls), peer_caller.cpu_seconds(calls)) for _ in range(TURNS)]
    return Pair.of([(ours_cpu / calls, peer_cpu / calls) for ours_cpu, peer_cpu in turns])


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


class Programs:
    """Runs Python programs of this package, a fresh process each time, with their bytecode compiled beforehand.

    The bytecode is kept in a folder of its own, or in the usual places.
    """

    def __init__(self, bytecode: Path | None = None) -> None:
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        if bytecode is not None:
            self._environment["PYTHONPYCACHEPREFIX"] = str(bytecode)

    def run(self, program: Sequence[str]) -> list[float]:
        """Run `python -m PROGRAM` and return the numbers in the last line that it prints."""
        command = [sys.executable, "-m", *program]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, check=True, capture_output=True, text=True)
        return [float(number) for number in done.stdout.splitlines()[-1].split()]

    def compare(self, ours: Sequence[str], peer: Sequence[str]) -> Pair:
        """Compare two programs that print the CPU seconds that they took."""
        for program in (ours, peer):
            self.run(program)
        return Pair.of([(self.run(ours)[0], self.run(peer)[0]) for _ in range(PROGRAM_TURNS)])

    def shares(self, program: Sequence[str], peer: Sequence[str]) -> list[float]:
        """Return the numbers that a program prints as shares of the peer's CPU seconds: the medians of all turns."""
        for each in (program, peer):
            self.run(each)
        turns = [(self.run(program), self.run(peer)[0]) for _ in range(PROGRAM_TURNS)]
        return [statistics.median(shares) for shares in zip(*([n / p for n in ours] for ours, p in turns), strict=True)]
