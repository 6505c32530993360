"""Runs the benchmarks and prints a line for each: name, ratio, bar, PASS or FAIL, and the CPU time behind the ratio.

    start-up        importing the handler, with client and catalogue; the peer is boto3.client("rds-data") alone
    one-row         a GET of one row through the whole handler; the peer is execute_statement and decoding by hand
    4000-rows       the same with 4,000 rows of six columns
    10k-start-up    start-up with a catalogue of 10,000 operations; the peer is one of ten
    10k-call        a warm call in a catalogue of 10,000 operations; the peer is one of ten
    keyed-write     a write with an idempotency key, a new one for each call; the peer is the same write without
    keyed-trips     round trips of a write with a key; the peer is the same write without
    powertools      round trips of a write with a key; the peer is Powertools Idempotency around the write
    replay          round trips of the second call with a key; the peer is Powertools Idempotency's

Exits with 1 if a bar is missed.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import round_trips, workload
from benchmarks.measure import Outcome, compare_calls, compare_programs
from benchmarks.operations import annotate, write_a_write, write_operations
from benchmarks.replay import Replay


def outcomes(directory: Path) -> Iterator[Outcome]:
    ten, ten_thousand = directory / "10.json", directory / "10000.json"
    write_operations(ten, 10)
    write_operations(ten_thousand, 10_000)
    os.environ |= workload.ENVIRONMENT
    bytecode = directory / "bytecode"
    started = [["benchmarks.startup_handler", str(catalog)] for catalog in (ten, ten_thousand)]

    yield compare_programs("start-up", 1.0, ours=started[0], peer=["benchmarks.startup_boto3"], bytecode=bytecode)
    yield against_boto3("one-row", 1.0, directory, ten, rows=1, calls=100)
    yield against_boto3("4000-rows", 0.08, directory, ten, rows=4000, calls=5)
    yield compare_programs("10k-start-up", 1.1, ours=started[1], peer=started[0], bytecode=bytecode)
    with Replay(workload.json_response(workload.rows(1)), directory) as replay:
        yield compare_calls(
            "10k-call",
            1.05,
            ours=["handler", str(ten_thousand), replay.url, "9999"],
            peer=["handler", str(ten), replay.url, "9"],
            calls=100,
        )
    yield from keyed_writes(directory)


def keyed_writes(directory: Path) -> Iterator[Outcome]:
    catalog = directory / "write.json"
    write_a_write(catalog)
    row = [{"order_id": 1, "note": "ring the bell"}]
    with Replay(workload.raw_response(row), directory) as replay:
        ours, peer = ([kind, str(catalog), replay.url] for kind in ("keyed-write", "write"))
        yield compare_calls("keyed-write", 1.2, ours=ours, peer=peer, calls=100)
    first, second = round_trips.with_key(annotate())
    peer_first, peer_second = round_trips.powertools()
    for name, bar, our_trips, peer_trips in (
        ("keyed-trips", 1.0, first, round_trips.without_key(annotate())),
        ("powertools", 0.5, first, peer_first),
        ("replay", 2.0, second, peer_second),
    ):
        yield Outcome(name, our_trips / peer_trips, bar, our_trips, peer_trips, unit="round trips")


def against_boto3(name: str, bar: float, directory: Path, catalog: Path, *, rows: int, calls: int) -> Outcome:
    table = workload.rows(rows)
    with (
        Replay(workload.json_response(table), directory) as json_rows,
        Replay(workload.typed_response(table), directory) as typed_rows,
    ):
        ours, peer = ["handler", str(catalog), json_rows.url, "0"], ["boto3", typed_rows.url]
        return compare_calls(name, bar, ours=ours, peer=peer, calls=calls)


def main() -> int:
    passed = True
    with tempfile.TemporaryDirectory() as directory:
        for outcome in outcomes(Path(directory)):
            print(outcome.line(), flush=True)
            passed = passed and outcome.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
