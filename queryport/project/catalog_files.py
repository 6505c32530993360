"""Writes what the Lambda starts from: catalog.json, and beside it the OpenAPI document of the build and its page."""

from pathlib import Path
from typing import NamedTuple

from handler.contract.openapi_index import CALLERS, OFF, PUBLIC
from queryport.compile.project_files import QueryText
from queryport.compile.write.emit import write_catalog
from queryport.console.collector import collector_paused
from queryport.generate.docs_page import CHANGES
from queryport.generate.docs_page.files import write_docs_page
from queryport.generate.openapi import Described, Document, EarlierPieces, Heading, document_of
from queryport.generate.openapi.files import write_document
from queryport.project.workspace import Build


def write_build(path: Path, build: Build, *, local: bool = False) -> None:
    """Write the catalogue of a build to a path, and the files of the document and of the page beside it.

    On the developer's machine (`local`) all of the document is open, unless queryport.toml says otherwise, and there is
    a page in any case, which follows the changes. Without a document there is none. Raises OSError.
    """
    write_callable(path, build, local=local)
    write_openapi(path, build, local=local)


def write_callable(path: Path, build: Build, *, local: bool) -> None:
    """Write all of a build but the document. Raises OSError."""
    with collector_paused():
        write_catalog(path, build.compilation.catalogue, build.fingerprint)
    wanted = _readers(build, local=local) != OFF and (local or build.project.http.docs)
    write_docs_page(path, wanted=wanted, changes=CHANGES if local else None)


def write_openapi(path: Path, build: Build, *, local: bool, earlier: "EarlierDocument | None" = None) -> None:
    """Write the files of the document alone, beside the catalogue's path. Raises OSError."""
    readers = _readers(build, local=local)
    document = None if readers == OFF else openapi_of(build, local=local, earlier=earlier)
    write_document(path, document, build.fingerprint, readers)


def _readers(build: Build, *, local: bool) -> str:
    return build.project.http.openapi or (PUBLIC if local else CALLERS)


class _Told(NamedTuple):
    """The parts of a described operation that its query file and its folders hold."""

    file: QueryText
    tag: str | None
    tag_description: str
    sql: str | None


class EarlierDocument:
    """The parts of the last document, which the next one takes where they are the same; any thread may use it."""

    def __init__(self) -> None:
        self.pieces = EarlierPieces()
        self._told: dict[str, _Told] = {}

    def told(self, build: Build, *, with_sql: bool) -> dict[str, _Told]:
        """Return what the files of all operations say; a file that is the same object is not read again."""
        before, now = self._told, dict[str, _Told]()
        for name, file in build.compilation.files.items():
            told = before.get(name)
            if told is None or told.file is not file or (told.sql is not None) != with_sql:
                told = _Told(file, *_tag(build, name), build.compilation.statement(name) if with_sql else None)
            now[name] = told
        self._told = now
        return now


def openapi_of(build: Build, *, local: bool, earlier: EarlierDocument | None = None) -> Document:
    """Return the whole OpenAPI document of a build; with SQL where queryport.toml says so, or locally."""
    earlier = earlier or EarlierDocument()
    http, compilation = build.project.http, build.compilation
    with_sql = local if http.sql is None else http.sql
    heading = Heading(http.title, build.fingerprint, http.description, tuple(http.servers))
    described = []
    with collector_paused():
        told = earlier.told(build, with_sql=with_sql)
        for operation in compilation.operations:
            of_file = told[operation.name]
            described.append(Described(operation, of_file.tag, of_file.tag_description, of_file.sql))
        return document_of(described, heading, earlier.pieces)


def _tag(build: Build, name: str) -> tuple[str | None, str]:
    """The tag of an operation with its description: that of the nearest folder that names one, else the folder."""
    folders = build.compilation.folders
    above = build.compilation.files[name].folders
    naming = [folder for folder in reversed(above) if folder.values.get("tag") is not None]
    tag = build.compilation.header(name).tag if naming else None
    if tag is not None:
        return tag, naming[0].values.get("description") or ""
    own = build.project.queries.joinpath(*name.split(".")[:-1])
    here = folders.by_path.get(own) if folders is not None else None
    return name.rpartition(".")[0] or None, (here.values.get("description") or "") if here is not None else ""
