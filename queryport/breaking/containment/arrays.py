"""Arrays: their lengths and their elements, by place or all alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from queryport.breaking.containment.schemas import Compare, Excess, Path, Schema, at_least, at_most


def arrays(first: Sequence[Schema], second: Mapping[str, Any], path: Path, compare: Compare) -> Iterator[Excess]:
    """Yield what arrays of the first have and arrays of the second may not."""
    yield from at_least(first, second, "minItems", path)
    yield from at_most(first, second, "maxItems", path)
    if second.get("uniqueItems") and not any(isinstance(each, dict) and each.get("uniqueItems") for each in first):
        yield Excess(path, "uniqueItems", allows="true")
    prefix = second.get("prefixItems", [])
    longest = max([len(prefix), *(len(each.get("prefixItems", ())) for each in first if isinstance(each, dict))])
    longest = min([longest, *(each["maxItems"] for each in first if isinstance(each, dict) and "maxItems" in each)])
    for index in range(int(longest)):
        wanted = prefix[index] if index < len(prefix) else second.get("items", True)
        yield from compare(_elements(first, index), wanted, (*path, str(index)))
    if "items" in second and not _ends_at(first, int(longest)):
        yield from compare(_elements(first, None), second["items"], (*path, "[]"))
    if "contains" in second:
        parts = ("contains", "minContains", "maxContains")
        same = any(
            isinstance(each, dict) and all(each.get(part) == second.get(part) for part in parts) for each in first
        )
        if not same:
            yield Excess(path, "contains", None, second["contains"])


def _elements(first: Sequence[Schema], index: int | None) -> list[Schema]:
    """The schemas that hold for the element of an index, or for all behind the prefixes."""
    said: list[Schema] = []
    for each in first:
        if isinstance(each, dict):
            prefix = each.get("prefixItems", ())
            said.append(prefix[index] if index is not None and index < len(prefix) else each.get("items", True))
    return said


def _ends_at(first: Sequence[Schema], length: int) -> bool:
    """Whether no array is longer."""
    return any(isinstance(each, dict) and each.get("maxItems", length + 1) <= length for each in first)
