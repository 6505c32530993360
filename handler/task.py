"""Direct invocations, from Step Functions and the AWS SDK: `{"operation": …, "parameters": {…}}` in, `{"data": …}` out.

A failure is raised as an exception whose class is named like the error, which is what a state machine's Retry and Catch
match. An answer that Step Functions could not carry is refused here, since its own failure there cannot be caught.
"""

from typing import Any, NoReturn

from handler.contract import exact_json
from handler.contract.errors import InvalidParameters, OperationError
from handler.engine.engine import Engine, too_large
from handler.observability import Call

# Step Functions passes 256 KiB between states; lambda:invoke wraps the answer in some 1 KB of its own.
LARGEST_ANSWER = 256 * 1024 - 2048

_MEMBERS = frozenset({"operation", "parameters", "idempotency_key"})


class Task:
    caller = "task"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, event: Any, call: Call) -> bytes:
        name, parameters, key = _invocation(event)
        operation = self._engine.operation(name)
        call.operation = name
        answer = operation.run(parameters, call.deadline, key)
        call.rows = answer.rows
        call.replayed = answer.replayed
        text = f'{answer.text[:-1]},"replayed":true}}' if answer.replayed else answer.text
        payload = text.encode()
        if len(payload) > LARGEST_ANSWER:
            detail = f"the answer has {len(payload)} bytes, and Step Functions passes {LARGEST_ANSWER}"
            raise too_large(detail, operation)
        return payload

    def refuse(self, error: OperationError, event: Any, call: Call) -> NoReturn:  # noqa: ARG002 (as FunctionUrl)
        raise error.with_traceback(None) from None


def _invocation(event: Any) -> tuple[str, Any, str | None]:
    """The operation, its parameters (an object, of a batch an array of them) and the idempotency key."""
    if not isinstance(event, dict) or not isinstance(event.get("operation"), str):
        raise InvalidParameters(
            'the event must be an object such as {"operation": "orders.get_order", "parameters": {}}'
        )
    key = event.get("idempotency_key")
    if key is not None and not isinstance(key, str):
        raise InvalidParameters("idempotency_key must be a string")
    if unknown := sorted(str(member) for member in event.keys() - _MEMBERS):
        known = "operation, parameters and idempotency_key"
        raise InvalidParameters(f"the event takes {known}, and not {', '.join(unknown)[:200]}")
    try:
        parameters = exact_json.exact(event.get("parameters", {}))
    except exact_json.JsonError as error:
        raise InvalidParameters(f"parameters {error}") from None
    if not isinstance(parameters, dict | list):
        raise InvalidParameters("parameters must be an object, or for a batch an array of objects")
    return event["operation"], parameters, key
