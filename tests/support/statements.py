"""Statements of the catalogue as plain texts, for tests that write them or read them."""

from handler.contract.operation import Choice, CommaList, Fragment, Listing, Operation, Single, Slot, Sql, Transaction
from queryport.compile.write.pieces import Alternative, Listed, Pieces, sql_of

Texts = Pieces


def sql(*texts: str | Alternative | Listed | Slot) -> Sql:
    """The statement as the compiler would write it, its placeholders noted."""
    return sql_of(texts)


def texts(statement: Sql) -> Texts:
    """The statement without the names of its placeholders."""
    return tuple(map(_piece, statement))


def _piece(piece: Fragment | Choice | CommaList | Slot) -> str | Alternative | Listed | Slot:
    if isinstance(piece, CommaList):
        return Listed(tuple(map(_text, piece.pieces)))
    return piece if isinstance(piece, Slot) else _text(piece)


def _text(piece: Fragment | Choice) -> str | Alternative:
    if isinstance(piece, Fragment):
        return piece.sql
    return Alternative(piece.parameter, piece.present.sql, piece.absent.sql, piece.null_is_present)


def sent(operation: Operation) -> Texts:
    """The texts of an operation of one statement."""
    assert not isinstance(operation.execution, Transaction)
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
