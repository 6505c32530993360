"""Runs an operation: an Invocation in, one statement or one transaction to the database, an Answer out.

The rows arrive as JSON and leave as JSON: they are passed on and never parsed, but for the last row of a page, whose
sort keys make the cursor, and the rows that later statements of a transaction refer to. Knows nothing of HTTP and
nothing of Step Functions.
"""

from typing import Any, Protocol

from handler.contract.catalog import Catalog
from handler.contract.errors import (
    NotAllowed,
    NotAuthenticated,
    OperationError,
    Outcome,
    OutcomeUnknown,
    ResultTooLarge,
    UnknownOperation,
)
from handler.contract.execution import Batch, Listing, Single, Transaction
from handler.contract.operation import Operation
from handler.contract.routes import parameters_in
from handler.data_api.client import DataApi
from handler.data_api.failures import Failed, Failure, Suspect
from handler.engine.invocation import Answer, Capacity, Invocation
from handler.engine.parameters import Parameters
from handler.engine.single import SingleRunner
from handler.identity.caller import Caller
from handler.identity.rights import any_of

_MOST_READY = 1024
_PURGE = "queryport.purge_idempotency_keys"
_UNKNOWN = "the catalogue has no operation of this name"


class Runner(Protocol):
    """One form of execution."""

    def run(self, invocation: Invocation) -> Answer:
        """Raises InvalidParameters and Failed."""


class ReadyOperation:
    """An operation with its schema and its statements made ready, so that later calls need not do it again."""

    def __init__(self, operation: Operation, data_api: DataApi) -> None:
        self.name = operation.name
        self.is_batch = isinstance(operation.execution, Batch)
        self.read_only = operation.read_only
        self.parameters = Parameters(operation)
        self._takes_values = bool(operation.parameters) or isinstance(operation.execution, Listing)
        self._own_code = operation.own_code
        self._violations = operation.violations
        self._documents = frozenset(
            parameter.name for parameter in operation.parameters if parameter.codec == "json" and not parameter.source
        ) | ({"filter"} if isinstance(operation.execution, Listing) else set())
        self.path_parameters = parameters_in(operation.http.path) if operation.http else ()
        self.access = operation.access
        self.response = operation.response
        self.result = operation.result
        self.raw_body = operation.http.raw if operation.http else None
        self.has_suffixes = operation.http is not None and not operation.http.path.endswith("}")
        """Whether `.csv` behind the path of its route asks for a format; behind a parameter it belongs to the value."""
        self._may_call = any_of(operation.access.allow)
        self._runner = _runner(operation, self.parameters, data_api)

    def run(self, invocation: Invocation) -> Answer:
        """Call the operation. Raises one of handler.contract.errors."""
        if invocation.roll_back and self.read_only:
            invocation = invocation._replace(roll_back=False)  # there is nothing to take back
        try:
            answer = self._runner.run(invocation)
            return answer._replace(rolled_back=True) if invocation.roll_back else answer
        except Failed as failed:
            # Imported here, since most calls succeed.
            from handler.engine import blame, broken_constraints

            failure = broken_constraints.told(
                self._blamed(failed.failure, invocation.values),
                self._violations,
                invocation.values,
                own_code=self._own_code,
            )
            failure = blame.located(failure, invocation.values, self._documents)
            raise self._told(failure, invocation.idempotency_key) from None

    def is_visible_to(self, caller: Caller, *, over_http: bool) -> bool:
        """Whether the caller is told that there is such an operation."""
        return (self.access.http or not over_http) and (not self.access.hidden or self._may_call(caller))

    def admit(self, caller: Caller) -> None:
        """Raise NotAuthenticated or NotAllowed for a caller that may not call the operation."""
        if self._may_call(caller):
            return
        if caller.kind == "anonymous":
            raise NotAuthenticated("the operation is not for callers that are not known")
        raise NotAllowed("the operation is not for this caller")

    def check_size(self, size: int, capacity: Capacity, *, rolled_back: bool = False, advice: str = "") -> None:
        """Raise ResultTooLarge where an answer of `size` bytes cannot reach its caller, though the call is done.

        `advice` stands behind the sizes.
        """
        if size <= capacity.bytes:
            return
        detail = f"the answer has {size} bytes, and {capacity.carrier} passes {capacity.bytes}{advice}"
        outcome = self.outcome(rolled_back=rolled_back)
        made = "; the change was made" if outcome is Outcome.COMMITTED else ""
        raise ResultTooLarge(f"{detail}{made}", outcome=outcome)

    def outcome(self, *, rolled_back: bool) -> Outcome:
        """The fate of the change of a call that is done, whatever becomes of its answer."""
        if self.read_only:
            return Outcome.NOT_EXECUTED
        return Outcome.ROLLED_BACK if rolled_back else Outcome.COMMITTED

    def _blamed(self, failure: Failure, values: Any) -> Failure:
        """The failure as that of the call's values, where nothing else can be at fault."""
        if not self._takes_values or failure.suspect is None:
            return failure
        # Imported here, since most calls succeed.
        from handler.data_api.suspects import values_at_fault
        from handler.engine.blame import names_a_value

        if failure.suspect is Suspect.VALUE or not self._own_code or names_a_value(failure, values):
            return values_at_fault(failure)
        return failure

    def _told(self, failure: Failure, idempotency_key: str | None) -> OperationError:
        """The error for the caller: OutcomeUnknown where the change may have been made or not."""
        if self.read_only:
            return failure._replace(outcome=Outcome.NOT_EXECUTED).exception()
        if failure.outcome is Outcome.UNKNOWN:
            has_key = idempotency_key is not None
            advice = "call again with the same idempotency key" if has_key else "look before you call again"
            return OutcomeUnknown(
                f"{failure.detail}, and nobody knows whether the change was made: {advice}",
                outcome=Outcome.UNKNOWN,
                retryable=has_key,
                sqlstate=failure.sqlstate,
                cause=failure.cause,
            )
        return failure.exception()


def _runner(operation: Operation, parameters: Parameters, data_api: DataApi) -> Runner:
    match operation.execution:
        case Single() as single:
            runner = SingleRunner(operation, single, parameters, data_api)
            if operation.name != _PURGE:
                return runner
            # Imported here, since one call a day asks for it.
            from handler.engine.purge import PurgeRunner

            return PurgeRunner(runner)
        # The other forms are imported here: a function that is started for another operation need not wait for them.
        case Listing() as listing:
            from handler.engine.listing import ListRunner

            return ListRunner(operation, listing, parameters, data_api)
        case Batch() as batch:
            from handler.engine.batches import BatchRunner

            return BatchRunner(operation, batch, parameters, data_api)
        case Transaction() as transaction:  # pragma: no branch (the union has no other form)
            from handler.engine.steps import StepsRunner

            return StepsRunner(operation, transaction, parameters, data_api)


class Engine:
    """The operations of a catalogue, ready to run."""

    def __init__(self, catalog: Catalog, data_api: DataApi) -> None:
        self._catalog = catalog
        self._data_api = data_api
        self._ready: dict[str, ReadyOperation] = {}

    def visible(self, name: str, caller: Caller, *, over_http: bool) -> ReadyOperation:
        """Return the operation of a name as a caller sees it. Raises UnknownOperation."""
        operation = self.operation(name)
        if not operation.is_visible_to(caller, over_http=over_http):
            raise UnknownOperation(_UNKNOWN)
        return operation

    def operation(self, name: str) -> ReadyOperation:
        """Return the operation of a name. Raises UnknownOperation."""
        ready = self._ready.get(name)
        if ready is None:
            try:
                operation = self._catalog.operation(name)
            except KeyError:
                raise UnknownOperation(_UNKNOWN) from None
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            ready = self._ready[name] = ReadyOperation(operation, self._data_api)
        return ready

    def run(self, invocation: Invocation) -> Answer:
        """Call an operation. Raises one of handler.contract.errors."""
        return self.operation(invocation.operation).run(invocation)
