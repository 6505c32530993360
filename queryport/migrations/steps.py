"""Files that are `-- transaction: off`: they run statement by statement, and go on where they stopped.

Each statement runs in a transaction together with its record, so that it is done and written down or neither. Where
PostgreSQL refuses it a transaction (CREATE INDEX CONCURRENTLY, VACUUM, a DO block that commits), the record says before
that it has begun, and afterwards that it is done. A statement that has begun and whose end is not written down was
interrupted: an index is looked at, and a statement that could do harm when repeated is asked about.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum

import postgast

from queryport.console.failure import CommandError
from queryport.console.progress import Progress
from queryport.diagnostics.refusal import Refusal
from queryport.migrations import records
from queryport.migrations.history import HistoryError
from queryport.migrations.indexes import IndexState, NamedIndex
from queryport.migrations.records import BEGUN, DONE, FAILED, ScriptStep
from queryport.migrations.scripts import Script, ScriptError, ScriptStatement
from queryport.migrations.statements import Interrupted, refused, require_index
from queryport.migrations.transport import LABELLED, MigrationTransport, OutcomeUnseen, ScriptTransaction

_POLL_SECONDS = 1.0
_NEEDS_NO_TRANSACTION = ("25001", "2D000")
"""It must not run inside of a transaction; it ends the transaction that it runs in."""

_REMAINS = "what stands before this statement remains"

_RUNNING = f"SELECT pid {LABELLED}"


class Unfinished(Enum):
    """The fate of a statement that an earlier run left unfinished."""

    ASK = "ask"
    """Repeat it where that can do no harm, else stop and say so."""
    REPEAT = "repeat"
    SKIP = "skip"
    """Take it for done."""


def run_by_steps(
    transport: MigrationTransport,
    table: str,
    script: Script,
    progress: Progress,
    unfinished: Unfinished = Unfinished.ASK,
) -> None:
    """Run what has not run of a file yet. Raises ScriptError, HistoryError and Interrupted."""
    records.make_step_table(transport)
    statements = script.statements()
    done = _done(transport, script, statements)
    for number, statement in enumerate(statements[done:], done):
        step = _PendingStep(transport, script, number, statement)
        try:
            if number == done:
                step.resume(progress, unfinished)
            else:
                step.run()
        except KeyboardInterrupt:
            place = script.source.place(script.first_line(statement))
            raise Interrupted(
                f"{place}: interrupted; {_REMAINS} in the database, and the next run goes on with this one"
            ) from None
    with transport.transaction() as transaction:
        records.record(transaction, table, script)
        records.forget_steps(transaction, script)


def _done(transport: MigrationTransport, script: Script, statements: Sequence[ScriptStatement]) -> int:
    """The number of statements that ran. Raises HistoryError where one of them was edited."""
    ran = [step.checksum for step in records.steps(transport, script) if step.state == DONE]
    if ran != [records.checksum(statement) for statement in statements[: len(ran)]]:
        raise HistoryError(
            f"{script.name} failed on this database after {len(ran)} of its statements, and one of those was edited",
            "take the edit back; what stands behind them may change",
        )
    return len(ran)


class _PendingStep:
    """One statement of such a file."""

    def __init__(self, transport: MigrationTransport, script: Script, number: int, statement: ScriptStatement) -> None:
        self._transport = transport
        self._script = script
        self._number = number
        self._statement = statement
        self._text = transport.sendable(script, statement)
        self._index = NamedIndex.of(statement.text)
        self._label = f"queryport {script.name} statement {number + 1}"

    def resume(self, progress: Progress, unfinished: Unfinished) -> None:
        """Run the statement, which an earlier run may have left unfinished."""
        steps = records.steps(self._transport, self._script)
        earlier = steps[self._number] if len(steps) > self._number else None
        if earlier is None:
            self.run()
            return
        self._await_end(progress)
        if unfinished is Unfinished.SKIP or self._has_made_its_index(earlier):
            self._record(DONE)
        elif earlier.state == BEGUN and unfinished is Unfinished.ASK and _may_do_harm(self._statement):
            raise self._unknown("an earlier run of the statement was interrupted")
        else:
            self.run()

    def run(self) -> None:
        """Run the statement, in a transaction with its record where PostgreSQL lets it."""
        try:
            with self._transport.transaction() as transaction:
                self._write(transaction, DONE)
                transaction.run(self._text)
                require_index(self._script, self._statement, transaction.query, _REMAINS)
        except Refusal as refusal:
            if refusal.sqlstate not in _NEEDS_NO_TRANSACTION:
                raise self._refused(refusal) from None
        else:
            return
        self._run_alone()

    def _run_alone(self) -> None:
        was_absent = self._find() is IndexState.ABSENT
        self._record(BEGUN)
        try:
            self._transport.run_alone(self._text, self._label)
        except Refusal as refusal:
            self._clear_up(drop_index=was_absent)
            raise self._refused(refusal) from None
        except OutcomeUnseen:
            if self._index is None:
                raise self._unknown("the statement took longer than a call may") from None
            if self._find() is not IndexState.VALID:
                self._clear_up(drop_index=was_absent)
                message = "the statement failed after more time than a call has; why, is in PostgreSQL's log"
                raise self._refused(Refusal(message)) from None
        try:
            require_index(self._script, self._statement, self._transport.query, _REMAINS)
        except ScriptError:
            self._record(FAILED)
            raise
        self._record(DONE)

    def _has_made_its_index(self, earlier: ScriptStep) -> bool:
        """Return whether an interrupted CREATE INDEX CONCURRENTLY succeeded; an INVALID index of it is dropped."""
        mine = earlier.state == BEGUN and earlier.checksum == records.checksum(self._statement)
        if not mine or self._index is None:
            return False
        self._drop_invalid()
        return self._find() is IndexState.VALID

    def _clear_up(self, *, drop_index: bool) -> None:
        with suppress(CommandError, Refusal):  # what made it necessary has to be told; the next run looks again
            if drop_index:
                self._drop_invalid()
            self._record(FAILED)

    def _drop_invalid(self) -> None:
        found = self._index.find(self._transport.query) if self._index is not None else None
        if found is not None and found.state is IndexState.INVALID:
            self._transport.run_alone(f"DROP INDEX CONCURRENTLY IF EXISTS {found.qualified_name}", self._label)

    def _find(self) -> IndexState | None:
        return self._index.find(self._transport.query).state if self._index is not None else None

    def _await_end(self, progress: Progress) -> None:
        """Wait for a statement that goes on after the end of the run that sent it."""
        running = self._transport.query(_RUNNING, {"label": self._label})
        if not running:
            return
        with progress(f"Waiting for the statement of an earlier run, which goes on in process {running[0][0]}"):
            while self._transport.query(_RUNNING, {"label": self._label}):
                time.sleep(_POLL_SECONDS)

    def _record(self, state: str) -> None:
        with self._transport.transaction() as transaction:
            self._write(transaction, state)

    def _write(self, transaction: ScriptTransaction, state: str) -> None:
        records.record_step(transaction, self._script, self._number, self._statement, state)

    def _refused(self, refusal: Refusal) -> ScriptError:
        return refused(self._script, self._statement, self._text, refusal, _REMAINS)

    def _unknown(self, reason: str) -> ScriptError:
        return self._script.error(
            "QP604",
            self._script.first_line(self._statement),
            f"{reason}, and whether it succeeded cannot be told",
            "look, and migrate again with --unfinished skip if it did, else with --unfinished repeat",
        )


def _may_do_harm(statement: ScriptStatement) -> bool:
    """Return whether its repetition might do its work twice; of DDL PostgreSQL itself refuses that."""
    return postgast.parse(statement.text).stmts[0].stmt.WhichOneof("node") in ("do_stmt", "call_stmt")
