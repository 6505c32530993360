"""Checks `page`, `sort`, `filter` and `count` of a query file: the list that callers may ask for, part by part."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from handler.contract.operation import Result
from handler.contract.ordering import DESCENDING
from queryport.compile.check.lists.filters import FilterCondition, conditions
from queryport.compile.check.lists.pages import PagePlan, plan_page
from queryport.compile.check.lists.sort_keys import OutputColumns, SortKey
from queryport.compile.describe.typed_statement import TypedStatement
from queryport.compile.describe.types import Schema
from queryport.compile.read.statement import Shape
from queryport.diagnostics.near_names import did_you_mean

KEYS = ("page", "sort", "filter", "count")
"""The keys of the front matter that make a list of a statement's rows."""

CURSOR, LIMIT, SORT, FILTER, COUNT = "cursor", "limit", "sort", "filter", "count"
"""The parameters of a list."""

# Such a name would be read otherwise in `sort=-a,b` or `filter[a][eq]`.
_UNFIT_NAME = re.compile(r"[\[\],]|^-|^$")


class FilterPlan(NamedTuple):
    """A condition that callers may set on an output column."""

    column: str
    condition: FilterCondition


class ListPlan(NamedTuple):
    """A list that the statement can give."""

    keys: tuple[SortKey, ...]
    """All the columns that an order may have, each once."""
    sorts: tuple[str, ...]
    filters: tuple[FilterPlan, ...]
    page: PagePlan | None
    counts: bool
    written: tuple[str, ...]
    """The keys of the front matter that ask for it."""

    def extend(self, schema: Schema) -> Schema:
        """Return the parameters' schema with those that the list adds."""
        return {**schema, "properties": {**schema["properties"], **self._properties()}}

    def _properties(self) -> dict[str, Schema]:
        properties: dict[str, Schema] = {}
        if self.page is not None:
            properties[LIMIT] = {
                "type": "integer",
                "minimum": 1,
                "maximum": self.page.max,
                "default": self.page.size,
                "description": "How many rows a page has at most",
            }
            properties[CURSOR] = {
                "type": ["string", "null"],
                "description": "`next` of the page before; absent for the first page",
            }
        if self.sorts:
            names = [written for name in self.sorts for written in (name, f"{DESCENDING}{name}")]
            properties[SORT] = {
                "type": ["array", "null"],
                "items": {"type": "string", "enum": names},
                "maxItems": len(self.sorts),
                "description": "The columns that the rows are sorted by; `-` in front of one means from its end",
            }
        if self.filters:
            properties[FILTER] = {
                "type": ["object", "null"],
                "properties": {name: self._conditions(name) for name in self._filtered()},
                "additionalProperties": False,
                "examples": [{self.filters[0].column: {"is_null": False}}],
                "description": "Conditions on the rows, all of which hold: columns, and for each operators with values",
            }
        if self.counts:
            properties[COUNT] = {
                "type": ["string", "null"],
                "enum": ["exact", None],
                "description": "`exact` asks how many rows all pages have together, which is then the answer's `total`",
            }
        return properties

    def _filtered(self) -> list[str]:
        return list(dict.fromkeys(each.column for each in self.filters))

    def _conditions(self, column: str) -> Schema:
        own = {each.condition.operator: each.condition.schema for each in self.filters if each.column == column}
        return {"type": "object", "properties": own, "additionalProperties": False}


def plan_list(statement: TypedStatement, result: Result) -> ListPlan | None:
    """Read the keys of a list against what the statement gives.

    None without any of them, or after a report of what does not fit.
    """
    file = statement.file
    written = [key for key in KEYS if getattr(file.front_matter, key)]
    if not written:
        return None
    reporter, errors = file.reporter, file.reporter.errors
    if statement.parsed.shape is not Shape.QUERY or result is not Result.MANY:
        for key in written:
            code, what = ("QP406", "has pages") if key == "page" else ("QP411", f"has a `{key}`")
            message = f"only a reading query with `result: many` {what}"
            reporter.report(code, file.header.value(key), message, f"delete `{key}:`")
        return None
    columns = OutputColumns(statement)
    page = plan_page(statement, columns)
    sorts = _sorts(statement, columns)
    filters = _filters(statement, columns)
    _check_count(statement)
    if reporter.errors > errors:
        return None
    ordered = [*(name.removeprefix(DESCENDING) for name in (page.by if page else ())), *sorts]
    keys = tuple(columns.key(name) for name in dict.fromkeys(ordered))
    plan = ListPlan(keys, sorts, filters, page, file.front_matter.count, tuple(written))
    _check_own_parameters(statement, plan)
    return plan


def _sorts(statement: TypedStatement, columns: OutputColumns) -> tuple[str, ...]:
    file = statement.file
    names = file.front_matter.sort or []
    unfit = columns.unfit_for_pages if file.front_matter.page else columns.unfit_for_order
    for index, name in _known(statement, columns, "sort", names):
        type_name = unfit(name)
        if type_name is not None:
            message = f"`{name}` is of a type that rows cannot be sorted by, {type_name}"
            span = file.header.value("sort", index)
            file.reporter.report("QP412", span, message, "take a single value that `>` compares, or cast the column")
    return tuple(names)


def _filters(statement: TypedStatement, columns: OutputColumns) -> tuple[FilterPlan, ...]:
    file = statement.file
    found: list[FilterPlan] = []
    for index, name in _known(statement, columns, "filter", file.front_matter.filter or []):
        own = [FilterPlan(name, condition) for condition in conditions(file.database, columns[name])]
        if not own:
            message = f"`{name}` is of a type that no value can be compared with"
            span = file.header.value("filter", index)
            file.reporter.report("QP412", span, message, "cast the column, or leave it out of `filter`")
        found += own
    return tuple(found)


def _known(statement: TypedStatement, columns: OutputColumns, key: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Return the names that are output columns, with their places; report the others."""
    file = statement.file
    known = []
    for index, name in enumerate(names):
        if name not in columns:
            cure = did_you_mean(name, columns.names, f"the columns are {', '.join(columns.names)}")
            message = f"the statement has no output column `{name}`"
        elif name in names[:index]:
            message, cure = f"`{name}` stands here twice", "delete one"
        elif _UNFIT_NAME.search(name):
            message, cure = f"`{name}` cannot be told apart in a URL", "rename the column: `… AS name`"
        else:
            known.append((index, name))
            continue
        file.reporter.report("QP412", file.header.value(key, index), message, cure)
    return known


def _check_count(statement: TypedStatement) -> None:
    file = statement.file
    if not file.front_matter.count:
        return
    span = file.header.key("count")
    if file.front_matter.page is None:
        message = "without pages an answer has all the rows, and who reads it can count them"
        file.reporter.report("QP411", span, message, "add `page:`, or delete `count:`")
    elif statement.changes:
        message = "the rows are counted by running the query once more, and this one may change something"
        file.reporter.report("QP411", span, message, "delete `count:`")


def _check_own_parameters(statement: TypedStatement, plan: ListPlan) -> None:
    file = statement.file
    added = plan.extend({"properties": {}})["properties"]
    for name in added:
        if name in statement.inference.by_name:
            key = "page" if name in (LIMIT, CURSOR) else name
            message = f"`:{name}` is a parameter that `{key}:` adds itself"
            file.reporter.report("QP110", file.header.key(key), message, "give the placeholder another name")
