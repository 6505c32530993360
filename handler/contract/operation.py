"""The compiled operation: the contract between the compiler, which writes catalog.json, and the Lambda.

Everything here is plain data, already decided at build time. The Lambda never looks at SQL: it picks the fragments of
the statement that this call needs, binds PostgreSQL's text forms, and passes on the JSON that PostgreSQL rendered.
NamedTuples and not dataclasses, of which each takes a millisecond of a cold start.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from handler.contract.ordering import DESCENDING, RANGE, Key, Ordering, completed, order_of, ordering
from handler.contract.rights import DEFAULT
from handler.contract.violations import Violation

_EMPTY: dict[str, Any] = {}

CATALOG_FORMAT = 6
"""Raised when catalog.json changes in a way that an older handler would misread."""


class Result(StrEnum):
    """The form of an operation's `data`.

    A row arrives as one text column: the row's JSON object; for VALUE the JSON of the one column itself (or NULL).
    """

    MANY = "many"  # an array of objects, one per row
    ONE = "one"  # the row as an object; no row is NotFound, two rows are TooManyRows
    MAYBE = "maybe"  # the row as an object, or null; two rows are TooManyRows
    VALUE = "value"  # the one column of the one row; no row is NotFound, two rows are TooManyRows
    AFFECTED = "affected"  # the number of rows that the write changed
    NONE = "none"  # null


Codec = Any
"""How a JSON value becomes PostgreSQL's text form, as JSON:

`"scalar"`           string, number or boolean
`"json"`             any JSON, as a document
`"hstore"`           an object of strings and nulls
`"vector"`           a list of numbers, as int2vector and oidvector are written
`["array", element]` a list (nested lists for further dimensions); `["array", element, ";"]` names another delimiter
`["row", [[field, codec], …]]` an object; the fields are in the order of the composite type
"""


class Fragment(NamedTuple):
    """A stretch of SQL with AWS's `:name` placeholders."""

    sql: str
    placeholders: tuple[str, ...] = ()
    """The names of its placeholders, each once."""


class Choice(NamedTuple):
    """A stretch of SQL that depends on whether a parameter has a value in this call."""

    parameter: str
    present: Fragment
    absent: Fragment
    null_is_present: bool = False
    """NULL is a value here: the stretch depends on whether the call gives the parameter at all."""


class CommaList(NamedTuple):
    """Pieces with commas between those of them that a call needs, of which there is always one."""

    pieces: tuple[Fragment | Choice, ...]
    """One that is not needed is an empty fragment."""


Sql = tuple[Fragment | Choice | CommaList, ...]
"""A statement in the order of its fragments; each placeholder has its cast, and a row arrives as one text column."""


class Parameter(NamedTuple):
    """One parameter of an operation; its JSON Schema is in the operation's `parameters_schema`."""

    name: str
    codec: Codec
    optional: bool = False
    """Absent means NULL, and so does null."""
    nullable: bool = False
    """Null means NULL. Needed for `json`, where a null that is neither nullable nor optional is the document `null`."""
    default: Any = None
    """The value of an absent parameter, instead of NULL; `optional` is then true as well."""
    source: str | None = None
    """Where the value comes from, if not from the call's parameters: `claims.tenant_id`, `iam.arn`, `caller.id`, ….
    Its JSON Schema is then in the operation's `caller_schema`."""
    patch: bool = False
    """Absent means that it has no value at all, not even NULL: what the statement does with it is left out."""


class RawBody(NamedTuple):
    """A request's body that is the value of one parameter, as its bytes."""

    parameter: str
    """One of the type bytea."""
    types: tuple[str, ...]
    """The media types that it may have; `image/*` and `*/*` stand for many."""


class Http(NamedTuple):
    """The REST route of an operation."""

    method: str
    path: str
    """For example `/customers/{customer_id}/orders`; every name in braces is a parameter."""
    raw: RawBody | None = None
    """A body that is no JSON; None where each is an object of parameters."""


class Response(NamedTuple):
    """The answers of an operation over HTTP; direct callers get the row, the count or the value as ever."""

    status: int = 200
    """204 answers nothing at all. An operation of `maybe` that finds no row answers 200, whatever is written here."""
    location: str | None = None
    """The path of what was made, such as `/orders/{order_id}`: every name in braces is a column of the answered row."""
    cache_control: str | None = None
    """The header of an answer to GET; None lets private caches keep it, and ask each time whether it still holds."""
    by_caller: bool = True
    """Another caller may get another answer, or none."""
    columns: tuple[str, ...] = ()
    """The columns of a row, in their order; of `value` the one whose value is answered."""
    etag: str | None = None
    """The column whose value is the entity tag of the answer; None makes one of the answer's bytes."""
    flat: bool = False
    """No column holds an array, an object or JSON of its own."""
    media_type: str | None = None
    """The type of a value that is answered as its bytes."""
    escape_formulas: bool = False
    """In CSV, texts that a spreadsheet would take for formulas have an apostrophe before them."""


class Access(NamedTuple):
    """The rights to call an operation."""

    allow: tuple[str, ...] = DEFAULT
    """The rules of handler.contract.rights, any of which suffices."""
    hidden: bool = False
    """To callers who may not call it, it does not exist."""
    http: bool = True
    """It can be called over HTTP, by its route or its name."""


SESSION_SETTINGS = {
    "__claims": "request.jwt.claims",
    "__caller": "request.caller",
    "__operation_name": "request.operation",
}
"""The settings that tell policies who calls what, by the names of their placeholders."""


class Precondition(StrEnum):
    """Whether a call may say by an entity tag which state of the row it is to change (`If-Match`)."""

    REQUIRED = "required"  # a call without one is refused
    OPTIONAL = "optional"
    NONE = "none"  # a change with one is refused


class RowSecurity(NamedTuple):
    """The settings that the database's policies see, set for the length of the call.

    They are those of SESSION_SETTINGS: bound in the statement itself, or set by a statement of their own at the
    beginning of a transaction.
    """

    role: str | None = None
    """The database role to take: its name, or `claims.NAME` for the one that the caller's claim names."""
    roles: tuple[str, ...] = ()
    """The roles that a claim may name."""


class Idempotency(StrEnum):
    """Whether a call may carry an idempotency key."""

    REQUIRED = "required"  # a call without one is refused
    OPTIONAL = "optional"  # a call with one happens once
    OFF = "off"  # a call with one is refused


ROW_COUNT_MARK = "__mark"
IF_MATCH = "__if_match"
"""The placeholder of the entity tags that a call with `If-Match` takes, an array of texts."""
MOVED_MARK = "moved"
"""Behind the mark of the call, in the place of a number of rows: a row has another entity tag."""


class Single(NamedTuple):
    """One statement, sent in one request."""

    sql: Sql
    """A write whose result is one row fails by itself where there is another number of rows. It takes the parameter
    ROW_COUNT_MARK, a text that no integer begins with and nobody else knows, and where the number is wrong PostgreSQL
    refuses it as an integer, with the number behind it: `invalid input syntax for type integer: "<mark>2"`."""
    keyed_sql: Sql | None = None
    """The statement for a call with an idempotency key: it also writes the key with the answer into
    `queryport.idempotency_key`, from the parameters `__operation`, `__key`, `__hash` and `__keep`. A count arrives as
    the text of one row. None where a key is off."""


class Slot(NamedTuple):
    """The place of a stretch of SQL that depends on the order of a list's rows: a member of Ordering."""

    name: str
    before: str = ""
    """The text in front of it, where there is one."""


class Ranges(NamedTuple):
    """A query in parentheses, written once for each range of an order that a page may have rows of."""

    query: tuple[Fragment | Choice | CommaList | Slot, ...]
    """Its slot `range` is the condition to be within one."""
    opening: str
    """What stands in front of several, which UNION ALL joins."""
    closing: tuple[Fragment | Choice | CommaList | Slot, ...]
    """What stands behind several."""


ListSql = tuple[Fragment | Choice | CommaList | Slot | Ranges, ...]
"""A statement whose order is left open."""


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
    """How many rows a page has."""

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
    keys: tuple[Key, ...] = ()
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
    def keys_by_name(self) -> dict[str, Key]:
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


def in_order(template: ListSql, order: Ordering) -> Sql:
    """Return a list's statement for an order of its rows."""
    return tuple([piece for written in template for piece in _in_order(written, order)])


def _in_order(piece: Fragment | Choice | CommaList | Slot | Ranges, order: Ordering) -> Sql:
    if isinstance(piece, Slot):
        text = getattr(order, piece.name)
        return (Fragment(f"{piece.before}{text}"),) if text else ()
    if not isinstance(piece, Ranges):
        return (piece,)
    several = len(order.ranges) > 1
    pieces: list[Fragment | Choice | CommaList] = [Fragment(piece.opening)] if several else []
    for number, range_ in enumerate(order.ranges):
        if number:
            pieces.append(Fragment(" UNION ALL "))
        for part in piece.query:
            if isinstance(part, Slot) and part.name == RANGE:
                pieces += [Fragment(f"{part.before}{range_}", order.placeholders)] if range_ else []
            else:
                pieces += _in_order(part, order)
    if several:
        pieces += [each for part in piece.closing for each in _in_order(part, order)]
    return tuple(pieces)


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


class Transaction(NamedTuple):
    """Several statements, or one with an isolation level, that happen together or not at all."""

    steps: tuple[Step, ...]
    answer: int
    """The index of the statement whose rows, or whose count, are the operation's result."""
    isolation: str | None = None
    """`repeatable read` or `serializable`; None is the database's default, which is read committed."""


Execution = Single | Listing | Batch | Transaction
"""The forms in which an operation runs."""


class PossibleError(NamedTuple):
    """An error that an operation can end with."""

    code: str
    """Its public name."""
    status: int
    """Over HTTP."""
    stands_for: str
    """The built-in name in place of which it is told; itself, if it is one."""
    detail: str | None = None
    """The author's sentence, where the code is one of the project's own."""


class Documentation(NamedTuple):
    """The part of an operation that the Lambda never reads."""

    summary: str = ""
    description: str = ""
    result_schema: dict[str, Any] = _EMPTY
    """JSON Schema (2020-12) of the answer's `data`."""
    errors: tuple[PossibleError, ...] = ()
    """The errors that come of what the operation does, beside those that any call can meet."""
    parameter_types: dict[str, str] = _EMPTY
    """The PostgreSQL type of each parameter."""
    column_types: dict[str, str] = _EMPTY
    """The PostgreSQL type of each column of a row."""


class Operation(NamedTuple):
    """One `.sql` file, compiled."""

    name: str
    """Folders and file name joined by dots: `orders.get_order`."""
    result: Result
    read_only: bool
    """The statement changes nothing, so running it twice is harmless."""
    execution: Execution
    parameters: tuple[Parameter, ...]
    parameters_schema: dict[str, Any]
    """JSON Schema (2020-12) of the object of parameters, without `default` keywords' effect: see Parameter.default."""
    http: Http | None = None
    response: Response = Response()
    access: Access = Access()
    caller_schema: dict[str, Any] = _EMPTY
    """JSON Schema (2020-12) of the object of parameters that come from the caller."""
    row_security: RowSecurity | None = None
    idempotency: Idempotency = Idempotency.OFF
    precondition: Precondition = Precondition.NONE
    """With one, the statement fails by the mark of the call, and MOVED_MARK behind it, where the row has moved."""
    keep: int = 86_400
    """Seconds for which an idempotency key and its answer are kept."""
    own_code: bool = True
    """It may run functions of the project's own. If not, an error of a class that a prepared statement cannot have by
    itself is a value's."""
    violations: tuple[Violation, ...] = ()
    """What callers are told of the constraints that the operation may break; of those not here, the usual."""
    retry: int = 3
    """How often it is run again where it collided with another transaction (SQLSTATE 40001 and 40P01)."""
    documentation: Documentation = Documentation()
    """Empty in what `Catalog.operation` reads; `Catalog.documentation` reads it."""

    @property
    def statements(self) -> tuple[Sql, ...]:
        """Every statement that the operation may send."""
        match self.execution:
            case Transaction(steps):
                return tuple(step.sql for step in steps)
            case Single(sql, keyed_sql) if keyed_sql is not None:
                return (sql, keyed_sql)
            case Listing():
                return self.execution.statements
            case Single(sql) | Batch(sql):  # pragma: no branch (the union has no other form)
                return (sql,)

    @property
    def has_pages(self) -> bool:
        """Whether an answer has the member `next`."""
        return isinstance(self.execution, Listing) and self.execution.page is not None

    @property
    def can_be_counted(self) -> bool:
        """Whether an answer may have the member `total`."""
        return isinstance(self.execution, Listing) and self.execution.counted_sql is not None
