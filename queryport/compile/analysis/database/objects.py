"""The relations, functions and types of a database, as far as statements that name them depend on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from queryport.compile.analysis.tree.named import Named, named
from queryport.compile.analysis.tree.node_tree import Value, read_tree

Moment = tuple[int, int]
"""When a row of the catalogue was written: its transaction, and the command within it."""


class UniqueKey(NamedTuple):
    """A unique index that holds for every row at once."""

    columns: tuple[int, ...]
    nulls_not_distinct: bool


@dataclass(frozen=True)
class Relation:
    """A table, view, materialised view or foreign table."""

    oid: int
    name: str
    kind: str
    """pg_class.relkind: r table, p partitioned, v view, m materialised view, f foreign, S sequence."""
    not_null: Mapping[int, Moment]
    """The columns that hold no NULL, here and in inheriting tables, each with the time of its promise."""
    not_null_itself: Mapping[int, Moment]
    """The same without what inherits from it: FROM ONLY."""
    unique_keys: tuple[UniqueKey, ...]
    has_children: bool
    """Whether other tables inherit from it, over whose rows its indexes do not reach."""
    foreign: bool
    """Whether some of its rows are another server's."""
    replaced: bool
    """Whether rules or INSTEAD OF triggers decide what a write to it does."""
    rewritten: bool
    """Whether a trigger may change a row before it is written, in it or in a table that inherits from it."""
    generated: frozenset[int]
    """The columns whose values are computed from others, in it or in a table that inherits from it."""
    definition: str | None
    """The analysed query of a view, as pg_node_tree."""
    defined_at: Moment
    secured: bool
    """Its row-level security is on."""
    policy_count: int
    owner: int
    temporary: bool
    invoker: bool
    """A view that reads its tables as its reader, and not as its owner (security_invoker)."""
    policies: tuple[str, ...]
    """The conditions of row-level security, as pg_node_tree."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Relation":
        """Read a row of questions.RELATIONS."""
        converted = {
            "not_null": _moments(row["not_null"]),
            "not_null_itself": _moments(row["not_null_itself"]),
            "unique_keys": tuple(UniqueKey(tuple(columns), distinct) for columns, distinct in row["unique_keys"]),
            "generated": frozenset(row["generated"]),
            "defined_at": tuple(row["defined_at"]),
            "policies": tuple(row["policies"]),
        }
        return cls(**{**row, **converted})

    @cached_property
    def query(self) -> Value:
        """The analysed query of a view."""
        return None if self.definition is None else read_tree(self.definition)

    @cached_property
    def objects(self) -> Named:
        """The objects that a view's query names."""
        return named(self.query)

    @cached_property
    def policy_objects(self) -> tuple[Named, ...]:
        """The objects that the conditions of row-level security name."""
        return tuple(named(read_tree(policy)) for policy in self.policies)


@dataclass(frozen=True)
class Function:
    """A function, aggregate or window function."""

    oid: int
    name: str
    schema: str
    arguments: str
    built_in: bool
    """It is one of PostgreSQL's own, so that its behaviour is known."""
    strict: bool
    volatile: bool
    definer: bool
    """It runs as its owner (SECURITY DEFINER)."""
    owner: int
    language: str
    extension: str | None
    """The extension that brought it."""
    source: str
    trees: tuple[str, ...]
    """Its body and its default arguments, where PostgreSQL keeps them analysed, as pg_node_tree."""
    calls: tuple[int, ...]
    """The functions that make up an aggregate."""
    compares: bool
    """It belongs to the comparison operators of a B-tree, which answer no NULL to what is not NULL."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Function":
        """Read a row of questions.FUNCTIONS."""
        return cls(**{**row, **{name: tuple(row[name]) for name in ("trees", "calls")}})

    @cached_property
    def objects(self) -> tuple[Named, ...]:
        """The objects that the body and the default arguments name, where PostgreSQL keeps them analysed."""
        return tuple(named(read_tree(tree)) for tree in self.trees)

    @property
    def signature(self) -> str:
        return f"{self.name}({self.arguments})"


@dataclass(frozen=True)
class Type:
    """A type, as far as values of it run code of a user's."""

    oid: int
    base: int
    """The type below a domain and the domains below that; otherwise itself."""
    not_null: bool
    """A domain, or one below it, refuses NULL."""
    functions: tuple[int, ...]
    """The functions that read, write, compare and cast its values to JSON."""
    trees: tuple[str, ...]
    """The conditions of a domain, as pg_node_tree."""
    parts: tuple[int, ...]
    """Types that its values are made of."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Type":
        """Read a row of questions.TYPES."""
        return cls(**{**row, **{name: tuple(row[name]) for name in ("functions", "trees", "parts")}})

    @cached_property
    def objects(self) -> tuple[Named, ...]:
        """The objects that the conditions of a domain name."""
        return tuple(named(read_tree(condition)) for condition in self.trees)


def _moments(rows: list[tuple[int, int, int]]) -> dict[int, Moment]:
    return {column: (transaction, command) for column, transaction, command in rows}
