"""The recorded calls of calls.yaml, and the plain SQL that each comes to: the file's text with values in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from handler.contract import exact_json
from handler.contract.operation import Operation
from handler.contract.sql import Codec
from queryport.compile.read.draft import Draft, Edit
from queryport.compile.read.leading_comments import read_header
from queryport.compile.read.scan import scan
from queryport.compile.read.yaml_nodes import CoreLoader
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Source
from tests.support.repository import QUERIES


class _Absent:
    """What stands where calls.yaml expects nothing in particular."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Call:
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    if_match: Any = None
    rows: int | None = None
    data: Any = ABSENT
    error: str | None = None
    varies: tuple[str, ...] = ()


class _Loader(yaml.CSafeLoader):
    """That of front matter, by libyaml: every run that collects this suite reads the calls."""

    yaml_implicit_resolvers = CoreLoader.yaml_implicit_resolvers


@cache
def recorded() -> Sequence[Call]:
    # Read as front matter is, in which a date is a string, as it is in JSON.
    text = (Path(__file__).parent / "calls.yaml").read_text()
    return tuple(Call(**entry) for entry in yaml.load(text, Loader=_Loader))  # noqa: S506 (a SafeLoader)


def file_of(operation: str) -> Path:
    return (QUERIES / operation.replace(".", "/")).with_suffix(".sql")


@cache
def route(operation: str) -> str:
    """Such as `GET /books/{book_id}`; empty for an operation that is callable by name only."""
    path = file_of(operation)
    header = read_header(Reporter(Source(path, path.read_text())))
    return header.front_matter.http or ""


def literals(operation: Operation, call: Call) -> dict[str, str]:
    """Every placeholder's value as an SQL literal, defaults and claims included."""
    return {
        parameter.name: literal(
            call.claims[parameter.source.removeprefix("claims.")]
            if parameter.source
            else call.parameters.get(parameter.name, parameter.default),
            parameter.codec,
        )
        for parameter in operation.parameters
    }


def statement(operation: Operation, call: Call) -> str:
    """The statement of the operation's file with literals for placeholders; of a paged one, its first page."""
    path = file_of(operation.name)
    source = Source(path, path.read_text())
    reporter = Reporter(source)
    header = read_header(reporter)
    scanned = scan(reporter, header.end)
    values = literals(operation, call)
    text = Draft(source, scanned.span, [Edit(found.span, values[found.name]) for found in scanned.placeholders]).text
    page = header.front_matter.page
    if page is None:
        return text
    limit = call.parameters.get("limit", page.size)
    order = ", ".join(page.by)
    return f"SELECT * FROM ({text}) AS page ORDER BY {order} LIMIT {limit}"  # noqa: S608 (our own file and calls)


def literal(value: Any, codec: Codec) -> str:
    return "NULL" if value is None else "'" + _text(value, codec).replace("'", "''") + "'"


def _text(value: Any, codec: Codec) -> str:
    match codec:
        case "json":
            return exact_json.dumps(value)
        case ["array", element]:
            return "{" + ",".join("NULL" if item is None else _quoted(item, element) for item in value) + "}"
        case ["row", fields]:
            return "(" + ",".join("" if value[name] is None else _quoted(value[name], of) for name, of in fields) + ")"
        case _:
            return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(value: Any, codec: Codec) -> str:
    return '"' + _text(value, codec).replace("\\", "\\\\").replace('"', '\\"') + '"'
