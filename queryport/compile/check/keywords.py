"""The JSON Schema keywords that an author writes under a parameter: whether they fit its type, and both as one schema.

What an author writes can only narrow. Keywords for other types, unknown keywords, labels that the enum lacks, formats
that are not checked and patterns that are not linear are errors at any depth of the schema.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from handler.contract.formats import FORMATS
from handler.contract.patterns import DECIMAL, FINITE_DECIMAL, MOST_STEPS, Pattern, PatternError
from handler.contract.recognition import KEYWORDS, OF_ARRAYS, OF_NUMBERS, OF_OBJECTS, OF_STRINGS
from queryport.compile.describe.types import Schema
from queryport.diagnostics.near_names import did_you_mean

_KINDS = (
    (OF_NUMBERS, frozenset({"number", "integer"}), "numbers"),
    (OF_STRINGS, frozenset({"string"}), "strings"),
    (OF_ARRAYS, frozenset({"array"}), "arrays"),
    (OF_OBJECTS, frozenset({"object"}), "objects"),
)
_DOCUMENTS = ((OF_NUMBERS, "number"), (OF_STRINGS, "string"), (OF_ARRAYS, "array"), (OF_OBJECTS, "object"))
_ANNOTATIONS = frozenset({"title", "examples", "deprecated"})

# The keywords whose value is a schema, a list of schemas, and a mapping of names to schemas.
_SCHEMA = ("items", "contains", "additionalProperties", "propertyNames", "not")
_SCHEMAS = ("prefixItems", "allOf", "anyOf", "oneOf")
_NAMED_SCHEMAS = ("properties", "patternProperties")

# Of these the author's value is at least as narrow as the derived one.
_REPLACED = frozenset({"minimum", "maximum", "enum"})

_PATTERN_CURE = (
    "mend it, and put it into single quotes; lookaround and references back are not known: "
    "several patterns can stand in `allOf: [{pattern: …}, {pattern: …}]`"
)

KeywordPath = tuple[str | int, ...]


class Unfit(NamedTuple):
    """A keyword that does not fit."""

    path: KeywordPath
    """From the parameter's entry to the keyword."""
    message: str
    cure: str


def unfit_keywords(name: str, keywords: Mapping[str, Any], derived: Schema) -> list[Unfit]:
    """Return every keyword that does not fit the type of a parameter, whose schema is `derived`."""
    written = {keyword: value for keyword, value in keywords.items() if keyword not in _ANNOTATIONS}
    unfit = list(_unmatched_patterns(written, ()))
    if unfit:
        return unfit
    path = _invalid(written) if written else None
    if path is not None:
        path = path or (next(iter(keywords)),)
        return [Unfit(path, f"`{path[0]}` of `:{name}` is not a valid JSON Schema", "see JSON Schema 2020-12")]
    return list(_unfit(f"`:{name}`", keywords, derived, ()))


def _invalid(written: Mapping[str, Any]) -> KeywordPath | None:
    """Return the place of what is no JSON Schema."""
    # Here, for the import takes a tenth of the time in which one file of ten thousand is compiled.
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError

    try:
        # Without formats of jsonschema's: by these, a pattern would be one of Python's.
        Draft202012Validator.check_schema(written, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return tuple(error.path)
    return None


def slow_patterns(keywords: Mapping[str, Any]) -> Iterator[Unfit]:
    """Yield every pattern that takes too long for texts that its schema allows."""
    for path, schema in _within(keywords, ()):
        if "pattern" not in schema:
            continue
        most = MOST_STEPS // Pattern(schema["pattern"]).size
        if most < schema.get("maxLength", _COMMON_LENGTH):
            message = f"the pattern has so many states that a text of more than {most} characters is refused"
            yield Unfit((*path, "pattern"), message, f"repeat less in it, or say `maxLength: {most}`")


_COMMON_LENGTH = 10_000


def merged(derived: Schema, keywords: Mapping[str, Any]) -> Schema:
    """Join the derived schema and the author's keywords, so that a value has to satisfy both."""
    schema, rest = dict(derived), dict(keywords)
    if not derived:
        # Any JSON: a keyword of arrays says nothing of other values, and its author did not mean to let them by.
        kinds = [kind for group, kind in _DOCUMENTS if rest.keys() & group]
        schema = {"type": kinds[0]} if len(kinds) == 1 else {}
    if "number" in types_of(derived):
        schema |= _bounded_number(schema, rest)
    for keyword, tighter in (("minimum", max), ("maximum", min)):
        if keyword in rest and keyword in schema:
            rest[keyword] = tighter(rest[keyword], schema[keyword])
    if isinstance(rest.get("items"), dict) and isinstance(schema.get("items"), dict):
        schema["items"] = merged(schema["items"], rest.pop("items"))
    if "properties" in rest and "properties" in schema:
        own, theirs = schema["properties"], rest.pop("properties")
        more = {} if schema.get("additionalProperties") is False else theirs
        schema["properties"] = (
            own | more | {name: merged(own[name], theirs[name]) for name in own.keys() & theirs.keys()}
        )
    narrower = types_of(rest)
    if narrower and narrower <= types_of(schema):
        schema["type"] = rest.pop("type")
    clashing = {key: value for key, value in rest.items() if key in schema and key not in _REPLACED}
    schema |= {key: value for key, value in rest.items() if key not in clashing}
    if clashing:
        schema["allOf"] = [*schema.get("allOf", []), clashing]
    return schema


def types_of(schema: Schema) -> frozenset[str]:
    """Return the types that a schema names; none where any type may come."""
    written: Any = schema.get("type", [])
    return frozenset([written] if isinstance(written, str) else written)


def _bounded_number(schema: Schema, keywords: Mapping[str, Any]) -> Schema:
    """The `type` and `pattern` of a number that has bounds, of which a string must not slip past one."""
    bounded = bool(keywords.keys() & OF_NUMBERS)
    deep = any(nested.keys() & OF_NUMBERS for path, nested in _within(keywords, ()) if path)
    if not (bounded or deep):
        return {}
    takes_digits = schema.get("pattern") in (DECIMAL, FINITE_DECIMAL)
    if takes_digits and not deep:
        return {"pattern": FINITE_DECIMAL}
    schema.pop("pattern", None)
    left = [kind for kind in ("number", "null") if kind in types_of(schema)]
    return {"type": left if len(left) > 1 else left[0]}


def _unfit(owner: str, keywords: Mapping[str, Any], derived: Schema, path: KeywordPath) -> Iterator[Unfit]:
    types = types_of(derived) - {"null"}
    for keyword in keywords.keys() - KEYWORDS:
        message = f"`{keyword}` is not a keyword that a parameter's schema may have"
        cure = did_you_mean(str(keyword), KEYWORDS, "delete it: docs/query-files.md lists the keywords")
        yield Unfit((*path, keyword), message, cure)
    for group, fitting, values in _KINDS:
        for keyword in keywords.keys() & group if types and not types & fitting else ():
            message = f"`{keyword}` says something of {values}, and {owner} takes {_spoken(types)}"
            yield Unfit((*path, keyword), message, "delete the keyword, or take one that fits the type")
    written = keywords.get("format")
    if written is not None and written not in FORMATS:
        cure = did_you_mean(written, FORMATS, f"the formats are {', '.join(FORMATS)}")
        yield Unfit((*path, "format"), f"there is no format `{written}`", cure)
    unknown = [label for label in keywords.get("enum", []) if label not in derived.get("enum", [label])]
    if unknown:
        message = f"{', '.join(f'`{label}`' for label in unknown)} is not a label of the type of {owner}"
        yield Unfit((*path, "enum"), message, f"the labels are {', '.join(map(str, derived['enum']))}")
    for step, nested in _parts(keywords):
        own = _derived_part(derived, step)
        inner = f"`{step[-1]}` of {owner}" if step[0] == "properties" else f"an element of {owner}"
        yield from _unfit(inner if own else f"a part of {owner}", nested, own, (*path, *step))


def _derived_part(derived: Schema, step: KeywordPath) -> Schema:
    part: Any = derived.get("items") if step == ("items",) else None
    if step[0] == "properties":
        part = derived.get("properties", {}).get(step[1])
    return part if isinstance(part, dict) else {}


def _unmatched_patterns(keywords: Mapping[str, Any], path: KeywordPath) -> Iterator[Unfit]:
    for place, schema in _within(keywords, path):
        patterns = [(("pattern",), schema["pattern"])] if isinstance(schema.get("pattern"), str) else []
        if isinstance(schema.get("patternProperties"), Mapping):
            patterns += [(("patternProperties",), pattern) for pattern in schema["patternProperties"]]
        for step, pattern in patterns:
            try:
                Pattern(str(pattern))
            except PatternError as error:
                message = f"the pattern is not a regular expression that can be matched: {error}"
                yield Unfit((*place, *step), message, _PATTERN_CURE)


def _within(keywords: Mapping[str, Any], path: KeywordPath) -> Iterator[tuple[KeywordPath, Mapping[str, Any]]]:
    """Every schema in a schema, itself first."""
    yield path, keywords
    for step, nested in _parts(keywords):
        yield from _within(nested, (*path, *step))


def _parts(keywords: Mapping[str, Any]) -> Iterator[tuple[KeywordPath, Mapping[str, Any]]]:
    """The schemas directly within a schema, which need not be a valid one yet."""
    for keyword in _SCHEMA:
        if isinstance(keywords.get(keyword), Mapping):
            yield (keyword,), keywords[keyword]
    for keyword in _SCHEMAS:
        written = keywords.get(keyword)
        for index, nested in enumerate(written if isinstance(written, list) else ()):
            if isinstance(nested, Mapping):
                yield (keyword, index), nested
    for keyword in _NAMED_SCHEMAS:
        written = keywords.get(keyword)
        for name, nested in written.items() if isinstance(written, Mapping) else ():
            if isinstance(nested, Mapping):
                yield (keyword, name), nested


def _spoken(types: frozenset[str]) -> str:
    return " or ".join(f"{kind}s" for kind in sorted(types))
