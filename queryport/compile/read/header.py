"""Reads the front matter of a query file: the first block of `--` comment lines, which is YAML.

Remembers where each key stood, so that every later problem can point at it. A block that is plain prose, not a mapping,
is the operation's description. Knows nothing of SQL.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from queryport.compile.read.front_matter import FrontMatter, PageEntry, ParameterEntry
from queryport.compile.read.located_yaml import CoreLoader, KeyPath, Reader
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source, Span

MARK = re.compile(r"--\s*@(?P<name>.*?)\s*")
"""A line that names the statement below it, or says that it gives the result; see queryport.compile.read.marks."""


@dataclass(frozen=True, slots=True)
class Header:
    """The front matter and where it stood in the file."""

    front_matter: FrontMatter
    end: int
    """Offset of the first character after it."""
    keys: dict[KeyPath, Span] = field(default_factory=dict)
    values: dict[KeyPath, Span] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    """The values as they stand in the file."""
    prefix: str = ""
    """The folder's, in front of the route's path."""
    tag: str | None = None

    def key(self, *path: str | int) -> Span:
        """Return where a key stands, or the nearest key above one that is not written."""
        return _nearest(self.keys, path)

    def value(self, *path: str | int) -> Span:
        """Return where the value of a key stands, or of the nearest key above one that is not written."""
        return _nearest(self.values, path)

    def path(self, loc: KeyPath) -> KeyPath:
        """Return the path of one of pydantic's findings, without the name of a union's type at its end."""
        return loc[:-1] if loc[-1] in _UNION_ARMS and loc not in self.keys else loc


def read_header(reporter: Reporter) -> Header:
    """Read the front matter; where it has errors, the Header holds the front matter of a file without any."""
    source = reporter.source
    lines, end = _comment_block(source)
    if not lines:
        return Header(FrontMatter(), 0)
    text = "\n".join(source.text[line.start : line.end] for line in lines)

    def offset(mark: yaml.Mark) -> int:
        if mark.line >= len(lines):
            return lines[-1].end
        return min(lines[mark.line].start + mark.column, lines[mark.line].end)

    whole = Span(lines[0].start, lines[0].end)
    node = _composed(reporter, text, lines, offset)
    if node is None:
        return Header(FrontMatter(), end)
    if isinstance(node, yaml.ScalarNode):
        written = {"description": str(node.value)}
        return Header(FrontMatter.model_validate(written), end, written=written)
    errors = reporter.errors
    reader = Reader(reporter, offset)
    value = reader.read(node, ())
    spans = Header(FrontMatter(), end, reader.keys, reader.values)
    if not isinstance(value, dict):
        cure = "write it as `key: value` lines, such as `summary: …`"
        reporter.report("QP005", whole, "the front matter is a list, expected a mapping", cure)
    if reporter.errors > errors:
        return spans
    try:
        front_matter = FrontMatter.model_validate(value)
    except ValidationError as error:
        # An entry of a union type is reported once for each of its types; one report says it.
        details = {spans.path(detail["loc"]): detail for detail in reversed(error.errors(include_url=False))}
        for path, detail in details.items():
            report_invalid(reporter, spans, path, detail)
        return spans
    return Header(front_matter, end, reader.keys, reader.values, value)


def _composed(
    reporter: Reporter, text: str, lines: Sequence[Span], offset: Callable[[yaml.Mark], int]
) -> yaml.Node | None:
    """Return the block's YAML node; None for one that holds nothing, or after a report of a fault."""
    cure = "front matter is `key: value` lines: quote a value that holds `: `, and keep prose under `description:`"
    whole = Span(lines[0].start, lines[0].end)
    try:
        return yaml.compose(text, Loader=CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Span(offset(mark), offset(mark) + 1) if mark else whole
        reporter.report("QP003", at, _yaml_message(error), cure)
    except yaml.reader.ReaderError as error:
        character = chr(error.character)
        at = next(
            Span(line.start, line.end) for line in lines if character in reporter.source.text[line.start : line.end]
        )
        reporter.report("QP003", at, f"YAML does not take the character U+{ord(character):04X}", "remove it")
    except (ValueError, OverflowError, RecursionError) as error:  # `"\UFFFFFFFF"`, or brackets by the thousand
        reporter.report("QP003", whole, f"not valid YAML ({type(error).__name__})", cure)
    return None


def _comment_block(source: Source) -> tuple[list[Span], int]:
    """Return the lines of the first comment block without their `-- `, and the offset behind it."""
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


def report_invalid(
    reporter: Reporter, header: Header, path: KeyPath, detail: ErrorDetails, model: type[BaseModel] = FrontMatter
) -> None:
    """Report one of pydantic's findings, in our words, at its place."""
    dotted = ".".join(str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        known = _known_keys(path, model)
        message = f"unknown key `{path[-1]}`" + (f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else "")
        all_keys = f"the keys here are {', '.join(known)}; prose goes under description"
        reporter.report("QP004", header.key(*path), message, did_you_mean(str(path[-1]), known, all_keys))
        return
    message = f"`{dotted}`: {detail['msg'][0].lower()}{detail['msg'][1:]}, got {_shown(detail['input'])}"
    reporter.report("QP005", header.value(*path), message, _CURES.get(path[0], "see docs/query-files.md"))


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
    "silence": "write a list of codes, such as `[QP407]`",
    "allow": "write a list of rules, such as `[iam, jwt:scope=orders.read]`",
    "hidden": "write true or false",
    "rls": "write true or false",
    "role": "write the name of a database role, or `claims.NAME` with the possible ones in `roles`",
    "roles": "write a list of database roles",
    "prefix": "write the beginning of a path, such as `/tenants/{tenant_id}`",
    "tag": "quote it to make it a string",
    "summary": "quote it to make it a string",
    "description": "quote it to make it a string",
}


def _known_keys(path: KeyPath, model: type[BaseModel]) -> list[str]:
    if path[0] == "params" and len(path) > 2:
        model = ParameterEntry
    elif path[0] == "page":
        model = PageEntry
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
