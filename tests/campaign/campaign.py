"""A campaign: many callers move money while everything goes wrong, and then the books are checked.

Every caller notes what it was told of each write. Afterwards a write with a key that was acknowledged must be in the
books once, one that was told not to have happened must not be there, and one whose outcome was unknown at most once;
without a key a write is there once if it was acknowledged, and at most once if its outcome was unknown. No money comes
into being or is lost. What happens in which order is the machine's to decide; the seed decides what is tried.
"""

import random
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from handler.contract import errors
from handler.data_api.attempts import Backoff
from queryport.emulator import Call, Emulator
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.campaign.bank import Caller, callers, compile_bank, prepare_bank
from tests.campaign.faults import KINDS, Misfortune

CALLERS = 12
ACCOUNTS = 40
SECONDS_BETWEEN_KILLS = 6.0
MOST_SECONDS_MORE = 60.0
"""What a campaign may take beyond its time, on a machine so busy that not every kind of fault has struck by then."""
_DONE = "done"
_WAYS = ("move_at_once", "move_uncounted", "move_in_steps", "move_serializable", "move_many", "move_unseen")


@dataclass(slots=True)
class Write:
    """One write as its caller sees it."""

    way: str
    tickets: list[str]
    parameters: Any
    key: str | None
    reports: list[str] = field(default_factory=list)
    """`done`, or the outcome of a failure, for each call."""


@dataclass(slots=True)
class Report:
    """What a campaign counted, and what it found wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    flaws: list[str] = field(default_factory=list)

    def text(self) -> str:
        width = max(map(len, self.counts))
        return "\n".join(f"{name:<{width}} {count:>8,}" for name, count in sorted(self.counts.items()))


def run(seed: int, seconds: float, say: Callable[[str], None] = print) -> Report:
    """Runs a campaign on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="queryport-campaign-") as directory:
        folder = Path(directory)
        folder.chmod(0o755)  # the server runs under an account of its own
        with EmbeddedPostgres(folder / "postgres") as server:
            return _run(server, folder, seed, seconds, say)


def _run(server: EmbeddedPostgres, folder: Path, seed: int, seconds: float, say: Callable[[str], None]) -> Report:
    database, url = create_database(server.url(), "campaign")
    with psycopg.connect(url, autocommit=True) as connection:
        # The development server takes a commit for done before it is on disk, and this one is killed.
        connection.execute("ALTER DATABASE campaign SET synchronous_commit = on")
    prepare_bank(url, ACCOUNTS)
    catalog = compile_bank(url, folder)
    report = Report()
    struck: set[str] = set()
    count = threading.Lock()

    def noted(call: Call) -> None:
        with count:
            report.counts["requests to the Data API"] += 1
            if call.fault is not None:
                report.counts[f"fault: {call.fault}, {call.outcome}"] += 1
                struck.add(call.fault)

    def counted_pause(backoff: Backoff, attempt: int) -> float:
        with count:
            report.counts["failed attempts within calls"] += 1
        return random.uniform(0, min(backoff.longest, backoff.first * 2 ** (attempt - 1)))  # noqa: S311

    with (
        Emulator(url) as emulator,
        patch.object(emulator.log, "add", noted),
        patch.object(Backoff, "seconds", counted_pause),
    ):
        new_caller = callers(catalog, emulator.url, database)
        misfortune = Misfortune(emulator, server, seed, SECONDS_BETWEEN_KILLS)
        ends = time.monotonic() + seconds

        def goes_on() -> bool:
            late = time.monotonic() - ends
            return late < 0 or (struck < KINDS and late < MOST_SECONDS_MORE)

        books = [Books(new_caller, seed * 1000 + number, goes_on) for number in range(CALLERS)]
        misfortune.start()
        try:
            with ThreadPoolExecutor(CALLERS) as pool:
                for done in [pool.submit(book.work) for book in books]:
                    done.result()
        finally:
            misfortune.stop()
        if misfortune.failure is not None:
            raise misfortune.failure
    _settle(url)
    report.counts.update(misfortune.counts)
    for book in books:
        report.counts.update(book.counts)
    writes = [write for book in books for write in book.writes]
    report.flaws = audit(url, writes, report.counts)
    say(report.text())
    return report


class Books:
    """A caller, and what it was told."""

    def __init__(self, new_caller: Callable[[float], Caller], seed: int, goes_on: Callable[[], bool]) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (not a secret)
        # Two Lambda environments: a call that is repeated often meets another one.
        self._callers = [new_caller(3.0), new_caller(2.0)]
        self._goes_on = goes_on
        self._lock = threading.Lock()
        self.writes: list[Write] = []
        self.counts: Counter[str] = Counter()

    def work(self) -> None:
        while self._goes_on():
            write = self._write()
            self.writes.append(write)
            self.counts[f"writes {'with' if write.key else 'without'} a key"] += 1
            if write.key and self._chance.random() < 0.15:
                self._twins(write)
            else:
                self._insist(write)
            if write.key and _DONE in write.reports and self._chance.random() < 0.2:
                self._call(write, self._callers[0])
                self._conflict(write)

    def _write(self) -> Write:
        chance = self._chance
        way = chance.choice(_WAYS)
        ticket = uuid.UUID(int=chance.getrandbits(128)).hex
        size = chance.randint(1, 6) if way == "move_many" else 1
        moves = []
        for number in range(size):
            source, target = chance.sample(range(1, ACCOUNTS + 1), 2)
            # Now and then more than there is, which the table refuses.
            amount = chance.randint(1, 20) if chance.random() < 0.95 else 1_000_000
            moves.append({"ticket": f"{ticket}-{number}", "source": source, "target": target, "amount": amount})
        key = ticket if chance.random() < 0.6 else None
        tickets = [str(move["ticket"]) for move in moves]
        return Write(way, tickets, moves if way == "move_many" else moves[0], key)

    def _insist(self, write: Write) -> None:
        """Calls again as long as that is right: with the key on any failure that may pass, else on what did nothing."""
        for number in range(6):
            error = self._call(write, self._chance.choice(self._callers))
            if error is None or not error.retryable:
                return
            if number:
                self.counts["calls repeated by callers"] += 1
            time.sleep(self._chance.uniform(0, 0.1))

    def _twins(self, write: Write) -> None:
        self.counts["writes called twice at once"] += 1
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda caller: self._call(write, caller), self._callers))
        if _DONE not in write.reports:
            self._insist(write)

    def _conflict(self, write: Write) -> None:
        first = write.parameters[0] if isinstance(write.parameters, list) else write.parameters
        other = {**first, "amount": first["amount"] + 1}
        try:
            self._callers[0].call(write.way, [other] if isinstance(write.parameters, list) else other, write.key)
        except errors.IdempotencyConflict:
            self.counts["conflicting parameters refused"] += 1
        except errors.OperationError:
            pass  # a fault came first
        else:
            raise AssertionError("a key was taken with other parameters")

    def _call(self, write: Write, caller: Caller) -> errors.OperationError | None:
        error: errors.OperationError | None = None
        try:
            answer = caller.call(write.way, write.parameters, write.key)
            told = _DONE
        except errors.OperationError as failure:
            error, told, answer = failure, str(failure.outcome), {}
        with self._lock:
            write.reports.append(told)
            self.counts["calls"] += 1
            self.counts[f"told: {told}"] += 1
            if error is not None:
                self.counts[f"error: {error.name}"] += 1
            if answer.get("replayed"):
                self.counts["replays"] += 1
        return error


def _settle(url: str) -> None:
    """Waits until nothing runs any more, so that the books are closed when they are looked at."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(600):
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.1)
    raise AssertionError("sessions of the emulator are still open after a minute")


def audit(url: str, writes: Sequence[Write], counts: Counter[str]) -> list[str]:
    """What is wrong with the books."""
    flaws = []
    with psycopg.connect(url) as connection:
        made: dict[str, int] = dict(
            connection.execute("SELECT ticket, count(*) FROM movement GROUP BY ticket").fetchall()
        )
        # Each caller has keys of its own: the caller's name stands before them.
        kept = {row[0].rpartition(":")[2] for row in connection.execute("SELECT key FROM queryport.idempotency_key")}
        (total,) = connection.execute("SELECT sum(balance) FROM account").fetchone() or (None,)
        wrong = connection.execute(
            "SELECT account_id FROM account WHERE balance <> 1000"
            " + coalesce((SELECT sum(amount) FROM movement WHERE target = account_id), 0)"
            " - coalesce((SELECT sum(amount) FROM movement WHERE source = account_id), 0)"
        ).fetchall()
    if total != 1000 * ACCOUNTS:
        flaws.append(f"there were {1000 * ACCOUNTS} and are {total}")
    flaws += [f"account {account} does not hold what was moved" for (account,) in wrong]
    for write in writes:
        times = {made.pop(ticket, 0) for ticket in write.tickets}
        if len(times) > 1:
            flaws.append(f"half of a write is there: {write}")
            continue
        happened = times.pop()
        if happened not in _allowed(write):
            flaws.append(f"it happened {happened} times: {write}")
        if write.key is not None and (write.key in kept) != (happened == 1):
            flaws.append(f"key and change are not there together: {write}")
        counts["writes that happened"] += happened
        counts["writes of unknown outcome to the last"] += _DONE not in write.reports and "unknown" in write.reports
    if made:
        flaws.append(f"nobody wrote {sorted(made)[:5]}")
    return flaws


def _allowed(write: Write) -> set[int]:
    if _DONE in write.reports:
        return {1}
    return {0, 1} if "unknown" in write.reports else {0}
