"""Every kind of change of a query file, compiled before and after: told with its place and cure, or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from queryport.compile.compiler import compile_project
from queryport.diagnostics.source import Problem
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.comparison import breaking_problems
from queryport.project.databases import Scripts
from queryport.project.project import Project
from queryport.project.workspace import Build
from tests.queryport.breaking.changes import CHANGES, SCHEMA
from tests.support.databases import fresh_copy, with_our_tables
from tests.support.once import once_a_run
from tests.support.projects import write

pytestmark = pytest.mark.slow


class Found(NamedTuple):
    """What is told of each file, as it changes and as it changes back."""

    forth: Mapping[str, list[Problem]]
    back: Mapping[str, list[Problem]]


def _build(root: Path, files: Mapping[str, str | None], url: str) -> Build:
    texts = {f"sql_queries/{name}.sql": text.replace("@", name) for name, text in files.items() if text is not None}
    project = Project.load(write(root, {**texts, "migrations/0001_schema.sql": SCHEMA}))
    compilation = compile_project(project.queries, url)
    errors = [problem for problem in compilation.problems if problem.severity == "error"]
    assert not errors, "\n".join(problem.render() for problem in errors)
    return Build(project, Scripts.of(project), compilation)


def _told(old: Build, new: Build) -> dict[str, list[Problem]]:
    told: dict[str, list[Problem]] = {}
    for problem in breaking_problems({each.name: each for each in old.compilation.operations}, new):
        told.setdefault(problem.place.path.stem, []).append(problem)
    return told


@pytest.fixture(scope="module")
def found(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Found:
    def make() -> Found:
        folder = tmp_path_factory.mktemp("changes")
        with fresh_copy(postgres) as database:
            with_our_tables(SCHEMA)(database.url)
            before = _build(folder / "before", {name: each.before for name, each in CHANGES.items()}, database.url)
            after = _build(folder / "after", {name: each.after for name, each in CHANGES.items()}, database.url)
        return Found(_told(before, after), _told(after, before))

    return once_a_run(postgres, "breaking_changes", make)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_where_it_breaks_callers(name: str, found: Found) -> None:
    change = CHANGES[name]
    for expected, problems in ((change.forth, found.forth.get(name, [])), (change.back, found.back.get(name, []))):
        codes = {problem.code for problem in problems}
        assert (expected in codes) if expected else not codes, (expected, [problem.render() for problem in problems])
        assert all(problem.message and problem.cure for problem in problems)
    if change.forth and change.at:
        places = [problem.place.text for problem in found.forth[name]]
        assert any(change.at in place for place in places), places
