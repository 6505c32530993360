"""`http:` of a query file: the REST route of an operation, and whether it can be had.

A path is made of literal segments and of `{name}` segments, each a placeholder of the statement.
"""

import re
from typing import Any

from handler.contract.operation import Http, Operation
from queryport.compile.read.front_matter import Header
from queryport.diagnostics.near_names import did_you_mean
from queryport.diagnostics.source import Problem, Source

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RESERVED = ("operations", "health", "docs", "openapi.json")
"""First segments that are Queryport's own."""

_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]+")  # RFC 3986, section 3.3: pchar without percent-encoding
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_IN_A_PATH = frozenset({"string", "integer", "number", "boolean"})

_EXAMPLE = "write the method and the path, such as `GET /orders/{order_id}`"


def route(
    source: Source, header: Header, schema: dict[str, Any], *, writes: bool, volatile: frozenset[str]
) -> tuple[Http | None, list[Problem]]:
    """Reads `http:` against the parameters' schema, and against what the statement and its functions may change."""
    written = header.front_matter.http
    if written is None:
        return None, []
    span = header.value("http")

    def problem(code: str, message: str, cure: str) -> tuple[None, list[Problem]]:
        return None, [source.problem(code, span, message, cure)]

    method, _, path = written.partition(" ")
    path = path.strip()
    if method not in METHODS:
        cure = did_you_mean(method, METHODS, _EXAMPLE)
        return problem("QP401", f"`{method}` is not one of the methods {', '.join(METHODS)}", cure)
    segments = path.split("/")[1:]
    if not path.startswith("/") or not all(segments):
        return problem("QP401", f"`{path}` is not a path: it begins with / and has no empty segments", _EXAMPLE)
    if segments[0] in RESERVED:
        return problem("QP401", f"/{segments[0]} is Queryport's own", "begin the path with another word")
    names = []
    for segment in segments:
        name = _NAME.fullmatch(segment)
        if name:
            names.append(name[1])
        elif not _LITERAL.fullmatch(segment):
            cure = "a segment is a word, or one whole `{name}`"
            return problem("QP401", f"`{segment}` is not a segment of a path", cure)
    if len(set(names)) < len(names):
        return problem("QP401", "a name stands twice in the path", "each `{name}` once")
    problems = [found for name in names for found in _parameter(source, header, schema, name)]
    if method == "GET" and writes:
        message = "GET must not change anything, and this statement may"
        problems.append(source.problem("QP403", span, message, "take POST, PUT, PATCH or DELETE"))
    elif method == "GET" and volatile:
        message = f"GET must not change anything, and {', '.join(f'`{name}`' for name in sorted(volatile))} may"
        cure = "declare the function STABLE if it only reads, or take another method"
        problems.append(source.problem("QP408", span, message, cure))
    return Http(method, path), problems


def _parameter(source: Source, header: Header, schema: dict[str, Any], name: str) -> list[Problem]:
    span = header.value("http")
    properties = schema["properties"]
    if name not in properties:
        cure = did_you_mean(name, properties, f"use `:{name}` in the statement", "`{{{}}}`")
        return [source.problem("QP402", span, f"the route has `{{{name}}}`, and the statement has no `:{name}`", cure)]
    if name not in schema.get("required", ()):
        message = f"`{{{name}}}` is always in the path, and the parameter is optional"
        return [source.problem("QP404", span, message, f"delete `optional` and `default` of `{name}`")]
    types = properties[name].get("type")
    if not _IN_A_PATH & set([types] if isinstance(types, str) else types or ()):
        message = f"`{{{name}}}` is not a single value, which is all that a path can hold"
        return [source.problem("QP404", span, message, "leave it to the query string or the body")]
    return []


def shape(http: Http) -> tuple[str, str]:
    """What two routes must not have in common: the method, and the path without its names."""
    return http.method, _NAME.sub("{}", http.path)


def clashes(operations: dict[str, tuple[Source, Header, Operation]]) -> list[Problem]:
    """A problem for each operation whose route an earlier one has."""
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for name, (source, header, operation) in sorted(operations.items()):
        if operation.http is None:
            continue
        first = seen.setdefault(shape(operation.http), name)
        if first != name:
            message = f"`{operation.http.method} {operation.http.path}` is the route of `{first}` already"
            problems.append(source.problem("QP405", header.value("http"), message, "give one of them another path"))
    return problems
