"""The protocol by which the runner reaches a database; a connection and the RDS Data API each fill it in their way.

A transport knows statements, transactions and locks. The choice of scripts, their order and their records are the
runner's, and the same by every transport.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from queryport.migrations.scripts import Script, ScriptStatement

Row = Sequence[Any]
Values = Mapping[str, str]

NO_VALUES: Values = {}

LABELLED = """FROM pg_stat_activity
    WHERE state = 'active' AND pid <> pg_backend_pid() AND strpos(query, :label::text) > 0
"""
"""The sessions in which a statement runs that was sent with a label; see `run_alone`."""


class OutcomeUnseen(Exception):  # noqa: N818 (the runner makes a ScriptError of it, with the place in the file)
    """The statement has come to its end, and whether it succeeded could not be seen."""


class ScriptTransaction(Protocol):
    """An open transaction. Each `:name` in a text stands for a value, which is sent as text. Both raise Refusal."""

    def run(self, text: str, values: Values = NO_VALUES) -> None:
        """Run a statement to its end, however long that takes."""

    def query(self, sql: str, values: Values = NO_VALUES) -> list[Row]:
        """Run a small question and return its rows."""
        ...


class MigrationTransport(Protocol):
    """A database that scripts run on. Each method raises CommandError where it cannot be reached any more."""

    own_tables: set[str]
    """The tables of the schema `queryport` that were seen to be there: none of them goes away."""

    def sendable(self, script: Script, statement: ScriptStatement) -> str:
        """Return the text that is sent for a statement. Raises ScriptError where there is none."""
        ...

    def query(self, sql: str, values: Values = NO_VALUES) -> list[Row]:
        """Run a small question outside of any transaction and return its rows. Raises Refusal."""
        ...

    def transaction(self) -> AbstractContextManager[ScriptTransaction]:
        """Open a transaction for a with block, which commits it at its end or, left by an error, rolls it back.

        No setting, role or temporary table of it reaches the next one. Raises Refusal where the commit is refused.
        """
        ...

    def run_alone(self, text: str, label: str) -> None:
        """Run a statement outside of any transaction, however long that takes; an interruption cancels it.

        pg_stat_activity shows it with the label in a comment before it. Raises Refusal and OutcomeUnseen.
        """

    def try_lock(self, key: int) -> AbstractContextManager[None] | None:
        """Take an advisory lock, which the context releases; None where another has it.

        Neither its holder nor one that asked in vain keeps a snapshot, for which CREATE INDEX CONCURRENTLY would wait.
        """
        ...
