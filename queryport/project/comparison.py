"""The changes since an earlier state of the project that break callers, as problems with their places."""

import re
from collections.abc import Mapping

from handler.contract.operation import Operation
from queryport.breaking import Breach, breaches
from queryport.compile.read.header import Header
from queryport.diagnostics.source import Place, Problem, Source, Span, shown
from queryport.project.workspace import Build


def breaking_problems(earlier: Mapping[str, Operation], build: Build) -> list[Problem]:
    """Return a problem for each change that breaks callers; each points at the file that has it, or had it."""
    now = {operation.name: operation for operation in build.compilation.operations}
    return [_problem(build, breach) for breach in breaches(earlier, now)]


def _problem(build: Build, breach: Breach) -> Problem:
    file = build.compilation.files.get(breach.operation)
    if file is None:
        path = build.project.queries.joinpath(*breach.operation.split(".")).with_suffix(".sql")
        return Problem(breach.code, breach.message, breach.cure, Place(shown(path), 1, 1, "", 1))
    span = _span(file.source, build.compilation.header(breach.operation), breach)
    return (span.source or file.source).problem(breach.code, span, breach.message, breach.cure)


def _span(source: Source, header: Header, breach: Breach) -> Span:
    """The key of the front matter that the change is in, else the word in the statement, else the statement."""
    if breach.keys in header.keys:
        return header.key(*breach.keys)
    if breach.word:
        found = re.compile(rf"(?<![\w]){re.escape(breach.word)}(?!\w)").search(source.text, header.end)
        if found:
            return Span(found.start(), found.end())
    if breach.keys and breach.keys[:1] in header.keys:
        return header.key(*breach.keys)
    begins = re.compile(r"\S").search(source.text, header.end)
    return source.word(begins.start()) if begins else Span(0, 1)
