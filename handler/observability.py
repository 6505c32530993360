"""The function's words to its operator: one JSON line for each call, a log record and the call's metrics in one.

Level, members and stream of the line are those of Powertools' Logger, which writes every other record. The metrics ride
on it in CloudWatch's embedded metric format (EMF), as Powertools' Metrics makes it. Neither SQL nor a value is in it.
The operation is a dimension of the metrics, so only names from the catalogue get there, never what a caller made up.
"""

import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

import orjson
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.functions import is_metrics_disabled

if TYPE_CHECKING:
    from handler.contract.errors import OperationError
    from handler.identity.caller import Caller

DEFAULT_SERVICE = "queryport"
DEFAULT_NAMESPACE = "Queryport"


class CallRecord(NamedTuple):
    """One invocation of the function, as its line in the log tells it."""

    adapter: str
    """The adapter that it came through."""
    request_id: str
    caller: "Caller | None" = None
    operation: str | None = None
    rows: int = 0
    replayed: bool = False
    rolled_back: bool = False
    error: "OperationError | None" = None
    crash: Exception | None = None
    """The exception that was raised by mistake, where the error is InternalError."""


class Observer:
    def __init__(self) -> None:
        service = os.environ.get("POWERTOOLS_SERVICE_NAME") or DEFAULT_SERVICE
        self._service = service
        formatter = LambdaPowertoolsFormatter(json_serializer=_json, utc=True, use_rfc3339=True, service=service)
        self._logger = Logger(service=service, logger_formatter=formatter)
        self._handler = cast("logging.StreamHandler[TextIO]", self._logger.registered_handler)
        self._metrics_form = {} if is_metrics_disabled() else _metrics_form(service)
        self._cold_start = True
        self._names_callers = os.environ.get("QUERYPORT_LOG_CALLER_ID") == "plain"
        self._refusals: dict[str, dict[str, Any]] = {}

    def record(self, call: CallRecord, seconds: float) -> None:
        """Write the line of a call that took so many seconds."""
        milliseconds = round(seconds * 1000, 3)
        metrics = self._metrics(call, milliseconds)
        ours = call.error is not None and call.error.status >= 500
        if self._logger.log_level <= (logging.ERROR if ours else logging.INFO):
            self._write({**self._head("ERROR" if ours else "INFO"), **self._facts(call, milliseconds), **metrics})
        elif metrics:
            self._write(metrics)  # the level silences the log, not the metrics
        if call.error is not None and call.error.constraint is not None:
            self._logger.debug("the constraint behind the error", extra={"constraint": call.error.constraint})
        if call.crash is not None:
            self._logger.debug("the error behind InternalError", exc_info=call.crash)
        self._cold_start = False

    def warn_of_schema(self, *, compiled: str, deployed: str) -> None:
        """Write that the database has another schema than the one that the operations were compiled against."""
        metrics: dict[str, Any] = {}
        if self._metrics_form:
            metrics = _rendered_metrics(self._service, {"SchemaMismatch": MetricUnit.Count}, 1)
        if self._logger.log_level <= logging.WARNING:
            self._logger.warning("schema mismatch", extra={"compiled": compiled, "deployed": deployed, **metrics})
        elif metrics:
            self._write(metrics)

    def _write(self, line: Mapping[str, Any]) -> None:
        """Write a line past the Logger, whose way from a record to its text takes a twentieth of a call."""
        stream = self._handler.stream
        try:
            stream.write(_json(line) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 (as logging has it: what cannot be logged is told on stderr, and fails no call)
            self._handler.handleError(logging.makeLogRecord({"msg": "call"}))

    def _head(self, level: str) -> dict[str, str]:
        """The members that Powertools gives the record of a call."""
        record = {
            "level": level,
            "message": "call",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": self._service,
        }
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):
            record["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
        return record

    def _facts(self, call: CallRecord, milliseconds: float) -> dict[str, Any]:
        facts = {
            "operation": call.operation,
            "outcome": "ok",
            "duration_ms": milliseconds,
            "rows": call.rows,
            "caller": call.adapter,
            "cold_start": self._cold_start,
            "function_request_id": call.request_id,
        }
        if call.caller is not None:
            facts["caller_kind"] = call.caller.kind
            facts["caller_id"] = call.caller.id if self._names_callers else call.caller.scope
        if call.replayed:
            facts["replayed"] = True
        if call.rolled_back:
            facts["rolled_back"] = True
        if call.error is not None:
            reasons = {"outcome": call.error.name, "sqlstate": call.error.sqlstate, "cause": call.error.cause}
            facts |= {name: reason for name, reason in reasons.items() if reason is not None}
        return facts

    def _metrics(self, call: CallRecord, milliseconds: float) -> dict[str, Any]:
        form = self._metrics_form
        if not form:
            return {}
        refusal = self._refusal(call.error.name) if call.error is not None and call.error.status in _REFUSED else {}
        directives = [each["_aws"]["CloudWatchMetrics"][0] for each in (call.operation and form, refusal) if each]
        if not directives:
            return {}
        emf = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}}
        if call.operation is None:
            return {**refusal, **emf}
        return {
            **form,
            **refusal,
            **emf,
            "operation": call.operation,
            "Calls": 1,
            "Errors": 0 if call.error is None else 1,
            "Duration": milliseconds,
            "Rows": call.rows,
        }

    def _refusal(self, outcome: str) -> dict[str, Any]:
        """The metric of a refused caller, of the whole function: who is refused may have asked for no operation yet."""
        form = self._refusals.get(outcome)
        if form is None:
            units = {"Refused": MetricUnit.Count}
            form = _rendered_metrics(self._service, units, 1, outcome=outcome) | {"Refused": 1}
            self._refusals[outcome] = form
        return form


def _metrics_form(service: str) -> dict[str, Any]:
    """The metrics of a call as Powertools renders them; every call fills in its own values, which costs a tenth."""
    return _rendered_metrics(service, _METRICS, 0, operation="filled in by each call")


def _rendered_metrics(service: str, units: Mapping[str, MetricUnit], value: float, **dimensions: str) -> dict[str, Any]:
    metrics = EphemeralMetrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or DEFAULT_NAMESPACE, service=service
    )
    for name, dimension in dimensions.items():
        metrics.add_dimension(name, dimension)
    for name, unit in units.items():
        metrics.add_metric(name, unit, value)
    return dict(metrics.serialize_metric_set())


_REFUSED = (401, 403)

_METRICS = {
    "Calls": MetricUnit.Count,
    "Errors": MetricUnit.Count,
    "Duration": MetricUnit.Milliseconds,
    "Rows": MetricUnit.Count,
}


def _json(line: Any) -> str:
    return orjson.dumps(line, default=str).decode()
