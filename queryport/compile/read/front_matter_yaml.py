"""Reads the YAML of front matter, and reports what is wrong with it at its place."""

from collections.abc import Callable, Sequence

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from queryport.compile.read.comment_blocks import CommentBlock
from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.header import NO_FRONT_MATTER, Header, KeyPath
from queryport.compile.read.located_yaml import Reader
from queryport.compile.read.wording import unknown_key, wrong_value
from queryport.compile.read.yaml_nodes import compose
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span


def read_front_matter(reporter: Reporter, block: CommentBlock) -> Header:
    """Read a block; where it has errors, the Header holds the front matter of a file without any."""
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
