"""Values typed at a prompt: `key=value` texts that become JSON by the schema of the parameter.

What is valid is the handler's to say, as it is of all callers' values.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from handler.contract import exact_json
from handler.contract.operation import Operation
from queryport.console.failure import CommandError
from queryport.diagnostics.near_names import did_you_mean


class TypedValueError(CommandError):
    """A typed text that means no value."""


def read_parameters(operation: Operation, assignments: Sequence[str]) -> dict[str, Any]:
    """Read `key=value`, `key=@file` and `key:=json`. Raises TypedValueError."""
    schemas: dict[str, dict[str, Any]] = operation.parameters_schema.get("properties", {})
    parameters: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise TypedValueError(f"expected key=value, got {assignment}")
        name = key.removesuffix(":")
        if name not in schemas:
            hint = did_you_mean(name, schemas, f"its parameters: {', '.join(schemas) or 'none'}", "{}")
            raise TypedValueError(f"{operation.name} has no parameter {name}: {hint}")
        if name in parameters:
            raise TypedValueError(f"{name} is given twice")
        text = _from_file(name, text)
        parameters[name] = _json(name, text) if key.endswith(":") else _value(name, text, schemas[name])
    return parameters


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
