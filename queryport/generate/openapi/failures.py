"""The failures that an operation's callers can meet over HTTP: which these are, and how the document describes each.

Every error of handler.contract.errors has its rule here; a test holds the table to be whole. A failure that is not
listed for an operation cannot happen to one who calls it as the document says.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handler.contract import errors
from handler.contract.errors import ERRORS, OperationError, Outcome
from handler.contract.execution import Transaction
from handler.contract.operation import Idempotency, Operation, PossibleError, Precondition, Result
from handler.contract.violations import own_error

Applies = Callable[[Operation, bool], bool]
"""Whether an operation can give the error; the second argument says whether the request has a body."""


def _always(_operation: Operation, _has_body: bool) -> bool:  # noqa: FBT001 (a rule as all others)
    return True


def _never(_operation: Operation, _has_body: bool) -> bool:  # noqa: FBT001
    return False


def _collides(operation: Operation, _has_body: bool) -> bool:  # noqa: FBT001
    execution = operation.execution
    isolated = isinstance(execution, Transaction) and execution.isolation is not None
    return not operation.read_only or isolated


def _of_rows(operation: Operation, _has_body: bool) -> bool:  # noqa: FBT001
    return operation.result not in (Result.AFFECTED, Result.NONE)


def _compiled(_operation: Operation, _has_body: bool) -> bool:  # noqa: FBT001
    """Only where the compiler has found it: see failures_of."""
    return False


RULES: Mapping[type[OperationError], Applies] = {
    errors.InvalidParameters: _always,
    errors.NotAuthenticated: _always,  # a credential that is not good is refused, whatever the operation allows
    errors.NotAllowed: _always,  # the database user may lack a privilege
    errors.UnknownOperation: _never,  # the document has none that are not there
    errors.NotFound: _compiled,
    errors.MethodNotAllowed: _never,
    errors.NotAcceptable: _always,
    errors.TooManyRows: _compiled,
    errors.UniqueViolation: _compiled,
    errors.ForeignKeyViolation: _compiled,
    errors.SerializationFailure: _collides,
    errors.LockTimeout: _collides,
    errors.PreconditionFailed: lambda operation, _: operation.precondition is not Precondition.NONE,
    errors.RequestTooLarge: _always,
    errors.UnsupportedMediaType: lambda _, has_body: has_body,
    errors.IdempotencyConflict: lambda operation, _: operation.idempotency is not Idempotency.OFF,
    errors.CheckViolation: _compiled,
    errors.NotNullViolation: _compiled,
    errors.BusinessRule: _compiled,
    errors.ResultTooLarge: _of_rows,
    errors.PreconditionRequired: lambda operation, _: operation.precondition is Precondition.REQUIRED,
    errors.Throttled: _always,
    errors.QueryFailed: _always,
    errors.OutcomeUnknown: lambda operation, _: not operation.read_only,
    errors.InternalError: _always,
    errors.DatabaseResuming: _always,
    errors.DatabaseUnavailable: _always,
    errors.IdentityUnavailable: _always,
    errors.StatementTimeout: _always,
}


def failures_of(operation: Operation, *, has_body: bool) -> tuple[type[OperationError], ...]:
    """Return the errors that a caller of the operation can meet, by status."""
    compiled = [_error(error) for error in operation.documentation.errors]
    found = [error for error in ERRORS if RULES[error](operation, has_body) or error in compiled]
    own = [error for error in compiled if error not in RULES]
    return tuple(sorted(dict.fromkeys([*found, *own]), key=lambda error: error.status))


def _error(possible: PossibleError) -> type[OperationError]:
    """The class of an error that the compiler has found, which may be one of the project's own."""
    built_in = {error.__name__: error for error in ERRORS}
    known = built_in.get(possible.code)
    return known or own_error(possible.code, possible.status, built_in[possible.stands_for])


_BEFORE_THE_DATABASE = (
    errors.NotAuthenticated,
    errors.IdentityUnavailable,
    errors.RequestTooLarge,
    errors.NotAcceptable,
    errors.UnsupportedMediaType,
    errors.IdempotencyConflict,
    errors.PreconditionRequired,
    errors.Throttled,
)


def outcomes_of(operation: Operation) -> dict[str, list[str]]:
    """Return what may have become of the change that a failed call was to make, with the errors that leave it so."""
    found: dict[str, list[str]] = {}
    for error in failures_of(operation, has_body=True):
        if error is errors.OutcomeUnknown:
            outcomes: tuple[Outcome, ...] = (Outcome.UNKNOWN,)
        elif error is errors.ResultTooLarge:
            outcomes = Outcome.ROLLED_BACK, Outcome.COMMITTED
        elif error in _BEFORE_THE_DATABASE:
            outcomes = (Outcome.NOT_EXECUTED,)
        else:
            outcomes = Outcome.NOT_EXECUTED, Outcome.ROLLED_BACK
        for outcome in outcomes:
            found.setdefault(str(outcome), []).append(error.__name__)
    return found


def problem_name(error: type[OperationError]) -> str:
    """Return the name of the schema of an error's problem document."""
    return f"{error.__name__}Problem"


def problem_schema(error: type[OperationError]) -> dict[str, Any]:
    """Return the JSON Schema of an error's problem document (RFC 9457)."""
    properties: dict[str, Any] = {
        "type": {"type": "string", "const": f"urn:queryport:error:{error.__name__}"},
        "title": {"type": "string", "const": error.title},
        "status": {"type": "integer", "const": error.status},
        "detail": {"type": "string", "description": "This failure in words; they may change."},
        "code": {"type": "string", "const": error.__name__},
        "retryable": {"type": "boolean", "description": "The very same call may be repeated."},
        "outcome": {"type": "string", "enum": [*Outcome], "description": "What became of the change."},
        "operation": {"type": "string"},
        "sqlstate": {"type": "string", "description": "PostgreSQL's code, where it is behind the failure."},
    }
    if error is errors.BusinessRule or error not in RULES:
        properties["hint"] = {"type": "string", "description": "What to do, in the words of the database's author."}
        properties["details"] = {"type": "object", "description": "What the database's author tells programs."}
    if has_flaws(error):
        properties["errors"] = {"type": "array", "items": {"$ref": "#/components/schemas/Flaw"}}
    return {
        "type": "object",
        "description": f"{error.title}.",
        "properties": properties,
        "required": ["type", "title", "status", "detail", "code", "retryable", "outcome"],
    }


def has_flaws(error: type[OperationError]) -> bool:
    """Whether the problem document of an error may point at parameters."""
    return issubclass(error, _OF_PARAMETERS)


_OF_PARAMETERS = (
    errors.InvalidParameters,
    errors.PreconditionRequired,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
    errors.CheckViolation,
    errors.NotNullViolation,
)

FLAW: dict[str, Any] = {
    "type": "object",
    "description": "One thing that is wrong with the parameters.",
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into the object of parameters."},
        "detail": {"type": "string", "description": "What was expected."},
        "in": {
            "type": "string",
            "enum": ["path", "query", "body", "header"],
            "description": "Where the request had it.",
        },
        "name": {"type": "string", "description": "The header's name, where it is one."},
    },
    "required": ["pointer", "detail"],
}


def problem_example(error: type[OperationError]) -> dict[str, Any]:
    """Return a problem document as an answer may have it."""
    unknown = error is errors.OutcomeUnknown
    example: dict[str, Any] = {
        "type": f"urn:queryport:error:{error.__name__}",
        "title": error.title,
        "status": error.status,
        "detail": f"{error.title[:1].lower()}{error.title[1:]}",
        "code": error.__name__,
        "retryable": error.may_be_repeated,
        "outcome": str(Outcome.UNKNOWN if unknown else Outcome.NOT_EXECUTED),
    }
    if error is errors.InvalidParameters:
        example["detail"] = "/limit must be a whole number"
        example["errors"] = [{"pointer": "/limit", "detail": "must be a whole number", "in": "query"}]
    return example


def response_of(group: tuple[type[OperationError], ...]) -> dict[str, Any]:
    """Return the response of the errors that have one status."""
    schemas = [{"$ref": f"#/components/schemas/{problem_name(error)}"} for error in group]
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    if any(error.may_be_repeated for error in group):
        headers["retry-after"] = {"$ref": "#/components/headers/retry-after"}
    if errors.NotAuthenticated in group:
        headers["www-authenticate"] = {"$ref": "#/components/headers/www-authenticate"}
    return {
        "description": "; ".join(f"{error.__name__}: {error.title}" for error in group),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
                "examples": {error.__name__: {"value": problem_example(error)} for error in group},
            }
        },
    }
