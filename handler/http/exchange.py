"""One request for an operation, and the response that its answer becomes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from handler.adapter import Incoming
from handler.contract.errors import InvalidParameters, OperationError
from handler.contract.limits import LAMBDA_PAYLOAD_BYTES
from handler.contract.operation import READING, Response, Result
from handler.engine.engine import ReadyOperation
from handler.engine.invocation import Answer, Capacity, Invocation
from handler.http.caching import REVALIDATED, column_tag, entity_tag, is_known, of_variant
from handler.http.compression import check_encodings, compress, takes_gzip
from handler.http.formats import JSON, Format, choose, formats_of, protection
from handler.http.parameters import from_body, from_everywhere, located
from handler.http.request import HttpRequest
from handler.http.response import response

_CAPACITY = Capacity(LAMBDA_PAYLOAD_BYTES, "Lambda")


class HttpExchange(NamedTuple):
    incoming: Incoming
    request: HttpRequest
    operation: ReadyOperation
    path_values: list[str] | None
    """The values in the path of a REST route; None where the operation is called by its name."""
    identifying: str
    """The names of the headers that callers are known by."""
    suffix: str | None = None
    """The format that the path asks for, as in `/orders.csv`."""

    def invocation(self) -> Invocation:
        """Gather the parameters of a request. Raises OperationError."""
        self._format()
        check_encodings(self.request.headers.get("accept-encoding"))
        if not self.operation.read_only and "if-none-match" in self.request.headers:
            raise InvalidParameters("this operation takes no If-None-Match: it would make the change whatever is there")
        return Invocation(
            self.operation.name,
            self._values(),
            self.request.idempotency_key,
            self.incoming.caller,
            self.incoming.deadline,
            _CAPACITY,
            self.request.rolls_back,
            self.request.if_match,
            over_http=True,
        )

    def located(self, error: OperationError) -> OperationError:
        if not error.flaws:
            return error
        in_path = self.operation.path_parameters if self.path_values is not None else ()
        return located(error, self.request, in_path, self.operation.parameters.types)

    def render(self, answer: Answer) -> bytes:
        """Write the answer as the event that Lambda makes the HTTP response of. Raises ResultTooLarge."""
        form, request = self.operation.response, self.request
        format_ = self._format()
        is_unkept = answer.result is not self.operation.result
        if answer.replayed and not is_unkept:
            from handler.http.replays import of_replay  # few answers are those of an earlier call

            form, format_ = of_replay(form, format_, answer)
        if form.status == 204 or is_unkept or (format_.is_bytes and answer.json_rows[0] == "null"):
            return response(self.incoming.request_id, 204, None, _circumstances(answer))
        status = 200
        body = format_.write(answer, form)
        headers = {"content-type": format_.content_type}
        if form.media_type is not None:
            headers |= protection(format_)
        gzip = takes_gzip(request.headers.get("accept-encoding"), len(body), is_compressible=format_.is_compressible)
        if request.method in READING:
            headers |= self._for_caches(answer, format_, body, gzip=gzip)
            if_none_match = request.headers.get("if-none-match")
            if if_none_match is not None and is_known(if_none_match, headers["etag"]):
                return response(self.incoming.request_id, 304, None, headers)
            if answer.next is not None:
                from handler.http.links import next_page  # few answers are a page with another behind it

                link = next_page(self.incoming.event, answer.next)
                if link is not None:
                    headers["link"] = link
        else:
            headers |= _circumstances(answer)
            status = _status(form, answer)
            tag = None if answer.rolled_back else _row_tag(form, answer)
            if tag is not None:
                headers["etag"] = tag
            if form.location is not None and status == form.status:
                headers |= _place(form.location, form.columns, answer)
        if answer.total is not None and format_ is not JSON:
            headers["x-total-count"] = str(answer.total)
        if gzip:
            headers["content-encoding"] = "gzip"
            body = compress(body if isinstance(body, bytes) else body.encode())
        is_head = request.method == "HEAD"
        written = response(self.incoming.request_id, status, body, headers, is_head=is_head)
        advice = "" if gzip else "; with `accept-encoding: gzip` it may be small enough"
        self.operation.check_size(len(written), _CAPACITY, rolled_back=answer.rolled_back, advice=advice)
        return written

    def _format(self) -> Format:
        """The format that the request asks for. Raises NotAcceptable."""
        operation = self.operation
        formats = formats_of(operation.result, operation.response.media_type)
        return choose(formats, self.request.headers.get("accept"), self.suffix)

    def _for_caches(self, answer: Answer, format_: Format, body: str | bytes, *, gzip: bool) -> dict[str, str]:
        """The headers of an answer to GET or HEAD, which a cache may keep. 304 has them, too."""
        form = self.operation.response
        tag = _row_tag(form, answer)
        if tag is None:
            text = body if isinstance(body, bytes) else body.encode()
            # The cursor of the next page and the number of rows are part of JSON, and stand beside the other formats.
            beside = "" if format_ is JSON else f"{answer.next or ''}{'' if answer.total is None else answer.total}"
            tag = entity_tag(text + beside.encode() if beside else text)
        elif format_ is not JSON:
            tag = of_variant(tag, format_.media_type)
        if gzip:
            tag = of_variant(tag, "gzip")
        vary = ["accept-encoding"]
        if self.suffix is None and len(formats_of(answer.result, form.media_type)) > 1:
            vary.append("accept")
        if form.by_caller:
            vary.append(self.identifying)
        return {"etag": tag, "cache-control": form.cache_control or REVALIDATED, "vary": ", ".join(vary)}

    def _values(self) -> Any:
        operation = self.operation
        if self.path_values is None or operation.is_batch:
            return from_body(self.request, batch=operation.is_batch)
        in_path = dict(zip(operation.path_parameters, self.path_values, strict=True))
        return from_everywhere(self.request, in_path, operation.parameters.types, operation.raw_body)


def _row_tag(form: Response, answer: Answer) -> str | None:
    """The entity tag that the answered row has by itself."""
    return None if form.etag is None else column_tag(form.etag, form.columns, answer)


def _place(template: str, columns: Sequence[str], answer: Answer) -> dict[str, str]:
    """The header Location, where the row gives one."""
    from handler.http.location import location  # few operations have one

    made = location(template, columns, answer)
    return {} if made is None else {"location": made}


def _status(form: Response, answer: Answer) -> int:
    """The status of an answer to a method that may change something."""
    nothing_made = answer.rolled_back or (answer.result is Result.MAYBE and not answer.json_rows)
    return 200 if nothing_made else form.status


def _circumstances(answer: Answer) -> dict[str, str]:
    """The headers that say what became of the change."""
    headers = {}
    if answer.replayed:
        headers["idempotency-replayed"] = "true"
    if answer.rolled_back:
        headers["preference-applied"] = "tx=rollback"
    return headers
