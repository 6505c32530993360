"""Compiles a folder of query files against a database that has the project's schema.

Every file is taken through the same steps (read, scan, parse, infer, check, rewrite), and every file is taken as far as
it goes, so that all problems show at once. A file with an error gives no operation; the others are not held up by it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from postgast.pg_query_pb2 import Token as Kind

from handler.operation import Operation
from queryport.compile.database import TEXT_OID, Database, StatementError
from queryport.compile.front_matter import Header, read_header
from queryport.compile.infer import Inference, infer, numbered, unused_entries, without_comments
from queryport.compile.nullability import nullable_columns
from queryport.compile.pages import plan_page
from queryport.compile.parameters import build_parameters
from queryport.compile.results import check_result, columns_problems, data_schema
from queryport.compile.rewrite import Pieces, assemble, cast_body, whole_text
from queryport.compile.routes import clashes, route
from queryport.compile.rules import Severity
from queryport.compile.scan import Draft, Scan, scan
from queryport.compile.source import Problem, Source, Span
from queryport.compile.statement import Statement, parse
from queryport.emulator import scanner

MAX_SQL_CHARACTERS = 65_536
"""Of one statement, by the RDS Data API."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What became of a folder of query files."""

    operations: tuple[Operation, ...]
    """In the order of their names."""
    problems: tuple[Problem, ...]
    """In the order of their places."""
    sources: dict[str, Path]
    """The file of each operation that compiled, by the operation's name."""

    @property
    def ok(self) -> bool:
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def compile_project(queries: Path, database_url: str) -> Compilation:
    """Compiles every `.sql` file below `queries`. Problems show paths relative to the current directory where they can.

    Raises psycopg.OperationalError if the database does not answer.
    """
    problems: list[Problem] = []
    compiled: dict[str, tuple[Source, Header, Operation]] = {}
    first: dict[str, Path] = {}
    with Database(database_url) as database:
        for path in sorted(queries.rglob("*.sql")):
            source, found = _read(path)
            problems += found
            name = _operation_name(path.relative_to(queries))
            if name is None:
                problems.append(_misnamed(source))
                continue
            # Two names that differ by case alone would be one file on some systems and two on others.
            earlier = first.setdefault(name.lower(), path)
            if earlier != path:
                message = f"`{name}` is made by {_shown(earlier)} already"
                problems.append(source.problem("QP007", Span(0, 1), message, "rename one of the two"))
            elif not found:
                header, operation, found = compile_file(database, source, name)
                problems += found
                if operation is not None:
                    compiled[name] = (source, header, operation)
    for clash in clashes(compiled):
        problems.append(clash)
        compiled = {name: entry for name, entry in compiled.items() if entry[0].path != clash.path}
    return Compilation(
        tuple(operation for _, (_, _, operation) in sorted(compiled.items())),
        tuple(sorted(problems, key=lambda problem: (str(problem.path), problem.line, problem.column, problem.code))),
        {name: source.path for name, (source, _, _) in sorted(compiled.items())},
    )


def fingerprint(operations: tuple[Operation, ...], migrations: str) -> str:
    """One string for the SQL of all operations together with the schema they were compiled against.

    `migrations` is the checksum of the migrations. What stands before the hyphen is the schema's alone.
    """
    digest = hashlib.sha256(migrations.encode())
    for operation in operations:
        digest.update(repr((operation.name, operation.sql)).encode())
    return f"{schema_fingerprint(migrations)}-{digest.hexdigest()[:32]}"


def schema_fingerprint(migrations: str) -> str:
    """The part of a fingerprint that a database has too: `queryport migrate --status` shows it."""
    return migrations[:16]


def compile_file(database: Database, source: Source, name: str) -> tuple[Header, Operation | None, list[Problem]]:
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
    draft = numbered(source, scanned)
    statement, found = parse(source, draft)
    problems += found
    # Without the front matter the types that it names would be missed where nothing is wrong.
    if not readable:
        return header, None, problems
    problems += unused_entries(source, header, scanned)
    if statement is None:
        return header, None, problems
    inference, found = infer(database, source, header, scanned, draft)
    problems += found
    if inference is None:
        return header, None, problems
    unit = _Unit(database, source, header, scanned, draft, statement, inference)
    operation, found = _operation(unit, name)
    problems += found
    return header, None if _has_errors(problems) else operation, problems


_UNNUMBERED = frozenset({"QP104", "QP107"})
"""Problems after which the statement's placeholders cannot be numbered, so that PostgreSQL would only repeat them."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A file whose statement PostgreSQL has taken."""

    database: Database
    source: Source
    header: Header
    scan: Scan
    draft: Draft
    statement: Statement
    inference: Inference


def _operation(unit: _Unit, name: str) -> tuple[Operation | None, list[Problem]]:
    database, source, header = unit.database, unit.source, unit.header
    columns = unit.inference.description.columns
    result, problems = check_result(source, header, unit.scan, unit.statement, columns)
    problems += columns_problems(source, unit.scan, unit.statement, unit.draft, columns, result)
    parameters, schema, found = build_parameters(database, source, header, unit.inference)
    problems += found
    nullable = nullable_columns(database, unit.statement.node, columns) if columns else ()
    page, found = plan_page(database, source, header, unit.statement, result, unit.inference, nullable)
    problems += found
    schema = page.extend(schema) if page else schema
    volatile = frozenset(filter(database.may_write, unit.statement.functions))
    writes = unit.statement.locks_or_writes
    http, found = route(source, header, schema, writes=writes, volatile=volatile)
    problems += found
    if _has_errors(problems):
        return None, problems
    absentable = frozenset(
        parameter.name
        for parameter in parameters
        if parameter.nullable or (parameter.optional and parameter.default is None)
    )
    body = cast_body(database, source, unit.scan, unit.inference.oids, absentable)
    sql = assemble(unit.statement, body, unit.draft, columns, result, page)
    problems += _verify(unit, sql)
    matter = header.matter
    operation = Operation(
        name=name,
        summary=matter.summary,
        description=matter.description,
        result=result,
        read_only=not writes and not volatile,
        sql=sql,
        parameters=parameters,
        parameters_schema=schema,
        result_schema=data_schema(database, result, columns, nullable),
        http=http,
        page=page.page if page else None,
    )
    return operation, problems


def _verify(unit: _Unit, sql: Pieces) -> list[Problem]:
    """Prepares what will be sent as the RDS Data API will: every value as text, by AWS's own idea of a placeholder."""
    source, span = unit.source, unit.scan.span
    text = whole_text(sql, present=True)
    if len(text) > MAX_SQL_CHARACTERS:
        message = (
            f"the compiled statement has {len(text):,} characters, and the RDS Data API takes {MAX_SQL_CHARACTERS:,}"
        )
        return [
            source.problem("QP211", Span(span.start, span.start + 1), message, "split it, or move a part into a view")
        ]
    for variant in {text, whole_text(sql, present=False)}:
        scanned = scanner.scan(variant)
        try:
            unit.database.prepare(scanned.text, [TEXT_OID] * len(scanned.placeholders))
        except StatementError as error:
            message = f"PostgreSQL takes the statement, but not as Queryport sends it: {error.message}"
            cure = "please report this file as a defect of Queryport"
            return [source.problem("QP202", Span(span.start, span.start + 1), message, cure)]
    return []


def _misread(source: Source, scanned: Scan, reported: list[Problem]) -> list[Problem]:
    """Where AWS's scanner, which knows no dollar quotes, and PostgreSQL see different placeholders."""
    draft = Draft(source, scanned.span, without_comments(scanned))
    ours = {place.span.start: place.span for place in scanned.placeholders}
    seen = {draft.origin(place.start): place.name for place in scanner.scan(draft.text).placeholders}
    cure = "write the string with ordinary quotes, '…', and a quote in it doubled"
    problems = []
    strings = [token for token in scanned.tokens if token.kind == Kind.SCONST]
    for at in sorted(seen.keys() - ours.keys()):
        if any(token.start < at < token.end for token in strings):
            message = f"the RDS Data API takes `:{seen[at]}` in this string for a placeholder"
            problems.append(source.problem("QP105", Span(at, at + 1 + len(seen[at])), message, cure))
    for at in sorted(ours.keys() - seen.keys()):
        if not any(problem.code == "QP106" for problem in reported):
            message = "the RDS Data API takes this placeholder for a part of the string before it"
            problems.append(source.problem("QP105", ours[at], message, cure))
    return problems


def _has_errors(problems: list[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _read(path: Path) -> tuple[Source, list[Problem]]:
    shown = _shown(path)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(shown, content.decode(errors="replace"))
        at = len(content[: error.start].decode(errors="replace"))
        return source, [source.problem("QP002", Span(at, at + 1), "the file is not UTF-8 text", "save it as UTF-8")]
    return Source(shown, text), []


def _shown(path: Path) -> Path:
    try:
        return path.resolve().relative_to(Path.cwd().resolve())
    except ValueError:
        return path


def _operation_name(path: Path) -> str | None:
    """`orders/get_order.sql` → `orders.get_order`; None where a part is not a name."""
    parts = [*path.parts[:-1], *path.stem.split(".")]
    return ".".join(parts) if all(part.isascii() and part.isidentifier() for part in parts) else None


def _misnamed(source: Source) -> Problem:
    message = "folders and file names make the operation's name, so each has to be a name"
    return source.problem("QP006", Span(0, 1), message, "use letters, digits and _, and begin with a letter")
