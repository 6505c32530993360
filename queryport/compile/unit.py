"""What the compilation of one file works on: the file with its statements, and a statement that PostgreSQL has taken.

Also the steps that a statement by itself and one of several have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from handler.contract.operation import Idempotency
from queryport.aws import placeholders as scanner
from queryport.compile.describe.database import TEXT_OID, Database, StatementError
from queryport.compile.describe.infer import Inference, infer, numbered
from queryport.compile.read.front_matter import Header
from queryport.compile.read.scan import Draft, Scan
from queryport.compile.read.statement import Shape, ParsedStatement
from queryport.compile.write.rewrite import Pieces, whole_text
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem, Source, Span

MAX_SQL_CHARACTERS = 65_536
"""Of one statement, by the RDS Data API."""

_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class File:
    """A query file that has been read and scanned."""

    database: Database
    source: Source
    header: Header
    scan: Scan
    parts: tuple[Scan, ...]
    """Its statements."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A statement that PostgreSQL has taken."""

    file: File
    scan: Scan
    draft: Draft
    statement: ParsedStatement
    inference: Inference

    @property
    def volatile(self) -> frozenset[str]:
        """The functions that it calls which may change something."""
        return frozenset(filter(self.file.database.may_write, self.statement.functions))

    @property
    def changes(self) -> bool:
        """Whether running it twice may differ from running it once."""
        return self.statement.locks_or_writes or bool(self.volatile)


def parsed(
    file: File,
    scan: Scan,
    statement: ParsedStatement,
    known: Mapping[str, int] = _NOTHING,
    fixed: Mapping[str, int] = _NOTHING,
) -> tuple[Unit | None, list[Problem]]:
    """Has PostgreSQL type a statement; see infer."""
    draft = numbered(file.source, scan)
    inference, problems = infer(file.database, file.source, file.header, scan, draft, known, fixed)
    return (Unit(file, scan, draft, statement, inference) if inference else None), problems


def verify(unit: Unit, sql: Pieces) -> list[Problem]:
    """Prepares what will be sent as the RDS Data API will: every value as text, by AWS's own idea of a placeholder."""
    source, span = unit.file.source, unit.scan.span
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
            unit.file.database.prepare(scanned.text, [TEXT_OID] * len(scanned.placeholders))
        except StatementError as error:
            message = f"PostgreSQL takes the statement, but not as Queryport sends it: {error.message}"
            cure = "please report this file as a defect of Queryport"
            return [source.problem("QP202", Span(span.start, span.start + 1), message, cure)]
    return []


def idempotency(file: File, *, changes: bool, utility: bool) -> tuple[Idempotency, list[Problem]]:
    """Whether calls may carry an idempotency key."""
    front_matter = file.header.front_matter
    written = Idempotency(front_matter.idempotency) if front_matter.idempotency else None
    reason = None
    if not changes:
        reason = "it only reads, so that every call may be repeated as it is"
    elif utility:
        reason = "a statement such as CALL or DDL cannot stand beside the one that keeps the key"
    if written in (Idempotency.REQUIRED, Idempotency.OPTIONAL) and reason is not None:
        message = f"the operation cannot take an idempotency key: {reason}"
        cure = "delete the key `idempotency`" + (", or call a function with SELECT" if changes else "")
        return Idempotency.OFF, [file.source.problem("QP503", file.header.value("idempotency"), message, cure)]
    settled = Idempotency.OFF if reason is not None else written or Idempotency.OPTIONAL
    if settled is Idempotency.OFF and "keep" in front_matter.model_fields_set:
        message = "`keep` says how long an idempotency key is kept, and the operation takes none"
        return settled, [file.source.problem("QP503", file.header.key("keep"), message, "delete the key `keep`")]
    return settled, []


def is_utility(statement: ParsedStatement) -> bool:
    return statement.shape is Shape.UTILITY


def has_errors(problems: list[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)
