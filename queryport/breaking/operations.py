"""The changes of one operation that break its callers, each with the key of the front matter that it belongs to."""

from collections.abc import Iterator

from handler.contract.operation import Idempotency, Operation, Precondition
from handler.contract.routes import parameters_in
from queryport.breaking.change import Change
from queryport.breaking.containment import excess
from queryport.breaking.failures import of_failures
from queryport.breaking.requests import of_requests
from queryport.breaking.results import of_results
from queryport.breaking.rights import shut_out
from queryport.breaking.routes import shape


def changes_of(old: Operation, new: Operation) -> Iterator[Change]:
    """Yield what breaks the callers of an operation."""
    yield from _access(old, new)
    yield from _route(old, new)
    yield from of_requests(old, new)
    yield from _caller(old, new)
    yield from of_results(old, new)
    yield from _response(old, new)
    yield from _conditions(old, new)
    yield from of_failures(old, new)
    yield from _keys(old, new)


def _access(old: Operation, new: Operation) -> Iterator[Change]:
    for rule in shut_out(old.access.allow, new.access.allow):
        cure = f"let `{rule}` in again, or add an operation with the new rules"
        yield Change("QP805", ("allow",), f"`{rule}` does not let callers in any more", cure)
    if old.access.http and not new.access.http:
        yield Change("QP805", ("http",), "it cannot be called over HTTP any more", "delete `http: off`")
    elif new.access.hidden and not old.access.hidden:
        message = "it is in no OpenAPI document any more: clients that are generated anew lack it"
        yield Change("QP805", ("hidden",), message, "leave `hidden` out")
    before, after = old.row_security, new.row_security
    if after is not None and before is None:
        yield Change("QP805", ("rls",), "policies decide now which rows a caller sees", "leave `rls` out")
    elif after is not None and before is not None:
        if after.role != before.role and after.role is not None:
            message = f"it takes the role `{after.role}`, which may do other things than `{before.role or 'its user'}`"
            yield Change("QP805", ("role",), message, "keep the role")
        elif gone := sorted(set(before.roles) - set(after.roles)):
            message = f"callers whose claim names {', '.join(gone)} are refused"
            yield Change("QP805", ("roles",), message, "keep them among `roles`")


def _route(old: Operation, new: Operation) -> Iterator[Change]:
    if old.http is None or not (old.access.http and new.access.http):
        return
    before = f"{old.http.method} {old.http.path}"
    if new.http is None:
        yield Change("QP802", ("http",), f"the route `{before}` is gone", f"write `http: {before}`")
        return
    after = f"{new.http.method} {new.http.path}"
    if (old.http.method, shape(old.http)) != (new.http.method, shape(new.http)):
        cure = f"write `http: {before}`, or give the new route to an operation of its own"
        yield Change("QP802", ("http",), f"the route is `{after}`, and was `{before}`", cure)
    elif parameters_in(old.http.path) != parameters_in(new.http.path):
        kept = set(parameters_in(old.http.path)) & set(parameters_in(new.http.path))
        if any(name in kept for name in parameters_in(old.http.path)):
            message = f"the route `{after}` takes its segments for other parameters than `{before}`"
            yield Change("QP802", ("http",), message, f"write `http: {before}`")


def _caller(old: Operation, new: Operation) -> Iterator[Change]:
    """The claims and other facts of its own that a caller has to have."""
    before = {parameter.name: parameter for parameter in old.parameters}
    had = {parameter.source for parameter in old.parameters if parameter.source is not None and not parameter.optional}
    for parameter in new.parameters:
        if parameter.source is None:
            continue
        keys = ("params", parameter.name, "from")
        known = before.get(parameter.name)
        if known is not None and known.source is not None and known.source != parameter.source:
            message = f"`{parameter.name}` comes from {parameter.source}, and came from {known.source}"
            yield Change("QP805", keys, message, f"write `from: {known.source}`")
        elif not parameter.optional and parameter.source not in had:
            message = f"callers without {parameter.source} are refused"
            yield Change("QP805", keys, message, "let the parameter be optional")
    if old.caller_schema and new.caller_schema:
        theirs = new.caller_schema["properties"]
        for name, schema in old.caller_schema["properties"].items():
            if name in theirs and excess(schema, theirs[name]):
                message = f"fewer values of the caller's are taken for `{name}`"
                yield Change("QP805", ("params", name), message, "take what was taken")


def _response(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = old.response, new.response
    if before.status != after.status:
        cure = f"write `status: {before.status}`"
        yield Change("QP807", ("status",), f"the status is {after.status}, and was {before.status}", cure)
    if before.media_type != after.media_type:
        now, was = after.media_type or "application/json", before.media_type or "application/json"
        cure = f"write `type: {before.media_type}`" if before.media_type else "answer JSON"
        key = "type" if before.media_type and after.media_type else "format"
        yield Change("QP807", (key,), f"the answer is {now}, and was {was}", cure)
    elif before.escape_formulas != after.escape_formulas:
        now = "have an apostrophe before them" if after.escape_formulas else "stand as they are"
        cure = f"write `formulas: {'escape' if before.escape_formulas else 'keep'}`"
        yield Change("QP804", ("formulas",), f"texts of CSV that look like formulas {now} now", cure)
    if before.location is not None and before.location != after.location:
        now = f"`{after.location}`" if after.location else "gone"
        cure = f"write `location: {before.location}`"
        yield Change("QP807", ("location",), f"the header Location is {now}, and was `{before.location}`", cure)


def _conditions(old: Operation, new: Operation) -> Iterator[Change]:
    """The header If-Match, and the tags that callers send in it."""
    before, after = old.precondition, new.precondition
    if after is Precondition.REQUIRED and before is not Precondition.REQUIRED:
        yield Change("QP807", ("etag",), "calls without the header If-Match are refused", "do not ask for it")
    elif after is Precondition.NONE and before is not Precondition.NONE:
        message = "the header If-Match is not taken any more"
        yield Change("QP807", ("etag",), message, f"write `etag: {old.response.etag}` again")
    elif old.response.etag is not None and new.response.etag is None:
        message = "answers have no tag of their row's version any more"
        yield Change("QP807", ("etag",), message, f"write `etag: {old.response.etag}` again")
    elif old.response.etag is not None and old.response.etag != new.response.etag:
        message = f"the tag is the value of `{new.response.etag}`, and was that of `{old.response.etag}`"
        yield Change("QP807", ("etag",), f"{message}: tags that callers hold mean nothing", "keep the column")


def _keys(old: Operation, new: Operation) -> Iterator[Change]:
    before, after = old.idempotency, new.idempotency
    if after is Idempotency.REQUIRED and before is not Idempotency.REQUIRED:
        message = "calls without an idempotency key are refused"
        yield Change("QP806", ("idempotency",), message, "write `idempotency: optional`")
    elif after is Idempotency.OFF and before is not Idempotency.OFF and not new.read_only:
        message = "calls with an idempotency key are refused"
        yield Change("QP806", ("idempotency",), message, f"write `idempotency: {before}`")
    elif after is not Idempotency.OFF and before is not Idempotency.OFF and new.keep < old.keep:
        message = f"keys are kept for {new.keep} seconds, and were for {old.keep}: a late repetition happens twice"
        yield Change("QP806", ("keep",), message, f"write `keep: {old.keep}s`")
    if after is not Idempotency.OFF and before is not Idempotency.OFF and old.keeps_answer and not new.keeps_answer:
        message = "a call that is repeated with its key is answered by null, and was by the first answer"
        yield Change("QP806", ("answer",), message, "delete `answer: none`")
    if old.read_only and not new.read_only:
        message = "it may change something, and only read: callers repeat what only reads"
        yield Change("QP806", (), message, "let it only read, or give the change to an operation of its own")
