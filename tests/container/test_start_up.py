"""A cold start against the least that there is: a container whose handler only makes `boto3.client("rds-data")`.

The bare one has boto3 as it comes, with its bytecode. Each start is a new container, the two kinds take turns, and
the median of the turns counts. Beside the clock, which is disturbed by what else the machine does, the CPU of the
runtime is told; the first call is in it, a query of ours and nothing of the bare one. More turns: COLD_STARTS=15 make
test-container
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.container.docker import build, output
from tests.container.function import started

BARE = Path(__file__).resolve().parent / "bare"
BARE_IMAGE = "queryport-test/bare"

STARTS = int(os.environ.get("COLD_STARTS", "7"))


@dataclass(frozen=True, slots=True)
class Start:
    init_ms: float
    first_answer_ms: float
    cpu_ms: float
    """Of the runtime's process, INIT and the first call."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: medians of both sides, and the median of the ratios of each turn."""

    what: str
    ours: float
    bare: float
    ratio: float
    bar: float

    @classmethod
    def of(cls, what: str, bar: float, turns: list[tuple[float, float]]) -> "Row":
        ours, bare = (median(side) for side in zip(*turns, strict=True))
        return cls(what, ours, bare, median(ours / bare for ours, bare in turns), bar)


def _rows(turns: list[tuple[Start, Start]]) -> list[Row]:
    return [
        Row.of("INIT", 0.75, [(ours.init_ms, bare.init_ms) for ours, bare in turns]),
        Row.of("CPU, with first request", 0.75, [(ours.cpu_ms, bare.cpu_ms) for ours, bare in turns]),
        Row.of("first request", 1.5, [(ours.first_answer_ms, bare.first_answer_ms) for ours, bare in turns]),
    ]


def _cold(image: str, network: str) -> Start:
    event = {"operation": "catalogue.get_book", "parameters": {"book_id": 1}}
    with started(image, network=network) as container:
        began = time.perf_counter()
        answer = container.function.invoke(event)
        seconds = time.perf_counter() - began
        assert answer == "ready" or answer["data"]["book_id"] == 1
        return Start(container.init_milliseconds(), seconds * 1000, container.cpu_milliseconds())


def test_cold_starts_answer_and_are_measured_against_a_bare_client(
    image: str, compose_network: str, tell: Callable[[str], None]
) -> None:
    build(BARE, BARE_IMAGE, BOTO3=version("boto3"))
    turns = [(_cold(image, compose_network), _cold(BARE_IMAGE, compose_network)) for _ in range(STARTS)]
    rows = _rows(turns)
    output("rmi", BARE_IMAGE)
    # A time is reported and never asserted: how busy the machine is must not decide whether a change lands.
    tell(f"\n{len(turns)} cold starts            queryport       bare  ratio    bar")
    for row in rows:
        verdict = "PASS" if row.ratio <= row.bar else "FAIL"
        tell(f"{row.what:24} {row.ours:8.1f} ms {row.bare:7.1f} ms {row.ratio:6.2f} {row.bar:6.2f}  {verdict}")
