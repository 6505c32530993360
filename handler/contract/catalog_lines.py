"""The lines of catalog.json: reads an operation from the part that a call needs, and its documentation from the other.

Written by queryport.compile.write.emit.
"""

import json
from decimal import Decimal
from typing import Any

from handler.contract.execution import (
    Batch,
    Execution,
    Filter,
    Listing,
    Page,
    Reference,
    Single,
    Step,
    Transaction,
)
from handler.contract.operation import (
    Access,
    Documentation,
    Http,
    Idempotency,
    Operation,
    Parameter,
    PossibleError,
    Precondition,
    RawBody,
    Response,
    Result,
    RowSecurity,
)
from handler.contract.ordering import OrderKey
from handler.contract.sql import (
    Choice,
    CommaList,
    Fragment,
    ListSql,
    Ranges,
    Slot,
    Sql,
)
from handler.contract.violations import Violation


class CatalogError(Exception):
    """The catalogue cannot be used; the message says why and what to do."""


def _read(line: bytes) -> dict[str, Any]:
    # Not orjson: a bound such as 0.1 in a schema is compared with exact numbers.
    members: dict[str, Any] = json.loads(line, parse_float=Decimal)
    return members


def read_documentation(line: bytes) -> Documentation:
    """Return the documentation that the second of an operation's two lines is."""
    members = _read(line)
    return Documentation(**members | {"errors": tuple([PossibleError(*error) for error in members["errors"]])})


def read_operation(line: bytes) -> Operation:
    """Return the operation, without its documentation, that the first of its two lines is."""
    body = _read(line)
    http, access, row_security = body["http"], body["access"], body["row_security"]
    response = body["response"]
    return Operation(
        name=body["name"],
        result=Result(body["result"]),
        read_only=body["read_only"],
        execution=_execution(**body["execution"]),
        parameters=tuple([Parameter(**parameter) for parameter in body["parameters"]]),
        parameters_schema=body["parameters_schema"],
        http=_http(**http) if http else None,
        response=Response(**response | {"columns": tuple(response["columns"])}),
        access=Access(tuple(access["allow"]), access["hidden"], access["http"]),
        caller_schema=body["caller_schema"],
        row_security=RowSecurity(row_security["role"], tuple(row_security["roles"])) if row_security else None,
        idempotency=Idempotency(body["idempotency"]),
        precondition=Precondition(body["precondition"]),
        keep=body["keep"],
        keeps_answer=body["keeps_answer"],
        own_code=body["own_code"],
        violations=tuple([_violation(*each) for each in body["violations"]]),
        retry=body["retry"],
    )


def _http(method: str, path: str, raw: dict[str, Any] | None) -> Http:
    return Http(method, path, RawBody(raw["parameter"], tuple(raw["types"])) if raw else None)


def _violation(*members: Any) -> Violation:
    return Violation(*members)._replace(pointers=tuple(members[-1]))


def _execution(form: str, **body: Any) -> Execution:
    match form:
        case "Single":
            return Single(_sql(body["sql"]), _sql(body["keyed_sql"]) if body["keyed_sql"] else None)
        case "Listing":
            return _listing(**body)
        case "Batch":
            return Batch(_sql(body["sql"]))
        case "Transaction":
            return Transaction(tuple([_step(**step) for step in body["steps"]]), body["answer"], body["isolation"])
    raise CatalogError(f"the catalogue has an operation of the form {form}, which this handler does not know")


def _listing(
    sql: list[Any],
    keys: list[dict[str, Any]],
    by: list[str],
    sorts: list[str],
    ties: list[str],
    filters: list[dict[str, Any]],
    page: dict[str, int] | None,
    counted_sql: list[Any] | None,
) -> Listing:
    return Listing(
        _list_sql(sql),
        tuple([OrderKey(**key) for key in keys]),
        tuple(by),
        tuple(sorts),
        tuple(ties),
        tuple([Filter(**filter_) for filter_ in filters]),
        Page(**page) if page else None,
        _list_sql(counted_sql) if counted_sql else None,
    )


def _step(sql: list[Any], references: list[dict[str, Any]], *, one_row: bool, name: str | None = None) -> Step:
    return Step(_sql(sql), tuple([Reference(**reference) for reference in references]), one_row, name)


def _sql(pieces: list[Any]) -> Sql:
    return tuple([_piece(piece) for piece in pieces])


def _list_sql(pieces: list[Any]) -> ListSql:
    """Read a list's statement, where an object is a slot, or a query for each range of an order."""
    return tuple(
        [
            Ranges(_slots_and_pieces(piece["query"]), piece["opening"], _slots_and_pieces(piece["closing"]))
            if isinstance(piece, dict) and "query" in piece
            else _slot_or_piece(piece)
            for piece in pieces
        ]
    )


def _slots_and_pieces(pieces: list[Any]) -> tuple[Fragment | Choice | CommaList | Slot, ...]:
    return tuple(map(_slot_or_piece, pieces))


def _slot_or_piece(piece: Any) -> Fragment | Choice | CommaList | Slot:
    return Slot(**piece) if isinstance(piece, dict) else _piece(piece)


def _piece(piece: list[Any]) -> Fragment | Choice | CommaList:
    """Read a piece: [SQL, placeholders] is a fragment, [[piece, …]] a list with commas, else it is a choice."""
    return CommaList(tuple(map(_part, piece[0]))) if len(piece) == 1 else _part(piece)


def _part(piece: list[Any]) -> Fragment | Choice:
    return _fragment(*piece) if len(piece) == 2 else _choice(*piece)


def _choice(parameter: str, present: list[Any], absent: list[Any], *null_is_present: bool) -> Choice:
    return Choice(parameter, _fragment(*present), _fragment(*absent), *null_is_present)


def _fragment(sql: str, placeholders: list[str]) -> Fragment:
    return Fragment(sql, tuple(placeholders))
