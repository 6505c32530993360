"""The index of a CREATE INDEX as it is in the database: valid, INVALID after a build that failed, or absent."""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import postgast
from psycopg import sql

from queryport.migrations.transport import Row, Values

Query = Callable[[str, Values], list[Row]]
"""The `query` of a transport or of a transaction."""

_FOUND = """
    SELECT coalesce(i.indrelid = to_regclass(:table::text), false), coalesce(i.indisvalid OR c.relkind = 'I', false),
           format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relname = :name::text
      AND n.oid = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(:table::text))
"""
# A partitioned index (relkind I) is not valid as long as partitions lack theirs, as its author wants it.


class IndexState(Enum):
    ABSENT = "absent"
    VALID = "valid"
    INVALID = "invalid"
    ANOTHER = "another"
    """The name belongs to something else: an index of another table, a table, a view."""


class FoundIndex(NamedTuple):
    state: IndexState
    qualified_name: str


class NamedIndex(NamedTuple):
    """The index that a CREATE INDEX with a name makes; `schema` is None where the search path decides."""

    name: str
    table: str
    schema: str | None
    concurrently: bool
    if_not_exists: bool

    @classmethod
    def of(cls, text: str) -> "NamedIndex | None":
        """The index of a statement; None for every other statement, and for an index without a name."""
        node = postgast.parse(text).stmts[0].stmt
        if node.WhichOneof("node") != "index_stmt" or not node.index_stmt.idxname:
            return None
        made = node.index_stmt
        return cls(
            made.idxname,
            made.relation.relname,
            made.relation.schemaname or None,
            concurrently=made.concurrent,
            if_not_exists=made.if_not_exists,
        )

    def find(self, query: Query) -> FoundIndex:
        """Look the name up in the schema of the table, which is where PostgreSQL makes an index."""
        table = sql.Identifier(*(part for part in (self.schema, self.table) if part)).as_string()
        rows = query(_FOUND, {"name": self.name, "table": table})
        if not rows:
            return FoundIndex(IndexState.ABSENT, self.name)
        (on_this_table, valid, qualified_name) = rows[0]
        if not on_this_table:
            return FoundIndex(IndexState.ANOTHER, qualified_name)
        return FoundIndex(IndexState.VALID if valid else IndexState.INVALID, qualified_name)
