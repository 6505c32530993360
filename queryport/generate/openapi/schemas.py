"""The schemas of the catalogue in the form that OpenAPI's tools understand best; each takes what it took before.

Enums and objects become components, so that generated clients have a name for each. A type that stands beside `anyOf`
is moved into its branches.
"""

import json
from collections.abc import Callable
from typing import Any

import orjson

from queryport.generate.openapi.decimals import told_of_digits
from queryport.generate.openapi.naming import member_names

Schema = dict[str, Any]
Hoist = Callable[[str, Schema], Schema]
"""Makes a component of a schema, with a name to begin from; returns the reference."""

_SCHEMAS = ("prefixItems", "allOf", "anyOf", "oneOf")
_SCHEMA = ("items", "contains", "additionalProperties", "propertyNames", "not")
_OWN = ("description", "default", "x-default", "examples", "title", "deprecated")
"""Keywords that belong to the place of a schema, and not to what is a component."""

_NAMED_SCHEMAS = ("properties", "patternProperties")

_OF_MORE = frozenset({*_SCHEMAS, *_SCHEMA, *_NAMED_SCHEMAS, "enum"})
"""Keywords without which a schema is told as it is."""


def adapted(schema: Any, name: str, hoist: Hoist) -> Any:
    """Return the schema for the document; `name` is what its component would be called after."""
    if not isinstance(schema, dict):
        return schema
    types = schema.get("type")
    if _OF_MORE.isdisjoint(schema):
        return {**schema, "items": {}} if is_of(types, "array") else {**schema}
    if "enum" in schema and types in ("string", ["string", "null"]):
        return _enum(schema, name, hoist)
    result = {keyword: _adapted_keyword(keyword, value, name, hoist) for keyword, value in schema.items()}
    if is_of(types, "array"):
        result.setdefault("items", {})  # which generators of clients want to see
    if isinstance(types, str) and "anyOf" in result and not any("type" in branch for branch in schema["anyOf"]):
        del result["type"]
        result["anyOf"] = [{"type": types, **branch} for branch in result["anyOf"]]
    if "properties" in result and (types == "object" or types == ["object", "null"]):
        return _object(result, name, hoist)
    return result


def is_of(types: Any, kind: str) -> bool:
    """Whether a schema's `type` names a type, by itself or among others."""
    return types == kind or (isinstance(types, list) and kind in types)


def _adapted_keyword(keyword: str, value: Any, name: str, hoist: Hoist) -> Any:
    if keyword in _SCHEMA:
        return adapted(value, name, hoist)
    if keyword in _SCHEMAS:
        return [adapted(branch, name, hoist) for branch in value]
    if keyword in _NAMED_SCHEMAS:
        return {property_name: adapted(each, property_name, hoist) for property_name, each in value.items()}
    return value


def _enum(schema: Schema, name: str, hoist: Hoist) -> Schema:
    """The reference to an enum, and beside it what is of this place alone."""
    own = {keyword: schema[keyword] for keyword in _OWN if keyword in schema}
    rest = {keyword: value for keyword, value in schema.items() if keyword not in own}
    labels = [label for label in schema["enum"] if label is not None]
    if not labels:
        return schema
    names = member_names(labels)
    told = {} if names is None else {"x-enum-varnames": names}
    reference = hoist(name, {**rest, "type": "string", "enum": labels, **told})
    return ({"anyOf": [reference, {"type": "null"}]} if len(labels) < len(schema["enum"]) else reference) | own


def _object(schema: Schema, name: str, hoist: Hoist) -> Schema:
    own = {keyword: schema[keyword] for keyword in _OWN if keyword in schema}
    rest = {keyword: value for keyword, value in schema.items() if keyword not in own}
    reference = hoist(name, {**rest, "type": "object"})
    return ({"anyOf": [reference, {"type": "null"}]} if schema["type"] != "object" else reference) | own


NO_NUL = r"^[^\u0000]*$"
_LONG_MONTHS = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTHS = r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_DAYS = rf"(?:{_LONG_MONTHS}|{_SHORT_MONTHS}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_DAYS = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
_PATTERNS = {
    "time-local": f"^{_CLOCK}$",
    "date-time-local": f"^(?:{_YEAR}-{_DAYS}|{_LEAP_DAYS})T{_CLOCK}$",
}
"""The formats that JSON Schema does not know, as patterns of their usual texts."""


_TELLING = frozenset({"pattern", "enum", "const", "anyOf", "oneOf", "allOf"})


def told_of_text(schema: Any) -> Any:
    """Return a parameter's schema with what its texts are beyond the keywords of JSON Schema's own.

    PostgreSQL holds no U+0000, no tool knows the formats of times without an offset, and no bound of a number holds for
    the string that may stand for it.
    """
    if not isinstance(schema, dict):
        return schema
    result = {keyword: _told_keyword(keyword, value) for keyword, value in told_of_digits(schema).items()}
    if not is_of(schema.get("type"), "string") or schema.keys() & _TELLING:
        return result
    pattern = _PATTERNS.get(schema["format"]) if "format" in schema else NO_NUL
    return result if pattern is None else {**result, "pattern": pattern}


def _told_keyword(keyword: str, value: Any) -> Any:
    if keyword in ("items", "additionalProperties"):
        return told_of_text(value)
    return {name: told_of_text(each) for name, each in value.items()} if keyword == "properties" else value


def default_told(schema: Any) -> Any:
    """Return the schema of a member of a body with its default in words, and as `x-default`.

    The value is the server's to fill in: generators of clients take a member that has `default` for one that is there.
    """
    if not isinstance(schema, dict) or "default" not in schema:
        return schema
    told = f"Default: `{json.dumps(schema['default'], ensure_ascii=False, default=str)}`."
    left = {keyword: value for keyword, value in schema.items() if keyword != "default"}
    return {
        **left,
        "description": f"{left['description']}\n\n{told}" if "description" in left else told,
        "x-default": schema["default"],
    }


def key_of(schema: Schema) -> bytes:
    """Return a text that equal schemas have in common."""
    try:
        return orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a bound of more than 64 bits
        return json.dumps(schema, sort_keys=True, default=str).encode()
