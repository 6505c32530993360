"""The orders of the shop, and what AWS answers when they are read."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.workload import COLUMNS


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": number,
            "status": ("open", "paid", "sent")[number % 3],
            "placed_at": f"2026-11-{number % 28 + 1:02}T12:{number % 60:02}:00+00:00",
            "total": f"{number % 900}.{number % 100:02}",
            "paid": number % 2 == 0,
            "note": None if number % 5 else f"ring the bell of house {number}",
        }
        for number in range(1, count + 1)
    ]


def typed_response(table: Sequence[dict[str, Any]]) -> bytes:
    """What AWS answers to a plain SELECT of the rows."""
    return orjson.dumps({"numberOfRecordsUpdated": 0, "records": [[_field(row[c]) for c in COLUMNS] for row in table]})


def json_response(table: Sequence[dict[str, Any]]) -> bytes:
    """What AWS answers to the compiled statement: one text column of JSON (a numeric is a number there)."""
    texts = [orjson.dumps({**row, "total": orjson.Fragment(row["total"])}).decode() for row in table]
    return orjson.dumps({"numberOfRecordsUpdated": 0, "records": [[{"stringValue": text}] for text in texts]})


def raw_response(table: Sequence[dict[str, Any]]) -> bytes:
    """The same for rows of any columns."""
    return orjson.dumps({"records": [[{"stringValue": orjson.dumps(row).decode()}] for row in table]})


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"stringValue": value.replace("T", " ").removesuffix("+00:00")}
