"""The roles for which PostgreSQL's policies do not hold: superusers, those with BYPASSRLS, and the owner of a table."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from handler.contract.operation import Operation
from queryport.diagnostics.source import Problem, Source, Span

EXEMPTION = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls, (
    SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text) FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relforcerowsecurity
      AND pg_has_role(r.oid, c.relowner, 'USAGE'))
FROM pg_roles r WHERE r.rolname = """
"""A row for a role, whose name is to stand behind it as an SQL expression."""


def why_exempt(row: Sequence[Any]) -> str | None:
    """Say why policies do not hold for the role of such a row; None where they do."""
    _, superuser, bypasses, owned = row
    if superuser:
        return "is a superuser, for whom no policy holds"
    if bypasses:
        return "has BYPASSRLS, so that no policy holds for it"
    if owned:
        return f"owns {owned}, whose policies do not hold for their owner without FORCE ROW LEVEL SECURITY"
    return None


def check_development_role(url: str, role: str, operations: Sequence[Operation], settings: Path) -> list[Problem]:
    """Report the role of `settings`, the file queryport.toml, for which the policies of operations do not hold."""
    if not rely_on_policies(operations):
        return []
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(f"{EXEMPTION} %s".encode(), (role,)).fetchone()
    reason = why_exempt(row) if row is not None else None
    if reason is None:
        return []
    source = Source(settings, settings.read_text(encoding="utf-8"))
    found = re.search(r"^\s*(?:development\.)?role\b", source.text, re.MULTILINE)
    start = found.end() - len("role") if found else 0
    cure = "let the tables' owner be another role, one that runs the migrations"
    return [source.problem("QP706", Span(start, start + len("role")), f"the role `{role}` {reason}", cure)]


def rely_on_policies(operations: Iterable[Operation]) -> bool:
    """Whether some operation runs under the policies for its caller."""
    return any(operation.row_security is not None for operation in operations)


def named_roles(operations: Iterable[Operation]) -> tuple[str, ...]:
    """Return the roles that operations take for a call."""
    found: set[str] = set()
    for operation in operations:
        if operation.row_security is not None:
            found.update(operation.row_security.roles)
            if operation.row_security.role and not operation.row_security.role.startswith("claims."):
                found.add(operation.row_security.role)
    return tuple(sorted(found))
