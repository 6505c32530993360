"""catalog.json: finds a compiled operation by its name or by its HTTP route.

The file is a JSON array with one element a line: first the index, then one operation a line. Start-up reads the index
alone; an operation is read where it lies when it is first called, so that ten thousand operations start as fast as ten.
Written by queryport.compile.emit. Keeps no operation: what has been read belongs to the caller.
"""

import json
import mmap
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from handler.contract.operation import (
    CATALOG_FORMAT,
    Choice,
    Http,
    Idempotency,
    Operation,
    Page,
    Parameter,
    Reference,
    Result,
    Step,
    Transaction,
)
from handler.contract.routes import Routes


class CatalogError(Exception):
    """The catalogue cannot be used; the message says why and what to do."""


class Catalog:
    def __init__(self, path: Path) -> None:
        # A map of the file: it stays whole when another build puts a new file in its place.
        self._text = _mapped(path)
        start = self._text.find(b"\n") + 1  # the array's opening bracket
        end = self._text.find(b"\n", start)
        try:
            index = orjson.loads(self._text[start:end].rstrip(b","))
            found = index["format"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CatalogError(f"{path} is no catalogue of operations: `queryport build` writes one") from None
        if found != CATALOG_FORMAT:
            raise CatalogError(
                f"{path} has the format {found}, and this handler reads format {CATALOG_FORMAT}: "
                "build the catalogue with the version of Queryport that the handler is from"
            )
        self.fingerprint: str = index["fingerprint"]
        self.schema = self.fingerprint.partition("-")[0]
        """The fingerprint of the schema that the operations were compiled against."""
        self.routes = Routes(index["routes"])
        self._bodies_at = end + 1
        self._places: dict[str, tuple[int, int]] = index["operations"]

    def __contains__(self, name: str) -> bool:
        return name in self._places

    @property
    def names(self) -> list[str]:
        return list(self._places)

    def operation(self, name: str) -> Operation:
        """Reads one operation. Raises KeyError if there is none of the name."""
        offset, length = self._places[name]
        start = self._bodies_at + offset
        # Not orjson: a bound such as 0.1 in a schema is compared with exact numbers.
        return _operation(json.loads(self._text[start : start + length], parse_float=Decimal))


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise CatalogError(f"{path} does not exist: `queryport build` writes it") from None
    except ValueError:
        raise CatalogError(f"{path} is empty: `queryport build` writes it") from None


def _operation(body: dict[str, Any]) -> Operation:
    http, page, transaction = body["http"], body["page"], body["transaction"]
    return Operation(
        name=body["name"],
        summary=body["summary"],
        description=body["description"],
        result=Result(body["result"]),
        read_only=body["read_only"],
        sql=_pieces(body["sql"]),
        parameters=tuple(Parameter(**parameter) for parameter in body["parameters"]),
        parameters_schema=body["parameters_schema"],
        result_schema=body["result_schema"],
        http=Http(**http) if http else None,
        page=Page(by=tuple(page["by"]), size=page["size"], max=page["max"]) if page else None,
        idempotency=Idempotency(body["idempotency"]),
        keep=body["keep"],
        keyed_sql=_pieces(body["keyed_sql"]),
        retry=body["retry"],
        transaction=_transaction(transaction) if transaction else None,
        batch=body["batch"],
    )


def _transaction(body: dict[str, Any]) -> Transaction:
    steps = tuple(
        Step(
            sql=_pieces(step["sql"]),
            references=tuple(Reference(**reference) for reference in step["references"]),
            one_row=step["one_row"],
        )
        for step in body["steps"]
    )
    return Transaction(steps=steps, answer=body["answer"], isolation=body["isolation"])


def _pieces(pieces: list[Any]) -> tuple[str | Choice, ...]:
    return tuple(piece if isinstance(piece, str) else Choice(**piece) for piece in pieces)
