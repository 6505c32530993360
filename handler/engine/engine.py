"""Runs an operation: parameters in, one statement or one transaction to the database, the answer's JSON text out.

The rows arrive as JSON and leave as JSON: they are joined and never parsed, but for the last row of a page, whose sort
keys make the cursor, and the rows that later statements of a transaction refer to. Knows nothing of HTTP and nothing of
Step Functions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from handler.contract import exact_json
from handler.contract.catalog import Catalog
from handler.contract.errors import (
    Flaw,
    IdempotencyConflict,
    NotFound,
    OperationError,
    Outcome,
    OutcomeUnknown,
    ResultTooLarge,
    TooManyRows,
    UnknownOperation,
)
from handler.contract.operation import Operation, Result, Step
from handler.contract.routes import parameters_in
from handler.data_api.client import DataApi, Rows
from handler.data_api.deadline import Deadline
from handler.data_api.retries import Kind
from handler.engine import batches, codecs, idempotency, pages
from handler.engine.idempotency import Key, Keys
from handler.engine.parameters import Parameters, Texts, invalid
from handler.engine.statement import Statement
from handler.engine.transactions import Running, Transactions

_MOST_READY = 1024
_MOST_KEYED_ATTEMPTS = 3

_SINGLE = frozenset({Result.ONE, Result.MAYBE, Result.VALUE})
# What a write of one row fails with by itself; see Operation.sql.
_MORE_ROWS, _NO_ROW = "21000", "2201W"


class Answer(NamedTuple):
    """What a call comes to."""

    text: str
    """`{"data": …}`, with `"next"` where the operation has pages."""
    rows: int
    """Rows that were read, or changed."""
    replayed: bool = False
    """It is the answer of an earlier call with the same idempotency key."""


class ReadyOperation:
    """An operation with its schema and its statements made ready, so that later calls need not do it again."""

    def __init__(self, operation: Operation, data_api: DataApi) -> None:
        self.operation = operation
        self.parameters = Parameters(operation)
        self._statement = Statement(operation.sql)
        self._keyed_statement = Statement(operation.keyed_sql)
        self._steps = [_ReadyStep(step) for step in operation.transaction.steps] if operation.transaction else []
        self.path_parameters = parameters_in(operation.http.path) if operation.http else ()
        self._data_api = data_api
        self._keys = Keys(data_api)
        self._transactions = Transactions(data_api, self._keys)

    def run(self, values: Any, deadline: Deadline, idempotency_key: str | None = None) -> Answer:
        """Calls the operation with an object of parameters, or a batch with an array of them.

        Raises one of handler.errors.
        """
        try:
            if self.operation.batch:
                return self._run_batch(values, idempotency_key, deadline)
            if not isinstance(values, Mapping):
                raise invalid((Flaw("", "must be an object"),))
            texts = self.parameters.texts(values)
            key = idempotency.key_of(self.operation, idempotency_key, values)
            if self.operation.transaction is not None:
                return self._run_transaction(texts, key, deadline)
            if key is not None:
                return self._run_once(texts, key, deadline)
            page = self.operation.page
            if page is None:
                return self._answer(self._rows(texts, deadline))
            return self._page(texts | pages.texts(page, values), pages.limit(page, values), deadline)
        except OperationError as error:
            raise self._told(error, idempotency_key) from None

    def _page(self, texts: Texts, limit: int, deadline: Deadline) -> Answer:
        page = self.operation.page
        assert page is not None  # noqa: S101
        rows = self._rows(texts, deadline).texts
        cursor = f'"{pages.cursor_after(page, rows[limit - 1])}"' if len(rows) > limit else "null"
        rows = rows[:limit]
        return Answer(f'{{"data":[{",".join(rows)}],"next":{cursor}}}', len(rows))

    def _rows(self, texts: Texts, deadline: Deadline) -> Rows:
        kind = Kind.READ if self.operation.read_only else Kind.WRITE
        return self._execute(self._statement, texts, kind, deadline)

    def _execute(self, statement: Statement, texts: Texts, kind: Kind, deadline: Deadline) -> Rows:
        form = statement.form(texts)
        arguments = [(name, texts[name]) for name in form.placeholders if name in texts]
        return self._data_api.execute(
            form.sql, arguments, kind=kind, deadline=deadline, collisions=self.operation.retry
        )

    def _run_once(self, texts: Texts, key: Key, deadline: Deadline) -> Answer:
        """A single statement that writes the key with the change. What refused it may be its own earlier success."""
        texts = texts | key.arguments
        in_doubt = False
        for _ in range(_MOST_KEYED_ATTEMPTS):
            try:
                return self._answer(self._execute(self._keyed_statement, texts, Kind.KEYED_WRITE, deadline))
            except OperationError as error:
                in_doubt = in_doubt or error.outcome is Outcome.UNKNOWN
                if error.outcome is not Outcome.NOT_EXECUTED:
                    stored = self._stored(key, error, deadline)
                    if stored is not None:
                        return self._answer(Rows(stored, 0), replayed=True)
                if in_doubt:
                    error.outcome = Outcome.UNKNOWN
                refused = error
                if not idempotency.is_taken(error):
                    break  # else the key had lapsed and is free by now
        raise refused

    def _stored(self, key: Key, error: OperationError, deadline: Deadline) -> list[str] | None:
        if deadline.seconds() <= 0:
            return None
        try:
            return self._keys.answer(key, deadline)
        except IdempotencyConflict:
            raise
        except OperationError:
            error.outcome = Outcome.UNKNOWN
            return None

    def _run_transaction(self, texts: Texts, key: Key | None, deadline: Deadline) -> Answer:
        transaction = self.operation.transaction
        assert transaction is not None  # noqa: S101

        def work(running: Running) -> tuple[Rows, list[str]]:
            found: list[Rows] = []
            for step in self._steps:
                found.append(step.run(running, texts, found))
            rows = found[transaction.answer]
            self._answer(rows)  # a result that is none must fail before the commit
            return rows, self._recorded(rows)

        return self._in_transaction(work, key, transaction.isolation, deadline)

    def _run_batch(self, elements: Any, idempotency_key: str | None, deadline: Deadline) -> Answer:
        each = self.parameters.texts_of_each(elements)
        key = idempotency.key_of(self.operation, idempotency_key, elements)
        if not each and key is None:
            return Answer('{"data":0}', 0)
        form = self._statement.form({})

        def work(running: Running) -> tuple[Rows, list[str]]:
            for chunk in batches.requests(form.sql, form.placeholders, each):
                running.execute_batch(form.sql, chunk)
            rows = Rows([], len(each))
            return rows, self._recorded(rows)

        return self._in_transaction(work, key, None, deadline)

    def _in_transaction(
        self,
        work: Callable[[Running], tuple[Rows, list[str]]],
        key: Key | None,
        isolation: str | None,
        deadline: Deadline,
    ) -> Answer:
        rows, replayed = self._transactions.run(
            work, key=key, isolation=isolation, collisions=self.operation.retry, deadline=deadline
        )
        return self._answer(rows, replayed=replayed)

    def _recorded(self, rows: Rows) -> list[str]:
        """What is kept of an answer: its rows, or its count as the text of one row."""
        return [str(rows.updated)] if self.operation.result is Result.AFFECTED else rows.texts

    def _answer(self, rows: Rows, *, replayed: bool = False) -> Answer:
        result, texts = self.operation.result, rows.texts
        if result is Result.MANY:
            return Answer(f'{{"data":[{",".join(texts)}]}}', len(texts), replayed)
        if result is Result.AFFECTED:
            count = int(texts[0]) if texts else rows.updated  # a statement with a key answers its count as a row
            return Answer(f'{{"data":{count}}}', count, replayed)
        if result is Result.NONE:
            return Answer('{"data":null}', rows.updated or len(texts), replayed)
        if len(texts) > 1:
            raise self._too_many()
        if texts:
            return Answer(f'{{"data":{texts[0]}}}', 1, replayed)
        if result is Result.MAYBE:
            return Answer('{"data":null}', 0, replayed)
        raise self._none()

    def _too_many(self) -> TooManyRows:
        return TooManyRows(f"{self.operation.name} is for one row, and found more")

    def _none(self) -> NotFound:
        return NotFound(f"{self.operation.name} found no row for these parameters")

    def _told(self, error: OperationError, idempotency_key: str | None) -> OperationError:
        """The error as the caller is to see it: one whose outcome nobody knows is OutcomeUnknown."""
        if self.operation.read_only:
            error.outcome = Outcome.NOT_EXECUTED
            return error
        told = error
        if self.operation.result in _SINGLE and error.sqlstate in (_MORE_ROWS, _NO_ROW):
            told = self._too_many() if error.sqlstate == _MORE_ROWS else self._none()
            told.outcome = error.outcome
        if error.outcome is Outcome.UNKNOWN and not isinstance(error, OutcomeUnknown):
            advice = (
                "look before you call again" if idempotency_key is None else "call again with the same idempotency key"
            )
            told = OutcomeUnknown(
                f"{error.detail}, and nobody knows whether the change was made: {advice}",
                sqlstate=error.sqlstate,
                cause=error.cause,
            )
            told.retryable = idempotency_key is not None
        return told


def too_large(detail: str, operation: ReadyOperation) -> ResultTooLarge:
    """The error for an answer that cannot be passed on, although the operation is done."""
    if operation.operation.read_only:
        return ResultTooLarge(detail)
    error = ResultTooLarge(f"{detail}; the change was made")
    error.outcome = Outcome.COMMITTED
    return error


class _ReadyStep:
    """A statement of a transaction, made ready."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._statement = Statement(step.sql)
        self._encoders = [codecs.encoder(reference.codec, {}) for reference in step.references]

    def run(self, running: Running, texts: Texts, found: Sequence[Rows]) -> Rows:
        """`found` are the rows of the statements before. Raises NotFound and TooManyRows."""
        if self._encoders:
            texts = texts | self._referred(found)
        form = self._statement.form(texts)
        rows = running.execute(form.sql, [(name, texts[name]) for name in form.placeholders if name in texts])
        if self._step.one_row and len(rows.texts) != 1:
            if rows.texts:
                raise TooManyRows("a statement whose row the next ones need gave more than one")
            raise NotFound("a statement whose row the next ones need gave none")
        return rows

    def _referred(self, found: Sequence[Rows]) -> Texts:
        texts: Texts = {}
        for reference, encode in zip(self._step.references, self._encoders, strict=True):
            value = exact_json.loads(found[reference.step].texts[0])[reference.column]
            texts[reference.placeholder] = None if value is None else encode(value)
        return texts


class Engine:
    """The operations of a catalogue, ready to run."""

    def __init__(self, catalog: Catalog, data_api: DataApi) -> None:
        self._catalog = catalog
        self._data_api = data_api
        self._ready: dict[str, ReadyOperation] = {}

    def operation(self, name: str) -> ReadyOperation:
        """The operation of a name. Raises UnknownOperation."""
        ready = self._ready.get(name)
        if ready is None:
            try:
                operation = self._catalog.operation(name)
            except KeyError:
                raise UnknownOperation("the catalogue has no operation of this name") from None
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            ready = self._ready[name] = ReadyOperation(operation, self._data_api)
        return ready
