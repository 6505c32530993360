"""Sends the one statement of a call: by itself, or in a transaction that is taken back, to see what it would do."""

from typing import TYPE_CHECKING

from handler.contract.operation import Operation
from handler.data_api.client import DataApi
from handler.data_api.deadline import Deadline
from handler.data_api.retries import Replay
from handler.data_api.wire import Rows
from handler.engine.invocation import Invocation
from handler.engine.parameters import Bindings
from handler.engine.statement import Form, ReadyStatement

if TYPE_CHECKING:
    from handler.engine.running import Running


class Sender:
    def __init__(self, operation: Operation, data_api: DataApi) -> None:
        self._replay = Replay.READ if operation.read_only else Replay.WRITE
        self._collisions = operation.retry
        self._data_api = data_api

    def send(self, statement: ReadyStatement, bindings: Bindings, invocation: Invocation) -> Rows:
        """Run the statement of a call without an idempotency key. Raises Failed."""
        form = statement.form(bindings)
        if invocation.roll_back:
            return self._rehearse(form, bindings, invocation.deadline)
        return self._execute(form, bindings, self._replay, invocation.deadline)

    def send_keyed(self, statement: ReadyStatement, bindings: Bindings, deadline: Deadline) -> Rows:
        """Run a statement that writes its idempotency key with the change. Raises Failed."""
        return self._execute(statement.form(bindings), bindings, Replay.KEYED_WRITE, deadline)

    def _execute(self, form: Form, bindings: Bindings, replay: Replay, deadline: Deadline) -> Rows:
        return self._data_api.execute(
            form.sql, form.arguments(bindings), replay=replay, deadline=deadline, collisions=self._collisions
        )

    def _rehearse(self, form: Form, bindings: Bindings, deadline: Deadline) -> Rows:
        # Imported here, since most calls are meant.
        from handler.engine.transactions import Transactions, TransactionTerms

        def work(running: "Running") -> tuple[Rows, list[str]]:
            return running.execute(form.sql, form.arguments(bindings)), []

        rows, _ = Transactions(self._data_api).run(work, TransactionTerms(deadline, self._collisions, roll_back=True))
        return rows
