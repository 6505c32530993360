"""The five requests as they come over the wire, read from JSON and checked against the service model.

Members that the model does not know are ignored, null is the same as absent, and a member of the wrong JSON type is a
SerializationException, as AWS's own readers have it. What a request means is not decided here.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from queryport.emulator.errors import ApiError, validation

LONGEST_SQL = 65_536
LONGEST_ARN = 570
SHORTEST_ARN = 11
LONGEST_NAME = 64
LONGEST_TRANSACTION_ID = 192


class _Shape(BaseModel):
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


class Value(_Shape):
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
        return next((name for name in self.model_fields_set if getattr(self, name) is not None), None)


class TypeHint(StrEnum):
    DATE = "DATE"
    DECIMAL = "DECIMAL"
    JSON = "JSON"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    UUID = "UUID"


class Parameter(_Shape):
    name: str | None = None
    value: Value | None = None
    typeHint: str | None = None  # noqa: N815


class ResultSetOptions(_Shape):
    decimalReturnType: str | None = None  # noqa: N815
    longReturnType: str | None = None  # noqa: N815


class Request(_Shape):
    """What every request has in common."""

    resourceArn: str  # noqa: N815
    secretArn: str  # noqa: N815
    database: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    transactionId: str | None = None  # noqa: N815

    def problems(self) -> Iterator[str]:
        """What the service model's constraints object to, one sentence each."""
        yield from _length("resourceArn", self.resourceArn, SHORTEST_ARN, LONGEST_ARN)
        yield from _length("secretArn", self.secretArn, SHORTEST_ARN, LONGEST_ARN)
        yield from _length("database", self.database, 0, LONGEST_NAME)
        yield from _length("schema", self.schema_, 0, LONGEST_NAME)
        yield from _length("transactionId", self.transactionId, 0, LONGEST_TRANSACTION_ID)


class ExecuteStatement(Request):
    sql: str
    parameters: list[Parameter] | None = None
    includeResultMetadata: bool | None = None  # noqa: N815
    continueAfterTimeout: bool | None = None  # noqa: N815
    resultSetOptions: ResultSetOptions | None = None  # noqa: N815
    formatRecordsAs: str | None = None  # noqa: N815

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        yield from _length("sql", self.sql, 0, LONGEST_SQL)
        yield from _type_hints("parameters", self.parameters or ())
        yield from _choice("formatRecordsAs", self.formatRecordsAs, ("NONE", "JSON"))
        options = self.resultSetOptions or ResultSetOptions()
        yield from _choice(
            "resultSetOptions.decimalReturnType", options.decimalReturnType, ("STRING", "DOUBLE_OR_LONG")
        )
        yield from _choice("resultSetOptions.longReturnType", options.longReturnType, ("LONG", "STRING"))


class BatchExecuteStatement(Request):
    sql: str
    parameterSets: list[list[Parameter]] | None = None  # noqa: N815

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        yield from _length("sql", self.sql, 0, LONGEST_SQL)
        for number, parameters in enumerate(self.parameterSets or (), 1):
            yield from _type_hints(f"parameterSets.{number}.member", parameters)


class BeginTransaction(Request):
    pass


class EndTransaction(Request):
    """CommitTransaction and RollbackTransaction."""

    transactionId: str  # noqa: N815


SHAPES: dict[str, type[Request]] = {
    "ExecuteStatement": ExecuteStatement,
    "BatchExecuteStatement": BatchExecuteStatement,
    "BeginTransaction": BeginTransaction,
    "CommitTransaction": EndTransaction,
    "RollbackTransaction": EndTransaction,
}
"""Operation → the shape of its request."""


def read(shape: type[Request], body: bytes) -> Request:
    """The request in a body; raises ApiError where AWS answers with SerializationException or ValidationException."""
    try:
        request = shape.model_validate_json(body or b"{}")
    except ValidationError as failure:
        raise _unreadable(failure) from None
    problems = list(request.problems())
    if problems:
        raise _invalid(problems)
    return request


def _unreadable(failure: ValidationError) -> ApiError:
    missing: list[str] = []
    for error in failure.errors(include_url=False):
        where = ".".join(str(step) for step in error["loc"])
        if error["type"] != "missing" and not (where and error["input"] is None):
            return ApiError("SerializationException", f"The request's JSON could not be read{where and ' at ' + where}")
        missing.append(f"Value null at '{where}' failed to satisfy constraint: Member must not be null")
    return _invalid(missing)


def _invalid(problems: Sequence[str]) -> ApiError:
    noun = "error" if len(problems) == 1 else "errors"
    return validation(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")


def _failed(member: str) -> str:
    return f"Value at '{member}' failed to satisfy constraint: "


def _length(member: str, value: str | None, least: int, most: int) -> Iterator[str]:
    if value is not None and len(value) < least:
        yield f"{_failed(member)}Member must have length greater than or equal to {least}"
    if value is not None and len(value) > most:
        yield f"{_failed(member)}Member must have length less than or equal to {most}"


def _choice(member: str, value: str | None, choices: Sequence[str]) -> Iterator[str]:
    if value is not None and value not in choices:
        expected = ", ".join(choices)
        yield f"{_failed(member)}Member must satisfy enum value set: [{expected}]"


def _type_hints(member: str, parameters: Sequence[Parameter]) -> Iterator[str]:
    for number, parameter in enumerate(parameters, 1):
        if parameter.typeHint is not None:
            yield from _choice(f"{member}.{number}.member.typeHint", parameter.typeHint, tuple(TypeHint))
