"""PostgreSQL types as JSON: the schema of a parameter, the schema of a result, and the codec between the two.

One rule holds throughout: what an operation returns can be sent back. Numbers are JSON numbers (and the strings NaN,
Infinity and -Infinity, which JSON has no numbers for), dates and times are ISO 8601, bytes are PostgreSQL's hex form,
arrays are arrays, composites are objects, and every other type is its PostgreSQL text.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from handler.contract.operation import Codec
from handler.contract.patterns import BITS, BYTES, DECIMAL, DIGITS, NOT_FINITE
from queryport.compile.describe.database import Attribute, Column, Database, TypeRow

Schema = dict[str, Any]

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}


def _integer(bits: int) -> Schema:
    return {"type": "integer", "minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1}


def _string(**keywords: Any) -> Schema:
    return {"type": "string", **keywords}


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
    "json": {},
    "jsonb": {},
}
_AS_PARAMETER: dict[str, Schema] = {
    "numeric": {"type": ["number", "string"], "pattern": DECIMAL},
    "oid": {"type": ["integer", "string"], "minimum": 0, "maximum": 2**32 - 1, "pattern": DIGITS},
}
_AS_RESULT: dict[str, Schema] = {
    "numeric": {"type": ["number", "string"], "pattern": NOT_FINITE},
    "int2vector": {"type": "array", "items": _integer(16)},
    "oidvector": {"type": "array", "items": _string(pattern=DIGITS)},
    "record": {"type": "object"},
}


def codec(database: Database, oid: int) -> Codec:
    """How a JSON value of the type is written as PostgreSQL text; see handler.contract.operation.Codec."""
    row = database.base_type(oid)
    if row.element_oid:
        element = codec(database, row.element_oid)
        delimiter = database.type(row.element_oid).delimiter
        return ["array", element] if delimiter == "," else ["array", element, delimiter]
    if row.kind == "c":
        fields = database.attributes(row.relation_oid).values()
        return ["row", [[field.name, codec(database, field.type_oid)] for field in fields]]
    if row.schema == "pg_catalog" and row.name in ("json", "jsonb"):
        return "json"
    if _is_hstore(row):
        return "hstore"
    return "scalar"


def parameter_schema(database: Database, oid: int, dimensions: int = 1) -> Schema:
    """The JSON Schema of a parameter of the type; `dimensions` is that of an array type."""

    def field(attribute: Attribute) -> Schema:
        return nullable(parameter_schema(database, attribute.type_oid, max(1, attribute.dimensions)))

    return _schema(database, oid, dimensions, {**_SAME, **_AS_PARAMETER}, field)


def result_schema(database: Database, column: Column, *, may_be_null: bool) -> Schema:
    """The JSON Schema of a result column as row_to_json renders it."""
    origin = database.attributes(column.table_oid).get(column.table_column) if column.table_oid else None
    # Only a table's column has declared dimensions; an expression's array may turn out to have any number of them.
    dimensions = max(1, origin.dimensions) if origin else 0
    return _value_schema(database, column.type_oid, column.type_modifier, dimensions, may_be_null=may_be_null)


def _value_schema(database: Database, oid: int, modifier: int, dimensions: int, *, may_be_null: bool) -> Schema:
    def field(attribute: Attribute) -> Schema:
        return _value_schema(
            database, attribute.type_oid, attribute.type_modifier, max(1, attribute.dimensions), may_be_null=True
        )

    schema = _schema(database, oid, dimensions, {**_SAME, **_AS_RESULT}, field)
    row = database.base_type(oid)
    if row.name in ("varchar", "bpchar") and row.schema == "pg_catalog" and modifier > 4:
        schema["maxLength"] = modifier - 4  # varlena header, pg_attribute.atttypmod
    return nullable(schema) if may_be_null else schema


def _schema(
    database: Database, oid: int, dimensions: int, known: dict[str, Schema], field: Callable[[Attribute], Schema]
) -> Schema:
    row = database.base_type(oid)
    if row.element_oid:
        element = nullable(_schema(database, row.element_oid, 1, known, field))
        if dimensions == 0:
            # An array of unknown dimensions: elements, or arrays of them.
            return {"type": "array", "items": {"anyOf": [element, {"type": "array"}]}}
        for _ in range(dimensions):
            element = {"type": "array", "items": element}
        return element
    if row.kind == "e":
        return {"type": "string", "enum": list(database.enum_labels(row.oid))}
    if row.kind == "c":
        fields = database.attributes(row.relation_oid).values()
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
    if row.json_cast:
        return {}
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
