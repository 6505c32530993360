"""Routes that a new catalogue takes from an older one's: the same requests mean something else now."""

import re
from collections.abc import Iterator, Mapping

from handler.contract.operation import Http, Operation, Result
from handler.contract.patterns import Effort
from handler.contract.recognition import Recognizers

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


def shape(http: Http) -> tuple[str, ...]:
    """Return the segments of a path, `{}` for each parameter."""
    return tuple("{}" if segment.startswith("{") else segment for segment in http.path.split("/")[1:])


def taken_requests(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> Iterator[tuple[str, str]]:
    """Yield each operation whose new route answers requests that were another operation's.

    The method makes no difference: a path has the methods of its own routes, and is 405 for others.
    """
    before = [operation for operation in old.values() if operation.http is not None]
    known = {shape(operation.http) for operation in before if operation.http is not None}
    for name, after in sorted(new.items()):
        if after.http is None or shape(after.http) in known:
            continue
        for operation in before:
            if operation.http is None:
                continue
            theirs = f"{operation.http.method} {operation.http.path}"
            if _takes(after.http, operation.http, operation):
                message = f"`{after.http.method} {after.http.path}` answers requests that `{theirs}` had answered"
                yield name, f"{message} (`{operation.name}`)"
            elif suffixes := _taken_suffixes(after.http, operation.http, operation):
                message = f"`{after.http.method} {after.http.path}` answers `{operation.http.path}{suffixes[0]}`"
                yield name, f"{message}, which was a format of `{theirs}` (`{operation.name}`)"


def suffixes_of(operation: Operation) -> tuple[str, ...]:
    """Return what may follow the path of a route to ask for a format, as handler.http has it."""
    http = operation.http
    if http is None or http.method != "GET" or http.path.endswith("}"):
        return ()
    has_rows = operation.result in (Result.MANY, Result.ONE, Result.MAYBE) and operation.response.media_type is None
    return (".json", ".ndjson", ".csv") if has_rows else (".json",)


def _takes(taking: Http, losing: Http, operation: Operation) -> bool:
    """Whether a path that the losing route had now leads to the other one first, as handler.contract.routes walks.

    The first segment in which they differ decides: a literal goes before a parameter, whatever follows.
    """
    ours, theirs = shape(taking), losing.path.split("/")[1:]
    if len(ours) != len(theirs):
        return False
    goes_first = False
    for mine, their in zip(ours, theirs, strict=True):
        if mine == "{}":
            if not (goes_first or their.startswith("{")):
                return False
        elif _may_be_segment(mine, their, operation):
            goes_first = goes_first or their.startswith("{")
        else:
            return False
    return goes_first


def _taken_suffixes(taking: Http, losing: Http, operation: Operation) -> list[str]:
    """The suffixes of a route with which its path is one of the other's as it stands, which goes before a format."""
    ours, (*before, last) = shape(taking), losing.path.split("/")[1:]
    if len(ours) != len(before) + 1:
        return []
    return [
        suffix
        for suffix in suffixes_of(operation)
        if all(
            mine == "{}" or _may_be_segment(mine, their, operation)
            for mine, their in zip(ours, (*before, last + suffix), strict=True)
        )
    ]


def _may_be_segment(literal: str, their: str, operation: Operation) -> bool:
    """Whether a literal is that of the other route, or a value of its parameter."""
    if not their.startswith("{"):
        return literal == their
    return _accepts(operation.parameters_schema.get("properties", {}).get(their[1:-1], {}), literal)


def _accepts(schema: Mapping[str, object], text: str) -> bool:
    recognizer = Recognizers(Effort()).of(schema)
    values = [text, int(text)] if _WHOLE.fullmatch(text) else [text]
    return any(recognizer.accepts(value) or not recognizer.exact for value in values)
