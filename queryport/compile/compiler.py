"""Compiles a folder of query files against a database that has the project's schema.

Every file is taken through the same steps (read, scan, parse, infer, check, rewrite), and every file is taken as far as
it goes, so that all problems show at once. A file with an error gives no operation; the others are not held up by it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from postgast.pg_query_pb2 import Token as TokenKind

from handler.contract.operation import Operation
from queryport.aws import placeholders as scanner
from queryport.compile.check.routes import clashes
from queryport.compile.describe.database import Database
from queryport.compile.describe.infer import numbered, unused_entries, without_comments
from queryport.compile.read.front_matter import Header, read_header
from queryport.compile.read.scan import Draft, Scan, scan
from queryport.compile.read.statement import split
from queryport.compile.single import one_statement
from queryport.compile.transaction import transaction
from queryport.compile.unit import File, has_errors
from queryport.console.failure import Failure
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
    """What became of a folder of query files."""

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


Outcome = tuple[Header, Operation | None, list[Problem]]

CompileCache = dict[tuple[Source, str], Outcome]
"""What became of the files of an earlier compilation, by text and operation name."""


def compile_project(queries: Path, database_url: str, memory: CompileCache | None = None) -> Compilation:
    """Compiles every `.sql` file below `queries`. Problems show paths relative to the current directory where they can.

    Queryport's own operations are compiled with them. With the `memory` of a compilation against the same schema, files
    that have not changed since are not compiled again; it then remembers this compilation. Raises
    psycopg.OperationalError if the database does not answer, and UnpreparedDatabaseError if it lacks the migrations.
    """
    known = memory or {}
    outcomes: CompileCache = {}
    problems: list[Problem] = []
    compiled: dict[str, tuple[Source, Header, Operation]] = {}
    first: dict[str, Path] = {}
    with Database(database_url) as database:
        if database.relation("queryport", "idempotency_key") is None:
            raise UnpreparedDatabaseError
        files = [(folder, path) for folder in (BUILT_IN, queries) for path in sorted(folder.rglob("*.sql"))]
        for folder, path in files:
            source, found = _read(path)
            problems += found
            name = _operation_name(path.relative_to(folder))
            if name is None:
                problems.append(_misnamed(source))
                continue
            if folder is queries and _is_own(name):
                message = f"`{name}` lies in the folder of Queryport's own operations"
                problems.append(source.problem("QP008", Span(0, 1), message, "give the folder another name"))
                continue
            # Two names that differ by case alone would be one file on some systems and two on others.
            earlier = first.setdefault(name.lower(), path)
            if earlier != path:
                message = f"`{name}` is made by {shown(earlier)} already"
                problems.append(source.problem("QP007", Span(0, 1), message, "rename one of the two"))
            elif not found:
                outcome = known.get((source, name)) or compile_file(database, source, name)
                outcomes[source, name] = outcome
                header, operation, found = outcome
                problems += found
                if operation is not None:
                    compiled[name] = (source, header, operation)
    if memory is not None:
        memory.clear()
        memory.update(outcomes)
    for clash in clashes(compiled):
        problems.append(clash)
        compiled = {name: entry for name, entry in compiled.items() if entry[0].path != clash.path}
    operations = {name: operation for name, (_, _, operation) in sorted(compiled.items())}
    return Compilation(
        tuple(operation for name, operation in operations.items() if not _is_own(name)),
        tuple(sorted(problems, key=lambda problem: (str(problem.path), problem.line, problem.column, problem.code))),
        {name: compiled[name][0].path for name in operations if not _is_own(name)},
        tuple(operation for name, operation in operations.items() if _is_own(name)),
    )


def _is_own(name: str) -> bool:
    return name.lower().startswith("queryport.")


def fingerprint(operations: tuple[Operation, ...], migrations: str) -> str:
    """One string for the SQL of all operations together with the schema they were compiled against.

    `migrations` is the checksum of the migrations. What stands before the hyphen is the schema's alone.
    """
    digest = hashlib.sha256(migrations.encode())
    for operation in operations:
        texts = (operation.sql, operation.keyed_sql, operation.transaction)
        digest.update(repr((operation.name, *texts)).encode())
    return f"{schema_fingerprint(migrations)}-{digest.hexdigest()[:32]}"


def schema_fingerprint(migrations: str) -> str:
    """The part of a fingerprint that a database has too: `queryport migrate --status` shows it."""
    return migrations[:16]


def compile_file(database: Database, source: Source, name: str) -> Outcome:
    """Compiles one file. The problems may be warnings alone, and then there is an operation."""
    header, problems = read_header(source)
    readable = not problems
    scanned, found = scan(source, header.end)
    problems += found
    if not scanned.tokens:
        if not found:
            span = Span(header.end, header.end + 1)
            message = "there is no statement" + (" behind the front matter" if header.end else "")
            problems.append(source.problem("QP001", span, message, "write one, or delete the file"))
        return header, None, problems
    problems += _misread(source, scanned, found)
    if any(problem.code in _UNNUMBERED for problem in found):
        return header, None, problems
    parts, found = split(source, scanned, numbered(source, scanned))
    problems += found
    # Without the front matter the types that it names would be missed where nothing is wrong.
    if readable:
        problems += unused_entries(source, header, scanned)
    file = File(database, source, header, scanned, tuple(parts))
    compile_parts = one_statement if len(parts) == 1 and header.front_matter.isolation is None else transaction
    operation, found = compile_parts(file, name, readable=readable) if parts else (None, [])
    problems += found
    return header, None if has_errors(problems) else operation, problems


_UNNUMBERED = frozenset({"QP104", "QP107"})
"""Problems after which the statement's placeholders cannot be numbered, so that PostgreSQL would only repeat them."""


def _misread(source: Source, scanned: Scan, reported: list[Problem]) -> list[Problem]:
    """Where AWS's scanner, which knows no dollar quotes, and PostgreSQL see different placeholders."""
    draft = Draft(source, scanned.span, without_comments(scanned))
    ours = {place.span.start: place.span for place in scanned.placeholders}
    seen = {draft.origin(place.start): place.name for place in scanner.scan(draft.text).placeholders}
    cure = "write the string with ordinary quotes, '…', and a quote in it doubled"
    problems = []
    strings = [token for token in scanned.tokens if token.kind == TokenKind.SCONST]
    for at in sorted(seen.keys() - ours.keys()):
        if any(token.start < at < token.end for token in strings):
            message = f"the RDS Data API takes `:{seen[at]}` in this string for a placeholder"
            problems.append(source.problem("QP105", Span(at, at + 1 + len(seen[at])), message, cure))
    for at in sorted(ours.keys() - seen.keys()):
        if not any(problem.code == "QP106" for problem in reported):
            message = "the RDS Data API takes this placeholder for a part of the string before it"
            problems.append(source.problem("QP105", ours[at], message, cure))
    return problems


def _read(path: Path) -> tuple[Source, list[Problem]]:
    place = shown(path)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(place, content.decode(errors="replace"))
        at = len(content[: error.start].decode(errors="replace"))
        return source, [source.problem("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")]
    return Source(place, text), []


def _operation_name(path: Path) -> str | None:
    """`orders/get_order.sql` → `orders.get_order`; None where a part is not a name."""
    parts = [*path.parts[:-1], *path.stem.split(".")]
    return ".".join(parts) if all(part.isascii() and part.isidentifier() for part in parts) else None


def _misnamed(source: Source) -> Problem:
    message = "folders and file names make the operation's name, so each has to be a name"
    return source.problem("QP006", Span(0, 1), message, "use letters, digits and _, and begin with a letter")
