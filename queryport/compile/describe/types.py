"""PostgreSQL types as JSON: the schema of a parameter, the schema of a result, and the codec between the two.

One rule holds throughout: what an operation returns can be sent back; docs/query-files.md says where it cannot.
Numbers are JSON numbers (and the strings NaN, Infinity and -Infinity, which JSON has no numbers for), dates and times
are ISO 8601, bytes are PostgreSQL's hex form, arrays are arrays, composites are objects, and every other type is its
PostgreSQL text.

The schema of a result names a format of JSON Schema only for the texts that are of it: PostgreSQL also has infinite
dates, years that RFC 3339 has no digits for, and offsets without minutes.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from handler.contract.patterns import (
    ADDRESS,
    BITS,
    BYTES,
    DECIMAL,
    DIGITS,
    LOG_POSITION,
    MAC_ADDRESS,
    NO_COMMA,
    NOT_FINITE,
    NUMBER_RANGE,
    NUMBER_RANGES,
)
from handler.contract.sql import Codec
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import Column
from queryport.compile.describe.pg_relations import Attribute
from queryport.compile.describe.pg_types import TypeRow

Schema = dict[str, Any]

# An array of a result may have any number of dimensions: PostgreSQL does not hold a column to those that it declares.
_ANY_DIMENSIONS = 0

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}


def _integer(bits: int) -> Schema:
    return {"type": "integer", "minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1}


def _string(**keywords: Any) -> Schema:
    return {"type": "string", **keywords}


def _mostly(format_: str, other: str) -> Schema:
    """Texts of a format, and those that match a pattern."""
    return {"type": "string", "anyOf": [{"format": format_}, {"pattern": other}]}


_NO_RFC_3339_DATE = "^-?infinity$|^[0-9]{5,}-| BC$"


_OID: Schema = {"type": ["integer", "string"], "minimum": 0, "maximum": 2**32 - 1, "pattern": DIGITS}

# Types whose JSON form is the same as a parameter and as a result.
_SAME: dict[str, Schema] = {
    **{name: _integer(bits) for name, bits in _INTEGER_BITS.items()},
    "float4": {"type": ["number", "string"], "pattern": NOT_FINITE},
    "float8": {"type": ["number", "string"], "pattern": NOT_FINITE},
    "bool": {"type": "boolean"},
    "uuid": _string(format="uuid"),
    "date": _string(format="date"),
    "timestamp": _string(format="date-time-local"),
    "timestamptz": _string(format="date-time"),
    "time": _string(format="time-local"),
    "timetz": _string(format="time"),
    "bytea": _string(pattern=BYTES),
    "bit": _string(pattern=BITS),
    "varbit": _string(pattern=BITS),
    "oid": _string(pattern=DIGITS),
    "xid": _string(pattern=DIGITS),
    "xid8": _string(pattern=DIGITS),
    "cid": _string(pattern=DIGITS),
    "inet": _string(pattern=ADDRESS),
    "cidr": _string(pattern=ADDRESS),
    "macaddr": _string(pattern=MAC_ADDRESS),
    "macaddr8": _string(pattern=MAC_ADDRESS),
    "pg_lsn": _string(pattern=LOG_POSITION),
    "interval": _string(pattern=NO_COMMA),
    "numrange": _string(pattern=NUMBER_RANGE),
    "nummultirange": _string(pattern=NUMBER_RANGES),
    "json": {},
    "jsonb": {},
}
_AS_PARAMETER: dict[str, Schema] = {
    "numeric": {"type": ["number", "string"], "pattern": DECIMAL},
    "int2vector": {"type": "array", "items": _integer(16)},
    "oidvector": {"type": "array", "items": _OID},
    "oid": _OID,
}
_AS_RESULT: dict[str, Schema] = {
    "numeric": {"type": ["number", "string"], "pattern": NOT_FINITE},
    "int2vector": {"type": "array", "items": _integer(16)},
    "oidvector": {"type": "array", "items": _string(pattern=DIGITS)},
    "record": {"type": "object"},
    "anyarray": {"type": "array"},
    "_record": {"type": "array"},
    "date": _mostly("date", _NO_RFC_3339_DATE),
    "timestamp": _mostly("date-time-local", _NO_RFC_3339_DATE),
    "timestamptz": _mostly("date-time", f"{_NO_RFC_3339_DATE}|[+-][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}$"),
    "time": _mostly("time-local", "^24:00:00$"),
    "timetz": _mostly("time", r"^[0-9:]{8}(\.[0-9]+)?[+-][0-9]{2}(:[0-9]{2}){0,2}$"),
}
_BIG_AS_TEXT: dict[str, Schema] = {"int8": _string(pattern="^-?[0-9]+$"), "numeric": _string(pattern=DECIMAL)}
_VECTORS = frozenset({"int2vector", "oidvector"})


def codec(database: Database, oid: int) -> Codec:
    """The way from a JSON value of the type to PostgreSQL's text; see handler.contract.sql.Codec."""
    row = database.types.base(oid)
    if row.element_oid:
        element = codec(database, row.element_oid)
        delimiter = database.types[row.element_oid].delimiter
        return ["array", element] if delimiter == "," else ["array", element, delimiter]
    if row.kind == "c":
        fields = database.relations.attributes(row.relation_oid).values()
        return ["row", [[field.name, codec(database, field.type_oid)] for field in fields]]
    if row.schema == "pg_catalog" and row.name in ("json", "jsonb"):
        return "json"
    if row.schema == "pg_catalog" and row.name in _VECTORS:
        return "vector"
    if _is_hstore(row):
        return "hstore"
    return "scalar"


def parameter_schema(database: Database, oid: int, dimensions: int = 1) -> Schema:
    """The JSON Schema of a parameter of the type; `dimensions` is that of an array type."""

    def field(attribute: Attribute) -> Schema:
        return nullable(parameter_schema(database, attribute.type_oid, max(1, attribute.dimensions)))

    return _schema(database, oid, dimensions, {**_SAME, **_AS_PARAMETER}, field)


def is_big_number(database: Database, oid: int) -> bool:
    """Whether a type is bigint or numeric, a domain over one, or an array of them."""
    row = database.types.base(oid)
    if row.element_oid:
        return is_big_number(database, row.element_oid)
    return row.schema == "pg_catalog" and row.name in _BIG_AS_TEXT and not row.json_cast


def text_of_big_numbers(database: Database, oid: int) -> str:
    """The type that a big number, or an array of them, is cast to where it is answered as a string."""
    return "text[]" if database.types.base(oid).element_oid else "text"


def result_schema(database: Database, column: Column, *, may_be_null: bool, big_as_text: bool = False) -> Schema:
    """The JSON Schema of a result column as row_to_json renders it; with `big_as_text`, big numbers are strings."""
    if big_as_text and is_big_number(database, column.type_oid):
        schema = _schema(database, column.type_oid, _ANY_DIMENSIONS, _BIG_AS_TEXT, _no_field)
        return nullable(schema) if may_be_null else schema
    return _value_schema(database, column.type_oid, column.type_modifier, may_be_null=may_be_null)


def _value_schema(database: Database, oid: int, modifier: int, *, may_be_null: bool) -> Schema:
    def field(attribute: Attribute) -> Schema:
        return _value_schema(database, attribute.type_oid, attribute.type_modifier, may_be_null=True)

    schema = _schema(database, oid, _ANY_DIMENSIONS, {**_SAME, **_AS_RESULT}, field)
    row = database.types.base(oid)
    if row.name in ("varchar", "bpchar") and row.schema == "pg_catalog" and modifier > 4:
        schema["maxLength"] = modifier - 4  # varlena header, pg_attribute.atttypmod
    return nullable(schema) if may_be_null else schema


def _no_field(attribute: Attribute) -> Schema:
    raise ValueError(f"expected a number, got a type with the field {attribute.name}")


def _schema(
    database: Database, oid: int, dimensions: int, known: dict[str, Schema], field: Callable[[Attribute], Schema]
) -> Schema:
    row = database.types.base(oid)
    if row.element_oid:
        element = nullable(_schema(database, row.element_oid, dimensions, known, field))
        if dimensions == _ANY_DIMENSIONS:
            return {"type": "array", "items": {"anyOf": [element, {"type": "array"}]}}
        for _ in range(dimensions):
            element = {"type": "array", "items": element}
        return element
    if row.json_cast and row.kind != "c" and dimensions == _ANY_DIMENSIONS and not _is_hstore(row):
        return {}  # row_to_json renders it by the cast, and that may give anything
    if row.kind == "e":
        return {"type": "string", "enum": list(database.types.labels(row.oid))}
    if row.kind == "c":
        fields = database.relations.attributes(row.relation_oid).values()
        return {
            "type": "object",
            "properties": {attribute.name: field(attribute) for attribute in fields},
            "required": [attribute.name for attribute in fields],
            "additionalProperties": False,
        }
    if row.schema == "pg_catalog" and row.name in known:
        return deepcopy(known[row.name])
    if _is_hstore(row):
        return {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    return {"type": "string"}


def _is_hstore(row: TypeRow) -> bool:
    return row.name == "hstore" and row.kind == "b"


def nullable(schema: Schema) -> Schema:
    """The schema that also takes null."""
    if not schema:
        return schema
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    widened = {**schema, "type": [*types, "null"]}
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    return widened
