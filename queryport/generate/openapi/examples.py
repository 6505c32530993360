"""Values for the document's examples: only such as their schemas take.

Objects and arrays are put together of their members' examples, and an example is looked for once for each schema.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from handler.contract.exact_json import JsonError, exact
from handler.contract.patterns import Effort
from handler.contract.recognition import Recognizers
from queryport.generate.example_call import sample
from queryport.generate.openapi.schemas import is_of, key_of

NONE: Final = object()
"""There is no example; None is one, of null."""

_OBJECT = frozenset(
    {"type", "properties", "required", "additionalProperties", "description", "title", "default", "anyOf", "allOf"}
)
_CHOICES = frozenset({"anyOf", "allOf"})
"""Of the members of which a call has to give one, to patch a row."""
_ARRAY = frozenset({"type", "items", "description", "title", "default", "maxItems"})
_KEPT = 10_000


def example_of(schema: Any) -> Any:
    """Return a value that the schema takes, or NONE where none is found easily."""
    if isinstance(schema, Mapping):
        types = schema.get("type")
        if "properties" in schema and schema.keys() <= _OBJECT and is_of(types, "object"):
            value = _object(schema)
            return value if value is NONE or not schema.keys() & _CHOICES or _fits(schema, value) else NONE
        if "items" in schema and schema.keys() <= _ARRAY and is_of(types, "array") and schema.get("maxItems", 1):
            element = example_of(schema["items"])
            return [] if element is NONE else [element]
    return _simple(key_of(schema))


def _object(schema: Mapping[str, Any]) -> Any:
    required = schema.get("required", ())
    value = {}
    for name, each in schema["properties"].items():
        example = example_of(each)
        if example is not NONE:
            value[name] = example
        elif name in required:
            return NONE
    return value if value.keys() >= set(required) else NONE


@lru_cache(_KEPT)
def _simple(key: bytes) -> Any:
    schema = json.loads(key)
    try:
        value = sample(schema)
        fits = _fits(schema, value)
    except (KeyError, TypeError, IndexError, JsonError):
        return NONE
    return value if fits else NONE


def _fits(schema: Any, value: Any) -> bool:
    return bool(Recognizers(Effort()).of(exact(schema)).accepts(exact(value)))
