"""The parameters of an operation: JSON Schema derived from PostgreSQL's types, narrowed by what the author wrote.

A default has to be a value that a caller could send.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from handler.contract.exact_json import exact
from handler.contract.operation import Parameter
from handler.contract.validation import Validator
from queryport.compile.check.keywords import merged, slow_patterns, unfit_keywords
from queryport.compile.check.parts.patches import Patches
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.types import Schema, codec, nullable, parameter_schema
from queryport.compile.read.entries import ParameterEntry
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.near_names import did_you_mean


class BuiltParameters(NamedTuple):
    parameters: tuple[Parameter, ...]
    """In the order of their first occurrence."""
    schema: Schema
    """Of the object of those that a call gives."""
    caller_schema: Schema
    """Of the object of those that come from the caller; empty where there are none."""


def build_parameters(
    file: QueryFile, types: Mapping[str, int], patches: Sequence[Patches], documents: Mapping[str, Schema]
) -> BuiltParameters:
    """Derive the parameters from their types, narrowed by the front matter.

    `types` are the oids of the parameters' types by name, in that order; `patches` are those of all statements, and
    `documents` the schemas of JSON parameters that statements take apart into rows.
    """
    not_null = frozenset[str]().union(*(each.not_null for each in patches))
    database = file.database
    parameters: list[Parameter] = []
    properties: dict[str, Schema] = {}
    of_caller: dict[str, Schema] = {}
    for name, oid in types.items():
        entry = file.front_matter.parameter(name)
        takes_null = name not in not_null if entry.takes_null is None else entry.takes_null
        # `integer[][]` declares two dimensions; PostgreSQL's type is the same.
        dimensions = max(1, (entry.type or "").count("["))
        derived = documents.get(name) or parameter_schema(database, oid, dimensions)
        schema = _schema(file, name, derived, takes_null=takes_null)
        (properties if entry.from_ is None else of_caller)[name] = schema
        parameters.append(
            Parameter(
                name,
                codec(database, oid),
                optional=entry.optional or entry.has_default,
                nullable=takes_null,
                default=entry.default,
                source=entry.from_,
                patch=entry.patch,
            )
        )
    whole = _whole(parameters, properties, patches)
    return BuiltParameters(tuple(parameters), whole, {"type": "object", "properties": of_caller} if of_caller else {})


def _schema(file: QueryFile, name: str, derived: Schema, *, takes_null: bool) -> Schema:
    """The schema of one parameter: the derived one, narrowed and described by the author's entry."""
    entry = file.front_matter.parameter(name)
    errors = file.reporter.errors
    schema = _narrowed(file, name, entry, derived)
    if entry.patch:
        _check_patch(file, name, entry)
    if takes_null or (entry.optional and not entry.has_default):
        schema = nullable(schema)
    elif entry.patch and "type" not in schema:  # any JSON, of which null would be a document
        schema["type"] = ["object", "array", "string", "number", "boolean"]
    if entry.has_default:
        if file.reporter.errors == errors:
            _report_unfit_default(file, name, entry, schema)
        schema["default"] = entry.default
    if entry.description:
        schema["description"] = entry.description
    return schema


def _whole(parameters: Sequence[Parameter], properties: Mapping[str, Schema], patches: Sequence[Patches]) -> Schema:
    """The schema of the object of parameters that a call gives."""
    whole: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [each.name for each in parameters if not (each.optional or each.source is not None or each.patch)]
    groups = dict.fromkeys(group for each in patches for group in each.groups)
    required += dict.fromkeys(group[0] for group in groups if len(group) == 1)
    if required:
        whole["required"] = required
    choices = [{"anyOf": [{"required": [name]} for name in group]} for group in groups if len(group) > 1]
    return whole | ({"allOf": choices} if len(choices) > 1 else choices[0] if choices else {})


def report_unused_entries(file: QueryFile, scan: Scan) -> None:
    """Report the entries under `params:` that no placeholder has the name of."""
    names = {place.name for place in scan.placeholders}
    for name in file.front_matter.params:
        if name in names or file.header.key("params", name).source is not None:
            continue  # a folder's are for the files that have the placeholder
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


def _check_patch(file: QueryFile, name: str, entry: ParameterEntry) -> None:
    """Report what a parameter that a call leaves out to patch cannot be besides."""
    others = {"optional": entry.optional, "default": entry.has_default, "from": entry.from_ is not None}
    for key in (key for key, written in others.items() if written):
        message = f"`:{name}` has `patch` and `{key}`, which say two things of a call that does not give it"
        file.reporter.report("QP114", file.header.key("params", name, key), message, f"delete `{key}`, or `patch`")


def _narrowed(file: QueryFile, name: str, entry: ParameterEntry, derived: Schema) -> Schema:
    keywords = entry.schema_keywords()
    unfit = unfit_keywords(name, keywords, derived)
    for path, message, cure in unfit:
        file.reporter.report("QP109", file.header.value("params", name, *path), message, cure)
    if unfit:
        return derived
    for path, message, cure in slow_patterns(keywords):
        file.reporter.report("QP111", file.header.value("params", name, *path), message, cure)
    return merged(derived, keywords)


def _report_unfit_default(file: QueryFile, name: str, entry: ParameterEntry, schema: Schema) -> None:
    flaws = Validator(exact({"properties": {name: schema}})).flaws({name: exact(entry.default)})
    span = file.header.value("params", name, "default")
    cure = "a default has to be a value that a caller could send; for NULL write `optional: true` instead"
    for flaw in flaws:
        file.reporter.report("QP109", span, f"the default of `:{name}` {flaw.detail}", cure)
