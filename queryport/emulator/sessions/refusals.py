"""PostgreSQL's reports of refused statements and connections.

Of a refused connection libpq passes on the words alone, and the SQLSTATE is found again by them.
"""

import re

from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from queryport.emulator.errors import PostgresFailure

_FATAL = re.compile(r"FATAL:\s+(.+)")
_STATES = (
    (re.compile(r'^database ".*" does not exist'), "3D000", "ERROR"),
    (re.compile(r"^password authentication failed"), "28P01", "FATAL"),
    (re.compile(r"^no pg_hba.conf entry|^role \".*\" (?:does not exist|is not permitted to log in)"), "28000", "FATAL"),
    (re.compile(r"^permission denied for database"), "42501", "FATAL"),
    (re.compile(r"^sorry, too many clients|^remaining connection slots|^too many connections"), "53300", "FATAL"),
    (
        re.compile(r"^the database system is (?:starting up|shutting down|in recovery|not yet accepting)"),
        "57P03",
        "FATAL",
    ),
    (re.compile(r"^database .* is not currently accepting connections"), "55000", "FATAL"),
)
_NO_PASSWORD = re.compile(r"fe_sendauth: no password supplied|password authentication")


def refusal(message: str, user: str) -> PostgresFailure | None:
    """PostgreSQL's report of a refused connection; None if it could not be reached at all.

    A database that does not exist is an ERROR to the service, whatever PostgreSQL calls it.
    """
    fatal = _FATAL.search(message)
    if fatal is None:
        if _NO_PASSWORD.search(message):
            return PostgresFailure("FATAL", f'password authentication failed for user "{user}"', "28P01")
        return None
    text = fatal[1].strip()
    for pattern, sqlstate, severity in _STATES:
        if pattern.search(text):
            return PostgresFailure(severity, text, sqlstate)
    return PostgresFailure("FATAL", text, "08004")


def failure_in(result: PGresult) -> PostgresFailure | None:
    """PostgreSQL's report in a result, if it is one."""
    if result.status != ExecStatus.FATAL_ERROR:
        return None

    def part(which: DiagnosticField) -> str | None:
        value = result.error_field(which)
        return None if value is None else value.decode(errors="replace")

    sqlstate = part(DiagnosticField.SQLSTATE)
    if sqlstate is None:  # libpq's own words on a connection that broke
        return None
    return PostgresFailure(
        part(DiagnosticField.SEVERITY_NONLOCALIZED) or "ERROR",
        part(DiagnosticField.MESSAGE_PRIMARY) or "",
        sqlstate,
        part(DiagnosticField.MESSAGE_HINT),
        part(DiagnosticField.STATEMENT_POSITION),
        part(DiagnosticField.MESSAGE_DETAIL),
        part(DiagnosticField.CONTEXT),
        part(DiagnosticField.CONSTRAINT_NAME),
    )
