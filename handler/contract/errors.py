"""Every failure that a caller can meet. Over HTTP it is a problem document, to Step Functions the name of an exception.

    name                  HTTP  SQLSTATEs                       may be repeated
    InvalidParameters      400  22                              no
    NotAuthenticated       401                                  no
    NotAllowed             403  42501                           no
    UnknownOperation       404                                  no
    NotFound               404  P0002                           no
    MethodNotAllowed       405                                  no
    NotAcceptable          406                                  no
    TooManyRows            409  P0003                           no
    UniqueViolation        409  23505 23P01                     no
    ForeignKeyViolation    409  23001 23503                     no
    SerializationFailure   409  40001 40P01                     yes
    LockTimeout            409  55006 55P03                     yes
    PreconditionFailed     412                                  no
    RequestTooLarge        413                                  no
    UnsupportedMediaType   415                                  no
    IdempotencyConflict    422                                  no
    CheckViolation         422  23514 44000                     no
    NotNullViolation       422  23502                           no
    BusinessRule           422  P0001                           no
    ResultTooLarge         422                                  no
    PreconditionRequired   428                                  no
    Throttled              429                                  yes
    QueryFailed            500  all others                      no
    OutcomeUnknown         500                                  no
    InternalError          500                                  no
    DatabaseResuming       503                                  yes
    DatabaseUnavailable    503  08 28 53 57P01 57P02 57P03      yes
    IdentityUnavailable    503                                  yes
    StatementTimeout       504  57014                           no

An SQLSTATE of two characters is a whole class; those of classes that PostgreSQL does not use are BusinessRule. A
project gives names of its own to constraints (handler/contract/violations.py). What looks like QueryFailed and can
only come of a value is told as InvalidParameters (handler/data_api/suspects.py). "May be repeated" says that
the database changed nothing and that the very same call may succeed later; of OutcomeUnknown that is so where the call
had an idempotency key. Every failure says besides what became of the change (Outcome). The names are public: state
machines match them. docs/runtime-errors.md says more, and handler/data_api/retries.py what is repeated before a caller
meets any of these.
"""

# ruff: noqa: N818 (the names are those that callers match, without "Error")

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple


class Outcome(StrEnum):
    """The fate of the change that a failed call was to make."""

    NOT_EXECUTED = "not_executed"  # it was never begun; also of everything that only reads
    ROLLED_BACK = "rolled_back"  # it was begun, and nothing of it remains
    UNKNOWN = "unknown"  # nobody can tell
    COMMITTED = "committed"  # it was made, and only its answer could not be passed on


MOST_FLAWS = 50
"""The flaws that one answer names."""


class Flaw(NamedTuple):
    """A fault of one parameter, or of a member inside of it; never the value itself."""

    pointer: str
    """JSON Pointer (RFC 6901) into the object of parameters."""
    detail: str
    location: str | None = None
    """Where an HTTP request had the parameter: path, query or body; header for what is no parameter."""
    header: str | None = None
    """The name of the header."""


# The exception of a direct call is written to the function's log: a caller's line break would begin a line there.
_NO_TEXT = "[\x00-\x1f\x7f-\x9f\u2028\u2029]+"


class OperationError(Exception):
    """A failure with a public name, which is that of its class. Its message is for the caller: no SQL, no values.

    Immutable: everything is said when it is made. As an exception its message is one line.
    """

    status: ClassVar[int]
    title: ClassVar[str]
    sqlstates: ClassVar[tuple[str, ...]] = ()
    may_be_repeated: ClassVar[bool] = False
    over_http_alone: ClassVar[bool] = False
    """A direct call never meets it."""
    retry_after: ClassVar[int] = 1
    """Seconds after which a retryable call is worth another try."""

    def __init__(
        self,
        detail: str,
        *,
        outcome: Outcome = Outcome.NOT_EXECUTED,
        retryable: bool | None = None,
        sqlstate: str | None = None,
        constraint: str | None = None,
        cause: str | None = None,
        flaws: tuple[Flaw, ...] = (),
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        told = detail if hint is None else f"{detail} ({hint})"
        told = told if details is None else f"{told} {json.dumps(details)}"
        super().__init__(re.sub(_NO_TEXT, " ", told))
        retryable = self.may_be_repeated if retryable is None else retryable
        self._facts = _Particulars(detail, outcome, retryable, sqlstate, constraint, cause, flaws, hint, details)

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def detail(self) -> str:
        return self._facts.detail

    @property
    def outcome(self) -> Outcome:
        """The fate of the change that the call was to make."""
        return self._facts.outcome

    @property
    def retryable(self) -> bool:
        """Whether nothing changed and the very same call may succeed later."""
        return self._facts.retryable

    @property
    def sqlstate(self) -> str | None:
        return self._facts.sqlstate

    @property
    def constraint(self) -> str | None:
        """The name of the constraint that the change broke, for the log alone."""
        return self._facts.constraint

    @property
    def cause(self) -> str | None:
        """For the log alone: the error's name at AWS, or the type of a Python exception."""
        return self._facts.cause

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """The parameters at fault, where they are known."""
        return self._facts.flaws

    @property
    def hint(self) -> str | None:
        """The HINT of the author's RAISE."""
        return self._facts.hint

    @property
    def details(self) -> Mapping[str, Any] | None:
        """The JSON object that the author's RAISE gave in its DETAIL or HINT."""
        return self._facts.details

    def with_flaws(self, flaws: tuple[Flaw, ...]) -> "OperationError":
        """The same error with other flaws; only for one that has some."""
        facts = self._facts._asdict() | {"flaws": flaws}
        return type(self)(**facts)


class _Particulars(NamedTuple):
    detail: str
    outcome: Outcome
    retryable: bool
    sqlstate: str | None
    constraint: str | None
    cause: str | None
    flaws: tuple[Flaw, ...]
    hint: str | None
    details: Mapping[str, Any] | None


class InvalidParameters(OperationError):
    status, title = 400, "The parameters are not what the operation takes"
    sqlstates = ("22",)


class NotAuthenticated(OperationError):
    status, title = 401, "The caller is not known"

    def __init__(self, detail: str, *, token_error: str | None = None, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self._token_error = token_error

    @property
    def challenge(self) -> str:
        """The header WWW-Authenticate (RFC 6750)."""
        challenge = 'Bearer realm="queryport"'
        return challenge if self._token_error is None else f'{challenge}, error="{self._token_error}"'


class NotAllowed(OperationError):
    status, title = 403, "The caller, or the database user, may not do this"
    sqlstates = ("42501",)


class UnknownOperation(OperationError):
    status, title = 404, "There is no such operation"


class NotFound(OperationError):
    status, title = 404, "There is no such row"
    sqlstates = ("P0002",)


class MethodNotAllowed(OperationError):
    status, title = 405, "The route has no such method"

    def __init__(self, detail: str, *, allow: tuple[str, ...]) -> None:
        super().__init__(detail)
        self._allow = allow

    @property
    def allow(self) -> tuple[str, ...]:
        return self._allow


class NotAcceptable(OperationError):
    status, title = 406, "The operation has no answer of such a type"
    over_http_alone = True


class TooManyRows(OperationError):
    status, title = 409, "There is more than one such row"
    sqlstates = ("P0003",)


class UniqueViolation(OperationError):
    status, title = 409, "Such a row exists already"
    sqlstates = ("23505", "23P01")


class ForeignKeyViolation(OperationError):
    status, title = 409, "A row that is referred to is missing, or is still needed"
    sqlstates = ("23001", "23503")


class SerializationFailure(OperationError):
    status, title, may_be_repeated = 409, "The call collided with another one", True
    sqlstates = ("40001", "40P01")


class LockTimeout(OperationError):
    status, title, may_be_repeated = 409, "Another transaction holds the row", True
    sqlstates = ("55006", "55P03")


class PreconditionFailed(OperationError):
    status, title = 412, "The row is not in the state that the call means"


class RequestTooLarge(OperationError):
    status, title = 413, "The request is too large"


class UnsupportedMediaType(OperationError):
    status, title = 415, "The request's body is of another type"


class IdempotencyConflict(OperationError):
    status, title = 422, "The idempotency key was used with other parameters"


class CheckViolation(OperationError):
    status, title = 422, "A rule of the table refuses the values"
    sqlstates = ("23514", "44000")


class NotNullViolation(OperationError):
    status, title = 422, "A column needs a value"
    sqlstates = ("23502",)


class BusinessRule(OperationError):
    status, title = 422, "A rule of the database refuses the call"
    sqlstates = ("P0001",)


class ResultTooLarge(OperationError):
    status, title = 422, "The answer is too large"


class PreconditionRequired(OperationError):
    status, title = 428, "The call has to say which state of the row it means"


class Throttled(OperationError):
    status, title, may_be_repeated = 429, "The RDS Data API refuses so many calls", True


class QueryFailed(OperationError):
    status, title = 500, "The query failed"


class OutcomeUnknown(OperationError):
    status, title = 500, "Nobody knows whether the change was made"


class InternalError(OperationError):
    status, title = 500, "Queryport failed"


class DatabaseResuming(OperationError):
    status, title, may_be_repeated, retry_after = 503, "The database is waking up", True, 10


class DatabaseUnavailable(OperationError):
    status, title, may_be_repeated = 503, "The database does not answer", True
    sqlstates = ("08", "28", "53", "57P01", "57P02", "57P03")


class IdentityUnavailable(OperationError):
    status, title, may_be_repeated = 503, "The caller cannot be identified at present", True
    over_http_alone = True


class StatementTimeout(OperationError):
    status, title = 504, "The query took too long"
    sqlstates = ("57014",)


ERRORS: tuple[type[OperationError], ...] = tuple(OperationError.__subclasses__())

_BY_SQLSTATE = {sqlstate: error for error in ERRORS for sqlstate in error.sqlstates}

# Appendix A of PostgreSQL's manual; of P0, PL/pgSQL's, it uses five codes.
_CLASSES_OF_POSTGRESQL = "0[0-389ABFLPZ]|10|2[0-8BDF]|3[489BDF]|4[024]|5[3-578]|72|F0|HV|XX"


def is_own_sqlstate(sqlstate: str) -> bool:
    """Whether an SQLSTATE is one that PostgreSQL never gives by itself, so that a RAISE has chosen it."""
    if re.fullmatch("[0-9A-Z]{5}", sqlstate) is None:
        return False
    if sqlstate[:2] == "P0":
        return sqlstate > "P0004"
    return re.match(_CLASSES_OF_POSTGRESQL, sqlstate) is None


def error_of(sqlstate: str) -> type[OperationError]:
    """The error that stands for an SQLSTATE: by its five characters, else by its class, else QueryFailed.

    One that PostgreSQL does not use is an author's own, and BusinessRule.
    """
    known = _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:2])
    return known or (BusinessRule if is_own_sqlstate(sqlstate) else QueryFailed)
