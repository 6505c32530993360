"""Folders of query files, and single ones, compiled by a connection that a suite keeps."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from queryport.compile import Compilation, compile_project
from queryport.compile.compiled_file import CompiledFile, compile_file
from queryport.compile.compiler import compile_by, put_together
from queryport.compile.describe.database import Database
from queryport.compile.project_files import read_project
from queryport.compile.write.emit import write_catalog
from queryport.diagnostics.source import Source
from queryport.postgres.server import EmbeddedPostgres
from tests.support.once import once_a_run
from tests.support.projects import write


def compile_to_catalog(folder: Path, database_url: str, into: Path | None = None) -> tuple[Path, Compilation]:
    """The `catalog.json` written into the folder, or another, and its content. Fails with every problem there is."""
    compilation = compiled(folder, database_url)
    return catalog_of(compilation, into or folder), compilation


def compiled(folder: Path, database_url: str) -> Compilation:
    """The operations of a folder. Fails with every problem there is."""
    compilation = compile_project(folder, database_url)
    assert compilation.ok, "\n".join(problem.render() for problem in compilation.problems)
    return compilation


def catalog_of(compilation: Compilation, into: Path) -> Path:
    """The `catalog.json` of a compilation, written into a folder."""
    path = into / "catalog.json"
    write_catalog(path, compilation.catalogue, "test")
    return path


def compiled_once(server: EmbeddedPostgres, suite: str, files: Mapping[str, str], database_url: str) -> Compilation:
    """The operations of the files of a suite, compiled by the first worker of a run that needs them."""

    def make() -> Compilation:
        with TemporaryDirectory() as folder:
            return compiled(write(Path(folder), dict(files)), database_url)

    return once_a_run(server, f"compiled_{suite}", make)


def compile_folder(folder: Path, database: Database, defaults: Mapping[str, Any] = MappingProxyType({})) -> Compilation:
    """A folder compiled as `compile_project` does, without a session of its own, which asks for everything anew."""
    files = read_project(folder, defaults)
    return put_together(files, compile_by(database, files.texts))


def compile_text(database: Database, text: str, name: str = "query") -> CompiledFile:
    """One text compiled as the file of an operation's name."""
    return compile_file(database, Source(Path(f"{name}.sql"), text), name)
