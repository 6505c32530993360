"""An operation's parameters against its JSON Schema (2020-12): every flaw at once, each by its place, in words.

jsonschema does the checking; the words are ours, because its own quote the value. Four keywords are ours as well:
`required` and `additionalProperties`, to point at the member itself, `multipleOf`, to be exact for every number, and
`pattern`, to read regular expressions the way JSON Schema means them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from handler.contract import exact_json, formats
from handler.contract.errors import Flaw

MOST_FLAWS = 50
_LONGEST_LIST = 20
_LONGEST_POINTER = 200


class Validator:
    """The check of one operation's parameters."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = _Checks(schema, format_checker=_FORMAT_CHECKER)

    def flaws(self, parameters: Any) -> tuple[Flaw, ...]:
        """What is wrong with the parameters, at most MOST_FLAWS of it; nothing for parameters that fit."""
        found: dict[Flaw, None] = {}
        for error in self._schema.iter_errors(parameters):
            for reason in _reasons(error):
                found[Flaw(pointer(reason.absolute_path), _words(reason))] = None
                if len(found) == MOST_FLAWS:
                    return tuple(found)
        return tuple(found)


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of a path of names and indexes; a name as long as a text is cut, half a surrogate shown as ?."""
    whole = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    cut = whole if len(whole) <= _LONGEST_POINTER else f"{whole[:_LONGEST_POINTER]}…"
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


@lru_cache(maxsize=1024)
def regular_expression(pattern: str) -> re.Pattern[str]:
    r"""A JSON Schema pattern for Python: `$` is the end and nothing before it, `\d` and `\w` are ASCII."""
    escaped = in_class = False
    translated = []
    for character in pattern:
        translated.append(r"\Z" if character == "$" and not escaped and not in_class else character)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in "[]":
            in_class = character == "["
    return re.compile("".join(translated), re.ASCII)


def _required(checks: Any, names: list[str], instance: Any, _: Any) -> Iterator[ValidationError]:
    if checks.is_type(instance, "object"):
        for name in names:
            if name not in instance:
                yield ValidationError("", path=[name])


def _additional(checks: Any, rule: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if not checks.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(regular_expression(pattern).search(name) for pattern in patterns):
            continue
        if rule is False:
            yield ValidationError("", path=[name])
        else:
            yield from checks.descend(value, rule, path=name)


def _multiple_of(checks: Any, divisor: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if checks.is_type(instance, "number") and (Fraction(instance) / Fraction(divisor)).denominator != 1:
        yield ValidationError("")


def _pattern(checks: Any, pattern: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    if checks.is_type(instance, "string") and not regular_expression(pattern).search(instance):
        yield ValidationError("")


def _is_integer(_: Any, value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, Decimal) and value == value.to_integral_value()


_Checks = extend(  # type: ignore[no-untyped-call] # types-jsonschema leaves it untyped
    Draft202012Validator,
    validators={
        "required": _required,
        "additionalProperties": _additional,
        "multipleOf": _multiple_of,
        "pattern": _pattern,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
_FORMAT_CHECKER = formats.checker()


def _reasons(error: ValidationError) -> Iterator[ValidationError]:
    """The error, or, where one branch of a choice was clearly meant, what is wrong in that branch."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [inner for inner in branches.values() if not _is_of_another_type(inner)]
        if len(meant) == 1:
            for inner_error in meant[0]:
                yield from _reasons(inner_error)
            return
    yield error


def _is_of_another_type(errors: list[ValidationError]) -> bool:
    return any(error.validator == "type" and not error.path for error in errors)


def _words(error: ValidationError) -> str:
    keyword, rule = str(error.validator), error.validator_value
    words = _WORDS.get(keyword)
    if words is None:
        return "is not allowed" if error.validator is None else f"does not satisfy the schema's {keyword}"
    return words(rule) if callable(words) else words.format(rule)


def _type(rule: Any) -> str:
    names = [rule] if isinstance(rule, str) else rule
    return "must be " + " or ".join(_TYPES.get(name, name) for name in names)


def _branches(rule: list[Any]) -> str:
    types = [branch["type"] for branch in rule if isinstance(branch, Mapping) and isinstance(branch.get("type"), str)]
    return _type(types) if len(types) == len(rule) else "must have one of the forms that the schema allows"


def _enum(rule: list[Any]) -> str:
    if len(rule) > _LONGEST_LIST:
        return f"must be one of the {len(rule)} values that the schema lists"
    return "must be one of " + ", ".join(exact_json.dumps(value) for value in rule)


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
    "anyOf": _branches,
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
    "minContains": "lacks an element that the schema asks for",
    "maxContains": "has too many elements of a kind",
    "unevaluatedItems": "has more elements than the schema allows",
    "pattern": lambda rule: f"must match the regular expression {rule}",
    "format": lambda rule: f"must be {formats.FORMATS.get(rule, rule)}",
    "not": "has a form that the schema rules out",
    "dependentRequired": "lacks a member that another member asks for",
}
