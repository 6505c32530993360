"""The PostgreSQL types that the service answers with, each as a member of Field, and its names of those it refuses.

Names of refused types are those of the Rust library sqlx: upper case for the types it knows, PostgreSQL's own spelling
for the rest. What `codec` is None cannot be answered. Types that are not built in are looked up by catalog.py.

PostgreSQL's texts become pieces of JSON at once, and no Python values in between: a result of a megabyte has a hundred
thousand fields.
"""

import base64
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import orjson

from queryport.emulator.errors import ApiError, unsupported_result
from queryport.emulator.results import temporal

QUOTED = b'"%b"'
BARE = b"%b"

_LONGEST_LONG = len(str(-(2**63)))


@dataclass(frozen=True, slots=True)
class FieldCodec:
    """The way from a type's texts to JSON, and the member of Field (of ArrayValue, in an array) for it."""

    member: str
    array_member: str | None
    form: bytes
    """BARE, or QUOTED where the converted text is a string in which nothing needs an escape."""
    convert: Callable[[bytes], bytes] | None
    """None where PostgreSQL's text is JSON's already."""
    as_field: bytes = field(init=False)
    """The form of a whole Field."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "as_field", b'{"%b":%b}' % (self.member.encode(), self.form))


def _string(text: bytes) -> bytes:
    return orjson.dumps(text.decode())


_ESCAPED = bytes(range(0x20)) + b'"\\'
"""The bytes that cannot stand in a JSON string as they are."""


def need_no_escape(texts: Iterable[bytes]) -> bool:
    """Whether PLAIN does for strings: told of many at once, it costs less than a call of a function for each."""
    together = b" ".join(texts)
    try:
        together.decode()
    except UnicodeDecodeError:
        return False
    return len(together.translate(None, _ESCAPED)) == len(together)


_BOOLEANS = {b"t": b"true", b"f": b"false"}
_BITS = {b"1": b"true", b"0": b"false"}


def _bit(text: bytes) -> bytes:
    if text not in _BITS:  # longer than one bit, which is no boolean
        raise unsupported_result("The result contains the unsupported data type BIT[].")
    return _BITS[text]


def _double(text: bytes) -> bytes:
    if b"." in text or b"e" in text:
        return text
    if not text[-1:].isdigit():
        raise _not_finite()
    return text + b".0"


def long_or_double(text: bytes) -> tuple[bytes, bytes]:
    """A numeric under decimalReturnType=DOUBLE_OR_LONG, which decides value by value: the member and its JSON."""
    if len(text) <= _LONGEST_LONG and text.lstrip(b"-").isdigit() and -(2**63) <= int(text) < 2**63:
        return b"longValue", text
    value = float(text)
    if not math.isfinite(value):
        raise _not_finite()
    return b"doubleValue", orjson.dumps(value)


def _not_finite() -> ApiError:
    return unsupported_result("NaN and Infinity values are not supported")


def _blob(text: bytes) -> bytes:
    content = bytes.fromhex(text[2:].decode()) if text[:2] == b"\\x" else _unescaped(text)
    return base64.b64encode(content)


def _unescaped(text: bytes) -> bytes:
    """The bytes behind `bytea_output = escape`."""
    first, *rest = text.split(b"\\")
    out = [first]
    parts = iter(rest)
    for part in parts:
        if part:
            out += (bytes([int(part[:3], 8)]), part[3:])
        else:  # a doubled backslash
            out += (b"\\", next(parts, b""))
    return b"".join(out)


def _compact(text: bytes) -> bytes:
    """JSON as the service writes it again after reading it: without blanks, and of two members of a name the last."""
    try:
        return orjson.dumps(orjson.dumps(orjson.loads(text)).decode())
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as failure:  # no double holds a number, or too deep
        raise ApiError("InternalFailure") from failure


LONG = FieldCodec("longValue", "longValues", BARE, None)
DOUBLE = FieldCodec("doubleValue", "doubleValues", BARE, _double)
BOOLEAN = FieldCodec("booleanValue", "booleanValues", BARE, _BOOLEANS.__getitem__)
BIT = FieldCodec("booleanValue", "booleanValues", BARE, _bit)
"""In arrays only: one bit alone is refused."""
STRING = FieldCodec("stringValue", "stringValues", BARE, _string)
PLAIN = FieldCodec("stringValue", "stringValues", QUOTED, None)
BLOB = FieldCodec("blobValue", None, QUOTED, _blob)
JSON = FieldCodec("stringValue", "stringValues", BARE, _compact)
DATE = FieldCodec("stringValue", "stringValues", QUOTED, temporal.date)
TIME = FieldCodec("stringValue", "stringValues", QUOTED, temporal.time)
TIMESTAMP = FieldCodec("stringValue", "stringValues", QUOTED, temporal.timestamp)
TIMESTAMPTZ = FieldCodec("stringValue", "stringValues", QUOTED, temporal.timestamptz)

DECIMAL = FieldCodec("stringValue", "stringValues", QUOTED, None)
"""numeric, told from other strings because decimalReturnType is about it alone."""


@dataclass(frozen=True, slots=True)
class ResultType:
    """A type as a column of a result may have it."""

    name: str
    """PostgreSQL's internal name, `_int4` for an array."""
    display: str
    """The name in an UnsupportedResultException."""
    codec: FieldCodec | None
    element: "ResultType | None" = None
    """The type of an array's elements."""
    is_enum: bool = False
    is_text_only: bool = False
    """Whether PostgreSQL has no binary form of it, in which the service asks for results."""


_SCALARS: tuple[tuple[int, int, str, str, FieldCodec | None], ...] = (
    (16, 1000, "bool", "BOOL", BOOLEAN),
    (17, 1001, "bytea", "BYTEA", BLOB),
    (18, 1002, "char", '"CHAR"', None),
    (19, 1003, "name", "NAME", STRING),
    (20, 1016, "int8", "INT8", LONG),
    (21, 1005, "int2", "INT2", LONG),
    (23, 1007, "int4", "INT4", LONG),
    (25, 1009, "text", "TEXT", STRING),
    (26, 1028, "oid", "OID", PLAIN),
    (114, 199, "json", "JSON", JSON),
    (142, 143, "xml", "xml", None),
    (600, 1017, "point", "POINT", None),
    (601, 1018, "lseg", "LSEG", None),
    (602, 1019, "path", "PATH", None),
    (603, 1020, "box", "BOX", None),
    (604, 1027, "polygon", "POLYGON", None),
    (628, 629, "line", "LINE", None),
    (650, 651, "cidr", "CIDR", STRING),
    (700, 1021, "float4", "FLOAT4", DOUBLE),
    (701, 1022, "float8", "FLOAT8", DOUBLE),
    (705, 0, "unknown", "UNKNOWN", None),
    (718, 719, "circle", "CIRCLE", None),
    (774, 775, "macaddr8", "MACADDR8", None),
    (790, 791, "money", "MONEY", None),
    (829, 1040, "macaddr", "MACADDR", None),
    (869, 1041, "inet", "INET", STRING),
    (1042, 1014, "bpchar", "CHAR", STRING),
    (1043, 1015, "varchar", "VARCHAR", STRING),
    (1082, 1182, "date", "DATE", DATE),
    (1083, 1183, "time", "TIME", TIME),
    (1114, 1115, "timestamp", "TIMESTAMP", TIMESTAMP),
    (1184, 1185, "timestamptz", "TIMESTAMPTZ", TIMESTAMPTZ),
    (1186, 1187, "interval", "INTERVAL", None),
    (1266, 1270, "timetz", "TIMETZ", None),
    (1560, 1561, "bit", "BIT", None),
    (1562, 1563, "varbit", "VARBIT", None),
    (1700, 1231, "numeric", "NUMERIC", DECIMAL),
    (2249, 2287, "record", "RECORD", None),
    (2278, 0, "void", "VOID", STRING),
    (2950, 2951, "uuid", "UUID", PLAIN),
    (3802, 3807, "jsonb", "JSONB", JSON),
    (3904, 3905, "int4range", "INT4RANGE", STRING),
    (3906, 3907, "numrange", "NUMRANGE", STRING),
    (3908, 3909, "tsrange", "TSRANGE", None),
    (3910, 3911, "tstzrange", "TSTZRANGE", None),
    (3912, 3913, "daterange", "DATERANGE", None),
    (3926, 3927, "int8range", "INT8RANGE", None),
    (4072, 4073, "jsonpath", "JSONPATH", None),
)

_ARRAY_CODECS = {"bit": BIT, "int4range": None, "numrange": None}
"""Types whose arrays are treated otherwise than themselves."""


def array_of(element: ResultType, name: str, display: str) -> ResultType:
    codec = _ARRAY_CODECS.get(element.name, element.codec)
    return ResultType(name, display, codec if codec is not None and codec.array_member else None, element)


def _built_in() -> dict[int, ResultType]:
    types: dict[int, ResultType] = {}
    for oid, array_oid, name, display, codec in _SCALARS:
        scalar = ResultType(name, display, codec)
        types[oid] = scalar
        if array_oid:
            types[array_oid] = array_of(scalar, f"_{name}", f"{display}[]")
    return types


BUILT_IN = _built_in()
"""Type oid → type, for every type that sqlx has a name for."""
