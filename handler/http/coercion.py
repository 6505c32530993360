"""The strings of a URL as JSON values: what a parameter in a path or a query string means by its codec and its schema.

A text that is not what the schema asks for stays a text, and validation says what was expected. Decides nothing else:
whether the value is allowed is the business of the schema.
"""

import re
from collections.abc import Sequence
from typing import Any

from handler.contract import exact_json
from handler.contract.operation import Codec
from handler.engine.codecs import json_types

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


class CoercionError(ValueError):
    """The texts cannot be the parameter's value; the message says why, and quotes none of them."""


def coerce(texts: Sequence[str], codec: Codec, schema: Any) -> Any:
    """The value of a parameter that is given in one text or in several."""
    if isinstance(codec, list) and codec[0] == "array":
        items = schema.get("items", {}) if isinstance(schema, dict) else {}
        return [_one(text, codec[1], items) for text in texts]
    if len(texts) > 1:
        raise CoercionError("must be given once")
    return _one(texts[0], codec, schema)


def splits_at_commas(codec: Codec) -> bool:
    """Whether one text can hold several elements, as in `?id=1,2,3`."""
    return isinstance(codec, list) and codec[0] == "array" and codec[1] == "scalar"


def has_commas(schema: Any) -> bool:
    """Whether an element of the array may itself have a comma: a text may, but no number, date, UUID or label."""
    items = schema.get("items", {}) if isinstance(schema, dict) else {}
    types = json_types(items)
    return not types or ("string" in types and not items.keys() & {"format", "enum"})


def _one(text: str, codec: Codec, schema: Any) -> Any:
    if codec != "scalar":
        try:
            return exact_json.loads(text)
        except exact_json.JsonError as error:
            raise CoercionError(str(error)) from None
    types = json_types(schema)
    if types & {"integer", "number"} and _NUMBER.fullmatch(text):
        try:
            return exact_json.loads(text)
        except exact_json.JsonError as error:
            raise CoercionError(str(error)) from None
    if "boolean" in types and text in _BOOLEANS:
        return _BOOLEANS[text]
    if "null" in types and "string" not in types and text == "null":
        return None
    return text
