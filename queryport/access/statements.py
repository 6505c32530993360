"""The texts that the function may send for an operation, in the forms in which PostgreSQL is asked about them."""

from collections.abc import Iterator

import postgast

from handler.contract.operation import Operation
from queryport.aws.placeholders import scan
from queryport.compile.write.pieces import whole_text


def texts(operation: Operation) -> Iterator[tuple[str, ...]]:
    """Yield the statements of a call in their order: of one that gives every parameter, and of one that gives none.

    Between the two, they hold every piece of SQL that a call can choose.
    """
    seen: set[tuple[str, ...]] = set()
    for present in (True, False):
        statements = tuple(whole_text(sql, present=present) for sql in operation.statements)
        if statements not in seen:
            seen.add(statements)
            yield statements


def without_parameters(statement: str) -> str:
    """Put a NULL in the place of each placeholder, which is a text as those of the RDS Data API are."""
    scanned = scan(statement)
    pieces: list[str] = []
    at = 0
    for placeholder in scanned.placeholders:
        pieces += (statement[at : placeholder.start], "(NULL::pg_catalog.text)")
        at = placeholder.end
    return "".join([*pieces, statement[at:]])


VALUES_UNKNOWN = "SET LOCAL plan_cache_mode = force_generic_plan"
"""Has PostgreSQL plan what is `planned` as for the function; with the NULLs it would compute while planning."""


def planned(statement: str, name: str) -> tuple[str, str, str]:
    """Return what has PostgreSQL plan a statement, prepared under a name, without running it."""
    scanned = scan(statement)
    types, values = (_listed(word, len(scanned.placeholders)) for word in ("text", "NULL"))
    # The `$1` of the text are those of PREPARE: the scanner finds no placeholder in it.
    return f"PREPARE {name}{types} AS {scanned.text}", f"EXPLAIN EXECUTE {name}{values}", f"DEALLOCATE {name}"


def _listed(word: str, count: int) -> str:
    return f"({', '.join([word] * count)})" if count else ""


def can_be_analysed(statement: str) -> bool:
    """Whether it reads or changes rows; the others define something or set it."""
    kind = postgast.parse(statement).stmts[0].stmt.WhichOneof("node")
    return kind in ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt")
