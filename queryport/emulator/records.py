"""A result's rows as the service answers them: lists of Field, or one string of JSON (formatRecordsAs=JSON).

Rows arrive in portions, in PostgreSQL's text form; they are counted against the size limit as they come, and nothing is
kept beyond it. Types are refused only if there is a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from psycopg.pq.abc import PGresult

from queryport.emulator import arrays
from queryport.emulator.errors import ApiError, unsupported_result
from queryport.emulator.limits import Limits, size_of_rows
from queryport.emulator.result_types import (
    BUILT_IN,
    DECIMAL,
    LONG,
    STRING,
    Codec,
    Json,
    ResultType,
    Texts,
    long_or_double,
)

Field = dict[str, Json | dict[str | None, Json]]

_NULL: Field = {"isNull": True}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result as PostgreSQL describes it; `table` is 0 for an expression."""

    label: str
    type_oid: int
    type_modifier: int
    table: int
    number: int


@dataclass(frozen=True, slots=True)
class ReturnTypes:
    """resultSetOptions."""

    decimals_as_numbers: bool = False
    longs_as_strings: bool = False


@dataclass(slots=True)
class Rows:
    """The rows of one statement, column by column, as they come in."""

    limits: Limits
    columns: list[Column] = field(default_factory=list)
    texts: list[list[bytes | None]] = field(default_factory=list)
    count: int = 0
    size: int = 0

    def add(self, result: PGresult) -> None:
        """Takes in a portion; raises ApiError when there are more than the service answers with."""
        if not self.columns:
            self.columns = columns_of(result)
            self.texts = [[] for _ in self.columns]
        rows, width = result.ntuples, len(self.columns)
        if rows == 0:
            return
        value = result.get_value
        text_bytes = 0
        for number, texts in enumerate(self.texts):
            portion = [value(row, number) for row in range(rows)]
            text_bytes += sum(map(len, filter(None, portion)))
            texts += portion
        self.count += rows
        self.size += size_of_rows(rows, width, text_bytes)
        if self.size > self.limits.result_bytes:
            raise unsupported_result("The result exceeds the size limit 1 MB.")

    @property
    def tables(self) -> set[int]:
        """The oids of the tables that columns stand for."""
        return {column.table for column in self.columns if column.table}

    def foreign_types(self, *, even_without_rows: bool) -> set[int]:
        """The oids of types that are not built in; without rows nobody asks for them, unless for the metadata."""
        if not self.count and not even_without_rows:
            return set()
        return {column.type_oid for column in self.columns if column.type_oid not in BUILT_IN}

    def records(self, types: Mapping[int, ResultType], returns: ReturnTypes) -> list[tuple[Field, ...]]:
        """The member `records`."""
        fields = [_fields(type_, codec, texts, returns) for type_, codec, texts in self._answerable(types)]
        return list(zip(*fields, strict=True)) if fields else [()] * self.count

    def formatted(self, types: Mapping[int, ResultType], returns: ReturnTypes) -> str:
        """The member `formattedRecords`; raises ApiError for two columns of one name, which no object can hold."""
        labels = [column.label for column in self.columns]
        if len(set(labels)) < len(labels):
            raise ApiError("BadRequestException", "The result contains more than one column with the same name")
        values = [_values(type_, codec, texts, returns) for type_, codec, texts in self._answerable(types)]
        rows = zip(*values, strict=True) if values else [()] * self.count
        text = orjson.dumps([dict(zip(labels, row, strict=True)) for row in rows])
        if len(text) > self.limits.formatted_bytes:
            raise ApiError("BadRequestException", "The formatted result exceeds the size limit 10 MB")
        return text.decode()

    def _answerable(self, types: Mapping[int, ResultType]) -> list[tuple[ResultType, Codec, Texts]]:
        """Each column's type, codec and texts if there is a row; raises ApiError for a type that cannot be answered."""
        found: list[tuple[ResultType, Codec, Texts]] = []
        for column, texts in zip(self.columns, self.texts, strict=True) if self.count else ():
            type_ = types[column.type_oid]
            if type_.codec is None:
                raise unsupported_result(f"The result contains the unsupported data type {type_.display}.")
            found.append((type_, type_.codec, texts))
        return found


def columns_of(result: PGresult) -> list[Column]:
    return [
        Column(
            (result.fname(number) or b"").decode(errors="replace"),
            result.ftype(number),
            result.fmod(number),
            result.ftable(number),
            result.ftablecol(number),
        )
        for number in range(result.nfields)
    ]


def _values(type_: ResultType, codec: Codec, texts: Texts, returns: ReturnTypes) -> list[Json]:
    if type_.element is not None:
        return [None if text is None else codec.convert(arrays.elements(text)) for text in texts]
    if codec is DECIMAL and returns.decimals_as_numbers:
        return long_or_double(texts)
    if codec is LONG and returns.longs_as_strings:
        return STRING.convert(texts)
    return codec.convert(texts)


def _fields(type_: ResultType, codec: Codec, texts: Texts, returns: ReturnTypes) -> list[Field]:
    values = _values(type_, codec, texts, returns)
    if type_.element is not None:
        member = codec.array_member
        return [_NULL if value is None else {"arrayValue": {member: value}} for value in values]
    if codec is DECIMAL and returns.decimals_as_numbers:
        return [
            _NULL if value is None else {"longValue" if isinstance(value, int) else "doubleValue": value}
            for value in values
        ]
    member = "stringValue" if codec is LONG and returns.longs_as_strings else codec.member
    return [_NULL if value is None else {member: value} for value in values]
