"""Checks `page:` of a query file: keys that the statement gives and that tell its rows apart."""

from collections.abc import Sequence, Set
from itertools import combinations
from typing import NamedTuple

from handler.contract.execution import Page
from handler.contract.ordering import DESCENDING
from queryport.compile.check.lists.sort_keys import OutputColumns
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.read.entries import PageEntry

_MOST_CANDIDATES = 12
"""Output columns that are tried, alone and two by two, as the end of keys that are not unique."""


class PagePlan(NamedTuple):
    """Pages that the statement can give."""

    by: tuple[str, ...]
    """Names of output columns, those going down with DESCENDING in front."""
    ties: tuple[str, ...]
    """The last of them that tell the rows apart by themselves, without directions."""
    size: int
    max: int

    @property
    def page(self) -> Page:
        return Page(self.size, self.max)


def plan_page(statement: TypedStatement, columns: OutputColumns) -> PagePlan | None:
    """Read `page:` against what the statement gives; None without `page:`, or after a report of what does not fit."""
    file = statement.file
    entry, reporter = file.front_matter.page, file.reporter
    if entry is None:
        return None
    errors = reporter.errors
    _check_own_limit(statement)
    if entry.size > entry.max:
        message = f"`size` is {entry.size}, more than `max`, {entry.max}"
        reporter.report("QP406", file.header.value("page", "size"), message, "lower `size` or raise `max`")
    by: list[str] = []
    for index, written in enumerate(entry.by):
        name, _, direction = written.strip().partition(" ")
        span = file.header.value("page", "by", index)
        if name not in columns or direction.strip().lower() not in ("", "asc", "desc"):
            cure = f"write an output column and asc or desc; the columns are {', '.join(columns.names)}"
            reporter.report("QP406", span, f"`{written}` is not a key that pages can go by", cure)
        elif (type_name := columns.unfit_for_pages(name)) is not None:
            message = f"`{name}` is of a type that pages cannot go by, {type_name}"
            reporter.report("QP406", span, message, "take a single value that `>` compares, or cast the column")
        else:
            by.append(f"{DESCENDING}{name}" if direction.strip().lower() == "desc" else name)
    if reporter.errors > errors:
        return None
    return PagePlan(tuple(by), _ties(statement, columns, entry, by), entry.size, entry.max)


def _ties(statement: TypedStatement, columns: OutputColumns, entry: PageEntry, by: Sequence[str]) -> tuple[str, ...]:
    """Return the fewest keys at the end that tell the rows apart; all of them, with a warning, if nothing shows it."""
    names = [name.removeprefix(DESCENDING) for name in by]
    if not statement.analysis.tells_rows_apart(columns.positions(names)):
        if not entry.unique:
            message = (
                "nothing shows that these keys tell every row apart: rows that tie in all of them could be left out "
                "between two pages"
            )
            span = statement.file.header.value("page", "by")
            statement.file.reporter.report("QP407", span, message, _cure(statement, columns, names))
        return tuple(dict.fromkeys(names))
    while len(names) > 1 and statement.analysis.tells_rows_apart(columns.positions(names[1:])):
        del names[0]
    return tuple(dict.fromkeys(names))


def _check_own_limit(statement: TypedStatement) -> None:
    node, file = statement.parsed.node, statement.file
    if node.HasField("limit_count") or node.HasField("limit_offset"):
        message = "the query has a LIMIT or OFFSET of its own, which is that of all pages together"
        file.reporter.report("QP410", file.header.key("page"), message, "leave ORDER BY, LIMIT and OFFSET to `page`")


def _cure(statement: TypedStatement, columns: OutputColumns, names: Sequence[str]) -> str:
    """Name the output columns that would tell the rows apart together with the keys, if one or two of them do."""
    keys: Set[int] = columns.positions(names)
    candidates = [name for name in columns.names if name not in names][:_MOST_CANDIDATES]
    for count in (1, 2):
        for others in combinations(candidates, count):
            if statement.analysis.tells_rows_apart(keys | columns.positions(others)):
                return f"end `by` with {' and '.join(f'`{name}`' for name in others)}"
    return (
        "select the primary key of each table that has several rows for one row of the others, and end `by` with them; "
        "if the keys are unique all the same, say so with `unique: true`"
    )
