"""Parameters as the service binds them: each kind of value has one declared PostgreSQL type, and that has consequences.

A string is `text`, a long `int8`, a double `float8`, a boolean `bool`, a blob `bytea`, a type hint its own type, and a
NULL has none. PostgreSQL then finds `integer = text` without an operator, as it does on Aurora. A placeholder without a
value binds nothing, and PostgreSQL says so; a value without a placeholder is dropped.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from queryport.aws.placeholders import Scanned
from queryport.emulator.errors import ApiError, validation
from queryport.emulator.requests import chrono
from queryport.emulator.requests.shapes import SqlParameter, TypeHint, Value

UNTYPED = 0
BOOL, BYTEA, INT8, TEXT, FLOAT8, DATE, TIME, TIMESTAMP, NUMERIC, UUID, JSONB = (
    16, 17, 20, 25, 701, 1082, 1083, 1114, 1700, 2950, 3802,
)  # fmt: skip

AS_TEXT, AS_BINARY = 0, 1

_TEMPORAL: dict[TypeHint, tuple[int, Callable[[str], bytes]]] = {
    "DATE": (DATE, chrono.date),
    "TIME": (TIME, chrono.time),
    "TIMESTAMP": (TIMESTAMP, chrono.timestamp),
}

_HINTED: dict[TypeHint, tuple[int, re.Pattern[str] | None]] = {
    "DECIMAL": (NUMERIC, re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")),
    "JSON": (JSONB, None),
    "UUID": (UUID, re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")),
}

_JSONB_VERSION = b"\x01"
"""The byte that jsonb's binary form puts before its text."""

_NAME = re.compile(r"[A-Za-z0-9_]+")


class Bound(NamedTuple):
    """One value of a bind message: its declared type, its bytes (None is NULL) and the format of the bytes."""

    oid: int
    data: bytes | None
    format: int = AS_TEXT


_NULL = Bound(UNTYPED, None)


class BoundArguments(NamedTuple):
    """The bind message's values, in the order of the placeholders."""

    oids: list[int]
    values: list[bytes | None]
    formats: list[int]


def bind(scanned: Scanned, parameters: Sequence[SqlParameter]) -> BoundArguments:
    """Bind parameters. Raises ApiError for a name or a value that the service refuses before it asks PostgreSQL."""
    named = {parameter.name or "": _bound(parameter) for parameter in parameters}
    bound = [named[p.name] for p in scanned.placeholders if p.name in named] if named else []
    return BoundArguments([b.oid for b in bound], [b.data for b in bound], [b.format for b in bound])


def _bound(parameter: SqlParameter) -> Bound:
    name = parameter.name or ""
    if not _NAME.fullmatch(name):
        raise validation(f"Named parameter syntax is invalid, input: {name}")
    value = parameter.value or Value()
    if value.arrayValue is not None:
        raise validation("Array parameters are not supported")
    if value.isNull:
        return _NULL
    if value.stringValue is not None:
        if parameter.typeHint is not None:
            return _hinted(name, parameter.typeHint, value.stringValue)
        # In binary, a text is its bytes with a length: PostgreSQL and not libpq then judges a zero byte.
        return Bound(TEXT, value.stringValue.encode(), AS_BINARY)
    if value.longValue is not None:
        return Bound(INT8, b"%d" % value.longValue)
    if value.booleanValue is not None:
        return Bound(BOOL, b"true" if value.booleanValue else b"false")
    if value.doubleValue is not None:
        return Bound(FLOAT8, repr(value.doubleValue).encode())
    if value.blobValue is not None:
        return Bound(BYTEA, value.blobValue, AS_BINARY)
    raise ApiError("BadRequestException", f'Parameter "{name}" has value with no field set')


def _hinted(name: str, hint: TypeHint, text: str) -> Bound:
    if hint in _TEMPORAL:
        oid, read = _TEMPORAL[hint]
        return Bound(oid, read(text))
    oid, form = _HINTED[hint]
    if form is not None and not form.fullmatch(text):
        raise validation(f"Parameter value for {name} is not a valid {hint}")
    if oid == JSONB:
        return Bound(oid, _JSONB_VERSION + text.encode(), AS_BINARY)
    return Bound(oid, text.encode())
