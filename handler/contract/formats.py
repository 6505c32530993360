"""What the `format` of a JSON Schema means here: a fixed list, each checked and not merely noted.

Dates and times also take what PostgreSQL's own answers may hold: `infinity`, years beyond 9999, years BC. What an
operation returns can thus be sent back. The compiler refuses a format that is not in FORMATS.
"""

import calendar
import ipaddress
import re
from collections.abc import Callable

from jsonschema import FormatChecker

_YEAR_MONTH_DAY = r"(?P<year>[0-9]{4,7})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_CLOCK = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_OFFSET = r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)"
_BC = "(?P<bc> BC)?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

_DATE = re.compile(f"{_YEAR_MONTH_DAY}{_BC}")
_DATE_TIME = re.compile(f"{_YEAR_MONTH_DAY}[Tt ]{_CLOCK}{_OFFSET}{_BC}")
_DATE_TIME_LOCAL = re.compile(f"{_YEAR_MONTH_DAY}[Tt ]{_CLOCK}{_BC}")
_TIME = re.compile(f"{_CLOCK}{_OFFSET}")
_TIME_LOCAL = re.compile(_CLOCK)
_UUID = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_HOSTNAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_EMAIL = re.compile(rf"(?=.{{3,254}}$)[^\s@\"(),:;<>\[\\\]]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[!#$&-;=?-\[\]_a-z~]|%[0-9A-Fa-f]{2})+")


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _on_a_real_day(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        if text in ("infinity", "-infinity"):
            return True
        match = pattern.fullmatch(text)
        if match is None:
            return False
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
        if year == 0 or not 1 <= month <= 12:
            return False
        # The calendar repeats after 400 years; 1 BC is the year before 1, and thus a leap year.
        year = (1 - year if match["bc"] else year) % 400 or 400
        return 1 <= day <= calendar.monthrange(year, month)[1]

    return check


def _address(kind: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return check


def _regex(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


_CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "date": (_on_a_real_day(_DATE), "a date, such as 2026-01-31"),
    "date-time": (_on_a_real_day(_DATE_TIME), "a date and time with an offset, such as 2026-01-31T12:00:00Z"),
    "date-time-local": (
        _on_a_real_day(_DATE_TIME_LOCAL),
        "a date and time without an offset, such as 2026-01-31T12:00:00",
    ),
    "time": (_matches(_TIME), "a time of day with an offset, such as 12:00:00Z"),
    "time-local": (_matches(_TIME_LOCAL), "a time of day without an offset, such as 12:00:00"),
    "uuid": (_matches(_UUID), "a UUID, such as 123e4567-e89b-12d3-a456-426614174000"),
    "email": (_matches(_EMAIL), "an e-mail address"),
    "hostname": (_matches(_HOSTNAME), "a host name"),
    "ipv4": (_address(ipaddress.IPv4Address), "an IPv4 address"),
    "ipv6": (_address(ipaddress.IPv6Address), "an IPv6 address"),
    "uri": (_matches(_URI), "an absolute URI"),
    "regex": (_regex, "a regular expression"),
}

FORMATS: dict[str, str] = {name: meaning for name, (_, meaning) in _CHECKS.items()}
"""Every format that a schema may name, and what its values are, in words."""


def checker() -> FormatChecker:
    """The checks in the form that jsonschema takes; a value that is no string passes, as the keyword is defined."""
    made = FormatChecker(formats=())
    for name, (check, _) in _CHECKS.items():
        made.checks(name)(_for_strings(check))
    return made


def _for_strings(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)
