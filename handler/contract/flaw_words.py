"""The words for a keyword of JSON Schema (2020-12) that a value does not satisfy; they never quote the value."""

from collections.abc import Callable, Mapping
from typing import Any

from handler.contract import exact_json, formats
from handler.contract.patterns import DERIVED

_LONGEST_LIST = 20


def words_of(keyword: str | None, rule: Any) -> str:
    """Return the words for a value that does not satisfy a keyword, behind its name; None is the schema `false`."""
    if keyword is None:
        return "is not allowed"
    words = _WORDS.get(keyword)
    if words is None:
        return f"does not satisfy the schema's {keyword}"
    return words(rule) if callable(words) else words.format(rule)


def _type(rule: Any) -> str:
    names = [rule] if isinstance(rule, str) else rule
    return "must be " + " or ".join(_TYPES.get(name, name) for name in names)


def _choices(rule: list[Any]) -> str:
    names = [branch["required"] for branch in rule if isinstance(branch, Mapping) and branch.keys() == {"required"}]
    if len(names) == len(rule) and all(len(each) == 1 for each in names):
        return f"must have at least one of {', '.join(name for (name,) in names)}"
    return _branches(rule)


def _branches(rule: list[Any]) -> str:
    types = [branch["type"] for branch in rule if isinstance(branch, Mapping) and isinstance(branch.get("type"), str)]
    return _type(types) if len(types) == len(rule) else "must have one of the forms that the schema allows"


def _enum(rule: list[Any]) -> str:
    choices = [value for value in rule if value is not None] or rule  # null is how a value is left out, and no choice
    if len(choices) > _LONGEST_LIST:
        return f"must be one of the {len(choices)} values that the schema lists"
    return "must be one of " + ", ".join(exact_json.dumps(exact_json.exact(value)) for value in choices)


def _pattern(rule: str) -> str:
    derived = DERIVED.get(rule)
    return f"must be {derived.meaning}" if derived else f"must match the regular expression {rule}"


def _count(limit: str, things: str) -> Callable[[Any], str]:
    return lambda rule: f"must have {limit} {rule} {things if rule == 1 else things + 's'}"


_TYPES = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}

_WORDS: dict[str, str | Callable[[Any], str]] = {
    "type": _type,
    "anyOf": _choices,
    "oneOf": _branches,
    "enum": _enum,
    "const": lambda rule: f"must be {exact_json.dumps(rule)}",
    "required": "is missing",
    "additionalProperties": "is not known here",
    "unevaluatedProperties": "has a member that is not known here",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "multipleOf": "must be a multiple of {}",
    "minLength": _count("at least", "character"),
    "maxLength": _count("at most", "character"),
    "minItems": _count("at least", "element"),
    "maxItems": _count("at most", "element"),
    "minProperties": _count("at least", "member"),
    "maxProperties": _count("at most", "member"),
    "uniqueItems": "must not have the same element twice",
    "contains": "lacks an element that the schema asks for",
    "maxContains": "has too many elements of a kind",
    "unevaluatedItems": "has more elements than the schema allows",
    "pattern": _pattern,
    "format": lambda rule: f"must be {formats.FORMATS.get(rule, rule)}",
    "not": "has a form that the schema rules out",
    "dependentRequired": "lacks a member that another member asks for",
}
