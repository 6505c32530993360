"""Whether a call may be sent again: every way in which one can fail, what it says of the change, and what follows.

The table is data: a failure leaves the change not executed, rolled back or unknown, and passes by itself or does not.
All else follows from one rule. A read is repeated on every passing failure. A write with an idempotency key too, since
the database lets it happen once. A write without a key is repeated only where it is certain that nothing of it remains.
docs/retries.md shows what comes of it. Sends nothing itself.
"""

import random
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from handler.contract import errors
from handler.contract.errors import OperationError, Outcome


class Kind(StrEnum):
    """What a call does, as far as sending it twice is concerned."""

    READ = "read"
    WRITE = "write"
    KEYED_WRITE = "write with key"
    STEP = "statement of a transaction"
    """Nothing of it remains unless the transaction commits, and a failure of PostgreSQL's ends the transaction."""


class Fault(NamedTuple):
    """One way to fail."""

    error: type[OperationError]
    outcome: Outcome
    passing: bool
    """The same call may succeed in a moment."""
    detail: str = ""
    """What the caller is told; PostgreSQL's own errors have words of their own."""


def may_repeat(fault: Fault, kind: Kind) -> bool:
    """The rule."""
    if kind is Kind.STEP:
        return fault.passing and fault.outcome is Outcome.NOT_EXECUTED
    return fault.passing and (kind is not Kind.WRITE or fault.outcome is not Outcome.UNKNOWN)


_NOT_EXECUTED, _ROLLED_BACK, _UNKNOWN = Outcome.NOT_EXECUTED, Outcome.ROLLED_BACK, Outcome.UNKNOWN

_BROKE = "the connection to the RDS Data API broke"

NETWORK: Mapping[str, Fault] = {
    "no connection came about": Fault(
        errors.DatabaseUnavailable, _NOT_EXECUTED, passing=True, detail="the RDS Data API cannot be reached"
    ),
    "reset before the request was sent": Fault(errors.DatabaseUnavailable, _NOT_EXECUTED, passing=True, detail=_BROKE),
    "reset after the request was sent": Fault(errors.DatabaseUnavailable, _UNKNOWN, passing=True, detail=_BROKE),
    "read timeout": Fault(
        errors.StatementTimeout, _UNKNOWN, passing=True, detail="the database did not answer in the time that was left"
    ),
    "an answer that cannot be read": Fault(errors.DatabaseUnavailable, _UNKNOWN, passing=True, detail=_BROKE),
    "not set up": Fault(  # no credentials, no region, and so on
        errors.QueryFailed,
        _NOT_EXECUTED,
        passing=False,
        detail="the function is not set up to reach the database; its log names the cause",
    ),
}
"""Where no answer came, or none that can be read."""

_THROTTLED = Fault(
    errors.Throttled, _NOT_EXECUTED, passing=True, detail="the RDS Data API takes no further call at present"
)
_FAILED = Fault(errors.DatabaseUnavailable, _UNKNOWN, passing=True, detail="the RDS Data API failed")
_REFUSED = Fault(
    errors.QueryFailed,
    _NOT_EXECUTED,
    passing=False,
    detail="the RDS Data API refused the statement; the function's log names the cause",
)

SERVICE: Mapping[str, Fault] = {
    "AccessDeniedException": _REFUSED,
    "BadRequestException": _REFUSED,
    "DatabaseNotFoundException": _REFUSED,
    "DatabaseResumingException": Fault(
        errors.DatabaseResuming, _NOT_EXECUTED, passing=True, detail="the database was paused and is waking up"
    ),
    "DatabaseUnavailableException": _FAILED,
    "ForbiddenException": _REFUSED,
    "HttpEndpointNotEnabledException": _REFUSED,
    "InternalFailure": _FAILED,
    "InternalServerErrorException": _FAILED,
    "InvalidResourceStateException": _REFUSED,
    "InvalidSecretException": _REFUSED,
    "NotFoundException": _REFUSED,
    "RequestEntityTooLargeException": Fault(
        errors.RequestTooLarge,
        _NOT_EXECUTED,
        passing=False,
        detail="the parameters are larger than the 4 MiB that the RDS Data API takes",
    ),
    "RequestLimitExceeded": _THROTTLED,
    "SecretsErrorException": _REFUSED,
    "ServiceUnavailableError": _FAILED,
    "StatementTimeoutException": Fault(
        errors.StatementTimeout,
        _ROLLED_BACK,
        passing=False,
        detail="PostgreSQL cancelled the statement, which took too long",
    ),
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    # An id that has ended: what was not committed by then was rolled back. Of a commit see handler.engine.transactions.
    "TransactionNotFoundException": Fault(
        errors.DatabaseUnavailable,
        _ROLLED_BACK,
        passing=True,
        detail="the RDS Data API ended the transaction before it was complete",
    ),
    # The rows of a change come after the change: where they cannot be passed on, it may have been made.
    "UnsupportedResultException": Fault(
        errors.QueryFailed, _UNKNOWN, passing=False, detail="the RDS Data API cannot pass on what the database answered"
    ),
    "ValidationException": _REFUSED,
}
"""The errors of AWS; DatabaseErrorException is what PostgreSQL said."""

POSTGRESQL: Mapping[str, tuple[Outcome, bool]] = {
    "08": (_UNKNOWN, True),
    "08001": (_NOT_EXECUTED, True),
    "08004": (_NOT_EXECUTED, True),
    "28": (_NOT_EXECUTED, True),  # a wrong password, as while a secret is rotated
    "40001": (_ROLLED_BACK, True),
    "40003": (_UNKNOWN, False),
    "40P01": (_ROLLED_BACK, True),
    "53": (_ROLLED_BACK, True),
    "53300": (_NOT_EXECUTED, True),  # too many connections
    "57P01": (_UNKNOWN, True),
    "57P02": (_UNKNOWN, True),
    "57P03": (_NOT_EXECUTED, True),
}
"""Outcome and passing of an SQLSTATE, or of a class of them; every other error rolls back, for good."""

COLLISIONS = frozenset({"40001", "40P01"})


def service_fault(code: str, message: str, status: int) -> Fault:
    """What an error of AWS says, but for a DatabaseErrorException."""
    if code == "UnsupportedResultException" and "size limit" in message:
        return Fault(
            errors.ResultTooLarge,
            _UNKNOWN,
            passing=False,
            detail="the answer is larger than the 1 MB that the RDS Data API passes",
        )
    fault = SERVICE.get(code)
    if fault is not None:
        return fault
    if status == 413:
        return SERVICE["RequestEntityTooLargeException"]
    if status == 429:
        return _THROTTLED
    return _FAILED if status >= 500 else _REFUSED


def postgresql_fault(sqlstate: str | None, *, fatal: bool) -> Fault:
    """What an error of PostgreSQL says; `fatal` where it ended the session, None where it was not PostgreSQL's own."""
    if sqlstate is None:
        return Fault(errors.QueryFailed, _UNKNOWN, passing=False)
    known = POSTGRESQL.get(sqlstate) or POSTGRESQL.get(sqlstate[:2])
    outcome, passing = known or (_ROLLED_BACK, False)
    if fatal and outcome is _ROLLED_BACK:
        outcome = _UNKNOWN  # a session that ends may end between its commit and its answer
    return Fault(errors.error_of(sqlstate), outcome, passing)


class Backoff(NamedTuple):
    first: float
    longest: float
    attempts: int

    def seconds(self, attempt: int) -> float:
        """Full jitter: anything up to a bound that doubles with each attempt."""
        bound = min(self.longest, self.first * 2 ** (attempt - 1))
        return random.uniform(0, bound)  # noqa: S311 (not a secret)


USUAL = Backoff(first=0.05, longest=2.0, attempts=4)
# Aurora wakes up in 10 to 30 seconds; a wait of at most five each, so that the call goes on soon after.
WAKING = Backoff(first=1.0, longest=5.0, attempts=30)


def backoff_of(error: OperationError, collisions: int) -> Backoff:
    """How long and how often to wait after a failure; `collisions` is the operation's `retry`."""
    if isinstance(error, errors.DatabaseResuming):
        return WAKING
    if error.sqlstate in COLLISIONS:
        return Backoff(USUAL.first, USUAL.longest, collisions + 1)
    return USUAL
