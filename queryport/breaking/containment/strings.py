"""Strings: their lengths, patterns and formats, and the bounds of numbers that come as strings of digits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handler.contract.patterns import DECIMAL, FINITE_DECIMAL, NOT_FINITE
from handler.contract.recognition import OF_NUMBERS
from queryport.breaking.containment.numbers import numbers
from queryport.breaking.containment.schemas import Excess, Path, Schema, at_least, at_most

_IMPLIED_PATTERNS = {(FINITE_DECIMAL, DECIMAL), (NOT_FINITE, DECIMAL)}


def strings(first: Sequence[Schema], second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    """Yield what strings of the first are and strings of the second may not be."""
    yield from at_least(first, second, "minLength", path)
    yield from at_most(first, second, "maxLength", path)
    for keyword in ("pattern", "format"):
        if keyword not in second:
            continue
        said = [each[keyword] for each in first if isinstance(each, dict) and keyword in each]
        implied = keyword == "pattern" and any((each, second["pattern"]) in _IMPLIED_PATTERNS for each in said)
        if second[keyword] not in said and not implied:
            yield Excess(path, keyword, said[0] if said else None, second[keyword])
    # The bounds of a number that may come as a string of digits hold for the string, too.
    if second.get("pattern") in (DECIMAL, FINITE_DECIMAL) and not OF_NUMBERS.isdisjoint(second):
        digits = [each for each in first if isinstance(each, dict) and each.get("pattern") == second["pattern"]]
        yield from numbers(digits, second, path, whole=False)
