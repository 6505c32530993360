"""Every error that the emulated service answers with: its code, its HTTP status, its text and its form on the wire.

Modelled codes are those of the service's public model; ValidationException, InternalFailure and the codes of AWS's
front door are not in it, and clients see them all the same. What PostgreSQL reports becomes a DatabaseErrorException
with the parts of its report that AWS passes on. Nothing here decides when an error happens.
"""

from dataclasses import dataclass, field

import orjson

_SERVICE = "http://internal.amazon.com/coral/com.amazon.rdsdataservice/"
_FRONT_DOOR = "http://internal.amazon.com/coral/com.amazon.coral.service/"

MODELLED = {
    "AccessDeniedException": 403,
    "BadRequestException": 400,
    "DatabaseErrorException": 400,
    "DatabaseNotFoundException": 404,
    "DatabaseResumingException": 400,
    "DatabaseUnavailableException": 504,
    "ForbiddenException": 403,
    "HttpEndpointNotEnabledException": 400,
    "InternalServerErrorException": 500,
    "InvalidResourceStateException": 400,
    "InvalidSecretException": 400,
    "NotFoundException": 404,
    "SecretsErrorException": 400,
    "ServiceUnavailableError": 503,
    "StatementTimeoutException": 400,
    "TransactionNotFoundException": 404,
    "UnsupportedResultException": 400,
}
"""Error code → HTTP status, from the service model."""

UNMODELLED = {
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "InternalFailure": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "RequestEntityTooLargeException": 413,
    "SerializationException": 400,
    "ThrottlingException": 400,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
"""Codes that AWS answers with although the service model does not name them."""

STATUS = MODELLED | UNMODELLED

WITHOUT_MESSAGE = frozenset({"DatabaseUnavailableException", "InternalServerErrorException", "ServiceUnavailableError"})
"""Modelled errors that have no message member."""


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An answer other than success; `message` is None where AWS sends none."""

    code: str
    message: str | None = None
    members: dict[str, int] = field(default_factory=dict)
    """Further members of the error's body, such as dbConnectionId."""

    @property
    def status(self) -> int:
        return STATUS[self.code]

    @property
    def error_type(self) -> str:
        """The value of the x-amzn-ErrorType header; clients cut it at the colon."""
        return f"{self.code}:{_FRONT_DOOR if self.code in UNMODELLED else _SERVICE}"

    @property
    def body(self) -> bytes:
        members: dict[str, object] = {} if self.message is None else {"message": self.message}
        return orjson.dumps(members | self.members)


@dataclass(slots=True, eq=False)
class PostgresFailure(Exception):  # noqa: N818 (an error of PostgreSQL's, not of ours)
    """PostgreSQL's report of an error."""

    severity: str
    message: str
    sqlstate: str
    hint: str | None = None
    position: str | None = None
    detail: str | None = None
    context: str | None = None
    constraint: str | None = None

    @property
    def text(self) -> str:
        """The report as AWS passes it on: without detail, context and constraint."""
        parts = [f"{self.severity}: {self.message}"]
        if self.hint:
            parts.append(f"Hint: {self.hint}")
        if self.position:
            parts.append(f"Position: {self.position}")
        return "; ".join([*parts, f"SQLState: {self.sqlstate}"])


def resuming(resource_arn: str) -> ApiError:
    """The answer of a cluster that wakes after an automatic pause."""
    instance = resource_arn.replace(":cluster:", ":db:")
    return ApiError(
        "DatabaseResumingException",
        f"The Aurora DB instance {instance} is resuming after being auto-paused. "
        "Please wait a few seconds and try again.",
    )


def too_many_clients() -> PostgresFailure:
    """PostgreSQL's answer when all its places are taken."""
    return PostgresFailure("FATAL", "sorry, too many clients already", "53300")


def validation(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def unsupported_result(message: str) -> ApiError:
    return ApiError("UnsupportedResultException", message)
