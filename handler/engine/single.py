"""Runs an operation of one statement: in one request, which is a transaction by itself."""

from handler.contract.errors import IdempotencyConflict, Outcome
from handler.contract.execution import ROW_COUNT_MARK, Single
from handler.contract.operation import ONE_ROW, Operation
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.failures import Failed, Failure
from handler.data_api.wire import Rows
from handler.engine import idempotency, row_count
from handler.engine.idempotency import IdempotencyKey, Keys
from handler.engine.invocation import Answer, Invocation
from handler.engine.parameters import Bindings, Parameters
from handler.engine.preconditions import condition
from handler.engine.rows import answer_of
from handler.engine.sender import Sender
from handler.engine.statement import ReadyStatement

_MOST_KEYED_ATTEMPTS = 3


class SingleRunner:
    def __init__(self, operation: Operation, execution: Single, parameters: Parameters, data_api: DataApi) -> None:
        self._operation = operation
        self._parameters = parameters
        self._statement = ReadyStatement(execution.sql)
        self._keyed_statement = ReadyStatement(execution.keyed_sql or ())
        self._is_guarded = not operation.read_only and operation.result in ONE_ROW
        self._keys = Keys(data_api)
        self._sender = Sender(operation, data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""
        bindings = self._parameters.bindings(invocation.values, invocation.caller)
        key = idempotency.key_of(self._operation, invocation, bindings)
        tags = condition(self._operation, invocation)
        bindings |= tags
        mark = row_count.new_mark() if self._is_guarded or tags else None
        if mark is not None:
            bindings[ROW_COUNT_MARK] = mark
        try:
            return self._run(bindings, key, invocation)
        except Failed as failed:
            if mark is None:
                raise
            raise Failed(row_count.told(failed.failure, mark, self._operation.name)) from None

    def _run(self, bindings: Bindings, key: IdempotencyKey | None, invocation: Invocation) -> Answer:
        if key is not None:
            return self._run_once(bindings | key.bindings, key, invocation.deadline)
        return answer_of(self._operation, self._sender.send(self._statement, bindings, invocation))

    def _run_once(self, bindings: Bindings, key: IdempotencyKey, deadline: Deadline) -> Answer:
        """Run the statement that writes the key with the change; its own earlier success may be what refuses it."""
        in_doubt = False
        for _ in range(_MOST_KEYED_ATTEMPTS):
            try:
                return answer_of(self._operation, self._sender.send_keyed(self._keyed_statement, bindings, deadline))
            except Failed as failed:
                failure = failed.failure
            in_doubt = in_doubt or failure.outcome is Outcome.UNKNOWN
            if failure.outcome is not Outcome.NOT_EXECUTED:
                stored, unanswered = self._stored(key, failure, deadline)
                if stored is not None:
                    return answer_of(self._operation, Rows(stored), replayed=True)
                in_doubt = in_doubt or unanswered
            if in_doubt:
                failure = failure._replace(outcome=Outcome.UNKNOWN)
            if not idempotency.is_taken(failure):
                break  # else the key had lapsed and is free by now
        raise Failed(failure)

    def _stored(self, key: IdempotencyKey, failure: Failure, deadline: Deadline) -> tuple[list[str] | None, bool]:
        """Look the key's answer up behind a failure; say besides whether it is open if there is one."""
        if deadline.seconds() <= 0:
            return None, False
        try:
            return self._keys.answer(key, deadline), False
        except Failed as failed:
            if failed.failure.error is IdempotencyConflict:
                raise
            return None, not idempotency.is_out_of_reach(failure, failed.failure)
