"""Runs a batch: one statement for each of the caller's objects, in one transaction and in few requests."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from handler.contract.execution import Batch
from handler.contract.limits import REQUEST_BYTES
from handler.contract.operation import Operation
from handler.data_api.client import DataApi, encode_parameters
from handler.data_api.wire import Rows
from handler.engine import idempotency
from handler.engine.invocation import Answer, Invocation
from handler.engine.parameters import Bindings, Parameters
from handler.engine.preconditions import condition
from handler.engine.rows import answer_of, recorded
from handler.engine.running import Running
from handler.engine.statement import ReadyStatement
from handler.engine.transactions import Transactions, TransactionTerms

LARGEST_REQUEST = REQUEST_BYTES
_REST = 16 * 1024  # headers, ARNs, the transaction's id
MOST_SETS = 1000
"""So that one request stays well below the 45 seconds that the service gives it."""


class BatchRunner:
    def __init__(self, operation: Operation, batch: Batch, parameters: Parameters, data_api: DataApi) -> None:
        self._operation = operation
        self._parameters = parameters
        self._statement = ReadyStatement(batch.sql)
        self._transactions = Transactions(data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""
        operation = self._operation
        elements = self._parameters.bindings_of_each(invocation.values, invocation.caller)
        key = idempotency.key_of(operation, invocation, elements)
        condition(operation, invocation)  # an entity tag is that of one row
        rows = Rows([], len(elements))
        if not elements and key is None:
            return answer_of(operation, rows)

        def work(running: Running) -> tuple[Rows, list[str]]:
            # One request has one text: elements in a row that give the same parameters to patch share it.
            for form, alike in groupby(elements, self._statement.form):
                for sets in requests(form.sql, form.placeholders, list(alike)):
                    running.execute_batch(form.sql, sets)
            return rows, recorded(operation, rows)

        terms = TransactionTerms(
            invocation.deadline,
            operation.retry,
            key,
            session=elements[0] if elements else {},
            roll_back=invocation.roll_back,
        )
        rows, replayed = self._transactions.run(work, terms)
        return answer_of(operation, rows, replayed=replayed)


def requests(
    sql: str, names: Sequence[str], elements: Sequence[Bindings], largest: int = LARGEST_REQUEST
) -> Iterator[list[list[dict[str, Any]]]]:
    """Cut one or more sets of parameters into requests, in order; one that is too large by itself is sent alone."""
    room = largest - _REST - len(json.dumps(sql))
    chunk: list[list[dict[str, Any]]] = []
    size = 0
    for bindings in elements:
        one = encode_parameters([(name, bindings[name]) for name in names])
        length = len(json.dumps(one)) + 2
        if chunk and (size + length > room or len(chunk) == MOST_SETS):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += length
    yield chunk
