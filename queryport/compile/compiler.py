"""Compiles a folder of query files against a database that has the project's schema.

A file with an error gives no operation; the others are not held up by it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from handler.contract.operation import Operation
from queryport.compile.check.routes import conflict_key
from queryport.compile.compiled_file import CompiledFile, compile_file
from queryport.compile.describe.database import Database
from queryport.console.failure import Failure
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem, Source, Span, shown

BUILT_IN = Path(__file__).with_name("operations")
"""The query files of Queryport's own operations, which every catalogue has."""


class UnpreparedDatabaseError(Failure):
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
    built_in: tuple[Operation, ...] = ()
    """Queryport's own operations."""

    @property
    def catalogue(self) -> tuple[Operation, ...]:
        """All that a catalogue holds."""
        return (*self.operations, *self.built_in)

    @property
    def ok(self) -> bool:
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


CompileCache = dict[tuple[Source, str], CompiledFile]
"""The compiled files of an earlier compilation, by text and operation name."""


def compile_project(queries: Path, database_url: str, cache: CompileCache | None = None) -> Compilation:
    """Compile every `.sql` file below `queries`. Problems show paths relative to the current directory where they can.

    Queryport's own operations are compiled with them. With the `cache` of a compilation against the same schema, files
    that have not changed since are not compiled again; it is then brought up to date. Raises psycopg.OperationalError
    if the database does not answer, and UnpreparedDatabaseError if it lacks the migrations.
    """
    known = cache or {}
    compiled: dict[str, tuple[Source, CompiledFile]] = {}
    problems: list[Problem] = []
    with Database(database_url) as database:
        if database.relation("queryport", "idempotency_key") is None:
            raise UnpreparedDatabaseError
        for name, reporter in _files(queries):
            source = reporter.source
            if not reporter.errors:
                compiled[name] = source, known.get((source, name)) or compile_file(database, source, name)
            problems += reporter.problems
    if cache is not None:
        cache.clear()
        cache.update({(source, name): file for name, (source, file) in compiled.items()})
    clashes = _route_clashes(compiled)
    problems += [problem for _, file in compiled.values() for problem in file.problems]
    problems += clashes.values()
    operations = {
        name: file.operation
        for name, (_, file) in sorted(compiled.items())
        if file.operation is not None and name not in clashes
    }
    return Compilation(
        tuple(operation for name, operation in operations.items() if not _is_own(name)),
        tuple(sorted(problems, key=lambda problem: (str(problem.path), problem.line, problem.column, problem.code))),
        {name: compiled[name][0].path for name in operations if not _is_own(name)},
        tuple(operation for name, operation in operations.items() if _is_own(name)),
    )


def _files(queries: Path) -> Iterator[tuple[str, Reporter]]:
    """Read Queryport's own query files and those below `queries`; yield each with the name of its operation.

    The reporter of one that cannot be compiled has the reason.
    """
    first: dict[str, Path] = {}
    for folder in (BUILT_IN, queries):
        for path in sorted(folder.rglob("*.sql")):
            reporter = _read(path)
            name = _operation_name(path.relative_to(folder))
            if name is None:
                message = "folders and file names make the operation's name, so each has to be a name"
                reporter.report("QP006", _WHOLE, message, "use letters, digits and _, and begin with a letter")
            elif folder is queries and _is_own(name):
                message = f"`{name}` lies in the folder of Queryport's own operations"
                reporter.report("QP008", _WHOLE, message, "give the folder another name")
            # Two names that differ by case alone would be one file on some systems and two on others.
            elif first.setdefault(name.lower(), path) != path:
                message = f"`{name}` is made by {shown(first[name.lower()])} already"
                reporter.report("QP007", _WHOLE, message, "rename one of the two")
            yield name or "", reporter


_WHOLE = Span(0, 1)
"""The place of what concerns a file as a whole."""


def _read(path: Path) -> Reporter:
    content = path.read_bytes()
    try:
        return Reporter(Source(shown(path), content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        reporter = Reporter(Source(shown(path), content.decode(errors="replace")))
        at = len(content[: error.start].decode(errors="replace"))
        reporter.report("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")
        return reporter


def _operation_name(path: Path) -> str | None:
    """Return the name that a path makes, `orders.get_order` of `orders/get_order.sql`; None where a part is no name."""
    parts = [*path.parts[:-1], *path.stem.split(".")]
    return ".".join(parts) if all(part.isascii() and part.isidentifier() for part in parts) else None


def _is_own(name: str) -> bool:
    return name.lower().startswith("queryport.")


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
