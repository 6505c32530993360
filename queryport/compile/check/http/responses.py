"""Checks `status:`, `location:` and `cache:` of a query file: the answers of an operation over HTTP."""

from collections.abc import Sequence

from handler.contract.operation import ONE_ROW, Response, Result
from queryport.compile.check.http.media_types import media_type
from queryport.compile.check.http.routes import IN_A_PATH, path_flaw, path_parameters
from queryport.compile.describe.description import Column
from queryport.compile.describe.query_file import QueryFile
from queryport.compile.describe.types import result_schema
from queryport.diagnostics.near_names import did_you_mean

_MADE = frozenset({201, 202})
"""The statuses that speak of a resource which the header Location then names (RFC 9110, sections 15.3.2 and 15.3.3)."""


def check_response(
    file: QueryFile,
    result: Result,
    columns: Sequence[Column],
    *,
    changes: bool,
    private_because: str | None,
) -> Response:
    """Return the operation's answers over HTTP, after a report of each that it cannot give.

    `private_because` is the reason, if any, for which callers get different answers.
    """
    status = _status(file, result, changes=changes)
    has_rows = result not in (Result.AFFECTED, Result.NONE)
    return Response(
        status=status,
        location=_location(file, result, columns, status),
        cache_control=_cache_control(file, private_because),
        by_caller=private_because is not None,
        columns=tuple(column.name for column in columns) if has_rows else (),
        flat=has_rows and all(_is_single_value(file, column) for column in columns),
        media_type=media_type(file, result, columns),
        escape_formulas=file.front_matter.formulas == "escape",
    )


def _status(file: QueryFile, result: Result, *, changes: bool) -> int:
    status, span, report = file.front_matter.status, file.header.value("status"), file.reporter.report
    if status is None:
        return 204 if result is Result.NONE else 200
    if status == 204 and result is not Result.NONE:
        message = f"`status: 204` is of an answer without a body, and `result: {result}` has one"
        report("QP420", span, message, "take `result: none`, or another status")
    elif status in _MADE and not changes:
        message = f"`status: {status}` says that something was made, and the operation only reads"
        report("QP420", span, message, "delete the key `status`")
    return status


def _location(file: QueryFile, result: Result, columns: Sequence[Column], status: int) -> str | None:
    path, span, report = file.front_matter.location, file.header.value("location"), file.reporter.report
    if path is None:
        return None
    if status not in _MADE:
        report("QP421", span, "`location` names what was made, and the status does not say so", "write `status: 201`")
    if result not in ONE_ROW:
        message = f"`location` takes columns of the answered row, and `result: {result}` has not one row"
        report("QP421", span, message, "take `result: one`, with RETURNING")
        return None
    flaw = path_flaw(path)
    if flaw is not None:
        report("QP421", span, *flaw)
        return None
    by_name = {column.name: column for column in columns}
    for name in path_parameters(path):
        if name not in by_name:
            cure = did_you_mean(name, by_name, f"its columns are {', '.join(by_name)}", "`{{{}}}`")
            report("QP421", span, f"the location has `{{{name}}}`, and the row has no such column", cure)
        elif not _is_single_value(file, by_name[name]):
            message = f"the column `{name}` is not a single value, which is all that a path can hold"
            report("QP421", span, message, "take another column")
    return path


def _is_single_value(file: QueryFile, column: Column) -> bool:
    types = result_schema(file.database, column, may_be_null=False).get("type", "any")
    return {types} <= IN_A_PATH if isinstance(types, str) else set(types) <= IN_A_PATH


def _cache_control(file: QueryFile, private_because: str | None) -> str | None:
    """Write the header Cache-Control (RFC 9111, section 5.2.2)."""
    cache, header, report = file.front_matter.cache, file.header, file.reporter.report
    if cache is None:
        return None
    if not (file.front_matter.http or "").startswith("GET "):
        if header.key("cache").source is None:  # a folder's is for the operations that can have it
            message = "caches keep answers to GET, and the operation has no route with GET"
            report("QP422", header.key("cache"), message, "write `http: GET …`, or delete the key `cache`")
        return None
    if cache.public and private_because is not None:
        message = f"`public` lets everybody have an answer that is not for everybody: {private_because}"
        report("QP422", header.value("cache", "public"), message, "delete `public`, or let `anyone` call")
    if cache.stale_while_revalidate is not None and cache.max_age is None:
        message = "`stale_while_revalidate` begins when `max_age` ends, and there is none"
        report("QP422", header.value("cache", "stale_while_revalidate"), message, "write `max_age`, too")
    if not cache.store:
        return "no-store"
    directives = ["public" if cache.public else "private"]
    directives.append("no-cache" if cache.max_age is None else f"max-age={cache.max_age}")
    if cache.stale_while_revalidate is not None:
        directives.append(f"stale-while-revalidate={cache.stale_while_revalidate}")
    return ", ".join(directives)
