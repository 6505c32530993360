"""The strings of a URL as JSON values: what a parameter in a path or a query string means by its codec and its schema.

A text of another form than the schema's stays a text, for validation to refuse. Decides nothing else: whether the value
is allowed is the business of the schema.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from handler.contract import exact_json
from handler.contract.exact_json import MOST_VALUES
from handler.contract.patterns import DERIVED
from handler.contract.sql import Codec
from handler.engine.codecs import elements_schema, json_types

# JSON's numbers, and .5 and 5. besides, as PostgreSQL reads them.
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


class CoercionError(ValueError):
    """The texts cannot be the parameter's value; the message says why, and quotes none of them."""


def coerce(texts: Sequence[str], codec: Codec, schema: Any) -> Any:
    """Return the value of a parameter that is given in one text or in several. Raises CoercionError."""
    if len(texts) > MOST_VALUES:
        raise CoercionError(f"has more than {MOST_VALUES} elements")
    if codec == "vector":
        return [_scalar(text, json_types(elements_schema(schema))) for text in texts]
    if isinstance(codec, list) and codec[0] == "array":
        levels = _levels(schema)
        if levels > 1 or codec[1] != "scalar":
            values = [_json(text) for text in texts]
            is_null = values == [None] and "null" in json_types(schema)
            return values[0] if is_null or (len(values) == 1 and _is_whole(values[0], levels)) else values
        read = _reader(codec[1], elements_schema(schema))
        return [read(text) for text in texts]
    if len(texts) > 1:
        raise CoercionError("must be given once")
    return _reader(codec, schema)(texts[0])


def splits_at_commas(codec: Codec, schema: Any) -> bool:
    """Whether one text can hold several elements, as in `?id=1,2,3`."""
    if codec == "vector":
        return True
    return isinstance(codec, list) and codec[0] == "array" and codec[1] == "scalar" and _levels(schema) < 2


def has_commas(schema: Any) -> bool:
    """Whether an element of the array may itself have a comma: a text may, but no number, date, address or label."""
    element = elements_schema(schema)
    types = json_types(element)
    if types and "string" not in types:
        return False
    if not isinstance(element, dict):
        return True
    if element.keys() & {"format", "enum"}:
        return False
    derived = DERIVED.get(element.get("pattern", ""))
    return derived is None or derived.has_commas


def _reader(codec: Codec, schema: Any) -> Callable[[str], Any]:
    if codec != "scalar":
        return _json
    types = json_types(schema)
    return lambda text: _scalar(text, types)


def _json(text: str) -> Any:
    try:
        return exact_json.loads(text)
    except exact_json.JsonError as error:
        raise CoercionError(str(error)) from None


def _scalar(text: str, types: set[str]) -> Any:
    if not types.isdisjoint(("integer", "number")) and _NUMBER.fullmatch(text):
        try:
            return exact_json.number(text)
        except exact_json.JsonError as error:
            raise CoercionError(str(error)) from None
    if "boolean" in types and text in _BOOLEANS:
        return _BOOLEANS[text]
    if "null" in types and "string" not in types and text == "null":
        return None
    return text


def _levels(schema: Any) -> int:
    """The dimensions of an array, as far as its schema says."""
    levels = 0
    while "array" in json_types(schema):
        levels += 1
        schema = elements_schema(schema)
    return levels


def _is_whole(value: Any, levels: int) -> bool:
    """Whether a value is all of an array of so many dimensions, and not one of its elements."""
    return levels == 0 or (isinstance(value, list) and all(_is_whole(element, levels - 1) for element in value))
