"""Compiles one query file: reads, scans, splits and hands on to what compiles one statement or several.

A file is taken as far as it goes, so that all of its problems show at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from handler.contract.operation import Operation
from queryport.compile.check.data_api_scanner import check_data_api_scanner
from queryport.compile.check.parameters import report_unused_entries
from queryport.compile.check.silence import silence
from queryport.compile.describe.database import Database
from queryport.compile.describe.query_file import QueryFile, numbered
from queryport.compile.read.folder import Folder, inherit
from queryport.compile.read.header import Header
from queryport.compile.read.leading_comments import check_following_comments, read_header
from queryport.compile.read.nesting import check_nesting
from queryport.compile.read.scan import scan
from queryport.compile.read.statement import split
from queryport.compile.single import one_statement
from queryport.compile.transaction import transaction
from queryport.compile.write.encoded import EncodedOperation
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Problem, Source, Span

_UNPARSABLE = ("QP104", "QP107", "QP213")
"""Problems after which the statements cannot be parsed: PostgreSQL would only repeat them, or the parser break down."""


class CompiledFile(NamedTuple):
    """The result of compiling one file."""

    encoded: EncodedOperation | None
    """The operation; None where a problem is an error."""
    problems: tuple[Problem, ...]
    lasting: bool = True
    """Whether the file would come to the same again: not so where the compiler failed, or the database for a moment."""

    @property
    def operation(self) -> Operation | None:
        return self.encoded.operation if self.encoded else None


def compile_file(database: Database, source: Source, name: str, folders: Sequence[Folder] = ()) -> CompiledFile:
    """Compile one file into the operation of a name; `folders` are those that it inherits from, the farthest first."""
    reporter = Reporter(source)
    database.hindrances.begin_file()
    operation = _compile(database, reporter, _header(reporter, folders), name)
    encoded = None if operation is None or reporter.errors else EncodedOperation.of(operation)
    return CompiledFile(encoded, reporter.problems, not database.hindrances.any)


def header_of(source: Source, folders: Sequence[Folder]) -> Header:
    """Return the front matter of a file, with what it inherits."""
    return _header(Reporter(source), folders)


def _header(reporter: Reporter, folders: Sequence[Folder]) -> Header:
    header = read_header(reporter)
    return header if reporter.errors else inherit(header, folders)


def _compile(database: Database, reporter: Reporter, header: Header, name: str) -> Operation | None:
    source, front_matter_is_valid = reporter.source, not reporter.errors
    silence(reporter, header)
    errors = reporter.errors
    scanned = scan(reporter, header.end)
    if not scanned.tokens:
        if reporter.errors == errors:
            span = Span(header.end, header.end + 1)
            message = "there is no statement" + (" behind the front matter" if header.end else "")
            reporter.report("QP001", span, message, "write one, or delete the file")
        return None
    start = scanned.tokens[0].start
    check_following_comments(reporter, tuple(comment for comment in scanned.comments if comment.start > start))
    check_data_api_scanner(reporter, scanned)
    check_nesting(reporter, scanned.tokens)
    if reporter.has(*_UNPARSABLE):
        return None
    statements = split(reporter, scanned, numbered(source, scanned))
    file = QueryFile(database, reporter, header, scanned, statements)
    # Without the front matter the types that it names would be missed where nothing is wrong.
    if front_matter_is_valid:
        report_unused_entries(file, scanned)
    if not statements:
        return None
    compile_statements = one_statement if len(statements) == 1 and file.front_matter.isolation is None else transaction
    return compile_statements(file, name, front_matter_is_valid=front_matter_is_valid)
