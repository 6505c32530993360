"""Operations written by hand, as the compiler would write them, in as few words as a test wants to spend on one."""

from collections.abc import Mapping, Sequence
from typing import Any

from handler.contract.execution import Listing, Page, Single
from handler.contract.operation import Http, Operation, Parameter, Response, Result
from handler.contract.ordering import OrderKey
from handler.contract.sql import Ranges, Slot
from queryport.compile.write.pieces import Alternative
from tests.support.statements import list_sql
from tests.support.statements import sql as sql_of

INTEGER = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
TEXT = {"type": "string"}
ANY: dict[str, Any] = {}


def operation(
    *sql: str | Alternative | Slot | Ranges,
    name: str = "test.operation",
    result: Result = Result.MANY,
    read_only: bool = True,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    how: Sequence[Parameter] = (),
    required: Sequence[str] | None = None,
    http: Http | None = None,
    pages: Listing | None = None,
    response: Response = Response(),  # noqa: B008 (immutable)
) -> Operation:
    """`parameters` maps names to schemas; `how` says what is more than a required scalar."""
    properties = dict(parameters or {})
    declared = {parameter.name: parameter for parameter in how}
    of_page = {"limit", "cursor"} if pages else set()
    if required is None:
        optional = {parameter.name for parameter in how if parameter.optional}
        required = [each for each in properties if each not in optional | of_page]
    return Operation(
        name=name,
        result=result,
        read_only=read_only,
        execution=pages._replace(sql=list_sql(*sql)) if pages else Single(sql_of(*_plain(sql))),
        parameters=tuple(declared.get(each, Parameter(each, "scalar")) for each in properties if each not in of_page),
        parameters_schema={
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        },
        http=http,
        response=response,
    )


def _plain(sql: Sequence[str | Alternative | Slot | Ranges]) -> list[str | Alternative]:
    return [piece for piece in sql if not isinstance(piece, Slot | Ranges)]


def pages_by(column: str, *, size: int, most: int) -> Listing:
    """Pages of a query whose rows are called q, by a column of whole numbers that is never NULL."""
    key = OrderKey(column, f"q.{column}", f"q.{column}::text", "(:__key_1::int)", "__key_1", nullable=False)
    return Listing((), (key,), by=(column,), ties=(column,), page=Page(size, most))


def rows_of(query: str) -> str:
    """A query whose rows arrive as JSON."""
    return f"SELECT row_to_json(q)::text FROM ({query}) q"  # noqa: S608 (a test's own query)
