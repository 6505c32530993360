"""Direct invocations, from Step Functions and the AWS SDK: `{"operation": …, "parameters": {…}}` in, `{"data": …}` out.

A failure is raised as an exception of the error's name, which a state machine's Retry and Catch match. An answer that
Step Functions could not carry is refused here, since its own failure there cannot be caught.
"""

from typing import NamedTuple, NoReturn

from handler.adapter import Incoming
from handler.contract import exact_json
from handler.contract.errors import InvalidParameters, OperationError
from handler.engine.engine import Engine, ReadyOperation
from handler.engine.invocation import Answer, Capacity, IfMatch, Invocation
from handler.identity.caller import Caller
from handler.identity.identity import Identity

# Step Functions passes 256 KiB between states; lambda:invoke wraps the answer in some 1 KB of its own.
LARGEST_ANSWER = 256 * 1024 - 2048

_CAPACITY = Capacity(LARGEST_ANSWER, "Step Functions")
_MEMBERS = frozenset({"operation", "parameters", "idempotency_key", "claims", "rollback", "if_match"})


class Task:
    name = "task"

    def __init__(self, engine: Engine, identity: Identity) -> None:
        self._engine = engine
        self._identity = identity

    def identify(self, incoming: Incoming) -> Caller:
        """Raises InvalidParameters and NotAllowed."""
        return self._identity.of_direct(incoming.event, incoming.function_arn)

    def receive(self, incoming: Incoming) -> "TaskExchange":
        """Find the operation that an event asks for. Raises InvalidParameters and UnknownOperation."""
        event = incoming.event
        if not isinstance(event, dict) or not isinstance(event.get("operation"), str):
            raise InvalidParameters(
                'the event must be an object such as {"operation": "orders.get_order", "parameters": {}}'
            )
        key = event.get("idempotency_key")
        if key is not None and not isinstance(key, str):
            raise InvalidParameters("idempotency_key must be a string")
        tag = event.get("if_match")
        if not isinstance(tag, str | int | None) or isinstance(tag, bool):
            raise InvalidParameters("if_match must be a string or a whole number: the value of the row's column")
        if not isinstance(event.get("rollback"), bool | None):
            raise InvalidParameters("rollback must be true or false")
        if unknown := sorted(str(member) for member in event.keys() - _MEMBERS):
            known = "operation, parameters, idempotency_key, if_match, claims and rollback"
            raise InvalidParameters(f"the event takes {known}, and not {', '.join(unknown)[:200]}")
        return TaskExchange(incoming, self._engine.visible(event["operation"], incoming.caller, over_http=False))

    def refuse(self, incoming: Incoming, error: OperationError, operation: str | None) -> NoReturn:  # noqa: ARG002 (as every adapter)
        raise error.with_traceback(None) from None


def _if_match(tag: str | int | None) -> IfMatch | None:
    return None if tag is None else IfMatch(any=True) if tag == "*" else IfMatch((str(tag),))


class TaskExchange(NamedTuple):
    incoming: Incoming
    operation: ReadyOperation

    def invocation(self) -> Invocation:
        """Read the parameters. Raises InvalidParameters."""
        event = self.incoming.event
        try:
            parameters = exact_json.exact(event.get("parameters", {}))
        except exact_json.JsonError as error:
            raise InvalidParameters(f"parameters {error}") from None
        if not isinstance(parameters, dict | list):
            raise InvalidParameters("parameters must be an object, or for a batch an array of objects")
        return Invocation(
            self.operation.name,
            parameters,
            event.get("idempotency_key"),
            self.incoming.caller,
            self.incoming.deadline,
            _CAPACITY,
            bool(event.get("rollback")),
            _if_match(event.get("if_match")),
        )

    def located(self, error: OperationError) -> OperationError:
        return error

    def render(self, answer: Answer) -> bytes:
        """Write the answer as one JSON object. Raises ResultTooLarge."""
        replayed = ',"replayed":true' if answer.replayed else ""
        rolled_back = ',"rolled_back":true' if answer.rolled_back else ""
        payload = f"{{{answer.members}{replayed}{rolled_back}}}".encode()
        self.operation.check_size(len(payload), _CAPACITY, rolled_back=answer.rolled_back)
        return payload
