"""Compiles a folder of query files against a database that has the project's schema.

A file with an error gives no operation; the others are not held up by it.
"""

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handler.contract.operation import Operation
from queryport.compile.check.routes import conflict_key
from queryport.compile.compiled_file import CompiledFile, compile_file
from queryport.compile.describe.database import Database
from queryport.compile.query_files import find_query_files, is_own
from queryport.compile.read.folder import FOLDER_FILE, Folder, Folders, read_folders
from queryport.compile.read.front_matter import FrontMatter
from queryport.compile.read.header import Header
from queryport.compile.read.regular_file import WHOLE
from queryport.console.failure import CommandError
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem, Source

BUILT_IN = Path(__file__).with_name("operations")
"""The query files of Queryport's own operations, which every catalogue has."""


class UnpreparedDatabaseError(CommandError):
    """The database to compile against lacks what Queryport keeps in it."""

    def __init__(self) -> None:
        super().__init__("the database has no table queryport.idempotency_key: apply the migrations to it first")


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result of compiling a folder of query files."""

    operations: tuple[Operation, ...]
    """Those of the folder, in the order of their names."""
    problems: tuple[Problem, ...]
    """In the order of their places."""
    sources: dict[str, Path]
    """The file of each operation that compiled, by the operation's name."""
    headers: dict[str, Header] = field(default_factory=dict)
    """The front matter of each operation that compiled, with what it inherits, by the operation's name."""
    built_in: tuple[Operation, ...] = ()
    """Queryport's own operations."""
    texts: dict[str, Source] = field(default_factory=dict)
    """The file of each operation that compiled, as it was read."""
    folders: Folders | None = None
    """The settings of the folders."""

    @property
    def catalogue(self) -> tuple[Operation, ...]:
        """All that a catalogue holds."""
        return (*self.operations, *self.built_in)

    @property
    def ok(self) -> bool:
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


CompileCache = dict[tuple[Source, str, tuple[Source, ...]], CompiledFile]
"""The compiled files of an earlier compilation, by text, operation name and the folders' settings."""


def compile_project(queries: Path, database_url: str, cache: CompileCache | None = None) -> Compilation:
    """Compile every `.sql` file below `queries`. Problems show paths relative to the current directory where they can.

    Queryport's own operations are compiled with them. With the `cache` of a compilation against the same schema, files
    that have not changed since are not compiled again; it is then brought up to date. Raises psycopg.OperationalError
    if the database does not answer, and UnpreparedDatabaseError if it lacks the migrations.
    """
    known = cache or {}
    compiled: dict[str, tuple[Source, CompiledFile]] = {}
    cached: CompileCache = {}
    folders = read_folders(queries)
    problems: list[Problem] = [*folders.problems]
    with Database(database_url) as database:
        if database.relation("queryport", "idempotency_key") is None:
            raise UnpreparedDatabaseError
        for found in find_query_files(BUILT_IN, queries):
            if found.name is not None and folders.are_broken_above(found.path):
                message = f"it inherits from a `{FOLDER_FILE}` that cannot be used"
                found.reporter.report("QP009", WHOLE, message, f"mend that `{FOLDER_FILE}`, or delete it")
            problems += found.reporter.problems
            if found.name is not None and not found.reporter.errors:
                source = found.reporter.source
                above = folders.above(found.path)
                key = source, found.name, tuple(folder.source for folder in above)
                file = known.get(key) or _compile(database, source, found.name, above)
                compiled[found.name] = source, file
                cached[key] = file
    if cache is not None:
        cache.clear()
        cache.update({key: file for key, file in cached.items() if not file.failed})
    clashes = _route_clashes(compiled)
    problems += [problem for _, file in compiled.values() for problem in file.problems]
    problems += clashes.values()
    problems += _code_clashes(compiled)
    operations = {
        name: file.operation
        for name, (_, file) in sorted(compiled.items())
        if file.operation is not None and name not in clashes
    }
    return Compilation(
        tuple(operation for name, operation in operations.items() if not is_own(name)),
        tuple(sorted(dict.fromkeys(problems), key=_by_place)),
        {name: compiled[name][0].path for name in operations if not is_own(name)},
        {name: compiled[name][1].header for name in operations if not is_own(name)},
        tuple(operation for name, operation in operations.items() if is_own(name)),
        {name: compiled[name][0] for name in operations if not is_own(name)},
        folders,
    )


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return str(problem.path), problem.line, problem.column, problem.code


def _compile(database: Database, source: Source, name: str, folders: tuple[Folder, ...]) -> CompiledFile:
    """Compile one file; an exception is a problem of that file, unless the database is gone for all of them."""
    try:
        return compile_file(database, source, name, folders)
    except Exception as error:
        if database.is_lost:
            raise
        reporter = Reporter(source)
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = f"Queryport fails on this file: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        cure = "please report it with the file; the other files are compiled as ever"
        reporter.report("QP010", WHOLE, message, cure)
        return CompiledFile(Header(FrontMatter(), 0), None, reporter.problems)


def _code_clashes(compiled: Mapping[str, tuple[Source, CompiledFile]]) -> Iterator[Problem]:
    """Yield a problem for each code of `errors:` that has another status in an earlier file."""
    first: dict[str, tuple[int, str]] = {}
    for name, (source, file) in sorted(compiled.items()):
        for error in file.operation.documentation.errors if file.operation else ():
            status, earlier = first.setdefault(error.code, (error.status, name))
            if status != error.status:
                message = f"`{error.code}` has the status {error.status} here, and {status} in `{earlier}`"
                cure = "one name has one status: give one of them another name"
                yield source.problem("QP307", file.header.key("errors"), message, cure)


def _route_clashes(compiled: Mapping[str, tuple[Source, CompiledFile]]) -> dict[str, Problem]:
    """Return a problem for each operation whose route an earlier one has."""
    first: dict[tuple[str, str], str] = {}
    clashes = {}
    for name, (source, file) in sorted(compiled.items()):
        http = file.operation.http if file.operation else None
        if http is None:
            continue
        earlier = first.setdefault(conflict_key(http), name)
        if earlier != name:
            message = f"`{http.method} {http.path}` is the route of `{earlier}` already"
            cure = "give one of them another path"
            clashes[name] = source.problem("QP405", file.header.value("http"), message, cure)
    return clashes
