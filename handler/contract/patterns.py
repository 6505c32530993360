"""The `pattern` of a JSON Schema: regular expressions that no text can make hang.

An author's are matched by RE2, in time proportional to the text, and within the Effort of the request. Those that the
compiler derives from PostgreSQL's types are DERIVED: each has a check of its own, which is as linear, and words. A
pattern means what ECMA-262 says; RE2's syntax leaves out lookaround and references back, which no linear engine has.
"""

import re
from collections.abc import Callable, Iterator
from time import thread_time
from typing import Any, NamedTuple

_LONGEST_OF_CALLERS = 1000

# A step of RE2's slowest engine takes some 6 ns, so a single search ends within half a second.
MOST_STEPS = 2**26
_MOST_SECONDS = 0.5
_STEPS_BETWEEN_LOOKS = 2**20
_STEPS_OF_A_CALL = 2**12
_STEPS_OF_AN_ELEMENT = 100
_ELEMENTS_AT_ONCE = 1000


class PatternError(ValueError):
    """The text is no regular expression that can be matched in linear time; the message says why."""


class TooCostly(Exception):  # noqa: N818 (nothing that failed: the request asks for too much)
    """Checking the request would take longer than a request may."""


class Effort:
    """The processor time that the check of one request may take."""

    __slots__ = ("_end", "_steps")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with the next request."""
        self._steps = 0
        self._end = 0.0

    def spend(self, steps: int = 0) -> None:
        """Raise TooCostly if the time is over; called before each piece of work that may take long for its size."""
        self._steps += steps + _STEPS_OF_A_CALL
        if not self._end:
            self._end = thread_time() + _MOST_SECONDS
        elif self._steps > _STEPS_BETWEEN_LOOKS:
            self._steps = 0
            if thread_time() > self._end:
                raise TooCostly

    def pieces(self, elements: list[Any]) -> Iterator[list[Any]]:
        """Cut an array into pieces, each of which is spent before it is given. Raises TooCostly."""
        for start in range(0, len(elements), _ELEMENTS_AT_ONCE):
            self.spend(_ELEMENTS_AT_ONCE * _STEPS_OF_AN_ELEMENT)
            yield elements[start : start + _ELEMENTS_AT_ONCE]


class Pattern:
    """A regular expression that an author wrote. Raises PatternError."""

    def __init__(self, written: str) -> None:
        # Imported here, since most operations have no such pattern.
        import re2

        options = re2.Options()
        options.log_errors = False
        translated = _translated(written)
        try:
            self._pattern = re2.compile(translated, options)
            # A set of one takes a quarter of the time, since it does not say where the match is. It may lack the
            # memory for an answer, and then says that nothing matches.
            self._set = re2.Set.SearchSet(options)
            self._set.Add(translated)
            self._set.Compile()
        except re2.error as error:
            (reason,) = error.args
            raise PatternError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
        self.size: int = self._pattern.programsize
        """The steps for one character, at most."""

    def matches(self, text: str, effort: Effort) -> bool:
        """Whether the expression matches anywhere in the text. Raises TooCostly."""
        steps = len(text) * self.size
        if steps > MOST_STEPS:
            raise TooCostly
        effort.spend(steps)
        try:
            return bool(self._set.Match(text)) or self._pattern.search(text) is not None
        except UnicodeEncodeError:  # half of a surrogate pair, which is no text for PostgreSQL either
            return False


def is_regular_expression(text: str) -> bool:
    """Whether a caller's text is a regular expression; it is parsed and never compiled."""
    import re2

    if len(text) > _LONGEST_OF_CALLERS:
        return False
    options = re2.Options()
    options.log_errors = False
    try:
        return bool(re2.Set.SearchSet(options).Add(_translated(text)) >= 0)
    except (re2.error, UnicodeEncodeError):
        return False


_SPACE = r"\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}"
_OUTSIDE = {".": r"[^\n\r\x{2028}\x{2029}]"}
_ESCAPES = r"(?s)\\u\{([0-9A-Fa-f]+)\}|\\u([0-9A-Fa-f]{4})|\\(.)|(.)"


def _translated(pattern: str) -> str:
    r"""The expression in RE2's syntax, where `.`, `\s` and `\u` mean other things or nothing."""
    in_class = False
    pieces = []
    for code, short_code, escaped, bare in re.findall(_ESCAPES, pattern):
        if code or short_code:
            piece = rf"\x{{{code or short_code}}}"
        elif escaped == "s":
            piece = _SPACE if in_class else f"[{_SPACE}]"
        elif escaped == "S" and not in_class:
            piece = f"[^{_SPACE}]"
        elif escaped:
            piece = f"\\{escaped}"
        else:
            piece = bare if in_class else _OUTSIDE.get(bare, bare)
            if bare in ("[", "]"):
                in_class = bare == "["
        pieces.append(piece)
    return "".join(pieces)


class Derived(NamedTuple):
    """A pattern of a PostgreSQL type."""

    check: Callable[[str], bool]
    meaning: str
    """The words for its texts, behind "must be"."""
    has_commas: bool = False
    """Whether its texts may have commas, so that a list of them cannot be told by its commas."""


DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?Infinity$|^NaN$"
FINITE_DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = "^(NaN|-?Infinity)$"
BYTES = r"^\\x([0-9a-fA-F]{2})*$"
BITS = "^[01]*$"
DIGITS = "^[0-9]+$"
ADDRESS = "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"
MAC_ADDRESS = "^[0-9A-Fa-f:.-]+$"
LOG_POSITION = "^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$"
LIKE = r"^(?:[^\\]|\\[\s\S])*$"
NO_COMMA = "^[^,]*$"
NUMBER_RANGE = r"^(empty|[\[(][\s\S]*[\])])$"
NUMBER_RANGES = r"^\{[\s\S]*\}$"

# No group is possessive: Python 3.11.2 stays behind what such a one began with, and takes `1e` for a number.
_DECIMAL = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_NO_HEX = "[^0-9a-fA-F]"


def _is_finite_decimal(text: str) -> bool:
    return re.fullmatch(_DECIMAL, text) is not None


def _is_decimal(text: str) -> bool:
    return _is_finite_decimal(text) or text in _NOT_FINITE or text == "+Infinity"


def _is_bytes(text: str) -> bool:
    return text.startswith("\\x") and len(text) % 2 == 0 and re.compile(_NO_HEX).search(text, 2) is None


def _is_range(text: str) -> bool:
    return text == "empty" or (len(text) > 1 and text[0] in "[(" and text[-1] in ")]")


def _is_like(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 0


def _is_ranges(text: str) -> bool:
    return len(text) > 1 and text[0] == "{" and text[-1] == "}"


def _fully(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


DERIVED: dict[str, Derived] = {
    DECIMAL: Derived(_is_decimal, "a number, or one of the strings NaN, Infinity and -Infinity"),
    FINITE_DECIMAL: Derived(_is_finite_decimal, "a number"),
    NOT_FINITE: Derived(_NOT_FINITE.__contains__, "a JSON number, or one of the strings NaN, Infinity and -Infinity"),
    BYTES: Derived(_is_bytes, r"bytes in hexadecimal, such as \x0aff"),
    BITS: Derived(_fully("[01]*+"), "bits, such as 0101"),
    DIGITS: Derived(_fully("[0-9]++"), "a whole number in digits"),
    ADDRESS: Derived(_fully("[0-9A-Fa-f.:]++(?:/[0-9]{1,3})?"), "an IP address, such as 192.0.2.1 or 2001:db8::/32"),
    MAC_ADDRESS: Derived(_fully("[0-9A-Fa-f:.-]++"), "a MAC address, such as 08:00:2b:01:02:03"),
    LOG_POSITION: Derived(_fully("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}"), "a position in the log, such as 16/B374D848"),
    NO_COMMA: Derived(lambda text: "," not in text, "a text without commas"),
    LIKE: Derived(
        _is_like, r"a pattern that does not end within an escape: a backslash is written \\", has_commas=True
    ),
    NUMBER_RANGE: Derived(_is_range, "a range of numbers, such as [1.5,2)", has_commas=True),
    NUMBER_RANGES: Derived(_is_ranges, "ranges of numbers, such as {[1.5,2),[3,4)}", has_commas=True),
}
"""Each without a repetition that Python's own engine could go back into, so that it is linear and quick to refuse."""
