"""Requests that the local Lambda has answered, as they are told to the developer."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response

from queryport.emulator.call_log import DatabaseReport

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


class Answering(Protocol):
    """Something that may answer a request instead of the function."""

    def __call__(self, method: str, path: str) -> Response | None: ...


class DatabaseReports:
    """PostgreSQL's reports until the requests that caused them are answered; may be used from several threads.

    The header with Lambda's trace id, which the function's calls to AWS carry, tells what belongs together.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, DatabaseReport] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, report: DatabaseReport) -> None:
        if report.trace is None:
            return
        with self._lock:
            self._last[report.trace] = report
            if len(self._last) > _TRACES_KEPT:
                self._last.popitem(last=False)

    def take(self, trace: str) -> DatabaseReport | None:
        """Remove and return the last report of a request."""
        with self._lock:
            return self._last.pop(trace, None)
