"""Explains values that do not satisfy their JSON Schema (2020-12): jsonschema walks it, and `flaw_words` has the words.

jsonschema's own words quote the value, and it looks at everything: a value of a megabyte would be written out, and each
of a million elements walked through. So it walks here only into what the quick check does not accept, and single
keywords are the quick check's; of a list that is too long only as many elements as it may have are looked at. Imported
when a value is first not accepted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from handler.contract.errors import MOST_FLAWS, Flaw
from handler.contract.flaw_words import words_of
from handler.contract.patterns import Effort, TooCostly
from handler.contract.pointer import pointer
from handler.contract.recognition import Recognizers

_MOST_ERRORS = 20 * MOST_FLAWS  # errors that come to the same flaw count here
_AT_ONCE = 1000

_Errors = Iterator[ValidationError]
_Keyword = Callable[[Any, Any, Any, Any], _Errors]


class Explainer:
    """The flaws of values that one schema refuses."""

    def __init__(self, schema: Mapping[str, Any], recognizers: Recognizers, effort: Effort) -> None:
        keywords = _Keywords(recognizers, effort)
        # types-jsonschema leaves extend untyped
        checks = extend(Draft202012Validator, validators=keywords.overrides)  # type: ignore[no-untyped-call]
        self._checks = checks(schema)

    def flaws(self, value: Any) -> tuple[Flaw, ...]:
        """Return at most MOST_FLAWS flaws. Raises TooCostly if none was found in the time that a request has."""
        found: dict[Flaw, None] = {}
        try:
            for error in islice(self._checks.iter_errors(value), _MOST_ERRORS):
                for reason in _reasons(error):
                    found[_flaw(reason)] = None
                if len(found) >= MOST_FLAWS:
                    break
        except TooCostly:
            if not found:
                raise
        return tuple(found)[:MOST_FLAWS]


class _Keywords:
    """The keywords in the form that jsonschema takes: `(checks, rule, value, schema)` gives errors."""

    def __init__(self, recognizers: Recognizers, effort: Effort) -> None:
        self._recognizers = recognizers
        self._effort = effort
        self.overrides: dict[str, _Keyword] = {
            **{name: self._single(name) for name in _SINGLE},
            "properties": self._properties,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "propertyNames": self._property_names,
            "required": self._required,
            "prefixItems": self._prefix_items,
            "items": self._items,
            "contains": self._contains,
            "anyOf": self._any_of,
            "oneOf": self._one_of,
            "not": self._not,
        }

    def _single(self, keyword: str) -> _Keyword:
        def check(_: Any, __: Any, value: Any, schema: Mapping[str, Any]) -> _Errors:
            if not self._recognizers.keyword(schema, keyword)(value):
                yield ValidationError("")

        return check

    def _descend(self, checks: Any, value: Any, schema: Any, path: str | int | None = None) -> _Errors:
        """The errors of a value within the value."""
        yield from self._descend_each(checks, ((path, value),), schema)

    def _descend_each(self, checks: Any, parts: Iterable[tuple[str | int | None, Any]], schema: Any) -> _Errors:
        """The errors of many values within the value; those that the quick check accepts are passed over."""
        accepts = self._recognizers.of(schema).accepts
        for path, part in parts:
            if not accepts(part):
                self._effort.spend()
                yield from _errors(checks, part, schema, path=path)

    def _properties(self, checks: Any, rule: Mapping[str, Any], value: Any, _: Any) -> _Errors:
        if isinstance(value, dict):
            for name, part in rule.items():
                if name in value:
                    yield from self._descend(checks, value[name], part, name)

    def _pattern_properties(self, checks: Any, rule: Mapping[str, Any], value: Any, schema: Any) -> _Errors:
        if isinstance(value, dict):
            for pattern, part in rule.items():
                matches = self._recognizers.pattern(pattern)
                for name, member in islice(value.items(), schema.get("maxProperties")):
                    if matches(name):
                        yield from self._descend(checks, member, part, name)

    def _additional_properties(self, checks: Any, rule: Any, value: Any, schema: Mapping[str, Any]) -> _Errors:
        if not isinstance(value, dict):
            return
        known = schema.get("properties", {})
        patterns = [self._recognizers.pattern(pattern) for pattern in schema.get("patternProperties", {})]
        others = (
            (name, member)
            for name, member in value.items()
            if name not in known and not any(matches(name) for matches in patterns)
        )
        if rule is False:
            yield from (ValidationError("", path=[name]) for name, _ in others)
        else:
            yield from self._descend_each(checks, others, rule)

    def _property_names(self, checks: Any, rule: Any, value: Any, schema: Any) -> _Errors:
        if isinstance(value, dict):
            yield from self._descend_each(
                checks, ((None, name) for name in islice(value, schema.get("maxProperties"))), rule
            )

    def _required(self, _: Any, rule: list[str], value: Any, __: Any) -> _Errors:
        if isinstance(value, dict):
            for name in rule:
                if name not in value:
                    yield ValidationError("", path=[name])

    def _prefix_items(self, checks: Any, rule: list[Any], value: Any, _: Any) -> _Errors:
        if isinstance(value, list):
            for index, (element, part) in enumerate(zip(value, rule, strict=False)):
                yield from self._descend(checks, element, part, index)

    def _items(self, checks: Any, rule: Any, value: Any, schema: Mapping[str, Any]) -> _Errors:
        if isinstance(value, list):
            first, most = len(schema.get("prefixItems", ())), schema.get("maxItems")
            accepts_all = self._recognizers.of(rule).accepts_all
            for start in range(first, len(value) if most is None else min(most, len(value)), _AT_ONCE):
                part = value[start : start + _AT_ONCE if most is None else min(start + _AT_ONCE, most)]
                if not accepts_all(part):
                    yield from self._descend_each(checks, enumerate(part, start), rule)

    def _contains(self, checks: Any, rule: Any, value: Any, schema: Mapping[str, Any]) -> _Errors:
        if not isinstance(value, list) or len(value) > schema.get("maxItems", len(value)):
            return
        recognizer = self._recognizers.of(rule)
        if recognizer.exact:
            fitting = sum(map(recognizer.accepts, value))
        else:
            fitting = sum(self._is_valid(checks, element, rule) for element in value)
        if fitting < schema.get("minContains", 1):
            yield ValidationError("")
        if fitting > schema.get("maxContains", len(value)):
            yield ValidationError("", validator="maxContains")

    def _any_of(self, checks: Any, rule: list[Any], value: Any, _: Any) -> _Errors:
        errors: list[ValidationError] = []
        for index, part in enumerate(rule):
            found = self._first_errors(checks, value, part, index)
            if not found:
                return
            errors += found
        yield ValidationError("", context=errors)

    def _one_of(self, checks: Any, rule: list[Any], value: Any, _: Any) -> _Errors:
        branches = [self._first_errors(checks, value, part, index) for index, part in enumerate(rule)]
        fitting = sum(not errors for errors in branches)
        if fitting != 1:
            context = [error for errors in branches for error in errors] if fitting == 0 else []
            yield ValidationError("", context=context)

    def _not(self, checks: Any, rule: Any, value: Any, _: Any) -> _Errors:
        if self._is_valid(checks, value, rule):
            yield ValidationError("")

    def _first_errors(self, checks: Any, value: Any, schema: Any, index: int) -> list[ValidationError]:
        """The errors of one branch of a choice, no more than are ever told."""
        if self._recognizers.of(schema).accepts(value):
            return []
        return list(islice(_errors(checks, value, schema, schema_path=index), MOST_FLAWS))

    def _is_valid(self, checks: Any, value: Any, schema: Any) -> bool:
        recognizer = self._recognizers.of(schema)
        if recognizer.accepts(value):
            return True
        if recognizer.exact:
            return False
        self._effort.spend()
        return not list(islice(checks.evolve(schema=schema).iter_errors(value), 1))


def _errors(
    checks: Any, value: Any, schema: Any, *, path: str | int | None = None, schema_path: int | None = None
) -> _Errors:
    if schema is False:  # jsonschema's own error would write the value out
        yield ValidationError(
            "",
            path=() if path is None else (path,),
            schema_path=() if schema_path is None else (schema_path,),
            validator=None,  # type: ignore[arg-type] # as jsonschema itself has it for a schema that is no object
        )
    else:
        yield from checks.descend(value, schema, path=path, schema_path=schema_path)


def _flaw(error: ValidationError) -> Flaw:
    keyword = None if error.validator is None else str(error.validator)
    return Flaw(pointer(error.absolute_path), words_of(keyword, error.validator_value))


def _reasons(error: ValidationError) -> _Errors:
    """The error, or that of the one branch of a choice that was clearly meant."""
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


_SINGLE = (
    *("type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "dependentRequired"),
)
