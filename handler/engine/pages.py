"""Keyset pages: how many rows a call asks for, where it goes on, and the cursor of the page after it.

A cursor is base64url of the JSON array of the last row's sort keys. It is opaque to callers and not secret: whoever
forges one asks for another place in a list that is theirs to read.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from handler.contract import exact_json
from handler.contract.errors import Flaw
from handler.contract.operation import Page
from handler.engine import codecs
from handler.engine.parameters import Texts, invalid

_SORT_KEY = codecs.encoder("scalar", {})


def texts(page: Page, values: Mapping[str, Any]) -> Texts:
    """The statement's own parameters for the page that the caller's `limit` and `cursor` ask for."""
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


def cursor_after(page: Page, row: str) -> str:
    """The cursor of the page that follows a row."""
    columns = exact_json.loads(row)
    keys = exact_json.dumps([columns[name] for name in page.by])
    return urlsafe_b64encode(keys.encode()).rstrip(b"=").decode()


def _decode(page: Page, cursor: str) -> list[str | None]:
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        keys = exact_json.loads(urlsafe_b64decode(padded).decode())
        if isinstance(keys, list) and len(keys) == len(page.by):
            return [None if key is None else _SORT_KEY(key) for key in keys]
    except (binascii.Error, ValueError):
        pass
    raise invalid((Flaw("/cursor", "must be the `next` of an earlier page of this operation"),))
