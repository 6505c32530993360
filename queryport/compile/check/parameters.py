"""The parameters of an operation: JSON Schema derived from PostgreSQL's types, narrowed by what the author wrote.

What an author writes can only narrow: a label that the enum does not have, a default that the schema refuses or a
keyword that says nothing about such a value is an error.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from handler.contract.exact_json import exact
from handler.contract.formats import FORMATS
from handler.contract.operation import Parameter
from handler.contract.patterns import Pattern, PatternError
from handler.contract.validation import Validator
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.types import Schema, codec, nullable, parameter_schema
from queryport.compile.read.front_matter import ParameterEntry
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.near_names import did_you_mean

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
_DOCUMENTS = ((_NUMERIC, "number"), (_TEXTUAL, "string"), (_ARRAY, "array"), (_OBJECT, "object"))
_ANNOTATIONS = frozenset({"title", "examples", "deprecated"})
_PATTERN_CURE = (
    "mend it, and put it into single quotes; lookaround and references back are not known: "
    "several patterns can stand in `allOf: [{pattern: …}, {pattern: …}]`"
)


def build_parameters(file: QueryFile, types: Mapping[str, int]) -> tuple[tuple[Parameter, ...], Schema]:
    """Return the parameters in the order of their first occurrence, and the schema of the object of them.

    `types` are the oids of the parameters' types by name, in that order.
    """
    database = file.database
    parameters: list[Parameter] = []
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for name, oid in types.items():
        entry = file.front_matter.parameter(name)
        # `integer[][]` declares two dimensions; PostgreSQL's type is the same.
        dimensions = max(1, (entry.type or "").count("["))
        derived = parameter_schema(database, oid, dimensions)
        errors = file.reporter.errors
        schema = _narrowed(file, name, entry, derived)
        optional = entry.optional or entry.has_default
        if not optional:
            required.append(name)
        if entry.nullable or (entry.optional and not entry.has_default):
            schema = nullable(schema)
        if entry.has_default:
            if file.reporter.errors == errors:
                _report_unfit_default(file, name, entry, schema)
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
    return tuple(parameters), whole


def report_unused_entries(file: QueryFile, scan: Scan) -> None:
    """Report the entries under `params:` that no placeholder has the name of."""
    names = {place.name for place in scan.placeholders}
    for name in file.front_matter.params:
        if name in names:
            continue
        cure = did_you_mean(name, names, f"use `:{name}` in the statement, or delete the entry")
        span = file.header.key("params", name)
        file.reporter.report("QP103", span, f"the statement has no placeholder `:{name}`", cure)


def absentable(parameters: tuple[Parameter, ...]) -> frozenset[str]:
    """Return the names of the parameters that a call may leave NULL."""
    return frozenset(
        parameter.name
        for parameter in parameters
        if parameter.nullable or (parameter.optional and parameter.default is None)
    )


def _narrowed(file: QueryFile, name: str, entry: ParameterEntry, derived: Schema) -> Schema:
    keywords = entry.schema_keywords()
    unfit = list(_unfit_keywords(name, keywords, derived))
    for keyword, message, cure in unfit:
        file.reporter.report("QP109", file.header.value("params", name, keyword), message, cure)
    return derived if unfit else _merged(derived, keywords)


def _unfit_keywords(name: str, keywords: dict[str, Any], derived: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield each keyword that does not fit the type, what is wrong with it, and the cure."""
    if "pattern" in keywords and (reason := _unfit_pattern(keywords["pattern"])) is not None:
        yield "pattern", f"the pattern is not a regular expression that can be matched: {reason}", _PATTERN_CURE
        return
    try:
        Draft202012Validator.check_schema({key: value for key, value in keywords.items() if key not in _ANNOTATIONS})
    except SchemaError as error:
        keyword = str(error.path[0]) if error.path else next(iter(keywords))
        yield keyword, f"`{keyword}` of `:{name}` is not a valid JSON Schema", "see JSON Schema 2020-12"
        return
    types = _types(derived)
    for group, fitting, values in _KINDS:
        for keyword in keywords.keys() & group if types and not types & fitting else ():
            message = f"`{keyword}` says something of {values}, and `:{name}` takes {_spoken(types)}"
            yield keyword, message, "delete the keyword, or take one that fits the type"
    cure = _unknown_format(keywords["format"]) if "format" in keywords else None
    if cure is not None:
        yield "format", f"there is no format `{keywords['format']}`", cure
    unknown = [label for label in keywords.get("enum", []) if label not in derived.get("enum", [label])]
    if unknown:
        message = f"{', '.join(f'`{label}`' for label in unknown)} is not a label of the type of `:{name}`"
        yield "enum", message, f"the labels are {', '.join(map(str, derived['enum']))}"


def _merged(derived: Schema, keywords: dict[str, Any]) -> Schema:
    """Join the derived schema and the author's keywords, so that a value has to satisfy both."""
    schema, rest = dict(derived), dict(keywords)
    if not derived:
        # Any JSON: a keyword of arrays says nothing of other values, and its author did not mean to let them by.
        kinds = [kind for group, kind in _DOCUMENTS if rest.keys() & group]
        schema = {"type": kinds[0]} if len(kinds) == 1 else {}
    if rest.keys() & _NUMERIC and "number" in _types(derived):
        # As a string a number would slip past the bounds.
        schema = {"type": "number"}
    for keyword, tighter in (("minimum", max), ("maximum", min)):
        if keyword in rest and keyword in schema:
            rest[keyword] = tighter(rest[keyword], schema[keyword])
    clashing = {key: value for key, value in rest.items() if key in schema and key not in _REPLACED}
    schema |= {key: value for key, value in rest.items() if key not in clashing}
    if clashing:
        schema["allOf"] = [*schema.get("allOf", []), clashing]
    return schema


# Of these the author's value is at least as narrow as the derived one, checked above.
_REPLACED = frozenset({"minimum", "maximum", "enum"})


def _report_unfit_default(file: QueryFile, name: str, entry: ParameterEntry, schema: Schema) -> None:
    flaws = Validator(exact({"properties": {name: schema}})).flaws({name: exact(entry.default)})
    span = file.header.value("params", name, "default")
    cure = "a default has to be a value that a caller could send; for NULL write `optional: true` instead"
    for flaw in flaws:
        file.reporter.report("QP109", span, f"the default of `:{name}` {flaw.detail}", cure)


def _unknown_format(written: str) -> str | None:
    """Return the cure for a format that nothing checks."""
    if written in FORMATS:
        return None
    return did_you_mean(written, FORMATS, f"the formats are {', '.join(FORMATS)}")


def _unfit_pattern(written: str) -> str | None:
    try:
        Pattern(written)
    except PatternError as error:
        return str(error)
    return None


def _types(schema: Schema) -> frozenset[str]:
    written: Any = schema.get("type", [])
    return frozenset([written] if isinstance(written, str) else written)


def _spoken(types: frozenset[str]) -> str:
    return " or ".join(f"{kind}s" for kind in sorted(types))
