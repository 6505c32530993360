"""A result's rows as the service answers them: JSON of lists of Field, or of objects (formatRecordsAs=JSON).

Rows arrive in portions, in PostgreSQL's text form; they are counted against the size limit as they come, and nothing is
kept beyond it. Types are refused only if there is a row.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import orjson
from psycopg.pq.abc import PGresult

from queryport.emulator.errors import ApiError, unsupported_result
from queryport.emulator.limits import Limits, size_of_rows
from queryport.emulator.results import arrays
from queryport.emulator.results.types import (
    BARE,
    BUILT_IN,
    DECIMAL,
    LONG,
    PLAIN,
    STRING,
    FieldCodec,
    ResultType,
    long_or_double,
    need_no_escape,
)

Texts = Sequence[bytes | None]
JsonPieces = list[bytes]
Rendered = tuple[bytes, JsonPieces]
"""A column as JSON: the form of a value, and what each row has in the place of its %b."""
Convert = Callable[[bytes], bytes]

_ONLY_NUMBERS = re.compile(rb"\{[0-9,-]*\}")
_NULL_FIELD = b'{"isNull":true}'
_MANY = 32
"""So many texts are worth a look at all of them together."""


class RecordColumn(NamedTuple):
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
class RecordRows:
    """The rows of one statement, column by column, as they come in."""

    limits: Limits
    described: bool = True
    """Whether more is asked of the columns than their types."""
    columns: list[RecordColumn] = field(default_factory=list)
    """Empty where no more is asked."""
    type_oids: list[int] = field(default_factory=list)
    texts: list[list[bytes | None]] = field(default_factory=list)
    count: int = 0
    size: int = 0

    def add(self, result: PGresult) -> None:
        """Take in a portion. Raises ApiError when there are more than the service answers with."""
        if not self.texts:
            self.type_oids = [result.ftype(number) for number in range(result.nfields)]
            self.texts = [[] for _ in self.type_oids]
            if self.described:
                self.columns = columns_of(result)
        rows, width = result.ntuples, len(self.texts)
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
        """The oids of types that are not built in; without rows they are needed for the metadata alone."""
        if not self.count and not even_without_rows:
            return set()
        return {oid for oid in self.type_oids if oid not in BUILT_IN}

    def text_only(self, types: Mapping[int, ResultType]) -> ResultType | None:
        """A type of which PostgreSQL has no binary form and the rows have a value, if there is one."""
        for oid, texts in zip(self.type_oids, self.texts, strict=True):
            type_ = types[oid]
            if type_.is_text_only and texts:
                return type_
            if type_.element is not None and type_.element.is_text_only and any(text is not None for text in texts):
                return type_.element
        return None

    def records(self, types: Mapping[int, ResultType], returns: ReturnTypes) -> bytes:
        """The JSON of the member `records`."""
        fields = [_fields(type_, codec, texts, returns) for type_, codec, texts in self._answerable(types)]
        return _joined(b"[%b]", fields, self.count)

    def formatted(self, types: Mapping[int, ResultType], returns: ReturnTypes) -> str:
        """The member `formattedRecords`; raises ApiError for two columns of one name, which no object can hold."""
        labels = [column.label for column in self.columns]
        if len(set(labels)) < len(labels):
            raise ApiError("BadRequestException", "The result contains more than one column with the same name")
        members = [
            _members(label, type_, codec, texts, returns)
            for label, (type_, codec, texts) in zip(labels, self._answerable(types), strict=False)
        ]
        text = _joined(b"{%b}", members, self.count)
        if len(text) > self.limits.formatted_bytes:
            raise ApiError("BadRequestException", "The formatted result exceeds the size limit 10 MB")
        return text.decode()

    def _answerable(self, types: Mapping[int, ResultType]) -> list[tuple[ResultType, FieldCodec, Texts]]:
        """Each column's type, codec and texts if there is a row; raises ApiError for a type that cannot be answered."""
        found: list[tuple[ResultType, FieldCodec, Texts]] = []
        for oid, texts in zip(self.type_oids, self.texts, strict=True) if self.count else ():
            type_ = types[oid]
            if type_.codec is None:
                raise unsupported_result(f"The result contains the unsupported data type {type_.display}.")
            found.append((type_, type_.codec, texts))
        return found


def columns_of(result: PGresult) -> list[RecordColumn]:
    return [
        RecordColumn(
            (result.fname(number) or b"").decode(errors="replace"),
            result.ftype(number),
            result.fmod(number),
            result.ftable(number),
            result.ftablecol(number),
        )
        for number in range(result.nfields)
    ]


def _fields(type_: ResultType, codec: FieldCodec, texts: Texts, returns: ReturnTypes) -> Rendered:
    """A column as Fields."""
    if type_.element is not None:
        form = b'{"arrayValue":{"%b":%%b}}' % (codec.array_member or "").encode()
        return _rendered(form, _array(codec), texts, _NULL_FIELD)
    if codec is DECIMAL and returns.decimals_as_numbers:
        return BARE, [_NULL_FIELD if text is None else b'{"%b":%b}' % long_or_double(text) for text in texts]
    codec = _chosen(codec, texts, returns)
    return _rendered(codec.as_field, codec.convert, texts, _NULL_FIELD)


def _members(label: str, type_: ResultType, codec: FieldCodec, texts: Texts, returns: ReturnTypes) -> Rendered:
    """A column as the members of objects."""
    form: bytes
    convert: Convert | None
    if type_.element is not None:
        form, convert = BARE, _array(codec)
    elif codec is DECIMAL and returns.decimals_as_numbers:
        form, convert = BARE, _number
    else:
        codec = _chosen(codec, texts, returns)
        form, convert = codec.form, codec.convert
    key = orjson.dumps(label) + b":"
    return _rendered(key.replace(b"%", b"%%") + form, convert, texts, key + b"null")


def _chosen(codec: FieldCodec, texts: Texts, returns: ReturnTypes) -> FieldCodec:
    """The codec of a column that is no array, or one that does the same for these texts in less time."""
    if codec is LONG and returns.longs_as_strings:
        return PLAIN
    if codec is STRING and len(texts) >= _MANY and None not in texts and need_no_escape(cast("JsonPieces", texts)):
        return PLAIN
    return codec


def _number(text: bytes) -> bytes:
    return long_or_double(text)[1]


def _array(codec: FieldCodec) -> Convert:
    def convert(text: bytes) -> bytes:
        if codec is LONG and _ONLY_NUMBERS.fullmatch(text):
            return b"[%b]" % text[1:-1]
        form, elements = _rendered(codec.form, codec.convert, arrays.elements(text), b"null")
        return b"[%b]" % b",".join([form % element for element in elements])

    return convert


def _rendered(form: bytes, convert: Convert | None, texts: Texts, null: bytes) -> Rendered:
    try:
        if None in texts:
            return BARE, [
                null if text is None else form % (text if convert is None else convert(text)) for text in texts
            ]
        whole = cast("JsonPieces", texts)
        return form, whole if convert is None else [convert(text) for text in whole]
    except UnicodeDecodeError as failure:  # the statement set another client_encoding
        raise ApiError("InternalFailure") from failure


def _joined(row: bytes, columns: list[Rendered], count: int) -> bytes:
    """The JSON array of the rows; `row` is the form of one."""
    form = row % b",".join([form for form, _ in columns])
    rows = zip(*(pieces for _, pieces in columns), strict=True) if columns else [()] * count
    return b"[%b]" % b",".join([form % pieces for pieces in rows])
