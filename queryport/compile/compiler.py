"""Compiles a folder of query files against a database that has the project's schema.

The folder is read, the files that no cache knows are compiled, and the two are put together: what concerns several
files, such as a route that two of them have, is looked at anew each time. A file with an error gives no operation; the
others are not held up by it.
"""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from queryport.compile.check.http.routes import conflict_key
from queryport.compile.compiled_file import CompiledFile, compile_file, header_of
from queryport.compile.describe.database import Database
from queryport.compile.project_files import ProjectFiles, QueryText, read_project
from queryport.compile.query_files import is_own
from queryport.compile.read.folder import Folders
from queryport.compile.read.header import Header
from queryport.compile.read.regular_file import WHOLE
from queryport.compile.write.encoded import EncodedOperations
from queryport.console.failure import CommandError
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem, Span


class UnpreparedDatabaseError(CommandError):
    """The database to compile against lacks what Queryport keeps in it."""

    def __init__(self) -> None:
        super().__init__("the database has no table queryport.idempotency_key: apply the migrations to it first")


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result of compiling a folder of query files."""

    operations: EncodedOperations
    """Those of the folder, in the order of their names."""
    problems: tuple[Problem, ...]
    """In the order of their places."""
    files: Mapping[str, QueryText] = field(default_factory=dict, compare=False)
    """The file of each operation that compiled, by the operation's name."""
    built_in: EncodedOperations = field(default_factory=EncodedOperations)
    """Queryport's own operations."""
    folders: Folders | None = field(default=None, compare=False)
    """The settings of the folders."""

    @property
    def catalogue(self) -> EncodedOperations:
        """All that a catalogue holds."""
        return self.operations + self.built_in

    @property
    def ok(self) -> bool:
        return not any(problem.severity is Severity.ERROR for problem in self.problems)

    def header(self, name: str) -> Header:
        """Return the front matter of an operation that compiled, with what it inherits."""
        file = self.files[name]
        return header_of(file.source, file.folders)

    def statement(self, name: str) -> str:
        """Return the SQL of an operation that compiled, as its author wrote it behind the front matter."""
        return self.files[name].source.text[self.header(name).end :].strip()


def compile_project(
    queries: Path, database_url: str, defaults: Mapping[str, Any] = MappingProxyType({})
) -> Compilation:
    """Compile every `.sql` file below `queries`. Problems show paths relative to the current directory where they can.

    `defaults` are keys of the front matter that hold where neither a file nor a folder has them. Queryport's own
    operations are compiled with the others. Raises psycopg.OperationalError if the database does not answer,
    and UnpreparedDatabaseError if it lacks the migrations.
    """
    files = read_project(queries, defaults)
    return put_together(files, compile_files(files.texts, database_url))


def compile_files(texts: Iterable[QueryText], database_url: str) -> dict[str, CompiledFile]:
    """Compile files, each by itself; the results are by the files' keys. Raises as `compile_project` does."""
    with Database(database_url) as database:
        return compile_by(database, texts)


def compile_by(database: Database, texts: Iterable[QueryText]) -> dict[str, CompiledFile]:
    """Compile files as `compile_files` does, by a connection that is kept for others."""
    if database.relations.oid("queryport", "idempotency_key") is None:
        raise UnpreparedDatabaseError
    return {text.key: _compile(database, text) for text in texts}


def put_together(files: ProjectFiles, compiled: Mapping[str, CompiledFile]) -> Compilation:
    """Make one compilation of all files, whose results are by the files' keys."""
    by_name = {text.name: (text, compiled[text.key]) for text in sorted(files.texts, key=attrgetter("name"))}
    clashes = _route_clashes(by_name)
    problems = [*files.problems, *clashes.values(), *_code_clashes(by_name)]
    for _, file in by_name.values():
        problems += file.problems
    good = {
        name: (text, file.encoded)
        for name, (text, file) in by_name.items()
        if file.encoded is not None and name not in clashes
    }
    own = {name for name in good if is_own(name)}
    return Compilation(
        EncodedOperations([operation for name, (_, operation) in good.items() if name not in own]),
        tuple(sorted(dict.fromkeys(problems), key=_by_place)),
        {name: text for name, (text, _) in good.items() if name not in own},
        EncodedOperations([good[name][1] for name in sorted(own)]),
        files.folders,
    )


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return str(problem.path), problem.line, problem.column, problem.code


def _compile(database: Database, text: QueryText) -> CompiledFile:
    """Compile one file; an exception is a problem of that file, unless the database is gone for all of them."""
    try:
        return compile_file(database, text.source, text.name, text.folders)
    except CommandError:
        raise
    except Exception as error:
        if database.is_lost:
            raise
        reporter = Reporter(text.source)
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = f"Queryport fails on this file: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        cure = "please report it with the file; the other files are compiled as ever"
        reporter.report("QP010", WHOLE, message, cure)
        return CompiledFile(None, reporter.problems, lasting=False)


def _code_clashes(compiled: Mapping[str, tuple[QueryText, CompiledFile]]) -> Iterator[Problem]:
    """Yield a problem for each code of `errors:` that has another status in a file whose name is before."""
    first: dict[str, tuple[int, str]] = {}
    for name, (text, file) in compiled.items():
        for code, status in file.encoded.statuses if file.encoded else ():
            known, earlier = first.setdefault(code, (status, name))
            if known != status:
                message = f"`{code}` has the status {status} here, and {known} in `{earlier}`"
                cure = "one name has one status: give one of them another name"
                span = header_of(text.source, text.folders).key("errors")
                yield text.source.problem("QP307", span, message, cure)


def _route_of(text: QueryText) -> Span:
    return header_of(text.source, text.folders).value("http")


def _route_clashes(compiled: Mapping[str, tuple[QueryText, CompiledFile]]) -> dict[str, Problem]:
    """Return a problem for each operation whose route one has whose name is before."""
    first: dict[tuple[str, str], str] = {}
    clashes = {}
    for name, (text, file) in compiled.items():
        http = file.encoded.http if file.encoded else None
        if http is None:
            continue
        other = first.setdefault(conflict_key(http), name)
        if other != name:
            message = f"`{http.method} {http.path}` is the route of `{name}` and of `{other}`"
            cure = "give one of them another path"
            also = _route_of(compiled[other][0])._replace(source=compiled[other][0].source)
            clashes[name] = text.source.problem("QP405", _route_of(text), message, cure, also=(also,))
    return clashes
