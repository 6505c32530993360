"""Proves that a role may run the operations: PostgreSQL is asked to begin each statement as the role.

Preparing a statement checks no privileges; EXPLAIN does, since it starts the executor, and runs nothing. Privileges
that are checked only when rows are written (sequences, triggers, functions' bodies) are compared with the role's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from handler.contract.operation import Operation
from queryport.access.policies import EXEMPTION, named_roles, rely_on_policies, why_exempt
from queryport.access.privileges import Needs, Privilege
from queryport.access.statements import VALUES_UNKNOWN, can_be_analysed, planned, texts, without_parameters
from queryport.compile.write.names import quoted
from queryport.console.failure import CommandError


class RoleError(CommandError):
    """The role cannot be tried."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the role may not do."""

    subject: str
    """An operation, or the role itself."""
    reason: str


def lacks(url: str, role: str, operations: Sequence[Operation], needs: Needs) -> list[Lack]:
    """Try the role in the database, which has the project's schema. Raises RoleError where that cannot be done."""
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        if known is None:
            raise RoleError(
                f"there is no role {role} in the database that the migrations make: "
                f"put what `queryport role {role} --grants` prints into a migration"
            )
        if known[0]:
            raise RoleError(f"the role {role} is a superuser, who may do everything: give the function another one")
        _check_becoming(connection, role)
        exempt = [lack for each in (role, *named_roles(operations)) for lack in _exempt(connection, each, operations)]
        found = [lack for operation in operations for lack in _refused(connection, role, operation)]
        missing = (each for each in needs.privileges if not _has(connection, role, each))
        return [*exempt, *found, *(Lack(f"role {role}", f"lacks {each}") for each in missing)]


def _check_becoming(connection: psycopg.Connection[Any], role: str) -> None:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL ROLE {quoted(role)}".encode())
    except psycopg.errors.InsufficientPrivilege:
        user = connection.info.user
        raise RoleError(
            f"{user} may not become the role {role}, as which the operations are tried: "
            f"GRANT {quoted(role)} TO {quoted(user)}, or give another user in --database-url"
        ) from None


def _exempt(connection: psycopg.Connection[Any], role: str, operations: Sequence[Operation]) -> Iterator[Lack]:
    """Yield the reason for which the policies that operations rely on do not hold for the role."""
    row = connection.execute(f"{EXEMPTION} %s".encode(), (role,)).fetchone() if rely_on_policies(operations) else None
    if row is not None and (reason := why_exempt(row)) is not None:
        yield Lack(f"role {role}", reason)


def _refused(connection: psycopg.Connection[Any], role: str, operation: Operation) -> Iterator[Lack]:
    reasons: dict[str, None] = {}
    for statements in texts(operation):
        reason = _refusal(connection, role, statements)
        if reason is not None:
            reasons[reason] = None
    for reason in reasons:
        yield Lack(operation.name, reason)


def _refusal(connection: psycopg.Connection[Any], role: str, statements: Sequence[str]) -> str | None:
    """Return what PostgreSQL says against the statements of a call, or None."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL ROLE {quoted(role)}".encode())
            connection.execute(VALUES_UNKNOWN)
            for statement in statements:
                _begin(connection, statement)
    except psycopg.Error as error:
        return f"{error.diag.message_primary or error} (SQLSTATE {error.sqlstate})"
    finally:
        connection.execute("DEALLOCATE ALL")  # prepared statements outlive their transaction
    return None


def _begin(connection: psycopg.Connection[Any], statement: str) -> None:
    plain = without_parameters(statement)
    if not can_be_analysed(plain):
        connection.execute(plain.encode())  # it defines what later statements need, and is taken back
        return
    for text in planned(statement, "queryport_role"):
        connection.execute(text.encode())


def _has(connection: psycopg.Connection[Any], role: str, privilege: Privilege) -> bool:
    values = {"role": role, "name": privilege.name, "verb": privilege.verb, "columns": list(privilege.columns)}
    question = _COLUMNS if privilege.columns else _QUESTIONS[privilege.kind]
    row = connection.execute(question, values).fetchone()
    return bool(row and row[0])


_COLUMNS = """
SELECT bool_and(has_column_privilege(%(role)s, %(name)s, (parse_ident(c))[1], %(verb)s))
FROM unnest(%(columns)s::text[]) c
"""
_QUESTIONS = {
    "database": "SELECT has_database_privilege(%(role)s, current_database(), %(verb)s)",
    "schema": "SELECT has_schema_privilege(%(role)s, (parse_ident(%(name)s))[1], %(verb)s)",
    "table": "SELECT has_table_privilege(%(role)s, %(name)s, %(verb)s)",
    "sequence": "SELECT has_sequence_privilege(%(role)s, %(name)s, %(verb)s)",
    "function": (
        "SELECT has_function_privilege(%(role)s, p.oid, %(verb)s) "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE format('%%I.%%I(%%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)) = %(name)s"
    ),
}
