"""The changes since an earlier state of the project that break callers, as problems with their places."""

import re
from collections.abc import Mapping
from pathlib import Path

from handler.contract.operation import Operation
from queryport.breaking import Breach, breaches
from queryport.compile.read.header import Header
from queryport.diagnostics.source import Place, Problem, Source, Span, shown
from queryport.project.settings import SETTINGS_FILE
from queryport.project.workspace import Build


def breaking_problems(earlier: Mapping[str, Operation], build: Build) -> list[Problem]:
    """Return a problem for each change that breaks callers; each points at the file that has it, or had it.

    What is set once for several operations, in a `_folder.yaml` or in queryport.toml, is told once and names them.
    """
    now = {operation.name: operation for operation in build.compilation.operations}
    found: dict[tuple[str, Place, str, str], list[str]] = {}
    of_all: set[Place] = set()
    for breach in breaches(earlier, now):
        place, is_shared = _place(build, breach)
        found.setdefault((breach.code, place, breach.message, breach.cure), []).append(breach.operation)
        if is_shared:
            of_all.add(place)
    return [
        Problem(code, f"{message}, of {_named(names)}" if place in of_all else message, cure, place)
        for (code, place, message, cure), names in found.items()
    ]


_MOST_NAMED = 10


def _named(operations: list[str]) -> str:
    told = [f"`{name}`" for name in operations[:_MOST_NAMED]]
    if more := len(operations) - len(told):
        return f"{len(operations)} operations: {', '.join(told)} and {more} more"
    return ", ".join(told)


def _place(build: Build, breach: Breach) -> tuple[Place, bool]:
    """The place of a change, and whether other operations than the one that has it share the setting there."""
    file = build.compilation.files.get(breach.operation)
    if file is None:
        path = build.project.queries.joinpath(*breach.operation.split(".")).with_suffix(".sql")
        return Place(shown(path), 1, 1, "", 1), False
    header = build.compilation.header(breach.operation)
    if breach.keys == ("big_numbers",) and breach.keys not in header.keys:
        settings = _setting(build.project.root / SETTINGS_FILE, "big_numbers")
        if settings is not None:
            return settings, True
    span = _span(file.source, header, breach)
    return (span.source or file.source).place(span), span.source is not None


def _setting(path: Path, key: str) -> Place | None:
    """The place of a key in queryport.toml; of one that is not set, the first line."""
    try:
        source = Source(shown(path), path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    found = re.search(rf"^[ \t]*({re.escape(key)})[ \t]*=", source.text, re.MULTILINE)
    return source.place(Span(found.start(1), found.end(1)) if found else Span(0, 1))


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
