"""A folder of query files compiled to the catalogue that a function reads."""

from pathlib import Path

from queryport.compile import Compilation, compile_project
from queryport.compile.write.emit import write_catalog


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
