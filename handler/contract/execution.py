"""The forms in which an operation runs: one statement, a list, a batch, a transaction."""

from typing import NamedTuple

from handler.contract.ordering import DESCENDING, Ordering, OrderKey, completed, order_of, ordering
from handler.contract.sql import Codec, ListSql, Sql, in_order

ROW_COUNT_MARK = "__mark"
"""The placeholder of the mark of a call; see Single."""
MARK_START = "row-count-"
"""The text in front of the secret of each mark."""

KEYS_CONSTRAINT = "idempotency_key_pkey"
"""The constraint by which a second call with an idempotency key is told from the first."""

UNKEPT = "unkept"
"""The text in the table of idempotency keys in place of an answer that is not kept; being no JSON, it is no row's."""

IF_MATCH = "__if_match"
"""The placeholder of the entity tags that a call with `If-Match` takes, an array of texts."""
MOVED_MARK = "moved"
"""Behind the mark of the call, in the place of a number of rows: a row has another entity tag."""


class Single(NamedTuple):
    """One statement, sent in one request."""

    sql: Sql
    """A write whose result is one row fails by itself where there is another number of rows. It takes the parameter
    ROW_COUNT_MARK, a secret text that no integer begins with, and where the number is wrong PostgreSQL refuses it as an
    integer, with the number behind it: `invalid input syntax for type integer: "<mark>2"`."""
    keyed_sql: Sql | None = None
    """The statement for a call with an idempotency key: it also writes the key with the answer into
    `queryport.idempotency_key`, from the parameters `__operation`, `__key`, `__hash` and `__keep`. A count arrives as
    the text of one row. None where a key is off."""


class Filter(NamedTuple):
    """A condition that a caller may set: a column of the rows, an operator, a value."""

    column: str
    operator: str
    """`eq`, `gte`, `in`, …; docs/lists.md has them all."""
    codec: Codec
    placeholder: str
    """Of the value, and of the Choice that has the condition. `is_null` has two: the other one is that of `false`."""

    @property
    def otherwise(self) -> str:
        """The placeholder of the Choice that `is_null` makes where its value is false."""
        return f"{self.placeholder}_not"


class Page(NamedTuple):
    """The number of rows that a page has."""

    size: int
    """Where the caller names no limit."""
    max: int


class Listing(NamedTuple):
    """A query whose rows the caller may have page by page, in an order of the caller's, filtered and counted.

    The parameters for that (`limit`, `cursor`, `sort`, `filter`, `count`, as far as the operation has them) are in its
    schema and not in `parameters`. Pages go by keys: the statement asks for one row more than the caller did, to learn
    whether there is a next page, and gives beside each row a JSON array of the values of the order's keys, each as the
    text of its PostgreSQL type, or null. Those of the page's last row make the cursor, and are the values of the keys'
    placeholders in the statement for the next page; the row count, one above the caller's limit, is `__limit`.
    """

    sql: ListSql
    keys: tuple[OrderKey, ...] = ()
    by: tuple[str, ...] = ()
    """The order where the caller asks for none, as names such as `-placed_at`; empty for that of the query itself."""
    sorts: tuple[str, ...] = ()
    """The names of the keys that a caller may sort by."""
    ties: tuple[str, ...] = ()
    """The names of keys that together tell all rows apart: they end every order that has pages."""
    filters: tuple[Filter, ...] = ()
    page: Page | None = None
    """None where a call gives all the rows."""
    counted_sql: ListSql | None = None
    """The statement for a call that asks how many rows there are. The number is the last element of each array beside a
    row; where the page has no row, there is one all the same, which is NULL."""

    @property
    def keys_by_name(self) -> dict[str, OrderKey]:
        return {key.name: key for key in self.keys}

    @property
    def statements(self) -> tuple[Sql, ...]:
        """The statements of a first page and of later ones, which together have every piece that a call can choose.

        The orders of the latter go by every key in both directions, and have as many ranges as any order.
        """
        keys = self.keys_by_name
        orderings = [ordering(order_of(keys, self.by)) if self.by else Ordering()]
        names = completed(self.sorts, self.ties) if self.sorts else self.by
        for parity in (0, 1):
            turned = [name if index % 2 == parity else _turned(name) for index, name in enumerate(names)]
            order = order_of(keys, turned)
            if order:
                orderings += [ordering(order), *([ordering(order, [""] * len(order))] if self.page else [])]
        templates = (self.sql,) if self.counted_sql is None else (self.sql, self.counted_sql)
        return tuple(dict.fromkeys(in_order(template, each) for template in templates for each in orderings))


def _turned(name: str) -> str:
    return name.removeprefix(DESCENDING) if name.startswith(DESCENDING) else f"{DESCENDING}{name}"


class Batch(NamedTuple):
    """One statement, run in one transaction for each of the array of objects that the parameters are."""

    sql: Sql


class Reference(NamedTuple):
    """A placeholder whose value is a column of the row that an earlier statement of the transaction gave."""

    placeholder: str
    """As it stands in the statement that is sent: `__1_order_id`."""
    step: int
    """The index of the statement that gave the row."""
    position: int
    """Its place in the texts that the statement gives beside its row."""


class Step(NamedTuple):
    """One statement of a transaction."""

    sql: Sql
    references: tuple[Reference, ...] = ()
    one_row: bool = False
    """Later statements refer to its row, so it has to give exactly one. Beside the row it then gives a JSON array of
    those columns, each as the text of its PostgreSQL type, or null."""
    name: str | None = None
    """Its name in the file, by which later statements refer to its row."""


class Transaction(NamedTuple):
    """Several statements, or one with an isolation level, that happen together or not at all."""

    steps: tuple[Step, ...]
    answer: int
    """The index of the statement whose rows, or whose count, are the operation's result."""
    isolation: str | None = None
    """`repeatable read` or `serializable`; None is the database's default, which is read committed."""


Execution = Single | Listing | Batch | Transaction
"""The forms in which an operation runs."""
