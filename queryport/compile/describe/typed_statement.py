"""A statement that PostgreSQL has prepared: its placeholders' types, its output columns, and whether it may write."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from queryport.compile.describe.database import Column
from queryport.compile.describe.infer import Inference, infer
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.read.draft import Draft
from queryport.compile.read.statement import ParsedStatement
from queryport.compile.read.tokens import Scan
from queryport.diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class TypedStatement:
    """A statement that PostgreSQL has taken."""

    file: QueryFile
    scan: Scan
    parsed: ParsedStatement
    inference: Inference

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
        """The functions that it calls which may change something."""
        return frozenset(filter(self.file.database.may_write, self.parsed.functions))

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
    return TypedStatement(file, scan, parsed, inference) if inference else None
