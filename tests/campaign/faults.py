"""What befalls the calls of a campaign: every kind of fault that the emulator knows, and a database that is killed.

A fault that strikes after the call has done its work says nothing of the work, as in life: a lost connection, a delay
or an error 5xx. One that says that nothing was done strikes before.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable

import psutil

from queryport.emulator import Emulator, Fault
from queryport.postgres.server import EmbeddedPostgres

_OPERATIONS = (
    *["ExecuteStatement"] * 6,
    *["CommitTransaction"] * 3,
    *["BatchExecuteStatement", "BeginTransaction", "RollbackTransaction"],
)
_AMBIGUOUS = ("DatabaseUnavailableException", "InternalServerErrorException", "ServiceUnavailableError")
_COLLISION = "ERROR: could not serialize access due to concurrent update; SQLState: 40001"
_SHUTDOWN = "FATAL: terminating connection due to administrator command; SQLState: 57P01"


KINDS = frozenset(["drop", "error", "throttle", "delay", "resume"])


def any_fault(chance: random.Random) -> Fault:
    what = {
        "kind": chance.choice(["drop", "drop", "drop", "error", "error", "throttle", "delay", "resume"]),
        "operation": chance.choice(_OPERATIONS),
        "calls": chance.randint(1, 3),
    }
    match what["kind"]:
        case "drop":
            what["when"] = chance.choice(["before", "after"])
        case "delay":
            what |= {"when": chance.choice(["before", "after"]), "seconds": chance.uniform(0.05, 2.5)}
        case "resume":
            what = {"kind": "resume", "seconds": chance.uniform(0.2, 1.0)}
        case "error":
            what |= chance.choice(
                [
                    *({"error": code, "when": when} for code in _AMBIGUOUS for when in ("before", "after")),
                    {"error": "InternalFailure", "when": "after"},
                    {"error": "DatabaseErrorException", "message": _SHUTDOWN, "when": "after"},
                    {"error": "DatabaseErrorException", "message": _COLLISION},
                    {"error": "StatementTimeoutException"},
                    {"error": "TransactionNotFoundException"},
                    {"error": "ValidationException"},
                ]
            )
    return Fault.model_validate(what)


class Misfortune:
    """Arms faults and kills the database, from a thread of its own, until it is stopped."""

    def __init__(self, emulator: Emulator, server: EmbeddedPostgres, seed: int, seconds_between_kills: float) -> None:
        self._emulator = emulator
        self._server = server
        self._chance = random.Random(seed)  # noqa: S311 (not a secret)
        self._seconds_between_kills = seconds_between_kills
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in (self._arm, self._kill)]
        self.counts: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets nothing more happen, and what has been armed lapse."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._emulator.faults.clear()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:
            self.failure = failure
            raise

    def _arm(self) -> None:
        while not self._over.wait(self._chance.uniform(0.02, 0.12)):
            if len(self._emulator.faults.listed()) < 4:
                self._emulator.faults.arm(any_fault(self._chance))

    def _kill(self) -> None:
        while not self._over.wait(self._seconds_between_kills):
            kill_and_restart(self._server)
            self.counts["database killed and restarted"] += 1


def kill_and_restart(server: EmbeddedPostgres) -> None:
    """SIGKILL to the server and to all of its sessions at once, as a power cut would have it."""
    postmaster = psutil.Process(int((server.data / "postmaster.pid").read_text().split("\n", 1)[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
    server.stop()
    server.start()
