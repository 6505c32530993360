"""The cursor of a page: the place in a list where the page before ended, and the order that it is a place in.

Base64url of a JSON array: the last row's values of the order's keys, behind the names of the keys where the order is
the caller's own. It is opaque to callers and not secret: a forged one asks for another place in a list that is its
sender's to read.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from handler.contract.errors import Flaw

_FOREIGN = Flaw("/cursor", "must be the `next` of an earlier page of this operation")
_OF_ANOTHER_ORDER = Flaw("/cursor", "is that of a page in another order: send the same `sort` with it, or no cursor")

KeyValues = list[str | None]


def cursor_after(beside: str, names: Sequence[str] | None, count: int) -> str:
    """Return the cursor of the page behind a row; the first `count` texts beside the row are the keys' values.

    `names` are those of the keys where the order is not that of every call without a `sort`.
    """
    values: list[Any] = orjson.loads(beside)[:count]
    return urlsafe_b64encode(orjson.dumps(values if names is None else [list(names), *values])).rstrip(b"=").decode()


def values_of(cursor: str, names: Sequence[str] | None, count: int) -> KeyValues | Flaw:
    """Return the values of the keys in the row that a page begins behind, or what is wrong with the cursor."""
    try:
        decoded = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return _FOREIGN
    if not isinstance(decoded, list):
        return _FOREIGN
    own = decoded.pop(0) if decoded and isinstance(decoded[0], list) else None
    if own != (None if names is None else list(names)):
        return _OF_ANOTHER_ORDER
    return decoded if len(decoded) == count and all(map(_is_value, decoded)) else _FOREIGN


def _is_value(value: object) -> bool:
    return value is None or (isinstance(value, str) and "\0" not in value)
