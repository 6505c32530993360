"""The shape of an adapter: an event comes in, an operation is called, its answer goes out in the caller's own form."""

from typing import Any, NamedTuple, Protocol

from handler.contract.errors import OperationError
from handler.data_api.deadline import Deadline
from handler.engine.engine import ReadyOperation
from handler.engine.invocation import Answer, Invocation
from handler.identity.caller import Caller


class Incoming(NamedTuple):
    """An event with what is known of it before it is looked at."""

    event: Any
    caller: Caller
    """Anonymous until it is known."""
    request_id: str
    deadline: Deadline
    function_arn: str
    """The ARN by which the function was called."""


class Exchange(Protocol):
    """One event that asks for an operation, and the form in which its caller wants the answer."""

    @property
    def operation(self) -> ReadyOperation: ...

    def invocation(self) -> Invocation:
        """Gather the parameters. Raises InvalidParameters and the errors of HTTP."""

    def located(self, error: OperationError) -> OperationError:
        """The error with the places in the event that it speaks of."""

    def render(self, answer: Answer) -> bytes:
        """Raises ResultTooLarge."""


class Adapter(Protocol):
    name: str
    """For the log: `function_url` or `task`."""

    def identify(self, incoming: Incoming) -> Caller:
        """Find out who calls. Raises NotAuthenticated, IdentityUnavailable and InvalidParameters."""

    def receive(self, incoming: Incoming) -> Exchange | bytes:
        """Find the operation that the event asks for, or answer it where none is needed. Raises OperationError."""

    def refuse(self, incoming: Incoming, error: OperationError, operation: str | None) -> bytes:
        """Render a failure; raise it where that is the caller's form of one."""
