"""One request for an operation, and the response that its answer becomes."""

from typing import Any, NamedTuple

from handler.adapter import Incoming
from handler.contract.errors import OperationError
from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from handler.contract.operation import Result
from handler.engine.engine import ReadyOperation
from handler.engine.invocation import Answer, Capacity, Invocation
from handler.http.caching import REVALIDATED, column_tag, entity_tag, is_known
from handler.http.links import next_page
from handler.http.location import location
from handler.http.parameters import from_body, from_everywhere, located
from handler.http.request import HttpRequest
from handler.http.response import JSON, response

_CAPACITY = Capacity(LAMBDA_PAYLOAD_BYTES, "Lambda")
_READING = frozenset({"GET", "HEAD"})


class HttpExchange(NamedTuple):
    incoming: Incoming
    request: HttpRequest
    operation: ReadyOperation
    path_values: list[str] | None
    """The values in the path of a REST route; None where the operation is called by its name."""
    identifying: str
    """The names of the headers that callers are known by."""

    def invocation(self) -> Invocation:
        """Gather the parameters of a request. Raises OperationError."""
        return Invocation(
            self.operation.name,
            self._values(),
            self.request.idempotency_key,
            self.incoming.caller,
            self.incoming.deadline,
            _CAPACITY,
            self.request.rolls_back,
            self.request.if_match,
        )

    def located(self, error: OperationError) -> OperationError:
        if not error.flaws:
            return error
        return located(error, self.request, self.operation.path_parameters if self.path_values is not None else ())

    def render(self, answer: Answer) -> bytes:
        """Write the answer as the event that Lambda makes the HTTP response of. Raises ResultTooLarge."""
        if self.operation.response.status == 204:
            return response(self.incoming.request_id, 204, None, _circumstances(answer))
        written = self._reading(answer) if self.request.method in _READING else self._other(answer)
        self.operation.check_size(len(written), _CAPACITY, rolled_back=answer.rolled_back)
        return written

    def _reading(self, answer: Answer) -> bytes:
        """Write the answer to GET or HEAD, or say that the caller has it already."""
        form, request = self.operation.response, self.request
        body = f"{{{answer.members}}}"
        # Also of 304: a front end that puts in a type by itself would have caches take their copy for that.
        headers = {
            "content-type": JSON,
            "etag": self._row_tag(answer) or entity_tag(body.encode()),
            "cache-control": form.cache_control or REVALIDATED,
        }
        if form.by_caller:
            headers["vary"] = self.identifying
        if_none_match = request.headers.get("if-none-match")
        if if_none_match is not None and is_known(if_none_match, headers["etag"]):
            return response(self.incoming.request_id, 304, None, headers)
        link = None if answer.next is None else next_page(self.incoming.event, answer.next)
        if link is not None:
            headers["link"] = link
        return response(self.incoming.request_id, 200, body, headers, is_head=request.method == "HEAD")

    def _other(self, answer: Answer) -> bytes:
        form = self.operation.response
        headers = {"content-type": JSON, **_circumstances(answer)}
        tag = self._row_tag(answer)
        if tag is not None and not answer.rolled_back:
            headers["etag"] = tag
        status = form.status
        if answer.rolled_back or (answer.result is Result.MAYBE and not answer.json_rows):
            status = 200  # nothing was made
        elif form.location is not None:
            made = location(form.location, form.columns, answer)
            if made is not None:
                headers["location"] = made
        return response(self.incoming.request_id, status, f"{{{answer.members}}}", headers)

    def _row_tag(self, answer: Answer) -> str | None:
        """The entity tag that the answered row has by itself."""
        form = self.operation.response
        return None if form.etag is None else column_tag(form.etag, form.columns, answer)

    def _values(self) -> Any:
        operation = self.operation
        if self.path_values is None or operation.is_batch:
            return from_body(self.request, batch=operation.is_batch)
        in_path = dict(zip(operation.path_parameters, self.path_values, strict=True))
        return from_everywhere(self.request, in_path, operation.parameters.types)


def _circumstances(answer: Answer) -> dict[str, str]:
    """The headers that say what became of the change."""
    headers = {}
    if answer.replayed:
        headers["idempotency-replayed"] = "true"
    if answer.rolled_back:
        headers["preference-applied"] = "tx=rollback"
    return headers
