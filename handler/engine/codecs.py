"""JSON values as PostgreSQL's text forms: `{1,2}`, `("a b",)`, `"k"=>"v"`, and so on, for every codec of a parameter.

Takes values that have passed their JSON Schema, of the kinds that exact_json makes. Knows nothing of operations; null
is the caller's business except inside of arrays, rows and hstores, where it is PostgreSQL's NULL.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from handler.contract import exact_json
from handler.contract.exact_json import MOST_DIGITS
from handler.contract.patterns import DECIMAL, FINITE_DECIMAL, NUMBER_RANGE, NUMBER_RANGES
from handler.contract.sql import Codec

Encoder = Callable[[Any], str]

_OF_NUMBERS = (DECIMAL, FINITE_DECIMAL, NUMBER_RANGE, NUMBER_RANGES)
_EXPONENT = r"[eE][+-]?0*([1-9][0-9]{0,8})"

_MOST_DIMENSIONS = 6  # PostgreSQL's MAXDIM


class EncodingError(ValueError):
    """The value has no PostgreSQL text; the message says what was expected, never what came."""


def encoder(codec: Codec, schema: Any) -> Encoder:
    """Return the function that writes values of a codec; the schema tells whole numbers from other ones."""
    encode, numbers = _encoder(codec, schema)
    return _bounded(encode) if numbers else encode


def _encoder(codec: Codec, schema: Any) -> tuple[Encoder, bool]:
    """The function, and whether its texts may have numbers that PostgreSQL writes out longer than they came."""
    if codec == "scalar":
        whole = json_types(schema) & {"integer", "number"} == {"integer"}
        return (_whole_number if whole else _scalar), _mapping(schema).get("pattern") in _OF_NUMBERS
    if codec == "json":
        return _json, False
    if codec == "hstore":
        return _hstore, False
    if codec == "vector":
        return _vector, False
    kind, inner, *rest = codec
    if kind == "array":
        element, numbers = _encoder(inner, _element(schema))
        return _array(element, inner, rest[0] if rest else ","), numbers
    if kind == "row":
        properties = _mapping(schema).get("properties", {})
        fields = [(name, *_encoder(field, properties.get(name, {}))) for name, field in inner]
        return _row([(name, encode) for name, encode, _ in fields]), any(numbers for _, _, numbers in fields)
    raise ValueError(f"expected a codec, got {codec!r}")


def _bounded(encode: Encoder) -> Encoder:
    def write(value: Any) -> str:
        text = encode(value)
        if sum(min(int(exponent), MOST_DIGITS) for exponent in re.findall(_EXPONENT, text)) > MOST_DIGITS:
            raise EncodingError(f"has numbers that are written out as more than {MOST_DIGITS} digits")
        return text

    return write


def json_types(schema: Any) -> set[str]:
    """The types that a schema allows, as far as it says so; empty where any type may come."""
    keywords = _mapping(schema)
    types = keywords.get("type")
    if isinstance(types, str):
        return {types}
    if isinstance(types, list):
        return set(types)
    return set().union(*(json_types(branch) for branch in keywords.get("anyOf", ())))


def elements_schema(schema: Any) -> Any:
    """Return the schema of an array's elements."""
    return _mapping(schema).get("items", {})


def _element(schema: Any) -> Any:
    """The schema below all the dimensions of an array's schema."""
    while "array" in json_types(schema):
        schema = elements_schema(schema)
    return schema


def _mapping(schema: Any) -> Mapping[str, Any]:
    """The keywords of a schema that may also be true or false, or be one half of `anyOf` with null."""
    if not isinstance(schema, Mapping):
        return {}
    branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
    return branches[0] if len(branches) == 1 and "type" not in schema else schema


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    raise EncodingError("must be a string, a number or a boolean")


def _whole_number(value: Any) -> str:
    # JSON has one kind of number, so 1.0 and 1e3 are whole numbers; PostgreSQL's integers read neither.
    return format(value, "f").partition(".")[0] if isinstance(value, Decimal) else _scalar(value)


def _text(value: str) -> str:
    if "\0" in value:
        raise EncodingError("must not have the character U+0000, which PostgreSQL cannot store")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EncodingError("must be Unicode text: it has half of a surrogate pair") from None
    return value


def _json(value: Any) -> str:
    try:
        return exact_json.dumps(value)
    except exact_json.JsonError as error:
        raise EncodingError(str(error)) from None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hstore(value: Any) -> str:
    if not isinstance(value, dict):
        raise EncodingError("must be an object of strings")
    return ",".join(
        f"{_quoted(_text(name))}=>{'NULL' if text is None else _quoted(_scalar(text))}" for name, text in value.items()
    )


def _vector(value: Any) -> str:
    if not isinstance(value, list):
        raise EncodingError("must be an array")
    return " ".join(map(_whole_number, value))


def _array(element: Encoder, codec: Codec, delimiter: str) -> Encoder:
    # So a json[] has one dimension, and its elements are any JSON; likewise an int2vector[].
    lists_are_elements = codec in ("json", "vector")

    def write(value: Any, dimension: int) -> str:
        if not isinstance(value, list):
            raise EncodingError("must be an array")
        if dimension > _MOST_DIMENSIONS:
            raise EncodingError(f"must not have more than {_MOST_DIMENSIONS} dimensions")
        text = _plain_elements(value, delimiter, element) if codec != "vector" else None
        if text is None:
            text = delimiter.join([write_element(inner, dimension) for inner in value])
        return f"{{{text}}}"

    def write_element(value: Any, dimension: int) -> str:
        if value is None:
            return "NULL"
        if type(value) is int:
            return str(value)
        if isinstance(value, list) and not lists_are_elements:
            return write(value, dimension + 1)
        return _quoted(element(value))

    return lambda value: write(value, 1)


def _plain_elements(values: list[Any], delimiter: str, element: Encoder) -> str | None:
    """The elements in one go, where that can be: for a hundred thousand it matters."""
    kinds = set(map(type, values))
    if kinds == {int} and delimiter == ",":
        return orjson.dumps(values)[1:-1].decode()
    if kinds <= {int, Decimal} and element in (_scalar, _json):
        return delimiter.join(map(str, values))
    if element is _json and type(None) not in kinds:
        # A JSON text has no line break, so that one stands between two.
        return _quoted("\n".join(map(_json, values))).replace("\n", f'"{delimiter}"')
    if kinds != {str}:
        return None
    _text("".join(values))
    return _quoted("\0".join(values)).replace("\0", f'"{delimiter}"')


def _row(fields: list[tuple[str, Encoder]]) -> Encoder:
    def write(value: Any) -> str:
        if not isinstance(value, dict):
            raise EncodingError("must be an object")
        return "(" + ",".join([write_field(value.get(name), field) for name, field in fields]) + ")"

    def write_field(value: Any, field: Encoder) -> str:
        return "" if value is None else _quoted(field(value))

    return write


text_array = encoder(["array", "scalar"], {})
"""Writes an array of texts."""
