"""The function: tells callers apart, and sees to it that every call ends in one line of the log.

It answers the JSON as bytes, which the runtime client passes on as they are.
"""

import time
from typing import TYPE_CHECKING, Any

from handler.adapter import Adapter, Exchange, Incoming
from handler.contract.catalog import Catalog
from handler.contract.errors import InternalError, OperationError, Outcome
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.wire import Wire
from handler.engine.engine import Engine
from handler.engine.invocation import Answer
from handler.http.function_url import FunctionUrl, is_function_url
from handler.identity.caller import ANONYMOUS, alias_of
from handler.identity.identity import Identity
from handler.identity.settings import IdentitySettings
from handler.observability import CallRecord, Observer
from handler.settings import Settings
from handler.task import Task

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Application:
    """The function for one catalogue and one database; calling it is handling an event."""

    def __init__(self, settings: Settings, identity_settings: IdentitySettings = IdentitySettings()) -> None:  # noqa: B008 (immutable)
        catalog = Catalog(settings.catalog)
        self._engine = Engine(catalog, DataApi(settings, Wire.from_environment()))
        identity = Identity(identity_settings)
        self._http_alias = identity_settings.http_alias
        self._function_url = FunctionUrl(catalog, self._engine, identity)
        self._task = Task(self._engine, identity)
        self._observer = Observer()
        if settings.schema is not None and settings.schema != catalog.schema:
            self._observer.warn_of_schema(compiled=catalog.schema, deployed=settings.schema)

    def __call__(self, event: Any, context: "LambdaContext") -> bytes:
        """Answer one event. A direct invocation that fails raises one of handler.contract.errors; HTTP never raises."""
        started = time.perf_counter()
        adapter = self._adapter(event, context.invoked_function_arn)
        deadline = Deadline(context.get_remaining_time_in_millis)
        incoming = Incoming(event, ANONYMOUS, context.aws_request_id, deadline, context.invoked_function_arn)
        call = CallRecord(adapter.name, incoming.request_id)
        exchange: Exchange | bytes | None = None
        answer: Answer | None = None
        try:
            incoming = incoming._replace(caller=adapter.identify(incoming))
            call = call._replace(caller=incoming.caller)
            exchange = adapter.receive(incoming)
            if isinstance(exchange, bytes):
                payload = exchange
            else:
                call = call._replace(operation=exchange.operation.name)
                exchange.operation.admit(incoming.caller)
                answer = self._engine.run(exchange.invocation())
                call = call._replace(rows=answer.row_count, replayed=answer.replayed, rolled_back=answer.rolled_back)
                payload = exchange.render(answer)
        except OperationError as error:
            call = call._replace(error=error)
        except Exception as error:  # noqa: BLE001 (the last resort: neither callers nor the log may see what it says)
            told = InternalError(
                "an unexpected error; the function's log has its type",
                outcome=_outcome(exchange, answer),
                cause=type(error).__name__,
            )
            call = call._replace(error=told, crash=error)
        self._observer.record(call, time.perf_counter() - started)
        if call.error is None:
            return payload
        located = call.error if exchange is None or isinstance(exchange, bytes) else exchange.located(call.error)
        return adapter.refuse(incoming, located, call.operation)

    def _adapter(self, event: Any, function_arn: str) -> Adapter:
        """The adapter for an event; one that looks like a Function URL's may be a direct caller's forgery."""
        through_url = self._http_alias is None or alias_of(function_arn) == self._http_alias
        return self._function_url if through_url and is_function_url(event) else self._task


def _outcome(exchange: Exchange | bytes | None, answer: Answer | None) -> Outcome:
    """The fate of the change of a call that something unexpected ended."""
    if exchange is None or isinstance(exchange, bytes) or exchange.operation.read_only:
        return Outcome.NOT_EXECUTED
    return Outcome.UNKNOWN if answer is None else exchange.operation.outcome(rolled_back=answer.rolled_back)
