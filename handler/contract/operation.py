"""The compiled operation: the contract between the compiler, which writes catalog.json, and the Lambda.

Everything here is plain data, already decided at build time. The Lambda never looks at SQL: it picks the fragments of
the statement that this call needs, binds PostgreSQL's text forms, and passes on the JSON that PostgreSQL rendered.
NamedTuples and not dataclasses, of which each takes a millisecond of a cold start.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from handler.contract.execution import Batch, Execution, Listing, Single, Transaction
from handler.contract.rights import DEFAULT
from handler.contract.sql import Codec, Sql
from handler.contract.violations import Violation

_EMPTY: dict[str, Any] = {}

CATALOG_FORMAT = 7
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


ONE_ROW = frozenset({Result.ONE, Result.MAYBE, Result.VALUE})
"""The results that two rows are too many for."""


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


READING = ("GET", "HEAD")
"""The methods of HTTP that change nothing."""

WITH_BODY = ("POST", "PUT", "PATCH")
"""Those whose requests have a body here."""


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
    """204 answers nothing at all. An operation of `maybe` that finds no row answers 200 all the same."""
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
"""The settings by which policies know the caller and the operation, by the names of their placeholders."""


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


MEMBER_PLACE = "{} beside parameters in the event"
"""The place of a direct event's member, such as `idempotency_key`, in the words of a message."""


class Idempotency(StrEnum):
    """Whether a call may carry an idempotency key."""

    REQUIRED = "required"  # a call without one is refused
    OPTIONAL = "optional"  # a call with one happens once
    OFF = "off"  # a call with one is refused


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
    """The errors of this operation, beside those that any call can meet."""
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
    keeps_answer: bool = True
    """If not, UNKEPT stands in its place, and a call that is repeated changes nothing and is answered by null."""
    own_code: bool = True
    """It may run functions of the project's own. If not, an error of a class that a prepared statement cannot have by
    itself is a value's."""
    violations: tuple[Violation, ...] = ()
    """The words and codes for constraints that the operation may break; those not here have the usual ones."""
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
