"""One compiled file as the cache keeps it: its operation's lines, and its problems wherever the file now lies."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from queryport.compile.compiled_file import CompiledFile
from queryport.compile.project_files import QueryText
from queryport.compile.write.encoded import EncodedOperation
from queryport.diagnostics.source import Place, Problem


class Entry(NamedTuple):
    """The result of a file; the paths of its problems are numbers: 0 the file's own, and then those of its folders."""

    encoded: EncodedOperation | None
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, text: QueryText, file: CompiledFile) -> "Entry":
        numbers = {path: Path(str(number)) for number, path in enumerate(text.paths)}
        return cls(file.encoded, _moved(file.problems, numbers))

    def file(self, text: QueryText) -> CompiledFile:
        """Return the result with the paths that the file's texts have now."""
        if not self.problems:
            return CompiledFile(self.encoded, ())
        paths = {Path(str(number)): path for number, path in enumerate(text.paths)}
        return CompiledFile(self.encoded, _moved(self.problems, paths))


def _moved(problems: tuple[Problem, ...], paths: Mapping[Path, Path]) -> tuple[Problem, ...]:
    def moved(place: Place) -> Place:
        return replace(place, path=paths[place.path])

    return tuple(
        replace(problem, place=moved(problem.place), also=tuple(map(moved, problem.also))) for problem in problems
    )
