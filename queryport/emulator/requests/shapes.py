"""The five requests as they come over the wire, read from JSON and checked against the service model.

Members that the model does not know are ignored and null is the same as absent. What breaks a constraint of the model
is a ValidationException, a member of the wrong JSON type a SerializationException, as AWS's own readers have it. What
a request means is not decided here.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from queryport.aws.limits import STATEMENT_CHARACTERS
from queryport.emulator.errors import ApiError, validation

LONGEST_ARN = 570
SHORTEST_ARN = 11
LONGEST_NAME = 64
LONGEST_TRANSACTION_ID = 192

Arn = Annotated[str, Field(min_length=SHORTEST_ARN, max_length=LONGEST_ARN)]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
SqlText = Annotated[str, Field(max_length=STATEMENT_CHARACTERS)]
TransactionId = Annotated[str, Field(max_length=LONGEST_TRANSACTION_ID)]
TypeHint = Literal["DATE", "DECIMAL", "JSON", "TIME", "TIMESTAMP", "UUID"]


class _RequestModel(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


def _from_base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as failure:
        raise ValueError("expected base64") from failure


def _number(value: object) -> object:
    # JSON has no word for them, so AWS's protocol sends these three as strings.
    return float(value) if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity") else value


Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Blob = Annotated[bytes, BeforeValidator(_from_base64)]
Double = Annotated[float, BeforeValidator(_number)]


class Value(_RequestModel):
    """The union Field: at most one member is set."""

    isNull: bool | None = None  # noqa: N815 (names of the wire)
    booleanValue: bool | None = None  # noqa: N815
    longValue: Int64 | None = None  # noqa: N815
    doubleValue: Double | None = None  # noqa: N815
    stringValue: str | None = None  # noqa: N815
    blobValue: Blob | None = None  # noqa: N815
    arrayValue: dict[str, Any] | None = None  # noqa: N815

    @model_validator(mode="after")
    def _one_member(self) -> "Value":
        if (
            len(self.model_fields_set) > 1
            and sum(getattr(self, name) is not None for name in self.model_fields_set) > 1
        ):
            raise ValueError("expected one member of the union")
        return self

    @property
    def kind(self) -> str | None:
        """The name of the member that is set."""
        for name in self.model_fields_set:  # a loop, since every parameter of every call is asked
            if getattr(self, name) is not None:
                return name
        return None


class SqlParameter(_RequestModel):
    name: str | None = None
    value: Value | None = None
    typeHint: TypeHint | None = None  # noqa: N815


class ResultSetOptions(_RequestModel):
    decimalReturnType: Literal["STRING", "DOUBLE_OR_LONG"] | None = None  # noqa: N815
    longReturnType: Literal["LONG", "STRING"] | None = None  # noqa: N815


class ServiceRequest(_RequestModel):
    """The members that every request has."""

    resourceArn: Arn  # noqa: N815
    secretArn: Arn  # noqa: N815
    database: Name | None = None
    schema_: Name | None = Field(default=None, alias="schema")
    transactionId: TransactionId | None = None  # noqa: N815


class ExecuteStatement(ServiceRequest):
    sql: SqlText
    parameters: list[SqlParameter] | None = None
    includeResultMetadata: bool | None = None  # noqa: N815
    continueAfterTimeout: bool | None = None  # noqa: N815
    resultSetOptions: ResultSetOptions | None = None  # noqa: N815
    formatRecordsAs: Literal["NONE", "JSON"] | None = None  # noqa: N815


class BatchExecuteStatement(ServiceRequest):
    sql: SqlText
    parameterSets: list[list[SqlParameter]] | None = None  # noqa: N815


class BeginTransaction(ServiceRequest):
    pass


class EndTransaction(ServiceRequest):
    """CommitTransaction and RollbackTransaction."""

    transactionId: TransactionId  # noqa: N815


SHAPES: dict[str, type[ServiceRequest]] = {
    "ExecuteStatement": ExecuteStatement,
    "BatchExecuteStatement": BatchExecuteStatement,
    "BeginTransaction": BeginTransaction,
    "CommitTransaction": EndTransaction,
    "RollbackTransaction": EndTransaction,
}
"""Operation → the shape of its request."""


def read(shape: type[ServiceRequest], body: bytes | bytearray) -> ServiceRequest:
    """The request in a body; raises ApiError where AWS answers with SerializationException or ValidationException."""
    try:
        return shape.model_validate_json(body or b"{}")
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
    problems = [_problem(error) for error in errors]
    unreadable = dict.fromkeys(
        _where(error) for error, problem in zip(errors, problems, strict=True) if problem is None
    )
    if unreadable:
        places = "".join(f" at '{place}'" for place in unreadable if place)
        raise ApiError("SerializationException", f"The request's JSON could not be read{places}")
    noun = "error" if len(problems) == 1 else "errors"
    raise validation(f"{len(problems)} validation {noun} detected: {'; '.join(filter(None, problems))}")


def _problem(error: ErrorDetails) -> str | None:
    """The objection of the service model's constraints; None for JSON that is not of the request's shape."""
    where = _where(error)
    if where and (error["type"] == "missing" or error["input"] is None):
        return f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
    match error["type"]:
        case "string_too_short":
            constraint = f"Member must have length greater than or equal to {error['ctx']['min_length']}"
        case "string_too_long":
            constraint = f"Member must have length less than or equal to {error['ctx']['max_length']}"
        case "literal_error":
            choices = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            constraint = f"Member must satisfy enum value set: [{choices}]"
        case _:
            return None
    return f"Value at '{where}' failed to satisfy constraint: {constraint}"


def _where(error: ErrorDetails) -> str:
    """The member that an error is about, as AWS writes it; nothing for the whole request."""
    return ".".join(f"{step + 1}.member" if isinstance(step, int) else step for step in error["loc"])
