"""`queryport migrate`: brings a deployed database up to date through the RDS Data API, one runner at a time.

The history is that of migrations.py: same table, same order, same checksums. Each file is one transaction. A file that
is `-- transaction: off` runs statement by statement, and each that is done is written down, so that a run which failed
in the middle goes on behind it. A statement may take longer than the 45 seconds of a call; it is waited for.
"""

import hashlib
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import postgast

from queryport.aws.limits import STATEMENT_CHARACTERS
from queryport.aws.safe_text import untouched
from queryport.compile import schema_fingerprint
from queryport.deployed.client import Deployed, DeployedError, Refused, StillRunning
from queryport.diagnostics.source import Span
from queryport.migrations.history import (
    MIGRATION,
    OWN,
    OWN_MIGRATIONS,
    RUNNERS,
    SCHEMA_DDL,
    HistoryError,
    pending,
    table_ddl,
)
from queryport.migrations.runner import Announce, silent
from queryport.migrations.scripts import Script, Statement, combined_checksum, read_scripts

_IN_FAILED_TRANSACTION = "25P02"
_KEEP_ALIVE_SECONDS = 60.0  # the service ends a transaction that is idle for three minutes
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one migration."""

    name: str
    applied_at: str | None
    """None where it is pending."""
    done: int = 0
    """Of a pending file without a transaction: the statements that ran before it failed."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement with the text that is sent for it."""

    statement: Statement
    text: str

    @property
    def as_written(self) -> bool:
        return self.text == self.statement.text


def status(deployed: Deployed, scripts: Sequence[Script]) -> list[Entry]:
    """Every migration in order. Raises HistoryError, with which nothing can be applied."""
    applied = _applied(deployed, MIGRATION)
    new = pending(scripts, {name: checksum for name, (checksum, _) in applied.items()})
    done = _steps_done(deployed, new[0]) if new else []
    return [
        *(Entry(script.name, applied[script.name][1]) for script in scripts if script.name in applied),
        *(Entry(script.name, None, len(done) if position == 0 else 0) for position, script in enumerate(new)),
    ]


def schema_of(entries: Sequence[Entry], scripts: Sequence[Script]) -> str:
    """The fingerprint of the schema that a database has, which has these entries of the scripts."""
    applied = {entry.name for entry in entries if entry.applied_at is not None}
    return schema_fingerprint(combined_checksum([script for script in scripts if script.name in applied]))


def plan(deployed: Deployed, scripts: Sequence[Script]) -> list[tuple[Script, int]]:
    """The migrations that `migrate` would run, each with its number of statements; changes nothing.

    Raises HistoryError, and ScriptError for a statement that could not be sent.
    """
    new = pending(scripts, _checksums(deployed, MIGRATION))
    return [(script, len(_ready(script))) for script in new]


def migrate(deployed: Deployed, scripts: Sequence[Script], announce: Announce = silent) -> list[str]:
    """Runs what the database has not seen, and answers the files' names.

    Raises HistoryError, DeployedError, and ScriptError for a statement that PostgreSQL refuses or that cannot be sent.
    """
    # The plan also tells what could not be sent, before anything runs.
    if not plan(deployed, scripts) and not _own(deployed):
        return []
    with _only_runner(deployed, announce) as lock:
        _make_tables(deployed)
        for script in _own(deployed):  # asked again: another runner may have been here
            _run_whole(deployed, OWN, script, lock)
        new = pending(scripts, _checksums(deployed, MIGRATION))
        for script in new:
            with announce(f"Applying {script.name}"):
                if script.transactional:
                    _run_whole(deployed, MIGRATION, script, lock)
                else:
                    _run_by_steps(deployed, script, lock)
    return [script.name for script in new]


def _own(deployed: Deployed) -> Sequence[Script]:
    """Queryport's own migrations that the database has not seen."""
    return pending(read_scripts(OWN_MIGRATIONS), _checksums(deployed, OWN), OWN)


class _Lock:
    """The transaction that holds the advisory lock of those who run scripts, and must not fall idle."""

    def __init__(self, deployed: Deployed, transaction: str) -> None:
        self._deployed = deployed
        self._transaction = transaction
        self._used = time.monotonic()

    def taken(self) -> bool:
        query = f"SELECT pg_try_advisory_xact_lock({RUNNERS})"
        return self._deployed.query(query, transaction=self._transaction) == [[True]]

    def keep(self) -> None:
        if time.monotonic() - self._used > _KEEP_ALIVE_SECONDS:
            self.settle()

    def settle(self) -> None:
        """Shows that somebody still wants the lock, and leaves the transaction without a snapshot.

        A query's snapshot would last until the next statement, and CREATE INDEX CONCURRENTLY waits for all that are
        older than itself. SET takes none.
        """
        self._deployed.query("SET LOCAL idle_in_transaction_session_timeout = 0", transaction=self._transaction)
        self._used = time.monotonic()


@contextmanager
def _only_runner(deployed: Deployed, announce: Announce) -> Iterator[_Lock]:
    # A lock of a session would be lost: the Data API gives each call outside a transaction whichever session is free.
    with deployed.transaction() as transaction:
        lock = _Lock(deployed, transaction)
        if not lock.taken():
            with announce("Waiting for another command that applies migrations"):
                give_up = time.monotonic() + _PATIENCE_SECONDS
                while not lock.taken():
                    if time.monotonic() > give_up:
                        raise DeployedError(
                            f"another command has applied migrations for {_PATIENCE_SECONDS:.0f} s: try again later"
                        )
                    time.sleep(1)
        lock.settle()
        yield lock


def _make_tables(deployed: Deployed) -> None:
    if _exists(deployed, OWN) and _exists(deployed, MIGRATION):
        return  # for which the right to make tables is not needed
    with deployed.transaction() as transaction:
        deployed.run(SCHEMA_DDL, transaction)
        for table in (OWN, MIGRATION):
            deployed.run(table_ddl(table), transaction)


def _exists(deployed: Deployed, table: str) -> bool:
    return deployed.query("SELECT to_regclass(:table::text) IS NOT NULL", {"table": f"queryport.{table}"}) == [[True]]


def _applied(deployed: Deployed, table: str) -> dict[str, tuple[str, str]]:
    """The checksum and the time of each script of a kind that ran."""
    if not _exists(deployed, table):
        return {}
    columns = "name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
    rows = deployed.query(f"SELECT {columns} FROM queryport.{table}")  # noqa: S608 (the table is a constant of ours)
    return {name: (checksum, at) for name, checksum, at in rows}


def _checksums(deployed: Deployed, table: str) -> dict[str, str]:
    return {name: checksum for name, (checksum, _) in _applied(deployed, table).items()}


def _ready(script: Script) -> list[_Ready]:
    """The statements as the Data API can take them."""
    ready = []
    for statement in script.statements():
        text = untouched(statement.text)
        if text is None:
            raise script.error(
                "QP105",
                script.first_line(statement),
                "the RDS Data API would take a part of this statement for a placeholder",
                "leave no letter or digit directly behind a colon",
            )
        if len(text) > STATEMENT_CHARACTERS:
            raise script.error(
                "QP211",
                script.first_line(statement),
                f"the statement has {len(text):,} characters, and the RDS Data API takes {STATEMENT_CHARACTERS:,}",
                "split it",
            )
        ready.append(_Ready(statement, text))
    return ready


def _record(deployed: Deployed, table: str, script: Script, transaction: str) -> None:
    query = f"INSERT INTO queryport.{table} (name, checksum) VALUES (:name::text, :checksum::text)"  # noqa: S608 (as above)
    deployed.query(query, {"name": script.name, "checksum": script.checksum}, transaction)


def _run_whole(deployed: Deployed, table: str, script: Script, lock: _Lock) -> None:
    try:
        with deployed.transaction() as transaction:
            # First, so that nobody else can run this file to its end meanwhile, not even one who lost the lock.
            _record(deployed, table, script, transaction)
            for one in _ready(script):
                lock.keep()
                with _told_of(script, one, "nothing of it remains"):
                    _run_in_transaction(deployed, one.text, transaction, lock)
    except Refused as refused:  # by the record, or by a constraint that is checked at the end
        raise DeployedError(f"{script.path}: {refused.message}; nothing of the file remains in the database") from None


def _run_in_transaction(deployed: Deployed, text: str, transaction: str, lock: _Lock) -> None:
    try:
        deployed.run(text, transaction)
    except StillRunning:
        try:
            deployed.await_transaction(transaction, lock.keep)
        except Refused as refused:
            if refused.sqlstate != _IN_FAILED_TRANSACTION:
                raise
            raise Refused("the statement failed after more than 45 s; its message is in PostgreSQL's log", "") from None


_STEPS = """
CREATE TABLE IF NOT EXISTS queryport.migration_step (
    name text, step int, checksum text NOT NULL, PRIMARY KEY (name, step)
)
"""


def _run_by_steps(deployed: Deployed, script: Script, lock: _Lock) -> None:
    deployed.run(_STEPS)
    ready = _ready(script)
    done = _steps_done(deployed, script)
    if done != [_checksum(one) for one in ready[: len(done)]]:
        raise HistoryError(
            f"{script.name} failed on this database after {len(done)} of its statements, and one of those was edited",
            "take the edit back; what stands behind them may change",
        )
    for step, one in enumerate(ready):
        if step < len(done):
            continue
        lock.keep()
        with _told_of(script, one, "what stands before this statement remains"):
            _run_alone(deployed, script, one, lock)
        deployed.query(
            "INSERT INTO queryport.migration_step VALUES (:name::text, :step::int, :checksum::text)",
            {"name": script.name, "step": str(step), "checksum": _checksum(one)},
        )
    with deployed.transaction() as transaction:
        _record(deployed, MIGRATION, script, transaction)
        deployed.query(
            "DELETE FROM queryport.migration_step WHERE name = :name::text", {"name": script.name}, transaction
        )


def _run_alone(deployed: Deployed, script: Script, one: _Ready, lock: _Lock) -> None:
    token = f"queryport {uuid.uuid4()}"  # by which pg_stat_activity shows whether it still runs
    mark = f"/* {token} */ "
    try:
        deployed.run(mark + one.text)
    except Refused as refused:
        position = None if refused.position is None else refused.position - len(mark)
        raise Refused(refused.message, refused.sqlstate, refused.hint, position) from None
    except StillRunning:
        deployed.await_statement(token, lock.keep)
        if not _index_is_there(deployed, one.text):
            raise script.error(
                "QP202",
                script.first_line(one.statement),
                "the statement took longer than 45 s, and whether it succeeded cannot be told",
                "look; write it so that it may run again (IF NOT EXISTS), and migrate again: it goes on with this one",
            ) from None


def _index_is_there(deployed: Deployed, text: str) -> bool:
    """Whether the statement is CREATE INDEX with a name, and a valid index of that name is on its table."""
    node = postgast.parse(text).stmts[0].stmt
    if node.WhichOneof("node") != "index_stmt" or not node.index_stmt.idxname:
        return False
    table = ".".join(part for part in (node.index_stmt.relation.schemaname, node.index_stmt.relation.relname) if part)
    found = deployed.query(
        """
        SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relname = :name::text AND indrelid = (
            SELECT to_regclass(string_agg(quote_ident(part), '.'))
            FROM unnest(string_to_array(:table::text, '.')) AS part
        )
        """,
        {"name": node.index_stmt.idxname, "table": table},
    )
    return found == [[True]]


def _steps_done(deployed: Deployed, script: Script) -> list[str]:
    """The checksums of the statements of a file without a transaction that ran before it failed."""
    if not _exists(deployed, "migration_step"):
        return []
    query = "SELECT checksum FROM queryport.migration_step WHERE name = :name::text ORDER BY step"
    return [str(row[0]) for row in deployed.query(query, {"name": script.name})]


def _checksum(one: _Ready) -> str:
    return hashlib.sha256(one.statement.text.replace("\r\n", "\n").encode()).hexdigest()


@contextmanager
def _told_of(script: Script, one: _Ready, remains: str) -> Iterator[None]:
    """Shows a refusal at its place in the file."""
    try:
        yield
    except Refused as refused:
        span = script.first_line(one.statement)
        if refused.position is not None and one.as_written:
            start = one.statement.start + refused.position
            span = Span(start, start + 1)
        cure = refused.hint or f"mend the file; {remains} in the database"
        raise script.error("QP202", span, refused.message, cure) from None
