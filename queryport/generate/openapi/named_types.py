"""Enums and composite types under the names that they have in the database, whatever uses them first.

Without it, one more operation could take the name of a type from those behind it, and rename it in every client.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from handler.contract.execution import Batch, Listing
from handler.contract.operation import Operation
from queryport.generate.openapi.components import Components
from queryport.generate.openapi.schemas import Hoist, Schema, adapted, key_of, told_of_text

_BUILT_IN = frozenset(
    {
        *("text", "character varying", "character", "name", "citext", "hstore", "json", "jsonb", "bytea", "uuid"),
        *("smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "date", "interval"),
        *("timestamp without time zone", "timestamp with time zone", "time without time zone", "time with time zone"),
    }
)
"""Types whose enums and objects are those of keywords under `params`, or of a statement."""


def name_types(operations: Iterable[Operation], components: Components) -> None:
    """Give the types of the database their names, then what lists have of their own.

    An enum goes before what consists of it, all of its labels before some of them, a composite type before a larger
    one, and what is answered before what is taken, which may be written in more ways.
    """
    operations = sorted(operations, key=lambda each: each.name)
    reserve = components.reserve
    typed = [each for operation in operations for each in _typed(operation)]
    enums: dict[str, _Typed] = {}
    for each in typed:
        labels = each.schema.get("enum", ())
        if len(labels) > len(enums[each.name].schema["enum"] if each.name in enums else ()):
            enums[each.name] = each  # some of the labels alone are the operation's own
    for name, each in sorted(enums.items()):
        adapted(each.schema, name, reserve)
    composites = [each for each in typed if "enum" not in each.schema]
    for each in sorted(composites, key=lambda each: (each.is_parameter, len(key_of(each.schema)), each.name)):
        adapted(each.schema, f"{each.name}_input" if each.is_parameter else each.name, reserve)
    for operation in operations:
        if isinstance(operation.execution, Listing):
            _name_list(operation, operation.execution, components.reserve_for(operation))


def _name_list(operation: Operation, listing: Listing, reserve: Hoist) -> None:
    properties = operation.parameters_schema["properties"]
    if listing.sorts:
        adapted(told_of_text(properties["sort"]), "sort", reserve)
    if listing.filters:
        whole = told_of_text(properties["filter"])
        for column, conditions in whole["properties"].items():
            for schema in conditions["properties"].values():
                adapted(schema, column, reserve)
            adapted(conditions, f"{column}_conditions", reserve)
        adapted(whole, "filter", reserve)


class _Typed(NamedTuple):
    """An enum or an object that is of a named type."""

    name: str
    is_parameter: bool
    schema: Schema


def _typed(operation: Operation) -> Iterator[_Typed]:
    """Yield the enums and objects of an operation whose types have names."""
    told = operation.documentation
    row = told.result_schema.get("items", {}) if operation.result == "many" else told.result_schema
    schema = operation.parameters_schema
    schema = schema.get("items", {}) if isinstance(operation.execution, Batch) else schema
    sides: tuple[tuple[bool, dict[str, str], dict[str, Any]], ...] = (
        (False, told.column_types, row.get("properties", {})),
        (True, told.parameter_types, schema.get("properties", {})),
    )
    for is_parameter, types, properties in sides:
        for column, of_column in properties.items():
            name = types.get(column, "").removesuffix("[]")
            found = _core(told_of_text(of_column) if is_parameter else of_column)
            if found is not None and name and name not in _BUILT_IN:
                yield _Typed(name, is_parameter, found)


def _core(schema: Any) -> Schema | None:
    """The enum or object that a schema is of, or its elements are."""
    if not isinstance(schema, dict):
        return None
    if "enum" in schema or "properties" in schema:
        return schema
    branches = [schema.get("items"), *schema.get("anyOf", ())]
    return next((found for each in branches if (found := _core(each)) is not None), None)
