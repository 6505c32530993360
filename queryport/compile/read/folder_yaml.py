"""Reads the YAML of a `_folder.yaml`, and reports what is wrong with it at its place."""

from collections.abc import Mapping

import yaml
from pydantic import ValidationError

from queryport.compile.read.folder import Folder
from queryport.compile.read.folder_settings import FolderSettings
from queryport.compile.read.front_matter_yaml import report_invalid
from queryport.compile.read.header import NO_FRONT_MATTER, Header, KeyPath
from queryport.compile.read.located_yaml import Reader
from queryport.compile.read.regular_file import WHOLE
from queryport.compile.read.yaml_nodes import compose
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source, Span


def read_folder(reporter: Reporter) -> Folder | None:
    """Read a file that nothing is wrong with; else there is a report, and None."""
    source = reporter.source
    starts = source.line_starts

    def offset(mark: yaml.Mark) -> int:
        return min(starts[mark.line] + mark.column if mark.line < len(starts) else len(source.text), len(source.text))

    try:
        node = compose(source.text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        start = offset(mark) if mark else 0
        problem = getattr(error, "problem", None) or type(error).__name__
        reporter.report(
            "QP003", Span(start, start + 1), f"not valid YAML ({problem})", "write it as `key: value` lines"
        )
        return None
    reader = Reader(reporter, offset)
    value = reader.read(node, ()) if node is not None else {}
    header = Header(NO_FRONT_MATTER, 0, reader.keys, reader.values)
    if not isinstance(value, dict):
        reporter.report("QP005", WHOLE, "the file is not a mapping", "write it as `key: value` lines")
    if reporter.errors:
        return None
    try:
        FolderSettings.model_validate(value)
    except ValidationError as error:
        details = {header.path(detail["loc"]): detail for detail in reversed(error.errors(include_url=False))}
        for path, detail in details.items():
            report_invalid(reporter, header, path, detail, FolderSettings)
        return None
    return Folder(source, value, _elsewhere(source, reader.keys), _elsewhere(source, reader.values))


def _elsewhere(source: Source, spans: Mapping[KeyPath, Span]) -> dict[KeyPath, Span]:
    return {path: Span(span.start, span.end, source) for path, span in spans.items() if path}
