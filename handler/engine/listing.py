"""Runs an operation whose rows are a list, of which a call asks for a part in an order of its own.

Chooses among what the compiler prepared. A caller's names select pieces of SQL, and a caller's values are bound.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from handler.contract.errors import Flaw
from handler.contract.execution import Listing
from handler.contract.operation import Operation
from handler.contract.ordering import DESCENDING, Order, Ordering, completed, order_of, ordering
from handler.contract.sql import in_order
from handler.data_api.client import DataApi
from handler.data_api.wire import Rows
from handler.engine import cursors, idempotency
from handler.engine.filters import Filters
from handler.engine.invocation import Answer, Invocation
from handler.engine.parameters import Bindings, Parameters, invalid
from handler.engine.preconditions import condition
from handler.engine.sender import Sender
from handler.engine.statement import ReadyStatement

_MOST_STATEMENTS = 64
_NO_ROW = "null"


_ListForm = tuple[Order, tuple[bool, ...] | None, bool]
"""The order of a statement's rows, the NULLs of the row that its page begins behind, whether it counts."""


class _Asked(NamedTuple):
    """The part of the list that a call asks for."""

    bindings: Bindings
    limit: int | None
    order: Order
    is_own: bool
    """The order is not the one of calls without a `sort`."""
    nulls: tuple[bool, ...] | None
    """Which values of the row that the page begins behind are NULL; None on a first page."""
    counted: bool

    @property
    def names(self) -> list[str] | None:
        return [term.name for term in self.order] if self.is_own else None


class ListRunner:
    def __init__(self, operation: Operation, listing: Listing, parameters: Parameters, data_api: DataApi) -> None:
        self._operation = operation
        self._listing = listing
        self._parameters = parameters
        self._keys = listing.keys_by_name
        self._filters = Filters(listing, operation.parameters_schema.get("properties", {}).get("filter", {}))
        self._statements: dict[_ListForm, ReadyStatement] = {}
        self._sender = Sender(operation, data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""
        bindings = self._parameters.bindings(invocation.values, invocation.caller)
        idempotency.key_of(self._operation, invocation, {})  # a key that reads need not is refused
        condition(self._operation, invocation)  # as is an entity tag
        asked = self._asked(invocation.values)
        bindings |= asked.bindings
        return self._answer(self._sender.send(self._statement(asked), bindings, invocation), asked)

    def _asked(self, values: Mapping[str, Any]) -> _Asked:
        flaws: list[Flaw] = []
        order, is_own = self._order(values.get("sort") or (), flaws)
        bindings = self._filters.bindings(values.get("filter"), flaws)
        limit = self._limit(values)
        if limit is not None:
            bindings["__limit"] = str(limit + 1)
        cursor, nulls = values.get("cursor"), None
        # The place that a cursor marks is one in an order, and there is none if the sort is wrong.
        if cursor is not None and not flaws:
            after = cursors.values_of(cursor, [term.name for term in order] if is_own else None, len(order))
            if isinstance(after, Flaw):
                flaws.append(after)
            else:
                nulls = tuple([value is None for value in after])
                bindings |= {term.key.placeholder: value for term, value in zip(order, after, strict=True)}
        if flaws:
            raise invalid(tuple(flaws))
        return _Asked(bindings, limit, order, is_own, nulls, counted=values.get("count") is not None)

    def _order(self, sort: list[str] | tuple[str, ...], flaws: list[Flaw]) -> tuple[Order, bool]:
        listing = self._listing
        seen: set[str] = set()
        for index, written in enumerate(sort):
            name = written.removeprefix(DESCENDING)
            if name in seen:
                flaws.append(Flaw(f"/sort/{index}", "is sorted by already"))
            seen.add(name)
        names = completed(sort, listing.ties) if sort else listing.by
        return order_of(self._keys, names), names != listing.by

    def _limit(self, values: Mapping[str, Any]) -> int | None:
        """The rows of a page; the schema has seen to it that they are a whole number, and not too many."""
        page = self._listing.page
        if page is None:
            return None
        asked = values.get("limit")
        return page.size if asked is None else int(asked)

    def _statement(self, asked: _Asked) -> ReadyStatement:
        form = asked.order, asked.nulls, asked.counted
        known = self._statements.get(form)
        if known is None:
            template = (self._listing.counted_sql if asked.counted else None) or self._listing.sql
            after = None if asked.nulls is None else [None if is_null else "" for is_null in asked.nulls]
            written = ordering(asked.order, after) if asked.order else Ordering()
            known = ReadyStatement(in_order(template, written))
            if len(self._statements) < _MOST_STATEMENTS:
                self._statements[form] = known
        return known

    def _answer(self, found: Rows, asked: _Asked) -> Answer:
        rows, total = found.json_rows, None
        if asked.counted:
            total = int(orjson.loads(found.beside[0])[-1])
            rows = [] if rows == [_NO_ROW] else rows
        if asked.limit is None:
            return Answer(self._operation.result, rows, len(rows))
        following = None
        if len(rows) > asked.limit:
            following = cursors.cursor_after(found.beside[asked.limit - 1], asked.names, len(asked.order))
            rows = rows[: asked.limit]
        return Answer(self._operation.result, rows, len(rows), has_pages=True, next=following, total=total)
