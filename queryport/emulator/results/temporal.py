"""Dates and times as the service writes them: UTC, no offset, a fraction of three or six digits or none.

PostgreSQL's ISO text is read, whatever the session's time zone; the text that comes out is what Rust's chrono prints. A
value that chrono cannot hold, infinity above all, is the service's InternalFailure.
"""

import re
from datetime import UTC, datetime, timedelta

from queryport.emulator.errors import ApiError

_ZONED = re.compile(rb"(\d+)(-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?")
_DATED = re.compile(rb"(\d+)(-\d\d-\d\d)( \d\d:\d\d:\d\d(?:\.\d+)?)?( BC)?")
_HYPHEN = ord("-")
_UTC_WITH_WHOLE_FRACTION = tuple(map(len, ("2026-09-17 17:08:20+00", "2026-09-17 17:08:20.855153+00")))
_GREGORIAN_CYCLE = 400
_LAST_YEAR = 262_142
"""chrono's."""


def date(text: bytes) -> bytes:
    """`2026-09-17`; years outside 0 to 9999 get a sign, and 1 BC is the year 0."""
    return text if len(text) == 10 and text[4] == _HYPHEN else _dated(text)


def time(text: bytes) -> bytes:
    """`17:08:20`, `17:08:20.500` or `17:08:20.855153`; chrono knows no hour 24 and starts again at zero."""
    return _with_fraction(b"00" + text[2:] if text[:2] == b"24" else text)


def timestamp(text: bytes) -> bytes:
    if text[4:5] == b"-" and not text.endswith(b"BC"):
        return _with_fraction(text)
    return _dated(text)


def timestamptz(text: bytes) -> bytes:
    if text[-3:] == b"+00" and text[4] == _HYPHEN:
        return text[:-3] if len(text) in _UTC_WITH_WHOLE_FRACTION else _with_fraction(text[:-3])
    match = _ZONED.fullmatch(text)
    if match is None:
        raise ApiError("InternalFailure")
    years, rest, fraction, sign, hours, minutes, seconds, era = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    year = _astronomical(int(years), bool(era))
    # The calendar repeats every 400 years, so any year can be reckoned with inside datetime's range.
    stand_in = year % _GREGORIAN_CYCLE + 2 * _GREGORIAN_CYCLE
    local = datetime.strptime(f"{stand_in:04}{rest.decode()}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    utc = local - offset if sign == b"+" else local + offset
    whole = f"{_year(year + utc.year - stand_in)}{utc:-%m-%d %H:%M:%S}"
    return _with_fraction(whole.encode() + (fraction or b""))


def _dated(text: bytes) -> bytes:
    match = _DATED.fullmatch(text)
    if match is None:
        raise ApiError("InternalFailure")
    years, day, clock, era = match.groups()
    year = _year(_astronomical(int(years), bool(era)))
    return year.encode() + day + _with_fraction(clock or b"")


def _astronomical(years: int, before_christ: bool) -> int:  # noqa: FBT001 (the two parts of PostgreSQL's year)
    return 1 - years if before_christ else years


def _year(year: int) -> str:
    if abs(year) > _LAST_YEAR:
        raise ApiError("InternalFailure")
    return f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"


def _with_fraction(text: bytes) -> bytes:
    """PostgreSQL leaves out zeros at a fraction's end; chrono writes three digits where they do, and else six."""
    point = text.find(b".")
    if point < 0:
        return text
    digits = len(text) - point - 1
    return text.ljust(point + 4, b"0") if digits <= 3 else text.ljust(point + 7, b"0")
