"""A transaction while it does its work: each of its statements is limited to the time that is left.

It runs with the settings that policies read, and writes the idempotency key with the change.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handler.contract.operation import SESSION_SETTINGS
from handler.data_api.client import Arguments, OpenTransaction
from handler.data_api.deadline import Deadline
from handler.data_api.wire import Rows
from handler.engine import codecs
from handler.engine.idempotency import CLAIM, STORE, IdempotencyKey

_OLDEST_LIMIT_SECONDS = 1.0
_HEAD_START_SECONDS = 0.2  # by which PostgreSQL gives up before the function does, so that its answer arrives

# A function that dies leaves its transaction behind, with its locks and its key: it ends when the call would have.
_LIMIT = """\
SELECT set_config('statement_timeout', :__timeout, true)
FROM set_config('idle_in_transaction_session_timeout', :__timeout, true)"""
_NOTHING_DEFERRED = "SET CONSTRAINTS ALL IMMEDIATE"


SessionSettings = Mapping[str, str | None]
"""The settings of a transaction, by the names of their placeholders; see caller_bindings.session."""

_SETTINGS = {**SESSION_SETTINGS, "__role": "role"}
_OWN_ROLE = "SELECT set_config('role', 'none', true)"


class Running:
    """A transaction while it does its work."""

    def __init__(self, transaction: OpenTransaction, deadline: Deadline) -> None:
        self._transaction = transaction
        self._deadline = deadline
        self._limited_to: float | None = None

    def take_session(self, session: SessionSettings) -> None:
        """Set what policies read, and take the role, for the length of the transaction."""
        names = [name for name in _SETTINGS if name in session]
        if names:
            settings = ", ".join(f"set_config('{_SETTINGS[name]}', :{name}, true)" for name in names)
            sql = f"SELECT (concat({settings}) IS NULL)::text"
            self._transaction.execute(sql, [(name, session[name]) for name in names], self._deadline)

    def limit(self, key: IdempotencyKey | None) -> bool:
        """Set `statement_timeout` to the time left; claim the key in the same statement.

        False says that the key was used before.
        """
        milliseconds = self._limit_milliseconds()
        if key is None:
            self._transaction.execute(_LIMIT, [("__timeout", milliseconds)], self._deadline)
            return True
        arguments = [*key.bindings.items(), ("__timeout", milliseconds)]
        return bool(self._transaction.execute(CLAIM, arguments, self._deadline).json_rows)

    def execute(self, sql: str, arguments: Arguments) -> Rows:
        self._renew_limit()
        return self._transaction.execute(sql, arguments, self._deadline)

    def execute_batch(self, sql: str, sets: Sequence[list[dict[str, Any]]]) -> None:
        self._renew_limit()
        self._transaction.execute_batch(sql, sets, self._deadline)

    def store(self, key: IdempotencyKey, json_rows: Sequence[str], session: SessionSettings) -> None:
        """Keep the answer with the key, as the function's own role."""
        if "__role" in session:
            # Before PostgreSQL 18 a deferred trigger runs as the role that commits, and not as the one that wrote.
            self.check_deferred()
            self._transaction.execute(_OWN_ROLE, (), self._deadline)
        arguments = [
            ("__operation", key.operation),
            ("__key", key.text),
            ("__response", codecs.text_array(list(json_rows))),
        ]
        self._transaction.execute(STORE, arguments, self._deadline)

    def check_deferred(self) -> None:
        """Check now the constraints that would be checked at the commit, and run their triggers."""
        self.execute(_NOTHING_DEFERRED, ())

    def _renew_limit(self) -> None:
        """The limit is that of each statement; one set long ago would let a later statement outlive the deadline."""
        if self._limited_to is not None and self._deadline.seconds() < self._limited_to - _OLDEST_LIMIT_SECONDS:
            self._transaction.execute(_LIMIT, [("__timeout", self._limit_milliseconds())], self._deadline)

    def _limit_milliseconds(self) -> str:
        self._limited_to = self._deadline.seconds()
        return str(max(1, int((self._limited_to - _HEAD_START_SECONDS) * 1000)))
