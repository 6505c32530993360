"""Routes that a new catalogue takes from an older one's: the same requests mean something else now."""

import re
from collections.abc import Iterator, Mapping

from handler.contract.operation import Http, Operation
from handler.contract.patterns import Effort
from handler.contract.recognition import Recognizers

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


def shape(http: Http) -> tuple[str, ...]:
    """Return the segments of a path, `{}` for each parameter."""
    return tuple("{}" if segment.startswith("{") else segment for segment in http.path.split("/")[1:])


def taken_requests(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> Iterator[tuple[str, str]]:
    """Yield each operation whose new, more literal route answers requests that were another operation's."""
    before = [operation for operation in old.values() if operation.http is not None and "{" in operation.http.path]
    for name, after in sorted(new.items()):
        if after.http is None or "{" not in "".join(each.http.path for each in before if each.http):
            continue
        known = old.get(name)
        if known is not None and known.http is not None and _key(known.http) == _key(after.http):
            continue
        for operation in before:
            if operation.http is not None and _takes(after.http, operation.http, operation):
                theirs = f"{operation.http.method} {operation.http.path}"
                message = f"`{after.http.method} {after.http.path}` answers requests that `{theirs}` had answered"
                yield name, f"{message} (`{operation.name}`)"


def _key(http: Http) -> tuple[str, tuple[str, ...]]:
    return http.method, shape(http)


def _takes(taking: Http, losing: Http, operation: Operation) -> bool:
    """Whether a literal of one route was a value of the other's parameter."""
    ours, theirs = shape(taking), losing.path.split("/")[1:]
    if taking.method != losing.method or len(ours) != len(theirs) or _key(taking) == _key(losing):
        return False
    properties = operation.parameters_schema.get("properties", {})
    for mine, their in zip(ours, theirs, strict=True):
        if their.startswith("{"):
            if mine != "{}" and not _accepts(properties.get(their[1:-1], {}), mine):
                return False
        elif mine != their:  # a literal goes before a parameter, so theirs still does
            return False
    return True


def _accepts(schema: Mapping[str, object], text: str) -> bool:
    recognizer = Recognizers(Effort()).of(schema)
    values = [text, int(text)] if _WHOLE.fullmatch(text) else [text]
    return any(recognizer.accepts(value) or not recognizer.exact for value in values)
