"""What OpenAPI costs the tool: the document of a thousand operations, and their comparison with an earlier catalogue.

The peer of both is a second, since nothing else does the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Outcome
from benchmarks.operations import annotate, read
from handler.contract.operation import Documentation, Operation
from queryport.breaking import breaches
from queryport.console.collector import collector_paused
from queryport.generate.openapi import Described, Heading, document_of
from queryport.generate.openapi.files import write_document

_OPERATIONS = 1000
_TURNS = 3
_STATE: dict[str, Any] = {"type": "string", "enum": ["new", "paid", "sent", "delivered"]}


def outcomes() -> Iterator[Outcome]:
    """Measure both; the quickest of a few turns counts, as nothing but noise makes a turn longer."""
    old = {operation.name: operation for operation in map(_operation, range(_OPERATIONS))}
    described = [Described(operation, "orders", sql="SELECT 1\n" * 10) for operation in old.values()]

    def build() -> None:
        with TemporaryDirectory() as folder, collector_paused():  # as the tool does it
            write_document(Path(folder) / "catalog.json", document_of(described, Heading()), "f", "callers")

    yield _outcome("openapi", build)
    new = {name: _changed(operation) for name, operation in old.items()}
    yield _outcome("against", lambda: _all_broken(old, new))


def _outcome(name: str, work: Callable[[], None]) -> Outcome:
    turns = []
    for _ in range(_TURNS):
        started = time.process_time()
        work()
        turns.append((time.process_time() - started) * 1000)
    return Outcome(name, min(turns) / 1000, 1.0, min(turns), 1000)


def _all_broken(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> None:
    assert len({breach.operation for breach in breaches(old, new)}) == len(old)


def _operation(number: int) -> Operation:
    """Every other one a write, each with a row of thirty columns."""
    base = annotate()._replace(name=f"orders.annotate_{number}") if number % 2 else read(number)
    columns: dict[str, Any] = {f"column_{index}": {"type": ["integer", "null"]} for index in range(29)}
    row = {
        "type": "object",
        "properties": {**columns, "state": _STATE},
        "required": [*columns, "state"],
        "additionalProperties": False,
    }
    schema = {"type": "array", "items": row} if base.result == "many" else row
    return base._replace(documentation=Documentation("A summary", "A *description*.", schema))


def _changed(operation: Operation) -> Operation:
    """Return the operation with a column that may be of another type."""
    told = operation.documentation
    is_array = told.result_schema.get("type") == "array"
    row = told.result_schema["items"] if is_array else told.result_schema
    changed = {**row, "properties": {**row["properties"], "column_7": {"type": "string"}}}
    schema = {"type": "array", "items": changed} if is_array else changed
    return operation._replace(documentation=told._replace(result_schema=schema))
