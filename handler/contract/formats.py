"""The meaning of a JSON Schema's `format`: a fixed list, each checked and not merely noted.

Dates and times also take what PostgreSQL's own answers may hold: `infinity`, years beyond 9999, years BC. What an
operation returns can thus be sent back. The compiler refuses a format that is not in FORMATS. Every check takes time
in proportion to the text, and memory that does not grow with it.
"""

import calendar
import ipaddress
import re
from collections.abc import Callable

from handler.contract.patterns import is_regular_expression

Check = Callable[[str], bool]

_YEAR_MONTH_DAY = r"(?P<year>[0-9]{4,7})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_CLOCK = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_OFFSET = r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)"
_BC = "(?P<bc> BC)?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

# Texts and not compiled: `re` compiles one when it is first used, and keeps it.
_DATE = f"{_YEAR_MONTH_DAY}{_BC}"
_DATE_TIME = f"{_YEAR_MONTH_DAY}[Tt ]{_CLOCK}{_OFFSET}{_BC}"
_DATE_TIME_LOCAL = f"{_YEAR_MONTH_DAY}[Tt ]{_CLOCK}{_BC}"
_TIME = f"{_CLOCK}{_OFFSET}"
_TIME_LOCAL = _CLOCK
_UUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_HOSTNAME = rf"{_LABEL}(?:\.{_LABEL})*"
_EMAIL = rf"[^\s@\"(),:;<>\[\\\]]{{1,64}}@{_LABEL}(?:\.{_LABEL})*"
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:"
_NO_URI = r"[^!#$%&-;=?-\[\]_a-z~]|%(?![0-9A-Fa-f]{2})"

# No text of these forms is longer: PostgreSQL's timestamps have six digits of a second, a host name 253 characters.
_LONGEST_TIME, _LONGEST_HOSTNAME, _LONGEST_EMAIL, _LONGEST_ADDRESS = 64, 253, 254, 64


def _matches(pattern: str, longest: int) -> Check:
    return lambda text: len(text) <= longest and re.fullmatch(pattern, text) is not None


def _on_a_real_day(pattern: str) -> Check:
    def check(text: str) -> bool:
        if text in ("infinity", "-infinity"):
            return True
        match = re.fullmatch(pattern, text) if len(text) <= _LONGEST_TIME else None
        if match is None:
            return False
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
        if year == 0 or not 1 <= month <= 12:
            return False
        # The calendar repeats after 400 years; 1 BC is the year before 1, and thus a leap year.
        year = (1 - year if match["bc"] else year) % 400 or 400
        return 1 <= day <= calendar.monthrange(year, month)[1]

    return check


def _address(kind: Callable[[str], object]) -> Check:
    def check(text: str) -> bool:
        if len(text) > _LONGEST_ADDRESS:
            return False
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return check


def _uri(text: str) -> bool:
    scheme = re.match(_SCHEME, text)
    return scheme is not None and scheme.end() < len(text) and re.compile(_NO_URI).search(text, scheme.end()) is None


_CHECKS: dict[str, tuple[Check, str]] = {
    "date": (_on_a_real_day(_DATE), "a date, such as 2026-01-31"),
    "date-time": (_on_a_real_day(_DATE_TIME), "a date and time with an offset, such as 2026-01-31T12:00:00Z"),
    "date-time-local": (
        _on_a_real_day(_DATE_TIME_LOCAL),
        "a date and time without an offset, such as 2026-01-31T12:00:00",
    ),
    "time": (_matches(_TIME, _LONGEST_TIME), "a time of day with an offset, such as 12:00:00Z"),
    "time-local": (_matches(_TIME_LOCAL, _LONGEST_TIME), "a time of day without an offset, such as 12:00:00"),
    "uuid": (_matches(_UUID, 36), "a UUID, such as 123e4567-e89b-12d3-a456-426614174000"),
    "email": (_matches(_EMAIL, _LONGEST_EMAIL), "an e-mail address"),
    "hostname": (_matches(_HOSTNAME, _LONGEST_HOSTNAME), "a host name"),
    "ipv4": (_address(ipaddress.IPv4Address), "an IPv4 address"),
    "ipv6": (_address(ipaddress.IPv6Address), "an IPv6 address"),
    "uri": (_uri, "an absolute URI"),
    "regex": (is_regular_expression, "a regular expression of at most 1000 characters, without lookaround"),
}

CHECKS: dict[str, Check] = {name: check for name, (check, _) in _CHECKS.items()}
"""Whether a text is of a format; a value that is no text is, as the keyword is defined."""

FORMATS: dict[str, str] = {name: meaning for name, (_, meaning) in _CHECKS.items()}
"""Every format that a schema may name, and what its values are, in words."""
