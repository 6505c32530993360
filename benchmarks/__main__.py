"""Runs the benchmarks and prints a line for each: name, ratio, bar, PASS or FAIL, and the figures behind the ratio.

    start               importing the handler, with client and catalogue; the peer is boto3.client("rds-data") alone
    start-and-call      the same with the first call; the peer is boto3's client with its first call
    one-row             a GET of one row through the whole handler; the peer is execute_statement and decoding by hand
    4000-rows           the same with 4,000 rows of six columns
    keyed-write         a write with an idempotency key, a new one for each call; the peer is the same write without
    keyed-trips         round trips of a write with a key; the peer is the same write without
    replay              round trips of the second call with a key; the peer is Powertools Idempotency's
    powertools          round trips of a write with a key; the peer is Powertools Idempotency around the write
    jwt-start           a start with an issuer of tokens in the settings; the peer is one without
    jwt                 a GET of one row with a new token for each call; the peer is the same GET by IAM
    jwt-seen            the same with a token that was seen before; the peer is the same GET by IAM
    row-security        a GET of one row behind the caller's settings; the peer is the same GET without
    row-security-trips  round trips of that read; the peer is the same read without
    http                a GET of one row; the peer is the same read as a direct invocation
    not-modified        a browser's GET of 1,000 rows that it has, answered by 304; the peer is the answer of 200
    csv                 4,000 rows of six columns as CSV; the peer is Python's csv over the rows, parsed without loss
    gzip                1 MB of rows compressed and written as Lambda's answer; the peer is zlib alone
    10k-start           a start with a catalogue of 10,000 operations; the peer is one of ten
    10k-call            a warm call in a catalogue of 10,000 operations; the peer is one of ten
    list-page           a sorted and filtered page of 50 in 10^6 rows, in the database; the peer is the same SQL by hand
    emulator            one-row statements per second through the emulator, of four callers; the peer is psycopg
    emulator-encode     a result of one MiB from PostgreSQL's text to the answer's JSON; the peer is 20 MB/s
    compile             a thousand files for the first time; the peer is pgtyped's CLI over the same statements
    openapi             the OpenAPI document of a thousand operations at build; the peer is a second
    against             a thousand operations compared with an earlier catalogue; the peer is a second
    compile-one         a check of ten thousand files of which one has changed; the peer is a check of all of them

Writes all figures, and those for the plots, into benchmarks/results.json. Exits with 1 if a bar is missed.

python -m benchmarks                  everything
python -m benchmarks start one-row    only these, and no file
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import answers, emulator, lists, openapi, round_trips, start_up, workload
from benchmarks import compile as compile_files
from benchmarks.measure import Outcome, Programs, compare_calls
from benchmarks.operations import (
    annotate,
    read,
    secured_read,
    write_a_secured_read,
    write_a_write,
    write_operations,
)
from benchmarks.replay import Replay
from benchmarks.responses import json_response, raw_response, rows, typed_response
from benchmarks.results import Results

_ROWS = (1, 10, 100, 1000, 4000)
_OPERATIONS = (10, 100, 1000, 10_000)


class Suite:
    """The benchmarks, with what they share; each yields its outcomes and adds its figures for the plots."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._programs = Programs(directory / "bytecode")
        self._catalogs: dict[int, str] = {}
        self.results = Results()
        for count in _OPERATIONS:
            path = directory / f"{count}.json"
            write_operations(path, count)
            self._catalogs[count] = str(path)
        os.environ |= workload.ENVIRONMENT

    def starts(self) -> Iterator[Outcome]:
        ours, peer = ["benchmarks.start_up", "handler", self._catalogs[10]], ["benchmarks.start_up", "boto3"]
        start = self._programs.compare(ours, peer)
        yield start.outcome("start", 0.72)
        with (
            Replay(json_response(rows(1)), self._directory) as json_rows,
            Replay(typed_response(rows(1)), self._directory) as typed_rows,
        ):
            yield self._programs.compare([*ours, json_rows.url], [*peer, typed_rows.url]).outcome(
                "start-and-call", 0.72
            )
        parts = self._programs.shares(["benchmarks.start_up", "parts", self._catalogs[10]], peer)
        self.results.start_by_parts = dict(zip(start_up.PARTS, parts, strict=True))

    def calls(self) -> Iterator[Outcome]:
        for count in _ROWS:
            table, measured = rows(count), count in (_ROWS[0], _ROWS[-1])
            with (
                Replay(json_response(table), self._directory) as json_rows,
                Replay(typed_response(table), self._directory) as typed_rows,
            ):
                pair = compare_calls(
                    ["handler", self._catalogs[10], json_rows.url, "0"],
                    ["boto3", typed_rows.url],
                    calls=max(5, 100 // count),
                    processes=5 if measured else 2,
                )
            self.results.call_by_rows[count] = pair
            if count == _ROWS[0]:
                yield pair.outcome("one-row", 0.55)
        yield pair.outcome("4000-rows", 0.028)

    def keys(self) -> Iterator[Outcome]:
        catalog = self._directory / "write.json"
        write_a_write(catalog)
        row = [{"order_id": 1, "note": "ring the bell"}]
        with Replay(raw_response(row), self._directory) as replay:
            ours, peer = ([kind, str(catalog), replay.url] for kind in ("keyed-write", "write"))
            yield compare_calls(ours, peer, calls=100).outcome("keyed-write", 1.10)
        first, second = round_trips.with_key(annotate())
        peer_first, peer_second = round_trips.powertools()
        for name, bar, our_trips, peer_trips in (
            ("keyed-trips", 1.0, first, round_trips.without_key(annotate())),
            ("replay", 1.0, second, peer_second),
            ("powertools", 0.5, first, peer_first),
        ):
            yield Outcome(name, our_trips / peer_trips, bar, our_trips, peer_trips, unit="round trips")

    def callers(self) -> Iterator[Outcome]:
        start = ["benchmarks.start_up", "handler", self._catalogs[10]]
        yield self._programs.compare(["benchmarks.start_up", "jwt", *start[2:]], start).outcome("jwt-start", 1.02)
        secured = self._directory / "secured.json"
        write_a_secured_read(secured)
        with Replay(json_response(rows(1)), self._directory) as replay:
            by_iam = ["handler", self._catalogs[10], replay.url, "0"]
            for name, bar, ours in (
                ("jwt", 1.35, ["token", self._catalogs[10], replay.url]),
                ("jwt-seen", 1.05, ["seen-token", self._catalogs[10], replay.url]),
                ("row-security", 1.10, ["handler", str(secured), replay.url, "0"]),
            ):
                yield compare_calls(ours, by_iam, calls=100).outcome(name, bar)
        trips, peer_trips = round_trips.of_read(secured_read()), round_trips.of_read(read(0))
        yield Outcome("row-security-trips", trips / peer_trips, 1.0, trips, peer_trips, unit="round trips")

    def http(self) -> Iterator[Outcome]:
        catalog = str(self._directory / "answers.json")
        answers.write_a_read(Path(catalog))
        with Replay(json_response(rows(1)), self._directory) as replay:
            ours, peer = ([kind, catalog, replay.url] for kind in ("get", "direct"))
            yield compare_calls(ours, peer, calls=100).outcome("http", 1.15)
        with Replay(json_response(rows(1000)), self._directory) as replay:
            ours, peer = ([kind, catalog, replay.url] for kind in ("not-modified", "browser"))
            yield compare_calls(ours, peer, calls=20).outcome("not-modified", 0.9)
        yield compare_calls(["csv"], ["python-csv"], calls=5).outcome("csv", 0.5)
        yield compare_calls(["gzip"], ["zlib"], calls=5).outcome("gzip", 1.1)

    def scale(self) -> Iterator[Outcome]:
        fewest, most = _OPERATIONS[0], _OPERATIONS[-1]
        program = ["benchmarks.start_up", "handler"]
        for count in _OPERATIONS[1:]:
            start = self._programs.compare([*program, self._catalogs[count]], [*program, self._catalogs[fewest]])
            with Replay(json_response(rows(1)), self._directory) as replay:
                call = compare_calls(
                    ["handler", self._catalogs[count], replay.url, str(count - 1)],
                    ["handler", self._catalogs[fewest], replay.url, str(fewest - 1)],
                    calls=100,
                    processes=5 if count == most else 2,
                )
            self.results.cost_by_operations[count] = (start, call)
        yield start.outcome("10k-start", 1.05)
        yield call.outcome("10k-call", 1.02)

    def lists(self) -> Iterator[Outcome]:
        yield from lists.outcomes()

    def emulator(self) -> Iterator[Outcome]:
        yield from emulator.outcomes()

    def openapi(self) -> Iterator[Outcome]:
        yield from openapi.outcomes()

    def compiling(self) -> Iterator[Outcome]:
        yield from compile_files.outcomes()

    def groups(self) -> Mapping[Callable[[], Iterator[Outcome]], Sequence[str]]:
        return {
            self.starts: ("start", "start-and-call"),
            self.calls: ("one-row", "4000-rows"),
            self.keys: ("keyed-write", "keyed-trips", "replay", "powertools"),
            self.callers: ("jwt-start", "jwt", "jwt-seen", "row-security", "row-security-trips"),
            self.http: ("http", "not-modified", "csv", "gzip"),
            self.scale: ("10k-start", "10k-call"),
            self.lists: ("list-page",),
            self.emulator: ("emulator", "emulator-encode"),
            self.openapi: ("openapi", "against"),
            self.compiling: ("compile", "compile-one"),
        }


def main(*wanted: str) -> int:
    passed = True
    with tempfile.TemporaryDirectory() as directory:
        suite = Suite(Path(directory))
        known = [name for names in suite.groups().values() for name in names]
        if unknown := set(wanted) - set(known):
            sys.exit(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        for benchmark, names in suite.groups().items():
            if wanted and not set(wanted) & set(names):
                continue
            for outcome in benchmark():
                print(outcome.line(), flush=True)
                suite.results.outcomes.append(outcome)
                passed = passed and outcome.passed
        if not wanted:
            suite.results.write()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
