"""Requests that the local Lambda has answered, as they are told to the developer."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from handler.contract.execution import KEYS_CONSTRAINT, MARK_START, MOVED_MARK
from queryport.emulator.calls.log import DatabaseReport
from queryport.emulator.errors import PostgresFailure

_TRACES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """One request and its outcome."""

    method: str
    path: str
    status: int
    seconds: float
    failure: str | None = None
    """The error of the function itself, which a Function URL's caller does not learn."""
    database: DatabaseReport | None = None
    """PostgreSQL's last report, if the request failed; a caller learns none of it."""


ReportRequest = Callable[[AnsweredRequest], None]


class DatabaseReports:
    """PostgreSQL's reports until the requests that caused them are answered; may be used from several threads.

    The header with Lambda's trace id, which the function's calls to AWS carry, tells what belongs together.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, DatabaseReport] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, report: DatabaseReport) -> None:
        """Keep the report in place of an earlier one of its request; nothing of a request that Queryport refuses."""
        if report.trace is None:
            return
        with self._lock:
            if _is_queryports(report.failure):
                self._last.pop(report.trace, None)
                return
            self._last[report.trace] = report
            if len(self._last) > _TRACES_KEPT:
                self._last.popitem(last=False)

    def take(self, trace: str) -> DatabaseReport | None:
        """Remove and return the last report of a request."""
        with self._lock:
            return self._last.pop(trace, None)


_MARKED = re.compile(rf'"{MARK_START}[0-9a-f]{{16}}-(?:{MOVED_MARK})?[0-9]+"')


def _is_queryports(failure: PostgresFailure) -> bool:
    """Whether Queryport's own part of a statement failed on purpose.

    It takes a change back where the rows are not those that the call means, or where the call's key was used before.
    """
    return failure.constraint == KEYS_CONSTRAINT or _MARKED.search(failure.message) is not None
