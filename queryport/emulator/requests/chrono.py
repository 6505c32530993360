"""Dates and times of type hints, read as the service reads them: by chrono's `parse_from_str`, refused in its words.

chrono (a library of Rust's) is looser than the documented formats and stricter than PostgreSQL: blanks before a number
and numbers of fewer digits are read, another separator or an offset is not.
"""

from calendar import monthrange
from collections.abc import Callable

from queryport.emulator.errors import ApiError

_TOO_SHORT = "premature end of input"
_TOO_LONG = "trailing input"
_INVALID = "input contains invalid characters"
_OUT_OF_RANGE = "input is out of range"

_FRACTION_DIGITS = 9
_LAST_YEAR = 262_142
_LONGEST_NUMBER = 18
"""Digits that are looked at: int() of a text as long as a request may be takes its time."""
_DIGITS = frozenset("0123456789")


class _ParseError(Exception):
    pass


def date(text: str) -> bytes:
    """A DATE as a text of PostgreSQL's. Raises ApiError."""
    return _read("Date", _Text(text), _date)


def time(text: str) -> bytes:
    """A TIME as a text of PostgreSQL's. Raises ApiError."""
    return _read("Time", _Text(text), _time)


def timestamp(text: str) -> bytes:
    """A TIMESTAMP as a text of PostgreSQL's. Raises ApiError."""
    return _read("TimeStamp", _Text(text), _timestamp)


class _Text:
    """The rest of a text that is read from its beginning."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def number(self, longest: int | None, low: int, high: int, *, signed: bool = False) -> int:
        """A number of one to `longest` digits; a signed one may have more."""
        self.rest = self.rest.lstrip()
        sign = 1
        if signed and self.rest[:1] in ("+", "-"):
            sign = -1 if self.rest[0] == "-" else 1
            self.rest, longest = self.rest[1:], None
        count = 0
        while count < len(self.rest) and self.rest[count] in _DIGITS and count != longest:
            count += 1
        if not count:
            raise _ParseError(_INVALID if self.rest else _TOO_SHORT)
        digits, self.rest = self.rest[:count], self.rest[count:]
        value = sign * int(digits[-_LONGEST_NUMBER:]) if not digits[:-_LONGEST_NUMBER].strip("0") else high + 1
        if not low <= value <= high:
            raise _ParseError(_OUT_OF_RANGE)
        return value

    def literal(self, expected: str) -> None:
        if not self.rest:
            raise _ParseError(_TOO_SHORT)
        if self.rest[0] != expected:
            raise _ParseError(_INVALID)
        self.rest = self.rest[1:]

    def fraction(self) -> str:
        """A point and the digits of a fraction, which may be missing; microseconds are kept."""
        if not self.rest.startswith("."):
            return ""
        self.rest = self.rest[1:]
        count = 0
        while count < len(self.rest) and self.rest[count] in _DIGITS:
            count += 1
        if not count:
            raise _ParseError(_INVALID if self.rest else _TOO_SHORT)
        digits, self.rest = self.rest[: min(count, _FRACTION_DIGITS)], self.rest[count:]
        return f".{digits[:6]}"


def _read(kind: str, text: _Text, read: Callable[[_Text], str]) -> bytes:
    try:
        value = read(text)
        if text.rest:
            raise _ParseError(_TOO_LONG)
    except _ParseError as error:
        raise ApiError("DatabaseErrorException", f"Parse Error for {kind}: {error}") from None
    return value.encode()


def _date(text: _Text) -> str:
    return "{}-{}-{}{}".format(*_day(text))


def _timestamp(text: _Text) -> str:
    year, month, day, era = _day(text)
    text.rest = text.rest.lstrip()
    return f"{year}-{month}-{day} {_time(text)}{era}"


def _day(text: _Text) -> tuple[str, str, str, str]:
    """Year, month, day, and what PostgreSQL writes behind a year before the first."""
    year = text.number(4, -_LAST_YEAR, _LAST_YEAR, signed=True)
    text.literal("-")
    month = text.number(2, 1, 12)
    text.literal("-")
    day = text.number(2, 1, 31)
    # The calendar repeats every 400 years.
    if day > monthrange(year % 400 + 400, month)[1]:
        raise _ParseError(_OUT_OF_RANGE)
    era = "" if year > 0 else " BC"
    return f"{year if year > 0 else 1 - year:04}", f"{month:02}", f"{day:02}", era


def _time(text: _Text) -> str:
    hour = text.number(2, 0, 23)
    text.literal(":")
    minute = text.number(2, 0, 59)
    text.literal(":")
    second = text.number(2, 0, 60)  # with chrono's leap second
    return f"{hour:02}:{minute:02}:{second:02}{text.fraction()}"
