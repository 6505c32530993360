"""A statement that PostgreSQL has prepared and analysed: its types, its output columns, and what is proven of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from queryport.compile.analysis.analysis import Analysis, analyse, unknown
from queryport.compile.describe.description import Column, StatementError
from queryport.compile.describe.infer import Inference, infer
from queryport.compile.describe.momentary_function import MOST_ARGUMENTS
from queryport.compile.describe.query_file import QueryFile, without_comments
from queryport.compile.read.draft import Draft, Edit
from queryport.compile.read.statement import ParsedStatement, Shape
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.source import Span


class TypedStatement(NamedTuple):
    """A statement that PostgreSQL has taken."""

    file: QueryFile
    scan: Scan
    parsed: ParsedStatement
    inference: Inference
    analysis: Analysis
    given: Mapping[int, str]
    """The names of the parameters that a call gives, by their numbers in the analysis."""

    @property
    def draft(self) -> Draft:
        """The text that was parsed and prepared."""
        return self.parsed.draft

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.inference.description.columns

    @property
    def start(self) -> Span:
        """The first character, for problems of the whole statement."""
        return Span(self.scan.span.start, self.scan.span.start + 1)

    @property
    def volatile(self) -> frozenset[str]:
        """The functions and other things it reaches which may change something."""
        return self.analysis.writers

    @property
    def declarable(self) -> frozenset[str]:
        """Of these the project's own functions, which could be declared STABLE."""
        return self.analysis.declarable

    @property
    def own_code(self) -> bool:
        """Whether it may run functions of the project's own."""
        return self.analysis.own_code

    @property
    def changes(self) -> bool:
        """Whether running it twice may differ from running it once."""
        return self.parsed.locks_or_writes or bool(self.volatile)


_NOTHING: Mapping[str, int] = MappingProxyType({})


def typed(
    file: QueryFile,
    scan: Scan,
    parsed: ParsedStatement,
    known: Mapping[str, int] = _NOTHING,
    fixed: Mapping[str, int] = _NOTHING,
) -> TypedStatement | None:
    """Have PostgreSQL type a statement; see infer."""
    inference = infer(file, scan, parsed.draft, known, fixed)
    if inference is None:
        return None
    return TypedStatement(file, scan, parsed, inference, *_analyse(file, scan, parsed, inference, fixed))


def _analyse(
    file: QueryFile, scan: Scan, parsed: ParsedStatement, inference: Inference, fixed: Mapping[str, int]
) -> tuple[Analysis, Mapping[int, str]]:
    """Have PostgreSQL analyse the statement, with the same `$n` for occurrences of one placeholder and type."""
    columns = len(inference.description.columns)
    if parsed.shape is Shape.UTILITY:
        return unknown(columns), {}
    database = file.database
    numbers: dict[tuple[str, int], int] = {}
    edits = without_comments(scan)
    for place, oid in zip(scan.placeholders, inference.oids, strict=True):
        number = numbers.setdefault((place.name, oid), len(numbers) + 1)
        # A NULL of the type is typed the same, and proves as little.
        placeholder = f"${number}" if number <= MOST_ARGUMENTS else f"(NULL::{database.types[oid].sql_name})"
        edits.append(Edit(place.span, placeholder))
    given = frozenset(
        number for (name, oid), number in numbers.items() if name not in fixed and _is_given(file, name, oid)
    )
    oids = [oid for _, oid in numbers][:MOST_ARGUMENTS]
    try:
        tree = database.analyse(Draft(file.source, scan.span, edits).text, oids)
    except StatementError:
        return unknown(columns), {}
    names = {
        number: name
        for (name, _), number in numbers.items()
        if name not in fixed and file.front_matter.parameter(name).from_ is None
    }
    return analyse(database.facts, tree, columns, given), names


def _is_given(file: QueryFile, name: str, oid: int) -> bool:
    """Whether every call gives the parameter a value that is not NULL; of JSON, null may be either."""
    entry = file.front_matter.parameter(name)
    if entry.from_ is not None or entry.patch:  # a caller without the claim, or a call without the parameter
        return False
    never_absent = entry.default is not None if entry.has_default else not entry.optional
    return never_absent and not entry.nullable and file.database.types.base(oid).name not in ("json", "jsonb")
