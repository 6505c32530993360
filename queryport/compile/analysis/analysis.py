"""Proves of a statement, by PostgreSQL's own analysis: its columns' nullability, its unique columns, its effects."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from queryport.compile.analysis.breakable import Reach, reach_of
from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Relation
from queryport.compile.analysis.documents import DocumentForm, documents
from queryport.compile.analysis.effects import effects
from queryport.compile.analysis.never_null.nullability import Nullability
from queryport.compile.analysis.protection import Protection, protection
from queryport.compile.analysis.relations import reached
from queryport.compile.analysis.row_changes import RowChanges
from queryport.compile.analysis.tree.named import named
from queryport.compile.analysis.tree.node_tree import Node, UnreadableTreeError, only_query, read_tree
from queryport.compile.analysis.uniqueness import Uniqueness

_UNREAD = frozenset({"what could not be analysed"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """The proven facts of one statement; nothing else is claimed."""

    nullable: tuple[bool, ...]
    """For each output column, whether it may be NULL."""
    writers: frozenset[str]
    """The functions and other objects that the statement reaches and that may change something."""
    declarable: frozenset[str]
    """Of them, the project's own functions, which could be declared STABLE."""
    own_code: bool
    """It may run functions of the project's own, which PostgreSQL has not checked when it prepares the statement."""
    relations: tuple[Relation, ...] | None = None
    """The relations that it reads or writes, those behind views included; None where that is not known."""
    reach: Reach | None = None
    """The constraints that it may break; None is any that there is."""
    documents: Mapping[int, list[DocumentForm]] = field(default_factory=dict)
    """The forms of JSON parameters that it takes apart into rows, by their numbers."""
    _facts: Facts | None = field(default=None, repr=False)
    _query: Node | None = field(default=None, repr=False)

    def protection(self) -> Protection | None:
        """Return what is known of the policies that hold for it; None where it could not be analysed."""
        if self._facts is None or self._query is None:
            return None
        try:
            return protection(self._facts, self._query)
        except (UnreadableTreeError, RecursionError):
            return None

    def tells_rows_apart(self, columns: Set[int]) -> bool:
        """Whether no two rows have the same values, NULLs included, in these output columns, counted from 1."""
        if self._facts is None or self._query is None:
            return False
        try:
            return Uniqueness(self._facts).tells_apart(self._query, columns)
        except (UnreadableTreeError, RecursionError):
            return False


def unknown(columns: int) -> Analysis:
    """Return the analysis of a statement of which nothing is proven."""
    return Analysis((True,) * columns, _UNREAD, frozenset(), own_code=True)


def analyse(facts: Facts, tree: str, columns: int, given: frozenset[int]) -> Analysis:
    """Analyse a statement, given as pg_node_tree; `given` are the numbers of the parameters that are never NULL."""
    try:
        query = only_query(read_tree(tree))
        objects = named(query)
        changing = effects(facts, query, objects)
        relations = reached(facts, objects)
        changes = RowChanges(facts, query)
        reach = reach_of(facts, objects, changes)
        never_null = Nullability(facts, given).never_null(query)
        if len(never_null) != columns:
            raise UnreadableTreeError(f"expected {columns} columns, got {len(never_null)}")
    except (UnreadableTreeError, RecursionError):
        return unknown(columns)
    nullable = tuple(not never for never in never_null)
    return Analysis(
        nullable,
        changing.writers,
        changing.declarable,
        changing.own_code,
        relations,
        reach,
        documents(facts, query, objects.functions),
        facts,
        query,
    )
