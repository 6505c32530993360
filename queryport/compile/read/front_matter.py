"""The front matter of a query file: the first block of `--` comment lines, which is YAML.

Reads it into a FrontMatter and remembers where each key stood, so that every later problem can point at it. A block
that is plain prose, not a mapping, is the operation's description. Knows nothing of SQL.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from queryport.compile.read.located_yaml import CoreLoader, KeyPath, Reader
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.source import Problem, Source, Span

MARK = re.compile(r"--\s*@(?P<name>.*?)\s*")
"""A line that names the statement below it, or says that it gives the result; see queryport.compile.read.marks."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PageEntry(_Model):
    """`page:`, keyset paging."""

    by: list[str] = Field(min_length=1)
    size: int = Field(default=50, ge=1)
    max: int = Field(default=500, ge=1)


class ParameterEntry(_Model):
    """`params.<name>:`, all that an author may say about a parameter."""

    type: str | None = None
    optional: bool = False
    nullable: bool = False
    default: Any = None
    description: str | None = None

    # JSON Schema 2020-12: what narrows the value …
    enum: list[Any] | None = Field(default=None, min_length=1)
    const: Any = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    exclusiveMinimum: float | int | None = None  # noqa: N815 (the standard's spelling, as all below)
    exclusiveMaximum: float | int | None = None  # noqa: N815
    multipleOf: float | int | None = None  # noqa: N815
    minLength: int | None = None  # noqa: N815
    maxLength: int | None = None  # noqa: N815
    pattern: str | None = None
    format: str | None = None
    items: dict[str, Any] | None = None
    prefixItems: list[Any] | None = None  # noqa: N815
    contains: dict[str, Any] | None = None
    minContains: int | None = None  # noqa: N815
    maxContains: int | None = None  # noqa: N815
    minItems: int | None = None  # noqa: N815
    maxItems: int | None = None  # noqa: N815
    uniqueItems: bool | None = None  # noqa: N815
    properties: dict[str, Any] | None = None
    patternProperties: dict[str, Any] | None = None  # noqa: N815
    additionalProperties: dict[str, Any] | bool | None = None  # noqa: N815
    propertyNames: dict[str, Any] | None = None  # noqa: N815
    required: list[str] | None = None
    minProperties: int | None = None  # noqa: N815
    maxProperties: int | None = None  # noqa: N815
    dependentRequired: dict[str, list[str]] | None = None  # noqa: N815
    allOf: list[Any] | None = None  # noqa: N815
    anyOf: list[Any] | None = None  # noqa: N815
    oneOf: list[Any] | None = None  # noqa: N815
    not_: dict[str, Any] | None = Field(default=None, alias="not")
    # … and what only describes it.
    title: str | None = None
    examples: list[Any] | None = None
    deprecated: bool | None = None

    _OURS: ClassVar[frozenset[str]] = frozenset({"type", "optional", "nullable", "default", "description"})

    @property
    def has_default(self) -> bool:
        return "default" in self.model_fields_set

    def schema_keywords(self) -> dict[str, Any]:
        """The JSON Schema keywords that the author wrote, by their names in the standard."""
        written = self.model_dump(by_alias=True, include=self.model_fields_set - self._OURS)
        return {keyword: value for keyword, value in written.items() if keyword == "const" or value is not None}


class FrontMatter(_Model):
    """Everything that may stand in front of a statement; every key is optional."""

    summary: str = ""
    description: str = ""
    result: Literal["many", "one", "maybe", "value", "affected", "none"] | None = None
    http: str | None = None
    params: dict[str, ParameterEntry | None] = Field(default_factory=dict)
    page: PageEntry | None = None
    idempotency: Literal["required", "optional", "off"] | None = None
    keep: str = Field(default="24h", pattern=r"^[1-9][0-9]{0,6}[smhd]$")
    isolation: Literal["read committed", "repeatable read", "serializable"] | None = None
    retry: int = Field(default=3, ge=0, le=20)
    batch: bool = False

    @property
    def keep_seconds(self) -> int:
        return int(self.keep[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[self.keep[-1]]

    def parameter(self, name: str) -> ParameterEntry:
        return self.params.get(name) or ParameterEntry()


@dataclass(frozen=True, slots=True)
class Header:
    """The front matter and where it stood in the file."""

    front_matter: FrontMatter
    end: int
    """Offset of the first character after it."""
    _keys: dict[KeyPath, Span] = field(default_factory=dict)
    _values: dict[KeyPath, Span] = field(default_factory=dict)

    def key(self, *path: str | int) -> Span:
        """Where a key stands; for one that is not written, where the nearest key above it stands."""
        return _nearest(self._keys, path)

    def value(self, *path: str | int) -> Span:
        """Where the value of a key stands, likewise."""
        return _nearest(self._values, path)


def read_header(source: Source) -> tuple[Header, list[Problem]]:
    """Reads the front matter; where it has problems, the Header holds what could be read of none of it."""
    lines, end = _comment_block(source)
    if not lines:
        return Header(FrontMatter(), 0), []
    text = "\n".join(source.text[line.start : line.end] for line in lines)

    def offset(mark: yaml.Mark) -> int:
        if mark.line >= len(lines):
            return lines[-1].end
        return min(lines[mark.line].start + mark.column, lines[mark.line].end)

    whole = Span(lines[0].start, lines[0].end)
    try:
        node = yaml.compose(text, Loader=CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Span(offset(mark), offset(mark) + 1) if mark else whole
        cure = "front matter is `key: value` lines: quote a value that holds `: `, and keep prose under `description:`"
        return Header(FrontMatter(), end), [source.problem("QP003", at, _yaml_message(error), cure)]
    if node is None:
        return Header(FrontMatter(), end), []
    if isinstance(node, yaml.ScalarNode):
        return Header(FrontMatter(description=str(node.value)), end), []
    reader = Reader(source, offset)
    value = reader.read(node, ())
    spans = Header(FrontMatter(), end, reader.keys, reader.values)
    if not isinstance(value, dict):
        cure = "write it as `key: value` lines, such as `summary: …`"
        reader.problems.append(source.problem("QP005", whole, "the front matter is a list, expected a mapping", cure))
    if reader.problems:
        return spans, reader.problems
    try:
        front_matter = FrontMatter.model_validate(value)
    except ValidationError as error:
        # An entry of a union type is reported once for each of its types; one report says it.
        details = {tuple(_path(detail)): detail for detail in reversed(error.errors(include_url=False))}
        return spans, [_invalid(source, spans, detail) for detail in details.values()]
    return Header(front_matter, end, reader.keys, reader.values), []


def _comment_block(source: Source) -> tuple[list[Span], int]:
    """The lines of the first comment block without their `-- `, and the offset behind it."""
    lines: list[Span] = []
    end = 0
    for start in source.line_starts:
        line = source.text[start:].split("\n", 1)[0]
        words = line.strip()
        if MARK.fullmatch(words):
            break
        if words.startswith("--"):
            begin = start + line.index("--") + 2
            if source.text[begin : begin + 1] == " ":
                begin += 1
            end = start + len(line)
            lines.append(Span(begin, max(begin, start + len(line.rstrip()))))
        elif lines or words:
            break
    return lines, end


def _nearest(spans: dict[KeyPath, Span], path: Sequence[str | int]) -> Span:
    for length in range(len(path), -1, -1):
        span = spans.get(tuple(path[:length]))
        if span is not None:
            return span
    return Span(0, 1)


def _yaml_message(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part) or "not valid YAML"


def _invalid(source: Source, header: Header, detail: ErrorDetails) -> Problem:
    """One of pydantic's findings, in our words, at its place."""
    path = _path(detail)
    dotted = ".".join(str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        known = _known_keys(path)
        message = f"unknown key `{path[-1]}`" + (f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else "")
        all_keys = f"the keys here are {', '.join(known)}; prose goes under description"
        return source.problem("QP004", header.key(*path), message, did_you_mean(str(path[-1]), known, all_keys))
    message = f"`{dotted}`: {detail['msg'][0].lower()}{detail['msg'][1:]}, got {_shown(detail['input'])}"
    return source.problem("QP005", header.value(*path), message, _CURES.get(path[0], "see docs/query-files.md"))


def _path(detail: ErrorDetails) -> KeyPath:
    return tuple(part for part in detail["loc"] if part not in _UNION_ARMS)


_UNION_ARMS = frozenset({"float", "int", "bool", "dict[str,any]"})

_CURES: dict[str | int, str] = {
    "result": "take one of many, one, maybe, value, affected, none, or leave the key out to have it inferred",
    "params": "each entry is a mapping, such as `status: {optional: true, maxLength: 10}`",
    "page": "write for example `page: {by: [placed_at desc, order_id desc], size: 50, max: 500}`",
    "http": "write the method and the path, such as `GET /orders/{order_id}`",
    "idempotency": "take one of required, optional, off",
    "keep": "write a number and a unit, s, m, h or d, such as `24h`",
    "isolation": "take one of read committed, repeatable read, serializable",
    "retry": "write how often, from 0 to 20",
    "batch": "write true or false",
    "summary": "quote it to make it a string",
    "description": "quote it to make it a string",
}


def _known_keys(path: KeyPath) -> list[str]:
    model: type[BaseModel] = FrontMatter
    if path[0] == "params" and len(path) > 2:
        model = ParameterEntry
    elif path[0] == "page":
        model = PageEntry
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
