"""What PostgreSQL's own analysis proves of a statement: which columns are never NULL, and what it may change."""

from dataclasses import dataclass

from queryport.compile.analysis.effects import writers
from queryport.compile.analysis.facts import Facts
from queryport.compile.analysis.node_tree import UnreadableTreeError, read_tree
from queryport.compile.analysis.nullability import Nullability, only_query

_UNREAD = frozenset({"what could not be analysed"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known of one statement. What is not proven is not claimed."""

    nullable: tuple[bool, ...]
    """For each output column, whether it may be NULL."""
    writers: frozenset[str]
    """The functions and other objects that the statement reaches and that may change something."""


def unknown(columns: int) -> Analysis:
    """Return the analysis of a statement of which nothing is proven."""
    return Analysis((True,) * columns, _UNREAD)


def analyse(facts: Facts, tree: str, columns: int, given: frozenset[int]) -> Analysis:
    """Analyse a statement, given as pg_node_tree; `given` are the numbers of the parameters that are never NULL."""
    try:
        query = only_query(read_tree(tree))
        changing = writers(facts, query)
        never_null = Nullability(facts, given).never_null(query)
        if len(never_null) != columns:
            raise UnreadableTreeError(f"expected {columns} columns, got {len(never_null)}")
    except (UnreadableTreeError, RecursionError):
        return unknown(columns)
    return Analysis(tuple(not never for never in never_null), changing)
