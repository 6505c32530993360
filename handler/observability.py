"""What the function tells its operator: one JSON line for each call, a log record and the call's metrics in one.

The line is Powertools' log record; the metrics ride on it in CloudWatch's embedded metric format (EMF), as Powertools'
Metrics makes it. Neither SQL nor a value is ever in it. The operation is a dimension of the metrics, so only names from
the catalogue get there, never what a caller made up.
"""

import logging
import os
import time
from typing import TYPE_CHECKING, Any

import orjson
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.functions import is_metrics_disabled

from handler.deadline import Deadline

if TYPE_CHECKING:
    from handler.errors import OperationError

DEFAULT_SERVICE = "queryport"
DEFAULT_NAMESPACE = "Queryport"


class Call:
    """One invocation of the function, from its start to its line in the log."""

    __slots__ = ("caller", "crash", "deadline", "error", "operation", "replayed", "request_id", "rows", "started")

    def __init__(self, caller: str, context: Any) -> None:
        self.caller = caller
        self.request_id: str = context.aws_request_id
        self.deadline = Deadline(context.get_remaining_time_in_millis)
        self.started = time.perf_counter()
        self.operation: str | None = None
        self.rows = 0
        self.replayed = False
        self.error: OperationError | None = None
        self.crash: Exception | None = None
        """What was raised by mistake, where the error is InternalError."""


class Observer:
    def __init__(self) -> None:
        service = os.environ.get("POWERTOOLS_SERVICE_NAME", DEFAULT_SERVICE)
        self._logger = Logger(
            service=service,
            utc=True,
            use_rfc3339=True,
            location=None,
            json_serializer=_json,
            json_deserializer=_as_it_is,
        )
        self._service = service
        self._namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", DEFAULT_NAMESPACE)
        self._has_metrics = not is_metrics_disabled()
        self._cold_start = True

    def record(self, call: Call) -> None:
        """Writes the line of a call that has come to its end."""
        milliseconds = round((time.perf_counter() - call.started) * 1000, 3)
        metrics = self._metrics(call, milliseconds)
        ours = call.error is not None and call.error.status >= 500
        if self._logger.log_level <= (logging.ERROR if ours else logging.INFO):
            write = self._logger.error if ours else self._logger.info
            write("call", extra={**self._facts(call, milliseconds), **metrics})
        elif metrics:
            print(_json(metrics), flush=True)  # the level silences the log, not the metrics
        if call.crash is not None:
            self._logger.debug("the error behind InternalError", exc_info=call.crash)
        self._cold_start = False

    def _facts(self, call: Call, milliseconds: float) -> dict[str, Any]:
        facts = {
            "operation": call.operation,
            "outcome": "ok",
            "duration_ms": milliseconds,
            "rows": call.rows,
            "caller": call.caller,
            "cold_start": self._cold_start,
            "function_request_id": call.request_id,
        }
        if call.replayed:
            facts["replayed"] = True
        if call.error is not None:
            facts |= {"outcome": call.error.name, "sqlstate": call.error.sqlstate, "cause": call.error.cause}
        return facts

    def _metrics(self, call: Call, milliseconds: float) -> dict[str, Any]:
        if not self._has_metrics or call.operation is None:
            return {}
        metrics = EphemeralMetrics(namespace=self._namespace, service=self._service)
        metrics.add_dimension("operation", call.operation)
        metrics.add_metric("Calls", MetricUnit.Count, 1)
        metrics.add_metric("Errors", MetricUnit.Count, 0 if call.error is None else 1)
        metrics.add_metric("Duration", MetricUnit.Milliseconds, milliseconds)
        metrics.add_metric("Rows", MetricUnit.Count, call.rows)
        return dict(metrics.serialize_metric_set())


def _json(line: dict[str, Any]) -> str:
    return orjson.dumps(line, default=str).decode()


def _as_it_is(message: Any) -> Any:
    """Powertools would else look whether each message is JSON."""
    return message
