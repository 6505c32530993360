"""Runs an operation: parameters in, one statement to the database, the answer's JSON text out.

The rows arrive as JSON and leave as JSON: they are joined and never parsed, but for the last row of a page, whose sort
keys make the cursor. Knows nothing of HTTP and nothing of Step Functions.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handler import pages
from handler.catalog import Catalog
from handler.data_api import DataApi, Rows
from handler.deadline import Deadline
from handler.errors import NotFound, TooManyRows, UnknownOperation
from handler.operation import Operation, Result
from handler.parameters import Parameters, Texts
from handler.routes import parameters_in
from handler.statement import Statement

_MOST_READY = 1024


class Answer(NamedTuple):
    """What a call comes to."""

    text: str
    """`{"data": …}`, with `"next"` where the operation has pages."""
    rows: int
    """Rows that were read, or changed."""


class ReadyOperation:
    """An operation with its schema and its statement made ready, so that later calls need not do it again."""

    def __init__(self, operation: Operation, data_api: DataApi) -> None:
        self.operation = operation
        self.parameters = Parameters(operation)
        self._statement = Statement(operation.sql)
        self.though_made = "" if operation.read_only else "; the change was made"
        """What a refusal that comes after the statement has to add."""
        self.path_parameters = parameters_in(operation.http.path) if operation.http else ()
        self._data_api = data_api

    def run(self, values: Mapping[str, Any], deadline: Deadline) -> Answer:
        """Calls the operation. Raises one of handler.errors."""
        texts = self.parameters.texts(values)
        page = self.operation.page
        if page is None:
            return self._answer(self._rows(texts, deadline))
        rows = self._rows(texts | pages.texts(page, values), deadline).texts
        limit = pages.limit(page, values)
        cursor = f'"{pages.cursor_after(page, rows[limit - 1])}"' if len(rows) > limit else "null"
        rows = rows[:limit]
        return Answer(f'{{"data":[{",".join(rows)}],"next":{cursor}}}', len(rows))

    def _rows(self, texts: Texts, deadline: Deadline) -> Rows:
        form = self._statement.form(texts)
        arguments = [(name, texts[name]) for name in form.placeholders if name in texts]
        return self._data_api.execute(form.sql, arguments, read_only=self.operation.read_only, deadline=deadline)

    def _answer(self, rows: Rows) -> Answer:
        result, texts = self.operation.result, rows.texts
        if result is Result.MANY:
            return Answer(f'{{"data":[{",".join(texts)}]}}', len(texts))
        if result is Result.AFFECTED:
            return Answer(f'{{"data":{rows.updated}}}', rows.updated)
        if result is Result.NONE:
            return Answer('{"data":null}', rows.updated or len(texts))
        if len(texts) > 1:
            raise TooManyRows(f"{self.operation.name} is for one row, and found more{self.though_made}")
        if texts:
            return Answer(f'{{"data":{texts[0]}}}', 1)
        if result is Result.MAYBE:
            return Answer('{"data":null}', 0)
        raise NotFound(f"{self.operation.name} found no row for these parameters")


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
