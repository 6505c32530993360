"""The privileges that PostgreSQL checks for a table of an analysed statement, from its entry in RTEPermissionInfo."""

from collections.abc import Sequence

from queryport.access.objects import Table
from queryport.compile.analysis.tree.node_tree import Node

_VERBS = {"SELECT": 1 << 1, "INSERT": 1 << 0, "UPDATE": 1 << 2, "DELETE": 1 << 3}
"""ACL_SELECT and so on, of PostgreSQL's src/include/nodes/parsenodes.h."""
_COLUMNS = {"SELECT": "selectedCols", "INSERT": "insertedCols", "UPDATE": "updatedCols"}
_LOWEST_COLUMN = -7
"""FirstLowInvalidHeapAttributeNumber, which the numbers of columns are counted from."""
_WHOLE_ROW = 0


def checked_verbs(entry: Node) -> list[str]:
    """Return the verbs of the privileges."""
    required = entry.number("requiredPerms")
    return [verb for verb, bit in _VERBS.items() if required & bit]


def checked_columns(table: Table, verb: str, entry: Node) -> tuple[str, ...] | None:
    """Name the columns that are used; None for the whole table, which DELETE and columns like `ctid` need."""
    if verb not in _COLUMNS:
        return None
    numbers = [number + _LOWEST_COLUMN for number in entry.numbers(_COLUMNS[verb])]
    if any(number < _WHOLE_ROW for number in numbers):
        return None
    if _WHOLE_ROW in numbers:
        return tuple(table.columns.values())
    return tuple(table.columns[str(number)] for number in numbers)


def defaulted_columns(table: Table, verbs: Sequence[str], entry: Node, *, takes_defaults: bool) -> set[str]:
    """Name the columns that may take their default, by number: what is not inserted, or is written as DEFAULT."""
    found: set[str] = set()
    if "INSERT" in verbs:
        inserted = () if takes_defaults else entry.numbers("insertedCols")
        found |= table.defaults.keys() - {str(number + _LOWEST_COLUMN) for number in inserted}
    if takes_defaults:
        found |= {str(number + _LOWEST_COLUMN) for number in entry.numbers("updatedCols")}
    return found
