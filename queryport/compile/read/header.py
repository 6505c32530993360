"""Reads the front matter of a query file: a block of `--` comment lines in front of the statement, which is YAML.

Remembers where each key stood, so that every later problem can point at it. Without front matter the first block of
prose is the operation's description. Knows nothing of SQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from queryport.compile.read.comment_blocks import CommentBlock, following_blocks, leading_blocks
from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.located_yaml import KeyPath, Reader
from queryport.compile.read.wording import unknown_key, wrong_value
from queryport.compile.read.yaml_nodes import compose
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span


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

    def settings(self) -> list[tuple[tuple[str, ...], Any, Span]]:
        """Return each key that is set here or inherited, down to the entries of mappings, with its value and place."""
        values = self.front_matter.model_dump(by_alias=True, exclude_unset=True)
        return [
            (tuple(map(str, path)), value, self.keys[path]) for path, value in _leaves(values, ()) if path in self.keys
        ]

    def path(self, loc: KeyPath) -> KeyPath:
        """Return the path of one of pydantic's findings, without the name of a union's type at its end."""
        return loc[:-1] if loc[-1] in _UNION_ARMS and loc not in self.keys else loc


NO_FRONT_MATTER = FrontMatter.model_construct()
"""The defaults, for which pydantic need not make what validates."""


def read_header(reporter: Reporter) -> Header:
    """Read the front matter; where it has errors, the Header holds the front matter of a file without any."""
    source = reporter.source
    blocks = list(leading_blocks(source))
    chosen = next((block for block in blocks if block.is_dashed and block.has_known_key(source)), None)
    chosen = chosen or next((block for block in blocks if block.may_be_front_matter(source)), None)
    for block in blocks:
        if block is not chosen:
            _report_displaced(reporter, block)
    if chosen is None:
        prose = next((block for block in blocks if block.is_dashed), None)
        if prose is None:
            return Header(NO_FRONT_MATTER, 0)
        written = {"description": prose.prose(source)}
        return Header(FrontMatter.model_validate(written), prose.end, written=written)
    return _read(reporter, chosen)


def check_following_comments(reporter: Reporter, comments: tuple[Span, ...]) -> None:
    """Report front matter that stands among the statements or behind them, where it is not read."""
    for block in following_blocks(reporter.source, comments):
        _report_displaced(reporter, block)


def _report_displaced(reporter: Reporter, block: CommentBlock) -> None:
    if not block.has_known_key(reporter.source):
        return
    aside = Reporter(reporter.source)
    _read(aside, block)
    if not aside.errors:  # else it is prose that happens to have such a word
        at = next(line for line in block.lines if reporter.source.text[line.start : line.end].strip())
        message = "front matter stands here, where it is not read"
        reporter.report("QP012", at, message, "write it as one block of `--` lines in front of the statement")


def _read(reporter: Reporter, block: CommentBlock) -> Header:
    source, lines, end = reporter.source, block.lines, block.end

    def offset(mark: yaml.Mark) -> int:
        if mark.line >= len(lines):
            return lines[-1].end
        return min(lines[mark.line].start + mark.column, lines[mark.line].end)

    whole = Span(lines[0].start, lines[0].end)
    node = _composed(reporter, "\n".join(block.texts(source)), lines, offset)
    if node is None:
        return Header(NO_FRONT_MATTER, end)
    errors = reporter.errors
    reader = Reader(reporter, offset)
    value = reader.read(node, ())
    spans = Header(NO_FRONT_MATTER, end, reader.keys, reader.values)
    if not isinstance(value, dict):
        cure = "write it as `key: value` lines, such as `summary: …`, or as prose that begins with a word"
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
        return compose(text)
    except yaml.MarkedYAMLError as error:
        if "'\\t'" in (error.problem or ""):
            cure = "indent with spaces"
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


def _leaves(values: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _nearest(spans: dict[KeyPath, Span], path: Sequence[str | int]) -> Span:
    for length in range(len(path), -1, -1):
        span = spans.get(tuple(path[:length]))
        if span is not None:
            return span
    return Span(0, 1)


def _yaml_message(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in (error.problem or ""):
        return "a tab stands where YAML takes spaces alone"
    return ", ".join(part for part in (error.context, error.problem) if part) or "not valid YAML"


def report_invalid(
    reporter: Reporter, header: Header, path: KeyPath, detail: ErrorDetails, model: type[BaseModel] = FrontMatter
) -> None:
    """Report one of pydantic's findings about a model, in our words, at its place."""
    if detail["type"] == "extra_forbidden":
        reporter.report("QP004", header.key(*path), *unknown_key(path, model))
    else:
        reporter.report("QP005", header.value(*path), *wrong_value(path, detail))


_UNION_ARMS = frozenset({"float", "int", "bool", "dict[str,any]"})
