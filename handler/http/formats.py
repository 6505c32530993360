"""The forms of an answer: JSON, and by `Accept` or a suffix of the path also NDJSON and CSV; a value as its bytes."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from handler.contract.errors import NotAcceptable
from handler.contract.operation import Response, Result
from handler.engine.invocation import Answer

_OF_ROWS = frozenset({Result.MANY, Result.ONE, Result.MAYBE})
_ACTIVE = frozenset({"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml"})
"""Types that a browser runs scripts of, which would run with the rights of the function's own pages."""

_COMPRESSIBLE = ("json", "xml", "javascript", "/wasm")


class Format(NamedTuple):
    media_type: str
    """By this, callers ask for it."""
    write: Callable[[Answer, Response], str | bytes]
    content_type: str
    """With its parameters, as it is sent."""
    is_compressible: bool = True
    is_bytes: bool = False


def _json(answer: Answer, _: Response) -> str:
    return f"{{{answer.members}}}"


def _ndjson(answer: Answer, _: Response) -> str:
    return "".join([f"{_on_one_line(row)}\n" for row in answer.json_rows])


def _on_one_line(row: str) -> str:
    # Line breaks within a text are escaped; those of a json column that was written over several lines are mere space.
    return row.replace("\r", " ").replace("\n", " ") if "\n" in row or "\r" in row else row


def _csv(answer: Answer, response: Response) -> str:
    from handler.http.csv_rows import csv  # few operations are asked for it

    return csv(response.columns, answer.json_rows, flat=response.flat, escape_formulas=response.escape_formulas)


def _bytes(answer: Answer, _: Response) -> bytes:
    return bytes.fromhex(answer.json_rows[0][len('"\\\\x') : -len('"')])


JSON = Format("application/json", _json, "application/json")
_NDJSON = Format("application/x-ndjson", _ndjson, "application/x-ndjson")
_CSV = Format("text/csv", _csv, "text/csv; charset=utf-8; header=present")

SUFFIXES = {"json": JSON, "ndjson": _NDJSON, "csv": _CSV}
"""The formats that the last segment of a path may ask for, as in `/orders.csv`."""


@lru_cache(1024)
def formats_of(result: Result, media_type: str | None) -> tuple[Format, ...]:
    """Return the formats of an operation's answers, the one that it has without being asked first."""
    if media_type is not None:
        name = media_type.partition(";")[0].strip().lower()
        is_compressible = name.startswith("text/") or name.endswith(_COMPRESSIBLE)
        return Format(name, _bytes, media_type, is_compressible, is_bytes=True), JSON
    return (JSON, _NDJSON, _CSV) if result in _OF_ROWS else (JSON,)


def choose(formats: tuple[Format, ...], accept: str | None, suffix: str | None) -> Format:
    """Return the format that a request asks for. Raises NotAcceptable, which names those that there are."""
    if suffix is not None:
        chosen = SUFFIXES[suffix] if SUFFIXES[suffix] in formats else None
    elif accept is None or accept in ("*/*", formats[0].media_type):
        return formats[0]
    else:
        from handler.http.negotiation import acceptable  # many callers ask for what comes first

        found = acceptable(accept, tuple([each.media_type for each in formats]))
        chosen = next((each for each in formats if each.media_type == found), None)
    if chosen is None:
        raise NotAcceptable(f"the operation answers {', '.join([each.media_type for each in formats])}")
    return chosen


def protection(format_: Format) -> dict[str, str]:
    """The headers that keep a browser from running what a value holds."""
    if format_.media_type in _ACTIVE:
        return {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return {}
