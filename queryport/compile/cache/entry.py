"""A compiled file as the cache keeps it: with numbers in place of the paths of its problems, wherever it now lies."""

from collections.abc import Mapping
from pathlib import Path

from queryport.compile.compiled_file import CompiledFile
from queryport.compile.project_files import QueryText
from queryport.diagnostics.source import Place


def kept(text: QueryText, file: CompiledFile) -> CompiledFile:
    """Return a result with the numbers of paths: 0 the file's own, and then those of its folders."""
    if not file.problems:
        return file
    return _moved(file, {path: Path(str(number)) for number, path in enumerate(text.paths)})


def found(text: QueryText, file: CompiledFile) -> CompiledFile:
    """Return a kept result that has problems with the paths that the file's texts have now."""
    return _moved(file, {Path(str(number)): path for number, path in enumerate(text.paths)})


def _moved(file: CompiledFile, paths: Mapping[Path, Path]) -> CompiledFile:
    def moved(place: Place) -> Place:
        return place._replace(path=paths[place.path])

    problems = tuple(
        problem._replace(place=moved(problem.place), also=tuple(map(moved, problem.also))) for problem in file.problems
    )
    return file._replace(problems=problems)
