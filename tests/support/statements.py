"""Statements of the catalogue as plain texts, for tests that write them or read them."""

from handler.contract.execution import Listing, Single, Transaction
from handler.contract.operation import Operation
from handler.contract.sql import (
    Choice,
    CommaList,
    Fragment,
    ListSql,
    Ranges,
    Slot,
    Sql,
)
from queryport.compile.write.pieces import Alternative, Listed, Pieces, sql_of

Texts = Pieces


def sql(*texts: str | Alternative | Listed) -> Sql:
    """The statement as the compiler would write it, its placeholders noted."""
    return sql_of(texts)


def list_sql(*texts: str | Alternative | Listed | Slot | Ranges) -> ListSql:
    """The statement of a list."""
    return tuple(part for text in texts for part in ((text,) if isinstance(text, Slot | Ranges) else sql_of((text,))))


def each_range(*texts: str | Slot) -> Ranges:
    """A query for each range of a list's order."""
    query = tuple(part for part in list_sql(*texts) if not isinstance(part, Ranges))
    return Ranges(query, "(SELECT * FROM (", (Fragment(") q)"),))


def texts(statement: Sql) -> Texts:
    """The statement without the names of its placeholders."""
    return tuple(
        Listed(tuple(map(_text, piece.pieces))) if isinstance(piece, CommaList) else _text(piece) for piece in statement
    )


def _text(piece: Fragment | Choice) -> str | Alternative:
    if isinstance(piece, Fragment):
        return piece.sql
    return Alternative(piece.parameter, piece.present.sql, piece.absent.sql, piece.null_is_present)


def sent(operation: Operation) -> Texts:
    """The texts of an operation of one statement."""
    assert not isinstance(operation.execution, Transaction | Listing)
    return texts(operation.execution.sql)


def sent_with_key(operation: Operation) -> Texts | None:
    """The texts for a call with an idempotency key, if it takes one."""
    assert isinstance(operation.execution, Single)
    return texts(operation.execution.keyed_sql) if operation.execution.keyed_sql is not None else None


def choices(statement: Sql) -> list[str]:
    """The parameters that decide on parts of the statement."""
    return [piece.parameter for piece in statement if isinstance(piece, Choice)]


def listing(operation: Operation) -> Listing:
    assert isinstance(operation.execution, Listing)
    return operation.execution
