"""`queryport asl`: an operation as a Task state of AWS Step Functions, in the Amazon States Language (JSONPath).

What may be retried is decided by handler.errors and by what the operation does: where the database certainly changed
nothing, everything is repeated; where an answer was lost on the way, only what may run twice. What a caller can do
something about is caught by name. docs/step-functions.md explains each member.
"""

from typing import Any

from handler.contract.errors import (
    ERRORS,
    BusinessRule,
    CheckViolation,
    DatabaseResuming,
    ForeignKeyViolation,
    NotFound,
    NotNullViolation,
    OperationError,
    OutcomeUnknown,
    PreconditionFailed,
    TooManyRows,
    UniqueViolation,
)
from handler.contract.execution import Batch
from handler.contract.operation import Idempotency, Operation, Precondition

FUNCTION_ARN = "${QueryportFunctionArn}"
"""Filled in by the template's DefinitionSubstitutions."""

IDEMPOTENCY_KEY = "States.Format('{}:{}', $$.Execution.Id, $$.State.Name)"
"""The same however often the task is sent, after a redrive too; another one for every execution and every state."""

TASK_SECONDS = 120
"""Longer than the function's own time, so that the function tells the outcome of a slow call."""

NEVER_STARTED = ("Lambda.TooManyRequestsException",)
"""Lambda's own errors with which the function certainly did not run."""

ANSWER_LOST = (
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
)
"""Errors of Lambda and Step Functions with which the function may have run, to its end even."""

_REFUSALS = (UniqueViolation, ForeignKeyViolation, CheckViolation, NotNullViolation, BusinessRule)

State = dict[str, Any]


def may_run_twice(operation: Operation) -> bool:
    """Return whether a call may be sent again whose answer was lost: a read, or a write that its key makes once."""
    return operation.read_only or operation.idempotency is not Idempotency.OFF


def task_state(operation: Operation) -> State:
    """The Task; its catchers lead to states that `state_machine` shows."""
    name, summary = title(operation), operation.documentation.summary
    return {
        "Type": "Task",
        **({"Comment": summary} if summary else {}),
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": FUNCTION_ARN, "Payload": _payload(operation)},
        "ResultSelector": _result(operation),
        "ResultPath": f"$.{operation.name.rpartition('.')[2]}",
        "TimeoutSeconds": TASK_SECONDS,
        "Retry": retriers(operation),
        "Catch": [
            {"ErrorEquals": names, "ResultPath": "$.error", "Next": name + reason}
            for reason, names in _caught(operation).items()
        ],
        "End": True,
    }


def state_machine(operation: Operation) -> State:
    """The Task with a Fail state for each of its catchers: a whole state machine, to begin from."""
    name = title(operation)
    fails = {
        name + reason: {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
        for reason in _caught(operation)
    }
    return {"StartAt": name, "States": {name: task_state(operation), **fails}}


def _passes(error: type[OperationError]) -> bool:
    return error.may_be_repeated and not error.over_http_alone


def retriers(operation: Operation) -> list[State]:
    """The retriers: errors to repeat, and their pace. An error that none names is not safe to repeat, or no use."""
    passing = [error.__name__ for error in ERRORS if _passes(error) and error is not DatabaseResuming]
    retriers = [
        # Aurora wakes up in 10 to 30 seconds, the first of which the function waits itself.
        _retrier([DatabaseResuming.__name__], seconds=5, attempts=8, backoff=1.5, longest=30),
        _retrier([*passing, *NEVER_STARTED], seconds=1, attempts=6, backoff=2.0, longest=20),
    ]
    if may_run_twice(operation):
        lost = ANSWER_LOST if operation.read_only else (OutcomeUnknown.__name__, *ANSWER_LOST)
        retriers.append(_retrier([*lost], seconds=2, attempts=4, backoff=2.0, longest=20))
    return retriers


def title(operation: Operation) -> str:
    """`orders.get_order` → `GetOrder`, the name of its state."""
    return "".join(word[:1].upper() + word[1:] for word in operation.name.rpartition(".")[2].split("_"))


def _retrier(names: list[str], *, seconds: int, attempts: int, backoff: float, longest: int) -> State:
    return {
        "ErrorEquals": names,
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": backoff,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }


def _caught(operation: Operation) -> dict[str, list[str]]:
    """The errors that call for an answer of their own, by what is to be told of them; `Failed` is all others."""
    caught = {}
    possible = {error.code for error in operation.documentation.errors}
    if NotFound.__name__ in possible:
        caught["NotFound"] = [NotFound.__name__]
    if TooManyRows.__name__ in possible:
        caught["Ambiguous"] = [TooManyRows.__name__]
    if not operation.read_only:
        if operation.precondition is not Precondition.NONE:
            caught["Moved"] = [PreconditionFailed.__name__]
        if not may_run_twice(operation):
            caught["OutcomeUnknown"] = [OutcomeUnknown.__name__, *ANSWER_LOST]
    refused = [error.__name__ for error in _REFUSALS if error.__name__ in possible]
    refused += sorted(possible - {error.__name__ for error in ERRORS})  # the project's own
    return {**caught, **({"Refused": refused} if refused else {}), "Failed": ["States.ALL"]}


def _payload(operation: Operation) -> State:
    payload: State = {"operation": operation.name, **_parameters(operation)}
    if operation.idempotency is not Idempotency.OFF:
        payload["idempotency_key.$"] = IDEMPOTENCY_KEY
    if operation.precondition is Precondition.REQUIRED:
        payload["if_match.$"] = "$.if_match"
    return payload


def _parameters(operation: Operation) -> State:
    if isinstance(operation.execution, Batch):
        return {"parameters.$": "$.parameters"}
    schema = operation.parameters_schema
    # A path to a member that the state's input lacks is an error that cannot be caught, hence the required ones alone.
    required = [name for name in schema.get("properties", {}) if name in schema.get("required", ())]
    return {"parameters": {f"{name}.$": f"$.{name}" for name in required}}


def _result(operation: Operation) -> State:
    selected = {"data.$": "$.Payload.data"}
    return selected | {"next.$": "$.Payload.next"} if operation.has_pages else selected
