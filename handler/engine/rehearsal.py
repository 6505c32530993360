"""Runs a write of one statement in a transaction that is taken back, to see what it would do."""

from handler.contract.operation import Operation
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.wire import Rows
from handler.engine.idempotency import Keys
from handler.engine.parameters import Bindings
from handler.engine.statement import Form
from handler.engine.transactions import Running, Transactions


class Rehearsal:
    def __init__(self, operation: Operation, data_api: DataApi) -> None:
        self._collisions = operation.retry
        self._transactions = Transactions(data_api, Keys(data_api))

    def execute(self, form: Form, bindings: Bindings, deadline: Deadline) -> Rows:
        """Run the statement and take it back. Raises Failed."""

        def work(running: Running) -> tuple[Rows, list[str]]:
            return running.execute(form.sql, form.arguments(bindings)), []

        rows, _ = self._transactions.run(
            work, key=None, isolation=None, collisions=self._collisions, deadline=deadline, roll_back=True
        )
        return rows
