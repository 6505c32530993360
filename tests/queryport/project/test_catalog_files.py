"""The files that a build writes beside catalog.json."""

from pathlib import Path

import pytest

from handler.contract.docs_file import DocsFile
from queryport.compile import Compilation
from queryport.compile.cache.cache import CompileCache
from queryport.compile.compiler import compile_files, put_together
from queryport.compile.project_files import ProjectReader
from queryport.compile.write.encoded import EncodedOperations
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.catalog_files import EarlierDocument, openapi_of, write_build
from queryport.project.databases import Scripts
from queryport.project.project import Project
from queryport.project.settings import HttpSettings
from queryport.project.workspace import Build
from tests.queryport.compile.conftest import SCHEMA
from tests.support.databases import suite_database, with_our_tables


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


def test_a_document_after_edits_is_the_one_that_is_made_anew(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    queries, url = tmp_path / "queries", suite_database(postgres, "compile_suite", with_our_tables(SCHEMA)).url
    reader, cache, earlier = ProjectReader(), CompileCache(None), EarlierDocument()
    cache.open("schema")

    def write(name: str, text: str) -> None:
        (queries / name).parent.mkdir(parents=True, exist_ok=True)
        (queries / name).write_text(text)

    def document(http: HttpSettings) -> str:
        files = reader.read(queries)
        compiled = cache.known(files.texts)
        compiled |= compile_files([text for text in files.texts if text.key not in compiled], url)
        cache.keep(files.texts, compiled)
        project = Project(tmp_path, queries, tmp_path, None, None, http)
        build = Build(project, Scripts((), ()), put_together(files, compiled))
        found = openapi_of(build, local=False, earlier=earlier)
        assert found == openapi_of(build, local=False)
        return found.text.decode()

    without_sql, with_sql = HttpSettings(), HttpSettings(sql=True)
    write("a/one.sql", "-- http: GET /one\nSELECT name FROM person")
    write("a/two.sql", "-- allow: [anyone]\nSELECT person_id FROM person")
    assert "FROM person" not in document(without_sql)
    assert "SELECT name FROM person" in document(with_sql)
    write("a/one.sql", "-- http: GET /one\nSELECT 1 AS first_of_all")
    assert "first_of_all" in document(with_sql)
    write("a/_folder.yaml", "tag: Everything\ndescription: All of it\n")
    assert "Everything" in document(with_sql)
    write("a/_folder.yaml", "description: Some of it\n")
    assert "Some of it" in document(with_sql)
    (queries / "a/one.sql").unlink()
    assert "first_of_all" not in document(without_sql)
