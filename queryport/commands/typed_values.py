"""Values typed at a prompt: `key=value` texts that become JSON by the schema of the parameter.

Lists and conditions may be written as in a URL, too: `sort=-price,name`, `filter[price][lte]=20`. What is valid is
the handler's to say, as it is of all callers' values.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from handler.contract import exact_json
from handler.contract.execution import Listing
from handler.contract.operation import Operation
from handler.contract.sql import Codec
from queryport.console.failure import CommandError
from queryport.diagnostics.near_names import did_you_mean


class TypedValueError(CommandError):
    """A typed text that means no value."""


class _ParameterPlace(NamedTuple):
    """The place of a value within the parameters, and its type."""

    path: tuple[str, ...]
    schema: dict[str, Any]
    codec: Codec = "scalar"


def read_parameters(operation: Operation, assignments: Sequence[str]) -> dict[str, Any]:
    """Read `key=value`, `key=@file` and `key:=json`. Raises TypedValueError."""
    places = _places(operation)
    parameters: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise TypedValueError(f"expected key=value, got {assignment}")
        name = key.removesuffix(":")
        if name not in places:
            known = ", ".join(place.path[0] for place in places.values() if len(place.path) == 1)
            hint = did_you_mean(name, places, f"its parameters: {known or 'none'}", "{}")
            raise TypedValueError(f"{operation.name} has no parameter {name}: {hint}")
        text = _from_file(name, text)
        value = _json(name, text) if key.endswith(":") else _read(name, text, places)
        _put(parameters, name, places[name].path, value)
    return parameters


def _places(operation: Operation) -> dict[str, _ParameterPlace]:
    """The places of an operation's values by the names that are typed, `filter[price][lte]` being one of them."""
    schemas: dict[str, dict[str, Any]] = operation.parameters_schema.get("properties", {})
    codecs = {parameter.name: parameter.codec for parameter in operation.parameters}
    codecs["sort"] = codecs.get("sort", ["array", "scalar"])  # that of a list is none of its parameters
    places = {name: _ParameterPlace((name,), schema, codecs.get(name, "scalar")) for name, schema in schemas.items()}
    if isinstance(operation.execution, Listing):
        for known in operation.execution.filters:
            schema = schemas["filter"]["properties"][known.column]["properties"][known.operator]
            path = ("filter", known.column, known.operator)
            places[f"filter[{known.column}][{known.operator}]"] = _ParameterPlace(path, schema, known.codec)
    return places


def _put(parameters: dict[str, Any], name: str, path: Sequence[str], value: Any) -> None:
    """Put a value in its place, the objects on the way being made."""
    within: Any = parameters
    for step in path[:-1]:
        if isinstance(within, dict):
            within = within.setdefault(step, {})
    if not isinstance(within, dict) or path[-1] in within:
        raise TypedValueError(f"{name} is given twice")
    within[path[-1]] = value


def read_body(text: str) -> Any:
    """The JSON of `--body`, as it stands or in the file behind `@`. Raises TypedValueError."""
    return _json("--body", _from_file("--body", text))


def _from_file(name: str, text: str) -> str:
    """The text itself, or that of the file behind `@`; a text that begins with @ is written with two."""
    if not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TypedValueError(
            f"{name}: cannot read {text[1:]}: {reason} (a text that begins with @ is written @@)"
        ) from None


def _json(name: str, text: str) -> Any:
    try:
        return exact_json.loads(text)
    except exact_json.JsonError as error:
        raise TypedValueError(f"{name}: expected JSON, got a text that {error}") from None


def _read(name: str, text: str, places: dict[str, _ParameterPlace]) -> Any:
    """The value of a text for the place of this name."""
    schema = places[name].schema
    try:
        return _list(name, text, schema) if _has_commas(places[name]) else _value(name, text, schema)
    except TypedValueError as error:
        if condition := next((known for known in places if known.startswith(f"{name}[")), None):
            raise TypedValueError(f"{error}: write {condition}=…") from None
        raise


def _has_commas(place: _ParameterPlace) -> bool:
    """Whether a text may hold the elements of the value with commas between them, as in a URL."""
    codec = place.codec
    is_list = codec == "vector" or (isinstance(codec, list) and codec[:2] == ["array", "scalar"])
    return is_list and "array" in _types(place.schema) and "array" not in _types(place.schema.get("items", {}))


def _list(name: str, text: str, schema: dict[str, Any]) -> Any:
    """The value of a list: a JSON array, or its elements with commas between them."""
    if text.lstrip().startswith("[") or (text == "null" and "null" in _types(schema)):
        try:
            return _json(name, text)
        except TypedValueError as error:
            raise TypedValueError(f"{error}: the elements may also be written as {name}=…,…") from None
    return [_value(name, element, schema.get("items", {})) for element in text.split(",")] if text else []


def _value(name: str, text: str, schema: dict[str, Any]) -> Any:
    """The value of a text for a parameter of the schema: a string where it may be one, else JSON."""
    types = _types(schema)
    if "string" in types and (types <= {"string", "null"} or Draft202012Validator(schema).is_valid(text)):
        return text
    try:
        return exact_json.loads(text)
    except exact_json.JsonError as error:
        if "string" in types:
            return text  # the handler says what is wrong with it
        expected = " or ".join(sorted(types)) or "JSON (a text is written in quotes)"
        raise TypedValueError(f"{name}: expected {expected}, got a text that {error}") from None


def _types(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema names; none means any."""
    if "anyOf" in schema:
        return set().union(*(_types(choice) for choice in schema["anyOf"]))
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)
