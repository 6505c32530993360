"""columnMetadata as pgjdbc makes it: JDBC type codes, precision and scale, serial names, and the column's table.

The sizes are those of PostgreSQL's JDBC driver, which the service's metadata follow value for value.
"""

from collections.abc import Mapping

from queryport.emulator.results.catalog import TableColumn
from queryport.emulator.results.records import RecordColumn
from queryport.emulator.results.types import ResultType

ColumnMetadata = dict[str, str | int | bool]

_JDBC_OTHER, _JDBC_ARRAY, _JDBC_VARCHAR = 1111, 2003, 12

_JDBC = {
    "int2": 5, "int4": 4, "int8": -5, "oid": -5, "float4": 7, "float8": 8, "numeric": 2, "money": 8,
    "bool": -7, "bit": -7, "bpchar": 1, "char": 1, "varchar": _JDBC_VARCHAR, "text": _JDBC_VARCHAR,
    "name": _JDBC_VARCHAR, "bytea": -2, "date": 91, "time": 92, "timetz": 92, "timestamp": 93, "timestamptz": 93,
    "xml": 2009,
}  # fmt: skip
"""java.sql.Types by type name; everything else is OTHER, enums VARCHAR, arrays ARRAY."""

_UNLIMITED = 2_147_483_647

_PRECISION = {
    "int2": 5, "int4": 10, "oid": 10, "int8": 19, "float4": 8, "float8": 17, "bool": 1, "char": 1, "date": 13,
    "interval": 49,
}  # fmt: skip
_SIGNED = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})
_CASELESS = frozenset({
    "oid", "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "bit", "varbit", "date", "time", "timetz",
    "timestamp", "timestamptz", "interval",
})  # fmt: skip
_WITH_FRACTION = frozenset({"time", "timetz", "timestamp", "timestamptz", "interval"})
_SERIAL = {"int2": "smallserial", "int4": "serial", "int8": "bigserial"}

_NO_NULLS, _NULLABLE = 0, 1
_CLOCKS = {"time": 8, "timetz": 14, "timestamp": 22, "timestamptz": 28}
"""Widths without the fraction of a second."""

_FRACTION_WIDTH = {-1: 7, 0: 0, 1: 3}
"""By the declared digits; what is not here is one more than the digits. The three for one digit are pgjdbc's."""

_HEADER = 4
"""The bytes that a type modifier counts beside the length or the digits."""


def column_metadata(
    columns: list[RecordColumn], types: Mapping[int, ResultType], tables: Mapping[tuple[int, int], TableColumn]
) -> list[ColumnMetadata]:
    return [_one(column, types[column.type_oid], tables.get((column.table, column.number))) for column in columns]


def _one(column: RecordColumn, type_: ResultType, source: TableColumn | None) -> ColumnMetadata:
    generated = source is not None and source.auto_increment
    # pgjdbc's sizes of an array are those of its elements.
    measured = type_.element.name if type_.element is not None else type_.name
    return {
        "arrayBaseColumnType": 0,  # of arrays too
        "isAutoIncrement": generated,
        "isCaseSensitive": measured not in _CASELESS,
        "isCurrency": type_.name == "money",
        "isSigned": measured in _SIGNED,
        "label": column.label,
        "name": column.label,
        "nullable": _NO_NULLS if source is None or source.not_null else _NULLABLE,
        "precision": _precision(measured, column.type_modifier),
        "scale": _scale(measured, column.type_modifier),
        "schemaName": "",
        "tableName": source.table if source is not None else "",
        "type": _jdbc(type_),
        "typeName": _SERIAL.get(type_.name, type_.name) if generated else type_.name,
    }


def _jdbc(type_: ResultType) -> int:
    if type_.element is not None:
        return _JDBC_ARRAY
    return _JDBC.get(type_.name, _JDBC_VARCHAR if type_.is_enum else _JDBC_OTHER)


def _precision(name: str, modifier: int) -> int:
    if name == "numeric":
        return 0 if modifier == -1 else (modifier - _HEADER) >> 16 & 0xFFFF
    if name in ("varchar", "bpchar"):
        return _UNLIMITED if modifier == -1 else modifier - _HEADER
    if name in ("bit", "varbit"):
        return modifier if modifier != -1 else 1 if name == "bit" else _UNLIMITED
    if name in _CLOCKS:
        return _CLOCKS[name] + _FRACTION_WIDTH.get(modifier, modifier + 1)
    return _PRECISION.get(name, _UNLIMITED)


def _scale(name: str, modifier: int) -> int:
    if name == "numeric":
        if modifier == -1:
            return 0
        scale = (modifier - _HEADER) & 0x7FF  # eleven bits, signed: numeric(3, -2) exists
        return scale - 0x800 if scale & 0x400 else scale
    if name in _WITH_FRACTION:
        return 6 if modifier == -1 else modifier & 0xFFFF if name == "interval" else modifier
    return {"float4": 8, "float8": 17}.get(name, 0)
