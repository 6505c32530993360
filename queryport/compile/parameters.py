"""The parameters of an operation: JSON Schema derived from PostgreSQL's types, narrowed by what the author wrote.

What an author writes can only narrow: a label that the enum does not have, a default that the schema refuses or a
keyword that says nothing about such a value is an error.
"""

from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from handler.operation import Parameter
from queryport.compile.database import Database
from queryport.compile.front_matter import Header, ParameterEntry
from queryport.compile.infer import Inference
from queryport.compile.source import Problem, Source
from queryport.compile.types import Schema, codec, nullable, parameter_schema

_NUMERIC = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_TEXTUAL = frozenset({"minLength", "maxLength", "pattern", "format"})
_ARRAY = frozenset(
    {"items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"}
)
_OBJECT = frozenset(
    {
        *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
        *("minProperties", "maxProperties", "dependentRequired"),
    }
)
_KINDS = (
    (_NUMERIC, frozenset({"number", "integer"}), "numbers"),
    (_TEXTUAL, frozenset({"string"}), "strings"),
    (_ARRAY, frozenset({"array"}), "arrays"),
    (_OBJECT, frozenset({"object"}), "objects"),
)
_ANNOTATIONS = frozenset({"title", "examples", "deprecated"})


def build_parameters(
    database: Database, source: Source, header: Header, inference: Inference
) -> tuple[tuple[Parameter, ...], Schema, list[Problem]]:
    """The parameters in the order of their first occurrence, the schema of the object of them, and problems."""
    parameters: list[Parameter] = []
    properties: dict[str, Schema] = {}
    required: list[str] = []
    problems: list[Problem] = []
    for name, oid in inference.by_name.items():
        entry = header.matter.parameter(name)
        # `integer[][]` declares two dimensions; PostgreSQL's type is the same.
        dimensions = max(1, (entry.type or "").count("["))
        derived = parameter_schema(database, oid, dimensions)
        schema, found = _narrowed(source, header, name, entry, derived)
        problems += found
        optional = entry.optional or entry.has_default
        if not optional:
            required.append(name)
        if entry.nullable or (entry.optional and not entry.has_default):
            schema = nullable(schema)
        if entry.has_default:
            if not found:
                problems += _unfit_default(source, header, name, entry, schema)
            schema["default"] = entry.default
        if entry.description:
            schema["description"] = entry.description
        properties[name] = schema
        parameters.append(
            Parameter(name, codec(database, oid), optional=optional, nullable=entry.nullable, default=entry.default)
        )
    whole: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        whole["required"] = required
    return tuple(parameters), whole, problems


def _narrowed(
    source: Source, header: Header, name: str, entry: ParameterEntry, derived: Schema
) -> tuple[Schema, list[Problem]]:
    keywords = entry.schema_keywords()
    problems = []

    def report(keyword: str, message: str, cure: str) -> None:
        problems.append(source.problem("QP109", header.value("params", name, keyword), message, cure))

    try:
        Draft202012Validator.check_schema({key: value for key, value in keywords.items() if key not in _ANNOTATIONS})
    except SchemaError as error:
        keyword = str(error.path[0]) if error.path else next(iter(keywords))
        report(keyword, f"`{keyword}` of `:{name}` is not a valid JSON Schema", "see JSON Schema 2020-12")
        return derived, problems
    types = _types(derived)
    for group, fitting, values in _KINDS:
        for keyword in keywords.keys() & group:
            if types and not types & fitting:
                message = f"`{keyword}` says something of {values}, and `:{name}` takes {_spoken(types)}"
                report(keyword, message, "delete the keyword, or take one that fits the type")
    if problems:
        return derived, problems
    unknown = [label for label in keywords.get("enum", []) if label not in derived.get("enum", [label])]
    if unknown:
        message = f"{', '.join(f'`{label}`' for label in unknown)} is not a label of the type of `:{name}`"
        report("enum", message, f"the labels are {', '.join(map(str, derived['enum']))}")
        return derived, problems
    schema, rest = dict(derived), dict(keywords)
    if rest.keys() & _NUMERIC and "number" in types:
        # As a string a number would slip past the bounds.
        schema = {"type": "number"}
    for keyword, tighter in (("minimum", max), ("maximum", min)):
        if keyword in rest and keyword in schema:
            rest[keyword] = tighter(rest[keyword], schema[keyword])
    clashing = {key: value for key, value in rest.items() if key in schema and key not in _REPLACED}
    schema |= {key: value for key, value in rest.items() if key not in clashing}
    if clashing:
        schema["allOf"] = [*schema.get("allOf", []), clashing]
    return schema, problems


# Of these the author's value is at least as narrow as the derived one, checked above.
_REPLACED = frozenset({"minimum", "maximum", "enum"})


def _unfit_default(source: Source, header: Header, name: str, entry: ParameterEntry, schema: Schema) -> list[Problem]:
    errors = list(Draft202012Validator(schema).iter_errors(entry.default))
    if not errors:
        return []
    span = header.value("params", name, "default")
    cure = "a default has to be a value that a caller could send; for NULL write `optional: true` instead"
    return [source.problem("QP109", span, f"the default of `:{name}` does not fit: {errors[0].message}", cure)]


def _types(schema: Schema) -> frozenset[str]:
    written: Any = schema.get("type", [])
    return frozenset([written] if isinstance(written, str) else written)


def _spoken(types: frozenset[str]) -> str:
    return " or ".join(f"{kind}s" for kind in sorted(types))
