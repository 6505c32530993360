"""The retry rules: for every way to fail, the state of the change, and whether the call is sent again.

The table is data: a failure leaves the change not executed, rolled back or unknown, and is transient or not. All else
follows from one rule. A read is repeated on every transient failure. A write with an idempotency key too, since the
database lets it happen once. A write without a key is repeated only where it is certain that nothing of it remains.
docs/retries.md shows what comes of it.
"""

from collections.abc import Mapping
from enum import StrEnum

from handler.contract import errors
from handler.contract.errors import Outcome
from handler.data_api.connection import Loss
from handler.data_api.failures import Failure


class Replay(StrEnum):
    """The kinds of calls, as far as sending one twice is concerned."""

    READ = "read"
    WRITE = "write"
    KEYED_WRITE = "write with key"
    STEP = "statement of a transaction"
    """Nothing of it remains unless the transaction commits, and a failure of PostgreSQL's ends the transaction."""


def may_repeat(failure: Failure, replay: Replay) -> bool:
    """The rule."""
    if replay is Replay.STEP:
        return failure.transient and failure.outcome is Outcome.NOT_EXECUTED
    return failure.transient and (replay is not Replay.WRITE or failure.outcome is not Outcome.UNKNOWN)


_NOT_EXECUTED, _ROLLED_BACK, _UNKNOWN = Outcome.NOT_EXECUTED, Outcome.ROLLED_BACK, Outcome.UNKNOWN

_BROKE = "the connection to the RDS Data API broke"

NETWORK: Mapping[Loss, Failure] = {
    Loss.NOT_CONNECTED: Failure(
        errors.DatabaseUnavailable, _NOT_EXECUTED, transient=True, detail="the RDS Data API cannot be reached"
    ),
    Loss.NOT_SENT: Failure(errors.DatabaseUnavailable, _NOT_EXECUTED, transient=True, detail=_BROKE),
    Loss.CUT_OFF: Failure(errors.DatabaseUnavailable, _UNKNOWN, transient=True, detail=_BROKE),
    Loss.TIMED_OUT: Failure(
        errors.StatementTimeout,
        _UNKNOWN,
        transient=True,
        detail="the database did not answer in the time that was left",
    ),
    Loss.UNREADABLE: Failure(errors.DatabaseUnavailable, _UNKNOWN, transient=True, detail=_BROKE),
    Loss.NOT_SET_UP: Failure(  # no credentials, no region, and so on
        errors.QueryFailed,
        _NOT_EXECUTED,
        detail="the function is not set up to reach the database; its log names the cause",
    ),
}
"""Where no answer came, or none that can be read."""

_THROTTLED = Failure(
    errors.Throttled, _NOT_EXECUTED, transient=True, detail="the RDS Data API takes no further call at present"
)
_FAILED = Failure(errors.DatabaseUnavailable, _UNKNOWN, transient=True, detail="the RDS Data API failed")
_REFUSED = Failure(
    errors.QueryFailed,
    _NOT_EXECUTED,
    detail="the RDS Data API refused the statement; the function's log names the cause",
)

SERVICE: Mapping[str, Failure] = {
    "AccessDeniedException": _REFUSED,
    "BadRequestException": _REFUSED,
    "DatabaseNotFoundException": _REFUSED,
    "DatabaseResumingException": Failure(
        errors.DatabaseResuming, _NOT_EXECUTED, transient=True, detail="the database was paused and is waking up"
    ),
    "DatabaseUnavailableException": _FAILED,
    "ForbiddenException": _REFUSED,
    "HttpEndpointNotEnabledException": _REFUSED,
    "InternalFailure": _FAILED,
    "InternalServerErrorException": _FAILED,
    "InvalidResourceStateException": _REFUSED,
    "InvalidSecretException": _REFUSED,
    "NotFoundException": _REFUSED,
    "RequestEntityTooLargeException": Failure(
        errors.RequestTooLarge,
        _NOT_EXECUTED,
        detail="the parameters are larger than the 4 MiB that the RDS Data API takes",
    ),
    "RequestLimitExceeded": _THROTTLED,
    "SecretsErrorException": _REFUSED,
    "ServiceUnavailableError": _FAILED,
    "StatementTimeoutException": Failure(
        errors.StatementTimeout,
        _ROLLED_BACK,
        detail="PostgreSQL cancelled the statement, which took too long",
    ),
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    # An id that has ended: what was not committed by then was rolled back. Of a commit see handler.engine.transactions.
    "TransactionNotFoundException": Failure(
        errors.DatabaseUnavailable,
        _ROLLED_BACK,
        transient=True,
        detail="the RDS Data API ended the transaction before it was complete",
    ),
    # The rows of a change come after the change: where they cannot be passed on, it may have been made.
    "UnsupportedResultException": Failure(
        errors.QueryFailed,
        _UNKNOWN,
        detail="the RDS Data API cannot pass on what the database answered",
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
"""Outcome and transience of an SQLSTATE, or of a class of them; every other error rolls back, for good."""


def service_failure(code: str, message: str, status: int) -> Failure:
    """The failure behind an error of AWS other than a DatabaseErrorException."""
    if code == "UnsupportedResultException" and "size limit" in message:
        return Failure(
            errors.ResultTooLarge,
            _UNKNOWN,
            detail="the answer is larger than the 1 MB that the RDS Data API passes",
        )
    known = SERVICE.get(code)
    if known is not None:
        return known
    if status == 413:
        return SERVICE["RequestEntityTooLargeException"]
    if status == 429:
        return _THROTTLED
    return _FAILED if status >= 500 else _REFUSED


def postgresql_failure(sqlstate: str | None, *, fatal: bool) -> Failure:
    """The failure behind an SQLSTATE, without words; `fatal` where it ended the session, None where there is none."""
    if sqlstate is None:
        return Failure(errors.QueryFailed, _UNKNOWN)
    known = POSTGRESQL.get(sqlstate) or POSTGRESQL.get(sqlstate[:2])
    outcome, transient = known or (_ROLLED_BACK, False)
    if fatal and outcome is _ROLLED_BACK:
        outcome = _UNKNOWN  # a session that ends may end between its commit and its answer
    return Failure(errors.error_of(sqlstate), outcome, transient)
