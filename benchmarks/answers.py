"""Answers over HTTP: beside a direct call, as 304, as CSV, as gzip; and what the standard library makes of the same."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from benchmarks import workload
from benchmarks.operations import read
from benchmarks.responses import rows
from handler.contract.operation import Access, Response
from queryport.compile.write.emit import write_catalog

_ROWS_OF_A_MEGABYTE = 7000


def write_a_read(path: Path) -> None:
    """A catalogue of one read that HTTP and direct callers may call."""
    response = Response(columns=workload.COLUMNS, flat=True)
    operation = read(0)._replace(access=Access(("iam", "direct")), response=response)
    write_catalog(path, [operation], fingerprint="0" * 64)


def call_of(kind: str, *arguments: str) -> Callable[[], object]:
    """Return one side of a comparison, to be called as often as it takes."""
    match kind:
        case "direct":
            return workload.direct_call(*arguments)
        case "get":
            catalog, endpoint = arguments
            return workload.handler_call(catalog, endpoint, 0)
        case "browser" | "not-modified":
            return workload.browser_call(*arguments, has_it=kind == "not-modified")
        case "csv":
            return _csv_of_the_handler()
        case "python-csv":
            return _csv_of_python()
        case "gzip":
            return _gzip_of_the_handler()
    return _zlib()


def _texts(count: int) -> list[str]:
    """The rows as PostgreSQL gives them, with a numeric as a number."""
    return [orjson.dumps({**row, "total": orjson.Fragment(row["total"])}).decode() for row in rows(count)]


def _csv_of_the_handler() -> Callable[[], str]:
    from handler.http.csv_rows import csv as written

    texts = _texts(4000)
    return lambda: written(workload.COLUMNS, texts, flat=True, escape_formulas=False)


def _csv_of_python() -> Callable[[], str]:
    texts = _texts(4000)

    def call() -> str:
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(workload.COLUMNS)
        writer.writerows([list(json.loads(text, parse_float=Decimal).values()) for text in texts])
        return file.getvalue()

    return call


def _body() -> bytes:
    return f'{{"data":[{",".join(_texts(_ROWS_OF_A_MEGABYTE))}]}}'.encode()


def _gzip_of_the_handler() -> Callable[[], bytes]:
    from handler.http.compression import compress
    from handler.http.response import response

    body, headers = _body(), {"content-type": "application/json", "content-encoding": "gzip"}
    return lambda: response("7c0a4b1e-9f2d-4e57-8a3f-0f1d2c3b4a59", 200, compress(body), headers)


def _zlib() -> Callable[[], Any]:
    import zlib

    from handler.http.compression import LEVEL

    body = _body()
    return lambda: zlib.compress(body, LEVEL)
