"""Names for what is written around a statement."""

from queryport.compile.describe.description import Column
from queryport.compile.read.tokens import Scan


def free_names(scan: Scan, columns: tuple[Column, ...], *wanted: str) -> list[str]:
    """Return names that nothing in the statement has: a column of the row's name would hide the row."""
    taken = {token.text.strip('"').lower() for token in scan.tokens} | {column.name.lower() for column in columns}
    return [
        next(name for name in (base, *(f"{base}{number}" for number in range(1, len(taken) + 2))) if name not in taken)
        for base in wanted
    ]


def column_of(row: str, name: str) -> str:
    """Write a column of a row by its quoted name."""
    return f"{row}.{quoted(name)}"


def quoted(name: str) -> str:
    """Write a name in quotation marks."""
    return '"' + name.replace('"', '""') + '"'
