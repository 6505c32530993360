"""Faults on demand: what the next calls suffer, so that any client's handling of errors can be tested.

A fault is armed for an operation or for all, and hits every matching call or a seeded share of them, for so many calls
or for good. At most one fault hits a call, the one that was armed first. Nothing here knows how a fault is carried out.
"""

import itertools
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from queryport.emulator.errors import STATUS, WITHOUT_MESSAGE, ApiError, resuming

OperationName = Literal[
    "ExecuteStatement", "BatchExecuteStatement", "BeginTransaction", "CommitTransaction", "RollbackTransaction"
]

_MESSAGES = {
    "AccessDeniedException": "User is not authorized to perform this operation on the resource",
    "BadRequestException": "Bad request",
    "DatabaseErrorException": "ERROR: canceling statement due to lock timeout; SQLState: 55P03",
    "DatabaseNotFoundException": "The DB cluster doesn't have a DB instance.",
    "ExpiredTokenException": "The security token included in the request is expired",
    "ForbiddenException": "There are insufficient privileges to make the call.",
    "HttpEndpointNotEnabledException": "HttpEndpoint is not enabled for resource {resource}",
    "IncompleteSignatureException": "Authorization header requires 'Signature' parameter.",
    "InvalidResourceStateException": "The resource is in an invalid state.",
    "InvalidSecretException": "The Secrets Manager secret used with the request isn't valid.",
    "InvalidSignatureException": "The request signature we calculated does not match the signature you provided.",
    "MissingAuthenticationTokenException": "Missing Authentication Token",
    "NotFoundException": "The resourceArn, secretArn, or transactionId value can't be found.",
    "SecretsErrorException": "There was a problem with the Secrets Manager secret used with the request.",
    "SerializationException": "The request's JSON could not be read",
    "StatementTimeoutException": "canceling statement due to statement timeout",
    "ThrottlingException": "Rate exceeded",
    "TransactionNotFoundException": "Transaction isn't found. Transaction may be expired.",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "UnsupportedResultException": "The result exceeds the size limit 1 MB.",
    "ValidationException": "1 validation error detected",
}
"""The messages of injected errors whose fault has none of its own."""


class Fault(BaseModel):
    """One armed fault; also the body of a request that arms it.

    `error` answers with an AWS error, `throttle` is short for a ThrottlingException, `delay` waits, `drop` closes the
    connection without an answer, `resume` answers DatabaseResumingException for `seconds` from the first call on.
    `when="after"` lets the call do its work first, so that the client cannot know of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["error", "throttle", "delay", "drop", "resume"]
    operation: OperationName | None = None
    calls: int | None = Field(default=None, ge=1)
    """How many calls it hits; None, with `share` or `resume`, is no limit. Else 1."""
    share: float | None = Field(default=None, gt=0, le=1)
    """The share of matching calls that it hits, at random."""
    seed: int = 0
    when: Literal["before", "after"] = "before"
    error: str | None = None
    message: str | None = None
    seconds: float = Field(default=0, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> "Fault":
        if (self.error is not None) != (self.kind == "error"):
            raise ValueError('`error` names the AWS error of kind "error", and of no other')
        if self.error is not None and self.error not in STATUS:
            raise ValueError(f"expected one of {', '.join(sorted(STATUS))} as `error`")
        if self.kind in ("delay", "resume") and not self.seconds:
            raise ValueError(f'kind "{self.kind}" wants `seconds`')
        if self.kind == "resume" and self.when == "after":
            raise ValueError("a cluster that resumes has not run the call: `when` can only be before")
        return self

    def answer(self, resource_arn: str) -> ApiError:
        """The error that a call gets from this fault."""
        if self.kind == "resume":
            return resuming(resource_arn)
        code = self.error or "ThrottlingException"
        if self.message is not None:
            return ApiError(code, self.message)
        if code == "DatabaseResumingException":
            return resuming(resource_arn)
        if code in WITHOUT_MESSAGE or code not in _MESSAGES:
            return ApiError(code)
        return ApiError(code, _MESSAGES[code].format(resource=resource_arn))


@dataclass(slots=True)
class _Armed:
    id: int
    fault: Fault
    left: int | None
    chance: random.Random
    hits: int = 0
    until: float | None = None
    """When a resume is over, once it has begun."""

    def strikes(self, operation: str) -> bool:
        if self.fault.operation not in (None, operation) or self.left == 0:
            return False
        if self.fault.kind == "resume":
            if operation in ("CommitTransaction", "RollbackTransaction"):
                return False  # the service model names the error for the others alone
            now = time.monotonic()
            self.until = self.until or now + self.fault.seconds
            if now > self.until:
                self.left = 0
                return False
        if self.fault.share is not None and self.chance.random() >= self.fault.share:
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class Faults:
    """The armed faults; may be used from several threads."""

    _armed: list[_Armed] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, fault: Fault) -> int:
        """Arm a fault and return the number that it is listed under."""
        unlimited = fault.share is not None or fault.kind == "resume"
        left = fault.calls if fault.calls is not None else None if unlimited else 1
        with self._lock:
            armed = _Armed(next(self._ids), fault, left, random.Random(fault.seed))  # noqa: S311 (no secret)
            self._armed.append(armed)
        return armed.id

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def next(self, operation: str) -> Fault | None:
        """The fault that hits this call, if any does."""
        if not self._armed:
            return None
        with self._lock:
            hit = next((armed.fault for armed in self._armed if armed.strikes(operation)), None)
            self._armed = [armed for armed in self._armed if armed.left != 0]
        return hit

    def listed(self) -> list[dict[str, object]]:
        """The armed faults, with the calls that they hit and will yet hit."""
        with self._lock:
            return [
                {"id": armed.id, **armed.fault.model_dump(exclude_none=True), "hits": armed.hits, "left": armed.left}
                for armed in self._armed
            ]
