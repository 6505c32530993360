"""The watch over a project's files, where the system lends it no descriptor."""

from pathlib import Path

import pytest

from queryport.project.project import Project
from queryport.project.watch import Watch, WatchError
from tests.support.descriptors import descriptors
from tests.support.projects import BOOKSHOP, write

MOST = 30.0
"""The seconds after which a watch that says nothing fails its test."""


def test_one_that_fails_says_so_and_another_is_due(tmp_path: Path) -> None:
    project = Project.load(write(tmp_path, BOOKSHOP))
    failed = Watch(project)
    assert not failed.outdated(project)
    with descriptors(0), failed, pytest.raises(WatchError, match="cannot be watched"):
        failed.wait(MOST)
    assert failed.outdated(project)
    with Watch(project) as another:
        assert not another.wait(0.5)
        write(tmp_path, {"sql_queries/new.sql": "SELECT 1 AS n\n"})
        assert another.wait(MOST)
        assert not another.outdated(project)
