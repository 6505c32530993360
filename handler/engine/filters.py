"""A caller's filters as the values of the statement's own conditions, each of which was prepared at build."""

from collections.abc import Mapping
from typing import Any

from handler.contract.errors import Flaw
from handler.contract.execution import Filter, Listing
from handler.contract.pointer import pointer
from handler.engine import codecs
from handler.engine.parameters import Bindings

IS_NULL = "is_null"


class Filters:
    def __init__(self, listing: Listing, schema: Mapping[str, Any]) -> None:
        """Take the list, and the JSON Schema of the parameter `filter`."""
        self._none: Bindings = {}
        self._known: dict[tuple[str, str], tuple[Filter, codecs.Encoder]] = {}
        for known in listing.filters:
            self._none |= dict.fromkeys(_placeholders(known))
            encode = codecs.encoder(known.codec, _leaf(schema, known))
            self._known[known.column, known.operator] = known, encode

    def bindings(self, asked: Mapping[str, Any] | None, flaws: list[Flaw]) -> Bindings:
        """Return the values of all conditions, None for those that the caller does not set.

        `asked` has passed its schema; what has no text all the same is added to the flaws.
        """
        bindings = dict(self._none)
        for column, conditions in (asked or {}).items():
            for operator, value in conditions.items():
                known, encode = self._known[column, operator]
                if operator == IS_NULL:
                    bindings[known.placeholder if value else known.otherwise] = "true"
                    continue
                try:
                    bindings[known.placeholder] = encode(value)
                except codecs.EncodingError as error:
                    flaws.append(Flaw(pointer(["filter", column, operator]), str(error)))
        return bindings


def _leaf(schema: Mapping[str, Any], known: Filter) -> Any:
    return schema["properties"][known.column]["properties"][known.operator]


def _placeholders(known: Filter) -> tuple[str, ...]:
    return (known.placeholder, known.otherwise) if known.operator == IS_NULL else (known.placeholder,)
