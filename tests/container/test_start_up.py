"""A cold start against the least that there is: a container whose handler only makes `boto3.client("rds-data")`.

Both have the same packages with the same bytecode. Each start is a new container, the two kinds take turns, and the
best of each counts: what else the machine does can only add to a time.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.container.docker import build, output
from tests.container.function import started

BARE = Path(__file__).resolve().parent / "bare"
BARE_IMAGE = "queryport-test/bare"

STARTS = 9


@dataclass(frozen=True, slots=True)
class Start:
    init_ms: float
    first_answer_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    ours: float
    bare: float
    bar: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def _rows(ours: list[Start], bare: list[Start]) -> list[Row]:
    return [
        Row("INIT", min(s.init_ms for s in ours), min(s.init_ms for s in bare), bar=1.0),
        Row("first request", min(s.first_answer_ms for s in ours), min(s.first_answer_ms for s in bare), bar=1.5),
    ]


def _cold(image: str, network: str) -> Start:
    event = {"operation": "catalogue.get_book", "parameters": {"book_id": 1}}
    with started(image, network=network) as container:
        began = time.perf_counter()
        answer = container.function.invoke(event)
        seconds = time.perf_counter() - began
        assert answer == "ready" or answer["data"]["book_id"] == 1
        return Start(container.init_milliseconds(), seconds * 1000)


def test_cold_starts_answer_and_are_measured_against_a_bare_client(
    image: str, compose_network: str, capsys: pytest.CaptureFixture[str]
) -> None:
    build(BARE, BARE_IMAGE)
    ours: list[Start] = []
    bare: list[Start] = []
    for _ in range(STARTS):
        ours.append(_cold(image, compose_network))
        bare.append(_cold(BARE_IMAGE, compose_network))
    rows = _rows(ours, bare)
    output("rmi", BARE_IMAGE)
    # A time is reported and never asserted: how busy the machine is must not decide whether a change lands.
    with capsys.disabled():
        print(f"\nbest of {len(ours)} cold starts  queryport       bare  ratio    bar")
        for row in rows:
            verdict = "PASS" if row.ratio <= row.bar else "FAIL"
            print(f"{row.what:22} {row.ours:8.1f} ms {row.bare:7.1f} ms {row.ratio:6.2f} {row.bar:6.2f}  {verdict}")
