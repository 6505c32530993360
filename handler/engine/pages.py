"""Runs an operation that has keyset pages: how many rows a call asks for, where it goes on, the next page's cursor.

A cursor is base64url of the JSON array of the last row's sort keys. It is opaque to callers and not secret: a
forged one asks for another place in a list that is its sender's to read.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson

from handler.contract.errors import Flaw
from handler.contract.operation import Operation, Page
from handler.data_api.client import DataApi
from handler.data_api.retries import Replay
from handler.engine import idempotency
from handler.engine.invocation import Answer, Invocation
from handler.engine.parameters import Bindings, Parameters, invalid
from handler.engine.rehearsal import Rehearsal
from handler.engine.statement import ReadyStatement


class PageRunner:
    def __init__(self, operation: Operation, page: Page, parameters: Parameters, data_api: DataApi) -> None:
        self._operation = operation
        self._page = page
        self._parameters = parameters
        self._statement = ReadyStatement(page.sql)
        self._replay = Replay.READ if operation.read_only else Replay.WRITE
        self._data_api = data_api
        self._rehearsal = Rehearsal(operation, data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""
        values, page = invocation.values, self._page
        bindings = self._parameters.bindings(values, invocation.caller) | page_bindings(page, values)
        idempotency.key_of(self._operation, invocation, {})  # a key that reads need not is refused
        form = self._statement.form(bindings)
        if invocation.roll_back:
            found = self._rehearsal.execute(form, bindings, invocation.deadline)
        else:
            found = self._data_api.execute(
                form.sql,
                form.arguments(bindings),
                replay=self._replay,
                deadline=invocation.deadline,
                collisions=self._operation.retry,
            )
        most = limit(page, values)
        cursor = cursor_after(found.beside[most - 1]) if len(found.json_rows) > most else None
        rows = found.json_rows[:most]
        return Answer(self._operation.result, rows, len(rows), has_pages=True, next=cursor)


def page_bindings(page: Page, values: Mapping[str, Any]) -> Bindings:
    """Bind the statement's own parameters for the page that the caller's `limit` and `cursor` ask for."""
    cursor = values.get("cursor")
    keys: list[str | None] = [None] * len(page.by) if cursor is None else _decode(page, cursor)
    return {
        "cursor": cursor,
        "__limit": str(limit(page, values) + 1),
        **{f"__key_{number}": key for number, key in enumerate(keys, 1)},
    }


def limit(page: Page, values: Mapping[str, Any]) -> int:
    """The rows of a page; the schema has seen to it that it is a whole number."""
    asked = values.get("limit")
    if asked is None:
        return page.size
    if not 1 <= asked <= page.max:
        raise invalid((Flaw("/limit", f"must be between 1 and {page.max}"),))
    return int(asked)


def cursor_after(keys: str) -> str:
    """Return the cursor of the page that follows a row with these keys, a JSON array."""
    return urlsafe_b64encode(keys.encode()).rstrip(b"=").decode()


def _decode(page: Page, cursor: str) -> list[str | None]:
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        keys = orjson.loads(urlsafe_b64decode(padded))
        if isinstance(keys, list) and len(keys) == len(page.by) and all(map(_is_key, keys)):
            return keys
    except (binascii.Error, ValueError):
        pass
    raise invalid((Flaw("/cursor", "must be the `next` of an earlier page of this operation"),))


def _is_key(key: object) -> bool:
    return key is None or (isinstance(key, str) and "\0" not in key)
