"""Objects: members that are named, members that are not, and the names themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handler.contract.patterns import Effort, Pattern
from queryport.breaking.containment.schemas import Compare, Excess, Path, Schema, accepts, at_least, at_most


def objects(first: Sequence[Schema], second: Mapping[str, Any], path: Path, compare: Compare) -> Iterator[Excess]:
    """Yield what objects of the first have and objects of the second may not."""
    mappings = [each for each in first if isinstance(each, dict)]
    required = {name for each in mappings for name in each.get("required", ())}
    named = {name for each in mappings for name in each.get("properties", {})}
    properties, patterns = second.get("properties", {}), second.get("patternProperties", {})
    for name in second.get("required", ()):
        if name not in required:
            yield Excess((*path, name), "required", has=name in named)
    for name in dict.fromkeys([*properties, *sorted(named)]):
        said = _member(mappings, name)
        if any(each is False for each in said):
            continue
        wanted = [properties[name]] if name in properties else []
        wanted += [each for pattern, each in patterns.items() if _matches(pattern, name)]
        if not wanted and "additionalProperties" in second:
            if second["additionalProperties"] is False:
                yield Excess((*path, name), "additionalProperties")
                continue
            wanted = [second["additionalProperties"]]
        for each in wanted:
            yield from compare(said, each, (*path, name))
    yield from _other_members(mappings, second, path, compare)
    yield from _of_names(mappings, second, path)


def _of_names(mappings: Sequence[Mapping[str, Any]], second: Mapping[str, Any], path: Path) -> Iterator[Excess]:
    """Compare what is said of the names of members and of their number."""
    required = {name for each in mappings for name in each.get("required", ())}
    named = {name for each in mappings for name in each.get("properties", {})}
    if "minProperties" in second and len(required) < second["minProperties"]:
        yield from at_least(mappings, second, "minProperties", path)
    if "maxProperties" in second and not (_is_closed(mappings) and len(named) <= second["maxProperties"]):
        yield from at_most(mappings, second, "maxProperties", path)
    if "propertyNames" in second and not any(each.get("propertyNames") == second["propertyNames"] for each in mappings):
        names_fit = _is_closed(mappings) and all(accepts(second["propertyNames"], name) for name in named)
        if not names_fit:
            yield Excess(path, "propertyNames", None, second["propertyNames"])
    for name, needed in second.get("dependentRequired", {}).items():
        held = {other for each in mappings for other in each.get("dependentRequired", {}).get(name, ())} | required
        if not held.issuperset(needed) and not any(each is False for each in _member(mappings, name)):
            yield Excess((*path, name), "dependentRequired", None, tuple(needed))


def _other_members(
    mappings: Sequence[Mapping[str, Any]], second: Mapping[str, Any], path: Path, compare: Compare
) -> Iterator[Excess]:
    """Compare what is said of members that no `properties` names."""
    if _is_closed(mappings):
        return
    patterns = second.get("patternProperties", {})
    wanted: list[tuple[str | None, Schema]] = [*patterns.items()]
    if "additionalProperties" in second:
        wanted.append((None, second["additionalProperties"]))
    # What may govern a member whose name is not known: the schema of any pattern, or what is said of all others.
    governing = [each.get("additionalProperties", True) for each in mappings if "patternProperties" not in each]
    for pattern, schema in wanted:
        same = [each["patternProperties"][pattern] for each in mappings if pattern in each.get("patternProperties", {})]
        if same and pattern is not None:
            yield from compare([*governing, *same], schema, (*path, "*"))
            continue
        with_patterns = [each for each in mappings if "patternProperties" in each]
        cases = [
            [*governing, case]
            for each in with_patterns
            for case in (*each["patternProperties"].values(), each.get("additionalProperties", True))
        ]
        for case in cases or [governing]:
            yield from compare(case, schema, (*path, "*"))


def _member(mappings: Sequence[Mapping[str, Any]], name: str) -> list[Schema]:
    """The schemas that hold for a member of this name."""
    said: list[Schema] = []
    for each in mappings:
        own = [each["properties"][name]] if name in each.get("properties", {}) else []
        own += [schema for pattern, schema in each.get("patternProperties", {}).items() if _matches(pattern, name)]
        said += own or [each.get("additionalProperties", True)]
    return said


def _is_closed(mappings: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is no member but those that `properties` name."""
    return any(each.get("additionalProperties") is False and not each.get("patternProperties") for each in mappings)


def _matches(pattern: str, name: str) -> bool:
    return Pattern(pattern).matches(name, Effort())
