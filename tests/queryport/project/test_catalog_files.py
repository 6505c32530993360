"""The files that a build writes beside catalog.json."""

from pathlib import Path

import pytest

from handler.contract.docs_file import DocsFile
from queryport.compile import Compilation
from queryport.compile.write.encoded import EncodedOperations
from queryport.project.catalog_files import write_build
from queryport.project.databases import Scripts
from queryport.project.project import HttpSettings, Project
from queryport.project.workspace import Build


@pytest.mark.parametrize(
    ("http", "local", "has_page"),
    [
        (HttpSettings(), False, False),
        (HttpSettings(), True, True),
        (HttpSettings(docs=True), False, True),
        (HttpSettings(docs=True, openapi="off"), False, False),
        (HttpSettings(openapi="off"), True, False),
    ],
)
def test_the_page_is_there_where_it_is_wanted_and_has_a_document(
    tmp_path: Path, http: HttpSettings, *, local: bool, has_page: bool
) -> None:
    build = Build(
        Project(tmp_path, tmp_path, tmp_path, None, None, http), Scripts((), ()), Compilation(EncodedOperations(), ())
    )
    path = DocsFile.beside(tmp_path / "catalog.json")
    path.write_text("of an earlier build")
    write_build(tmp_path / "catalog.json", build, local=local)
    assert path.exists() is has_page
    assert not has_page or (b'"changes":"docs/changes"' in path.read_bytes().replace(b"\\", b"")) is local
