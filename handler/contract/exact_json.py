"""JSON without loss: a number keeps every digit that the caller wrote, and what is not JSON is refused by its place.

Every value that leaves this module is built of None, bool, int (of 64 bits), Decimal, str, list and dict; a float never
is. Refuses NaN and Infinity, members given twice, and numbers beyond what PostgreSQL's numeric can hold.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

# The widest numeric of PostgreSQL: 131072 digits before the point, 16383 after it. Without a bound, 1e999999999 would
# be written out as a gigabyte of zeros by whoever asks whether it is a whole number.
_LARGEST_EXPONENT = 131_071
_SMALLEST_EXPONENT = -16_383
_INT64_DIGITS = 18
_INT64_BOUND = 10**_INT64_DIGITS


class JsonError(ValueError):
    """The text is no JSON that can be taken; the message says why and where, and never quotes it."""


def loads(text: str) -> Any:
    """The value of a JSON text. Raises JsonError."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise JsonError("is nested too deeply") from None


def exact(value: Any) -> Any:
    """The same value with exact numbers, for a value that somebody else has parsed. Raises JsonError."""
    try:
        return _exact(value)
    except RecursionError:
        raise JsonError("is nested too deeply") from None


def dumps(value: Any) -> str:
    """The JSON text of a value that this module has made. Raises JsonError where it cannot be UTF-8."""
    try:
        return orjson.dumps(value, default=_verbatim).decode()
    except orjson.JSONEncodeError:
        # Of a value that `loads` or `exact` made, orjson refuses two things: more than 254 levels, and half a
        # surrogate pair, which JSON can escape but UTF-8 and PostgreSQL cannot hold.
        raise JsonError("is nested too deeply, or has text that is not Unicode") from None


def _verbatim(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond Decimal's own
        raise JsonError("has a number out of range") from None
    if not _SMALLEST_EXPONENT <= number.adjusted() <= _LARGEST_EXPONENT:
        raise JsonError("has a number out of range")
    return number


def _whole_number(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INT64_DIGITS else _number(text)


def _no_number(_: str) -> Any:
    raise JsonError("has NaN or Infinity, which are not JSON; send them as strings")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise JsonError("has an object with a member that is given twice")
    return made


def _exact(value: Any) -> Any:
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_INT64_BOUND < value < _INT64_BOUND else _number(_digits(value))
    if isinstance(value, float | Decimal):
        return _number(str(value)) if Decimal(value).is_finite() else _no_number("")
    if isinstance(value, list | tuple):
        return [_exact(element) for element in value]
    if isinstance(value, dict):
        return {name: _exact(element) for name, element in value.items()}
    raise JsonError(f"has a {type(value).__name__}, which JSON does not have")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes out no more than 4300 digits
        raise JsonError("has a number out of range") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_whole_number, parse_constant=_no_number
)
