"""Privileges as PostgreSQL grants them: a verb on an object, for tables on single columns where it can be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["schema", "table", "sequence", "function", "database"]


@dataclass(frozen=True, slots=True, order=True)
class Privilege:
    """One privilege that a role needs."""

    kind: Kind
    name: str
    """As it is written in SQL, qualified and quoted; a function with its argument types. Empty for the database."""
    verb: str
    columns: tuple[str, ...] = ()
    """As they are written in SQL; none means the whole object."""

    def __str__(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.verb}{columns} on {self.kind} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Needs:
    """The least that a role needs to run the operations."""

    privileges: tuple[Privilege, ...]
    """In the order in which they are granted."""
    unseen: tuple[str, ...]
    """The objects that may need more, and why that cannot be told."""


IDEMPOTENCY_KEYS = "queryport.idempotency_key"


def for_idempotency_keys() -> Iterator[Privilege]:
    """Yield what calls with an idempotency key need beside their own statement: to find, take and forget a key."""
    for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        yield Privilege("table", IDEMPOTENCY_KEYS, verb)
    yield Privilege("schema", "queryport", "USAGE")


def merged(privileges: Iterable[Privilege]) -> tuple[Privilege, ...]:
    """Put the columns of one verb on one object together; what is granted on the whole needs no columns."""
    columns: dict[tuple[Kind, str, str], set[str] | None] = {}
    for each in privileges:
        key = (each.kind, each.name, each.verb)
        known = columns.setdefault(key, set())
        columns[key] = known | set(each.columns) if known is not None and each.columns else None
    order: tuple[Kind, ...] = ("database", "schema", "table", "sequence", "function")
    found = [Privilege(*key, tuple(sorted(names or ()))) for key, names in columns.items()]
    return tuple(sorted(found, key=lambda each: (order.index(each.kind), each)))


def unquoted(name: str) -> str:
    """Return the name that an identifier stands for, as PostgreSQL's quote_ident wrote it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
