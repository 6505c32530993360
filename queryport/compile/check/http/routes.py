"""Checks `http:` of a query file, the REST route of the operation.

A path is made of literal segments and of `{name}` segments, each a placeholder of the statement.
"""

import re

from handler.contract.operation import Http
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.types import Schema
from queryport.diagnostics.near_names import did_you_mean

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RESERVED = ("operations", "health", "docs", "openapi.json")
"""First segments that are Queryport's own."""

_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]+")  # RFC 3986, section 3.3: pchar without percent-encoding
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
IN_A_PATH = frozenset({"string", "integer", "number", "boolean"})
"""The types of JSON that a segment of a path can hold."""

_EXAMPLE = "write the method and the path, such as `GET /orders/{order_id}`"


def check_route(
    file: QueryFile, schema: Schema, *, writes: bool, volatile: frozenset[str], declarable: frozenset[str]
) -> Http | None:
    """Read `http:` against the parameters' schema, and against what the statement and its functions may change.

    `volatile` are the names of what may, `declarable` the functions of them that the project could declare STABLE.
    """
    written = file.front_matter.http
    if written is None or written == "off":
        return None
    span, report = file.header.value("http"), file.reporter.report
    method, _, path = written.partition(" ")
    http = Http(method, file.header.prefix + path.strip())
    flaw = _flaw(http.method, http.path)
    if flaw is not None:
        report("QP401", span, *flaw)
        return None
    for segment in http.path.split("/"):
        if segment.startswith(":"):
            message = f"`{segment}` is a segment of the path as it stands, and no parameter"
            report("QP409", span, message, f"write `{{{segment[1:]}}}`")
    for name in _NAME.findall(http.path):
        _check_parameter(file, schema, name)
    if http.method == "GET" and writes:
        message = "GET must not change anything, and this statement may"
        report("QP403", span, message, "take POST, PUT, PATCH or DELETE")
    elif http.method == "GET" and volatile:
        message = f"GET must not change anything, and {', '.join(f'`{name}`' for name in sorted(volatile))} may"
        names = ", ".join(f"`{name}`" for name in sorted(declarable))
        declare = f"declare {names} STABLE if it only reads, or " if declarable and declarable == volatile else ""
        report("QP408", span, message, f"{declare}take another method, such as POST")
    return http


def _flaw(method: str, path: str) -> tuple[str, str] | None:
    """Return message and cure where the two are no route."""
    if method not in METHODS:
        cure = did_you_mean(method, METHODS, _EXAMPLE)
        return f"`{method}` is not one of the methods {', '.join(METHODS)}", cure
    flaw = path_flaw(path)
    if flaw is not None:
        return flaw
    first = path.split("/")[1]
    if first in RESERVED:
        return f"/{first} is Queryport's own", "begin the path with another word"
    names = path_parameters(path)
    if len(set(names)) < len(names):
        return "a name stands twice in the path", "each `{name}` once"
    return None


def path_flaw(path: str) -> tuple[str, str] | None:
    """Return message and cure for what is no path of literal segments and `{name}` segments."""
    segments = path.split("/")[1:]
    if not path.startswith("/") or not all(segments):
        return f"`{path}` is not a path: it begins with / and has no empty segments", _EXAMPLE
    for segment in segments:
        if not _NAME.fullmatch(segment) and not _LITERAL.fullmatch(segment):
            return f"`{segment}` is not a segment of a path", "a segment is a word, or one whole `{name}`"
    return None


def path_parameters(path: str) -> list[str]:
    """Return the names that a path has in braces, in their order."""
    return _NAME.findall(path)


def _check_parameter(file: QueryFile, schema: Schema, name: str) -> None:
    span, report = file.header.value("http"), file.reporter.report
    properties = schema["properties"]
    if name not in properties:
        cure = did_you_mean(name, properties, f"use `:{name}` in the statement", "`{{{}}}`")
        report("QP402", span, f"the route has `{{{name}}}`, and the statement has no `:{name}`", cure)
    elif name not in schema.get("required", ()):
        message = f"`{{{name}}}` is always in the path, and the parameter is optional"
        report("QP404", span, message, f"delete `optional`, `default` and `patch` of `{name}`")
    elif not IN_A_PATH & _types(properties[name]):
        message = f"`{{{name}}}` is not a single value, which is all that a path can hold"
        report("QP404", span, message, "leave it to the query string or the body")


def _types(schema: Schema) -> frozenset[str]:
    types = schema.get("type", [])
    return frozenset([types] if isinstance(types, str) else types)


def conflict_key(http: Http) -> tuple[str, str]:
    """Return what two routes must not have in common: the method, and the path without its names."""
    return http.method, _NAME.sub("{}", http.path)
