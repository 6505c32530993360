"""One statement of a script: run it, look whether it did what it says, and show a refusal at its place in the file."""

from collections.abc import Iterator
from contextlib import contextmanager

from queryport.diagnostics.refusal import Refusal
from queryport.diagnostics.source import Span
from queryport.migrations.indexes import IndexState, NamedIndex, Query
from queryport.migrations.scripts import Script, ScriptError, ScriptStatement
from queryport.migrations.transport import ScriptTransaction

_ACTIVE_TRANSACTION = "25001"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or a signal stopped the run; the message says what became of the file."""


def run_in_transaction(transaction: ScriptTransaction, script: Script, statement: ScriptStatement, text: str) -> None:
    """Run a statement of a file that is one transaction. Raises ScriptError."""
    with told(script, statement, text, "nothing of it remains"):
        transaction.run(text)
    require_index(script, statement, transaction.query, "nothing of the file remains")


@contextmanager
def told(script: Script, statement: ScriptStatement, text: str, remains: str) -> Iterator[None]:
    """Raise ScriptError for a Refusal; `text` is what was sent for the statement."""
    try:
        yield
    except Refusal as refusal:
        raise refused(script, statement, text, refusal, remains) from None


def refused(script: Script, statement: ScriptStatement, text: str, refusal: Refusal, remains: str) -> ScriptError:
    """The error that shows a refusal at its place in the file."""
    span = script.first_line(statement)
    if refusal.position is not None and text == statement.text:  # else the position is one of another text
        start = statement.start + refusal.position
        span = Span(start, start + 1)
    message = "\n  ".join(part for part in (refusal.message, refusal.detail, refusal.context) if part)
    cure = refusal.hint or f"mend the file; {remains} in the database"
    if refusal.sqlstate == _ACTIVE_TRANSACTION and script.transactional:
        cure = "write -- transaction: off at the top of the file: its statements then run one by one"
    return script.error("QP202", span, message, cure)


def require_index(script: Script, statement: ScriptStatement, query: Query, remains: str) -> None:
    """Raise ScriptError where a CREATE INDEX ran and its index is not there, or INVALID.

    IF NOT EXISTS is content with any relation of that name, and with an index after a failed build.
    """
    index = NamedIndex.of(statement.text)
    if index is None:
        return
    found = index.find(query)
    if found.state is IndexState.VALID:
        return
    if found.state is IndexState.INVALID:
        message = f"the index {found.qualified_name} is INVALID: a build of it failed, or still goes on"
        cure = f"DROP INDEX CONCURRENTLY {found.qualified_name}, mend what made it fail, and migrate again"
    else:
        message = f"the statement made no index {found.qualified_name}: the name is another relation's"
        cure = "give the index another name"
    raise script.error("QP603", script.first_line(statement), message, f"{cure}; {remains} in the database")
