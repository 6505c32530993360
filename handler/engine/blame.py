"""Finds the value that PostgreSQL could not read: by the text in its message, or as an inverted range.

A member of a document has the type that the statement gives it, which only PostgreSQL knows; the value of a filter has
its column's. Where exactly one value of the whole call is written as the message quotes it, and it stands in a
parameter of such a kind, that is the one.
"""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from handler.contract import exact_json
from handler.contract.errors import Flaw, InvalidParameters
from handler.contract.pointer import pointer
from handler.data_api.failures import Failure

_QUOTED = (
    r'(?s)(?:invalid input (?:syntax for type|value for enum) [^"]+|malformed [a-z ]+ literal'
    r'|(?:date/time|interval) field value out of range): "(?P<text>.*)"'
    r'|(?:value )?"(?P<number>.*)" is out of range for type .*'
)
_INVERTED = "range lower bound must be less than or equal to range upper bound"
_NUMBER = r"[+-]?(?:[0-9]{1,1000}(?:\.[0-9]{0,1000})?|\.[0-9]{1,1000})"
_MOMENT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?P<zone>Z|[+-][0-9:]{2,5})?)?"
)
_NOT_THERE = frozenset({"3F000", "42704", "42725", "42883", "42P01"})
_NAMED = r'(?s)"(?P<quoted>.+)"|(?:exist: |named )(?P<bare>.+)'
_SHORTEST_CUT = 60
_ValuePath = tuple[str | int, ...]


def names_a_value(failure: Failure, values: Any) -> bool:
    """Whether PostgreSQL misses something by a name that a value of the call has in it."""
    found = re.search(_NAMED, failure.message) if failure.sqlstate in _NOT_THERE else None
    if found is None:
        return False
    name = _bare(found["quoted"] or found["bare"])
    # PostgreSQL cuts names after 63 bytes, or before the character that would go beyond.
    end = "" if len(name.encode(errors="replace")) >= _SHORTEST_CUT else r"(?!\w)"
    word = re.compile(rf"(?<!\w){re.escape(name)}{end}")
    return any(isinstance(value, str) and word.search(_bare(value)) is not None for _, value in _leaves(values, ()))


def _bare(name: str) -> str:
    """A name without what PostgreSQL takes no notice of where it looks for it, and without its quotes."""
    return re.sub(r'[\s"]', "", name).lower()


def located(failure: Failure, values: Any, documents: Collection[str]) -> Failure:
    """Return the failure with the place of the value at fault, where it is one within the parameters of these names."""
    if failure.error is not InvalidParameters or failure.flaws or not documents:
        return failure
    match = re.fullmatch(_QUOTED, failure.message)
    if match is not None:
        text = match["text"] if match["number"] is None else match["number"]
        found = [path for path, value in _leaves(values, ()) if _text(value) == text]
        words = "is not what its type asks for"
    elif failure.message == _INVERTED:
        found = [path for path, value in _leaves(values, ()) if isinstance(value, str) and _is_inverted(value)]
        words = "is a range that ends before it begins"
    else:
        return failure
    batch = isinstance(values, list)
    if len(found) != 1 or (match is not None and found[0][1 if batch else 0] not in documents):
        return failure
    flaw = Flaw(pointer(found[0]), words)
    return failure._replace(detail=f"{failure.detail}: {flaw.pointer}", flaws=(flaw,))


def _is_inverted(text: str) -> bool:
    """Whether a text is a range of numbers, or of dates and times in one zone, whose end is before its beginning."""
    bounds = re.fullmatch(r'\s*[\[(]\s*"?([^",]+)"?\s*,\s*"?([^",]+)"?\s*[\])]\s*', text)
    if bounds is None:
        return False
    lower, upper = bounds[1].strip(), bounds[2].strip()
    moments = re.fullmatch(_MOMENT, lower), re.fullmatch(_MOMENT, upper)
    if moments[0] and moments[1]:
        # Those of one form and one zone are in the order of their texts; of others nothing is claimed.
        return len(lower) == len(upper) and moments[0]["zone"] == moments[1]["zone"] and lower > upper
    if re.fullmatch(_NUMBER, lower) and re.fullmatch(_NUMBER, upper):
        return Decimal(lower) > Decimal(upper)
    return False


def _leaves(value: Any, path: _ValuePath) -> Iterator[tuple[_ValuePath, Any]]:
    pending: list[tuple[_ValuePath, Any]] = [(path, value)]
    while pending:
        place, item = pending.pop()
        if isinstance(item, dict):
            pending.extend(((*place, name), member) for name, member in item.items())
        elif isinstance(item, list):
            pending.extend(((*place, index), element) for index, element in enumerate(item))
        else:
            yield place, item


def _text(value: Any) -> str | None:
    """The text of a value as PostgreSQL takes it out of a document."""
    if isinstance(value, str) or value is None:
        return value
    return exact_json.dumps(value)
