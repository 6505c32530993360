"""Mixed load with faults for as long as one likes, and what must not be left over from it.

    python -m tests.queryport.emulator.soak --minutes 20

The emulator runs in a process of its own; workers with the real boto3 read, write, batch, time out, ask for too much,
commit, roll back and vanish, while a share of their calls is delayed, refused or dropped. Prints a line a minute. In
the end no transaction and no session may be left open, and the process must not have grown. Exits with 1 if any has.
"""

import argparse
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.conninfo import conninfo_to_dict

from queryport.emulator import Emulator, Limits
from queryport.emulator.sessions.pool import KEPT_IDLE
from queryport.postgres.server import EmbeddedPostgres
from tests.support.data_api import Api, long, text

IDLE_SECONDS = 2.0
LIMITS = Limits(transaction_idle_seconds=IDLE_SECONDS, statement_seconds=0.5)
MIB = 1024 * 1024

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "error": "DatabaseResumingException", "share": 0.01, "seed": 1},
    {"kind": "error", "error": "InternalServerErrorException", "share": 0.01, "seed": 2, "when": "after"},
    {"kind": "throttle", "share": 0.01, "seed": 3},
    {"kind": "delay", "seconds": 0.05, "share": 0.02, "seed": 4},
    {"kind": "drop", "share": 0.01, "seed": 5},
    {"kind": "drop", "share": 0.01, "seed": 6, "when": "after"},
)


def read(api: Api, chance: random.Random) -> None:
    api.execute("SELECT * FROM soak WHERE id <= :id", long("id", chance.randrange(50)), includeResultMetadata=True)


def write(api: Api, chance: random.Random) -> None:
    api.execute("INSERT INTO soak (body) VALUES (:body)", text("body", "x" * chance.randrange(2000)))
    api.execute("DELETE FROM soak WHERE id < (SELECT max(id) - 500 FROM soak)")


def batch(api: Api, chance: random.Random) -> None:
    sets = [[text("body", str(number))] for number in range(chance.randrange(20))]
    api.call("batch_execute_statement", sql="INSERT INTO soak (body) VALUES (:body)", parameterSets=sets)


def too_much(api: Api, chance: random.Random) -> None:
    api.execute("SELECT repeat('y', 1000) FROM generate_series(1, :rows)", long("rows", chance.randrange(900, 4000)))


def too_slow(api: Api, chance: random.Random) -> None:
    api.execute("SELECT pg_sleep(0.6)", continueAfterTimeout=chance.random() < 0.5)


def nonsense(api: Api, chance: random.Random) -> None:
    api.execute(chance.choice(["SELEKT", "SELECT 1 / 0", "SELECT interval '1 day'", "COPY soak TO STDOUT", "BEGIN"]))


def transaction(api: Api, chance: random.Random) -> None:
    """Commits, rolls back or vanishes."""
    opened = api.begin()
    api.execute("CREATE TEMP TABLE scratch (a int)", transactionId=opened)
    api.execute("DECLARE c CURSOR FOR SELECT * FROM soak", transactionId=opened)
    api.execute("FETCH 10 FROM c", transactionId=opened)
    api.execute("INSERT INTO soak (body) VALUES ('t')", transactionId=opened)
    match chance.randrange(6):
        case 0:
            return
        case 1 | 2:
            api.rollback(opened)
        case _:
            api.commit(opened)


JOBS: tuple[tuple[Callable[[Api, random.Random], None], int], ...] = (
    (read, 10), (write, 6), (batch, 2), (too_much, 1), (too_slow, 1), (nonsense, 2), (transaction, 6),
)  # fmt: skip


@dataclass
class Outcome:
    """What was counted, and everything that should not have been."""

    calls: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    """The emulator's resident bytes, once a second."""
    problems: list[str] = field(default_factory=list)


def soak(
    database_url: str, ended: Callable[["Outcome"], bool], *, workers: int, growth: int, report: Callable[[str], None]
) -> Outcome:
    """Runs the load until it `ended`, against an emulator over `database_url` that may grow by `growth` bytes."""
    outcome = Outcome()
    database = str(conninfo_to_dict(database_url)["dbname"])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS soak (id serial, body text)")
    with _emulator(database_url) as (url, process):
        for fault in FAULTS:
            httpx.post(f"{url}/_queryport/faults", json=fault).raise_for_status()
        threads = [
            threading.Thread(target=_work, args=(url, database, number, ended, outcome)) for number in range(workers)
        ]
        for thread in threads:
            thread.start()
        outcome.memory.append(process.memory_info().rss)
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            outcome.memory.append(process.memory_info().rss)
            if len(outcome.memory) % 60 == 0:
                report(f"{outcome.calls.total()} calls, {outcome.memory[-1] / MIB:.0f} MiB, {_status(url)}")
        time.sleep(IDLE_SECONDS * 1.5)
        outcome.problems += _left_over(url, database_url, process)
    half = len(outcome.memory) // 2
    grown = max(outcome.memory[half:]) - max(outcome.memory[:half])
    if grown > growth:
        outcome.problems.append(f"the emulator grew by {grown / MIB:.1f} MiB in the second half")
    report(f"{outcome.calls.total()} calls: {dict(outcome.calls.most_common())}; grown by {grown / MIB:.1f} MiB")
    return outcome


def _work(url: str, database: str, number: int, ended: Callable[[Outcome], bool], outcome: Outcome) -> None:
    chance = random.Random(number)  # noqa: S311 (no secret)
    jobs, weights = zip(*JOBS, strict=True)
    with Api(url, database) as api:
        while not ended(outcome):
            [job] = chance.choices(jobs, weights)
            try:
                job(api, chance)
            except ClientError as error:
                outcome.calls[error.response["Error"]["Code"]] += 1
            except BotoCoreError as error:
                outcome.calls[type(error).__name__] += 1
            else:
                outcome.calls["OK"] += 1


def _left_over(url: str, database_url: str, process: psutil.Process) -> Iterator[str]:
    status = _status(url)
    if status["transactions"]:
        yield f"{status['transactions']} transactions are open"
    if status["sessions"] > KEPT_IDLE or status["sessions"] != status["idle"]:
        yield f"{status['sessions']} sessions are open, {status['idle']} of them idle"
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    if row != (status["sessions"], 0):
        yield f"PostgreSQL counts {row} sessions and busy sessions, the emulator {status['sessions']}"
    if process.num_fds() > 100:
        yield f"the emulator holds {process.num_fds()} descriptors"


def _status(url: str) -> dict[str, int]:
    status: dict[str, int] = httpx.get(f"{url}/_queryport/status").raise_for_status().json()
    return status


@contextmanager
def _emulator(database_url: str) -> Iterator[tuple[str, psutil.Process]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.queryport.emulator.soak", "--serve", database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), psutil.Process(process.pid)
        process.communicate()


def _serve(database_url: str) -> None:
    with Emulator(database_url, limits=LIMITS) as emulator:
        print(emulator.url, flush=True)
        sys.stdin.read()


def main() -> int:
    parser = argparse.ArgumentParser(description="Mixed load on the emulator, and what must not be left over from it.")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--serve", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve)
        return 0
    with EmbeddedPostgres.scratch() as postgres:
        deadline = time.monotonic() + options.minutes * 60
        outcome = soak(
            postgres.url(),
            lambda _: time.monotonic() >= deadline,
            workers=options.workers,
            growth=8 * MIB,
            report=lambda line: print(line, flush=True),
        )
    for problem in outcome.problems:
        print(f"FAIL  {problem}")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
