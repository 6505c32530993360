"""JSON without loss: a number keeps every digit that the caller wrote, and what is not JSON is refused by its place.

Every value that leaves this module is built of None, bool, int (of 64 bits), Decimal, str, list and dict; a float never
is. Refuses NaN and Infinity, members given twice, more levels than DEEPEST, more containers than MOST_CONTAINERS or
values than MOST_VALUES, and numbers that PostgreSQL's numeric cannot hold or that would together be written out as more
than MOST_DIGITS.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

# The widest numeric of PostgreSQL: 131072 digits before the point, 16383 after it. Without a bound, 1e999999999 would
# be a gigabyte in the database.
LARGEST_EXPONENT = 131_071
_MOST_PLACES = 16_383
_INT64_DIGITS = 18
_INT64_BOUND = 10**_INT64_DIGITS
_SHORT = 8
_SIMPLE = {str, bool, type(None)}

MOST_DIGITS = 4 * 1024 * 1024
"""The digits of all numbers with an exponent, as PostgreSQL writes them out each time that a row is read."""

DEEPEST = 250
"""The arrays and objects within each other; orjson writes no more than 254."""

MOST_CONTAINERS = 250_000
"""The arrays and objects of one text; each takes some fifty times its two characters in memory."""

MOST_VALUES = 250_000
"""The elements and members behind the first of one text; each is parsed, checked, and written for PostgreSQL."""

_TOO_MANY = f"has more than {MOST_CONTAINERS} arrays and objects"
_TOO_LONG = f"has more than {MOST_VALUES} elements and members"

# Without one of these, each number is what Python makes of it by itself, in a third of the time. They are looked for in
# the text with all digits alike, since a search for a fixed text never goes back.
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_EXTREME = (b"0" * 19, b"0e0", b"0e+0", b"0e-0")


class JsonError(ValueError):
    """The text is no JSON that can be taken; the message says why and where, and quotes no value."""

    def __init__(self, message: str, pointer: str | None = None) -> None:
        super().__init__(message)
        self._pointer = pointer

    @property
    def pointer(self) -> str | None:
        """The JSON Pointer of a member that stands twice."""
        return self._pointer


class _GivenTwiceError(JsonError):
    """An object has a member twice; which one is found when the text is read again."""


def loads(text: str) -> Any:
    """Return the value of a JSON text. Raises JsonError."""
    brackets = text.count("[") + text.count("{")
    if brackets > MOST_CONTAINERS or text.count(",") > MOST_VALUES:
        structure = _outside_strings(text)
        if structure.count("[") + structure.count("{") > MOST_CONTAINERS:
            raise JsonError(_TOO_MANY)
        if structure.count(",") > MOST_VALUES:
            raise JsonError(_TOO_LONG)
    decoder = _decoder(_Numbers()) if _may_have_extreme_numbers(text) else _PLAIN
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise JsonError("is nested too deeply") from None
    except _GivenTwiceError:
        # Imported here, since few texts have one.
        from handler.contract.repeated_members import pointer_of_first

        path = pointer_of_first(text)
        raise JsonError(f"has a member twice: {path}", path) from None
    if brackets > DEEPEST and _is_deep(value):
        raise JsonError("is nested too deeply")
    return value


def _outside_strings(text: str) -> str:
    """The text without its strings; of a text that is not JSON, something of no more than its length."""
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    return "".join(text.split('"')[::2])


def _may_have_extreme_numbers(text: str) -> bool:
    alike = text.encode(errors="replace").translate(_ALIKE)
    return any(extreme in alike for extreme in _EXTREME)


def _decoder(numbers: "_Numbers | None") -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_float=numbers.number if numbers else Decimal,
        parse_int=numbers.whole_number if numbers else int,
        parse_constant=_no_number,
    )


def number(text: str) -> int | Decimal:
    """Return the number that a text of digits, with point and exponent or without, stands for. Raises JsonError."""
    if len(text) <= _INT64_DIGITS and text.isdecimal():
        return int(text)
    numbers = _Numbers()
    return numbers.whole_number(text) if text.lstrip("-").isdecimal() else numbers.number(text)


def exact(value: Any) -> Any:
    """Return a value that another parser has made with exact numbers. Raises JsonError."""
    return _exact(value, _Numbers(), 0)


def dumps(value: Any) -> str:
    """Return the JSON text of a value that this module has made. Raises JsonError where it cannot be UTF-8."""
    try:
        return orjson.dumps(value, default=_verbatim).decode()
    except orjson.JSONEncodeError:
        # Of a value that `loads` or `exact` made, orjson refuses half a surrogate pair, which JSON can escape but UTF-8
        # and PostgreSQL cannot hold.
        raise JsonError("has text that is not Unicode") from None


class _Numbers:
    """The numbers of one text."""

    __slots__ = ("_digits", "containers", "values")

    def __init__(self) -> None:
        self._digits = 0
        self.containers = 0
        self.values = 0

    def number(self, text: str) -> Decimal:
        if len(text) > _MOST_PLACES or "e" in text or "E" in text:
            return self._extreme(text)
        return Decimal(text)

    def whole_number(self, text: str) -> int | Decimal:
        return int(text) if len(text) <= _INT64_DIGITS else self.number(text)

    def _extreme(self, text: str) -> Decimal:
        if len(text) <= _SHORT and -_SHORT < (short := Decimal(text)).adjusted() < _SHORT:
            return short  # written out, it is a few digits longer at most, which is not worth counting
        mantissa, _, exponent = text.lower().partition("e")
        try:
            number = Decimal(text)
            places = len(mantissa.partition(".")[2]) - int(exponent or 0)
        except (InvalidOperation, ValueError):  # an exponent beyond Decimal's own, or beyond what Python reads
            raise JsonError("has a number out of range") from None
        if number.adjusted() > LARGEST_EXPONENT or places > _MOST_PLACES:
            raise JsonError("has a number out of range")
        if exponent:
            self._digits += (max(number.adjusted(), 0) if number else 0) + max(places, 0)
            if self._digits > MOST_DIGITS:
                raise JsonError(f"has numbers that are written out as more than {MOST_DIGITS} digits")
        return number


def _verbatim(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def _no_number(_: str) -> Any:
    raise JsonError("has NaN or Infinity, which are not JSON; send them as strings")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise _GivenTwiceError("has a member twice")
    return made


def _is_deep(value: Any) -> bool:
    level = [value] if type(value) in (list, dict) else []
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is list or type(inner) is dict
        ]
        if not level:
            return False
    return True


def _exact(value: Any, numbers: _Numbers, depth: int) -> Any:
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_INT64_BOUND < value < _INT64_BOUND else numbers.number(_digits(value))
    if isinstance(value, float | Decimal):
        return numbers.number(str(value)) if Decimal(value).is_finite() else _no_number("")
    if depth == DEEPEST:
        raise JsonError("is nested too deeply")
    numbers.containers += 1
    if numbers.containers > MOST_CONTAINERS:
        raise JsonError(_TOO_MANY)
    if isinstance(value, list | tuple | dict):
        numbers.values += max(len(value) - 1, 0)
        if numbers.values > MOST_VALUES:
            raise JsonError(_TOO_LONG)
    if isinstance(value, list) and set(map(type, value)) <= _SIMPLE:
        return value
    if isinstance(value, list | tuple):
        return [_exact(element, numbers, depth + 1) for element in value]
    if isinstance(value, dict):
        return {name: _exact(element, numbers, depth + 1) for name, element in value.items()}
    raise JsonError(f"has a {type(value).__name__}, which JSON does not have")


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes out no more than 4300 digits
        raise JsonError("has a number out of range") from None


_PLAIN = _decoder(None)
