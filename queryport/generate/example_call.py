"""Finds the call that `queryport serve` prints to be pasted, if possible one that works as it stands.

Prefers reads over writes, operations without required parameters, and results that may be empty. A parameter that must
be given gets the simplest value that its schema takes.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from handler.contract import patterns
from handler.contract.execution import Batch
from handler.contract.operation import Operation, Result

_SURE_TO_ANSWER = (Result.MANY, Result.MAYBE, Result.AFFECTED, Result.NONE)

_BY_FORMAT = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-local": "2026-01-31T12:00:00",
    "time": "12:00:00Z",
    "time-local": "12:00:00",
    "email": "ada@example.com",
}


_BY_PATTERN = {
    patterns.DECIMAL: "1.5",
    patterns.FINITE_DECIMAL: "1.5",
    patterns.NOT_FINITE: "NaN",
    patterns.BYTES: r"\x0aff",
    patterns.BITS: "0101",
    patterns.DIGITS: "1",
    patterns.ADDRESS: "192.0.2.1",
    patterns.MAC_ADDRESS: "08:00:2b:01:02:03",
    patterns.LOG_POSITION: "16/B374D848",
    patterns.NO_COMMA: "1 day",
    patterns.NUMBER_RANGE: "[1.5,2)",
    patterns.NUMBER_RANGES: "{[1.5,2),[3,4)}",
}


def example_call(operations: Sequence[Operation], url: str, may_call: Callable[[Operation], bool]) -> str | None:
    """A curl command that calls an operation that its caller may call; None if there are no operations.

    Where the caller may call none of them, it asks for the function's health.
    """
    if not operations:
        return None
    callable_ones = [each for each in operations if each.access.http and may_call(each)]
    if not callable_ones:
        return shlex.join(["curl", f"{url}/health"])
    operation = min(callable_ones, key=_reluctance)
    values = sample(operation.parameters_schema) if isinstance(operation.execution, Batch) else _required(operation)
    return " ".join(shlex.quote(word) for word in _curl(operation, url, values))


def _required(operation: Operation) -> dict[str, Any]:
    schemas = operation.parameters_schema.get("properties", {})
    return {name: sample(schemas[name]) for name in operation.parameters_schema.get("required", ())}


def sample(schema: dict[str, Any]) -> Any:
    """A value that the schema takes, where its keywords say enough."""
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    if schema.get("anyOf"):
        return sample(schema["anyOf"][0])
    declared = schema.get("type", "object")
    kind = declared if isinstance(declared, str) else declared[0]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1)) if schema.get("maximum", 1) >= 1 else schema["maximum"]
    if kind == "array":
        return [sample(schema.get("items", {}))] * schema.get("minItems", 1)
    if kind == "object":
        return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
    if kind == "string" and schema.get("pattern") in _BY_PATTERN:
        return _BY_PATTERN[schema["pattern"]]
    if kind == "string":
        text = _BY_FORMAT.get(schema.get("format", ""), "a")
        return text.ljust(schema.get("minLength", 0), "a")[: schema.get("maxLength", len(text))]
    return True if kind == "boolean" else None


def _reluctance(operation: Operation) -> tuple[bool, bool, bool, int, bool, str]:
    required = operation.parameters_schema.get("required", ())
    return (
        not operation.read_only,
        bool(required) and operation.result not in _SURE_TO_ANSWER,
        bool(required),
        len(required),
        operation.http is None,
        operation.name,
    )


def _curl(operation: Operation, url: str, values: Any) -> list[str]:
    http = operation.http
    if http is None:
        return [*_posted("POST", values), f"{url}/operations/{operation.name}"]
    if isinstance(values, list):  # a batch, whose elements have no place in a path
        return [*_posted(http.method, values), url + http.path]
    path, rest = http.path, dict(values)
    for name in values:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(_text(rest.pop(name)), safe=""))
    if http.method in ("GET", "DELETE"):
        query = f"?{urlencode({name: _text(value) for name, value in rest.items()})}" if rest else ""
        method = [] if http.method == "GET" else ["-X", http.method]
        return ["curl", *method, url + path + query]
    return [*_posted(http.method, rest), url + path]


def _posted(method: str, values: Any) -> list[str]:
    return ["curl", "-X", method, "-H", "content-type: application/json", "-d", json.dumps(values, ensure_ascii=False)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
