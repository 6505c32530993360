"""Runs an operation of several statements, whose rows may refer to each other, in one transaction."""

from collections.abc import Sequence

import orjson

from handler.contract.errors import NotFound, Outcome, TooManyRows
from handler.contract.execution import ROW_COUNT_MARK, Step, Transaction
from handler.contract.operation import Operation
from handler.data_api.client import DataApi
from handler.data_api.failures import Failed, Failure
from handler.data_api.wire import Rows
from handler.engine import idempotency, row_count
from handler.engine.invocation import Answer, Invocation
from handler.engine.parameters import Bindings, Parameters
from handler.engine.preconditions import condition
from handler.engine.rows import answer_of, recorded
from handler.engine.running import Running
from handler.engine.statement import ReadyStatement
from handler.engine.transactions import Transactions, TransactionTerms


class StepsRunner:
    def __init__(
        self, operation: Operation, transaction: Transaction, parameters: Parameters, data_api: DataApi
    ) -> None:
        self._operation = operation
        self._transaction = transaction
        self._parameters = parameters
        self._steps = [_ReadyStep(step) for step in transaction.steps]
        self._transactions = Transactions(data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""
        operation = self._operation
        bindings = self._parameters.bindings(invocation.values, invocation.caller)
        key = idempotency.key_of(operation, invocation, bindings)
        bindings |= condition(operation, invocation)
        mark = bindings[ROW_COUNT_MARK] = row_count.new_mark()

        def work(running: Running) -> tuple[Rows, list[str]]:
            found: list[Rows] = []
            for step in self._steps:
                found.append(step.run(running, bindings, found))
            rows = found[self._transaction.answer]
            answer_of(operation, rows)  # a result that is none must fail before the commit
            return rows, recorded(operation, rows)

        terms = TransactionTerms(
            invocation.deadline, operation.retry, key, self._transaction.isolation, bindings, invocation.roll_back
        )
        try:
            rows, replayed = self._transactions.run(work, terms)
        except Failed as failed:
            raise Failed(row_count.told(failed.failure, mark, operation.name)) from None
        return answer_of(operation, rows, replayed=replayed)


class _ReadyStep:
    """A statement of a transaction, made ready."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._statement = ReadyStatement(step.sql)

    def run(self, running: Running, bindings: Bindings, found: Sequence[Rows]) -> Rows:
        """Run the statement behind those whose rows were `found`. Raises Failed."""
        if self._step.references:
            bindings = bindings | self._referred(found)
        form = self._statement.form(bindings)
        rows = running.execute(form.sql, form.arguments(bindings))
        if self._step.one_row and len(rows.json_rows) != 1:
            raise Failed(_not_one_row(self._step, found=bool(rows.json_rows)))
        return rows

    def _referred(self, found: Sequence[Rows]) -> Bindings:
        bindings: Bindings = {}
        for reference in self._step.references:
            bindings[reference.placeholder] = orjson.loads(found[reference.step].beside[0])[reference.position]
        return bindings


def _not_one_row(step: Step, *, found: bool) -> Failure:
    row = f"the row `{step.name}` that the next statements need"
    if found:
        return Failure(TooManyRows, Outcome.ROLLED_BACK, detail=f"{row} is not one: more were found")
    return Failure(NotFound, Outcome.ROLLED_BACK, detail=f"{row} was not found")
