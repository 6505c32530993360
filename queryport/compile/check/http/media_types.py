"""Checks `format:`, `type:` and `body:` of a query file: answers and requests that are bytes and no JSON."""

import re
from collections.abc import Mapping, Sequence

from handler.contract.operation import WITH_BODY, Http, RawBody, Result
from queryport.compile.describe.database import Database
from queryport.compile.describe.description import Column
from queryport.compile.describe.query_file import QueryFile
from queryport.diagnostics.near_names import did_you_mean

_TOKEN = "[A-Za-z0-9!#$&^_.+-]{1,127}"  # noqa: S105 (RFC 6838, section 4.2: restricted-name)
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:; ?{_TOKEN}={_TOKEN})*")
_MEDIA_RANGE = re.compile(rf"\*/\*|{_TOKEN}/(?:\*|{_TOKEN})")


def media_type(file: QueryFile, result: Result, columns: Sequence[Column]) -> str | None:
    """Return the media type of a value that is answered as its bytes, after a report of one that cannot be."""
    written, header, report = file.front_matter.type, file.header, file.reporter.report
    if file.front_matter.format is None:
        if written is not None:
            message = "`type` is the media type of `format: bytes`, which is not written"
            report("QP425", header.key("type"), message, "write `format: bytes`, or delete the key `type`")
        return None
    span = header.value("format")
    if result is not Result.VALUE:
        message = f"`format: bytes` answers one value, and the result is `{result}`"
        report("QP425", span, message, "select the one column, and write `result: value`")
    elif len(columns) == 1 and not _is_bytea(file.database, columns[0].type_oid):
        message = f"`format: bytes` answers a bytea, and `{columns[0].name}` is none"
        report("QP425", span, message, "cast it, or leave `format` out to answer JSON")
    if written is None:
        report("QP425", span, "the bytes have no media type", "write one under `type`, such as `type: image/png`")
    elif not _MEDIA_TYPE.fullmatch(written):
        report("QP425", header.value("type"), f"`{written}` is no media type", "write one such as `image/png`")
    return written


def raw_body(file: QueryFile, http: Http | None, types: Mapping[str, int]) -> RawBody | None:
    """Return the body that is one parameter's bytes, after a report of one that the route cannot take."""
    body, header, report = file.front_matter.body, file.header, file.reporter.report
    if body is None:
        return None
    key, place = header.key("body"), header.value("body", "parameter")
    if not (file.front_matter.http or "").startswith(WITH_BODY):
        message = f"only requests with {', '.join(WITH_BODY)} have a body, and the operation has no such route"
        report("QP424", key, message, "write for example `http: PUT …`, or delete the key `body`")
    if file.front_matter.batch:
        report("QP424", key, "the body of a batch is an array of objects", "delete the key `body`, or `batch`")
    name = body.parameter
    if name not in types:
        cure = did_you_mean(name, types, f"use `:{name}` in the statement", "`{}`")
        report("QP424", place, f"the statement has no `:{name}`", cure)
    elif not _is_bytea(file.database, types[name]):
        report(
            "QP424", place, f"`:{name}` is no bytea, which is what takes bytes", "name a parameter of the type bytea"
        )
    elif file.front_matter.parameter(name).from_ is not None:
        report("QP424", place, f"`:{name}` comes from the caller, and not from the call", "name another parameter")
    elif http is not None and f"{{{name}}}" in http.path:
        report("QP424", place, f"`:{name}` is in the path already", "name another parameter")
    for index, each in enumerate(body.types):
        if not _MEDIA_RANGE.fullmatch(each):
            message = f"`{each}` is no media type"
            report(
                "QP424", header.value("body", "types", index), message, "write one such as `image/png`, or `image/*`"
            )
    return RawBody(name, tuple(each.lower() for each in body.types))


def _is_bytea(database: Database, oid: int) -> bool:
    row = database.types.base(oid)
    return row.schema == "pg_catalog" and row.name == "bytea"
