"""Tells what a role may do beyond what operations need, from what PostgreSQL's catalogues say was granted to it.

Told are the attributes and the grants of the role, and of each role that it may become or inherits from; what it owns;
and the roles of PostgreSQL's own that it belongs to. What every role may do, by grants to PUBLIC, is left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import psycopg

from handler.contract.operation import Operation
from queryport.access.policies import named_roles
from queryport.access.privileges import Needs


class BeyondNeed(NamedTuple):
    """Something that a role may do and that no operation needs."""

    subject: str
    reason: str


def excesses(url: str, role: str, operations: Sequence[Operation], needs: Needs) -> list[BeyondNeed]:
    """Tell what the role may do beyond the needs in the database, which has the project's schema.

    Its privileges on objects are left out where some need could not be told, which one of them may be for.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        found = [f"is a member of {name}" for (name,) in connection.execute(_PREDEFINED, {"role": role})]
        found += _of_role(connection, role, needs)
        others = connection.execute(_OTHERS, {"role": role, "named": list(named_roles(operations))}).fetchall()
        for (other,) in others:
            found += [f"is a member of {other}, which {what}" for what in _of_role(connection, other, needs)]
    return [BeyondNeed(f"role {role}", what) for what in found]


def _of_role(connection: psycopg.Connection[Any], role: str, needs: Needs) -> Iterator[str]:
    for attributes in connection.execute(_ATTRIBUTES, {"role": role}):
        yield from (f"has {attribute}" for attribute in attributes if attribute)
    for (owned,) in connection.execute(_OWNED, {"role": role}):
        yield f"owns {owned}"
    if not needs.unseen:
        yield from _beyond(connection, role, needs)


def _beyond(connection: psycopg.Connection[Any], role: str, needs: Needs) -> Iterator[str]:
    whole = {(each.kind, each.name, each.verb) for each in needs.privileges if not each.columns}
    columns = {(each.kind, each.name, each.verb, column) for each in needs.privileges for column in each.columns}
    beyond: dict[str, list[str]] = {}
    for kind, name, column, verb, can_pass_on in connection.execute(_GRANTED, {"role": role}):
        if can_pass_on or ((kind, name, verb) not in whole and (kind, name, verb, column) not in columns):
            held = f"{verb} ({column})" if column else verb
            beyond.setdefault(f"{kind} {name}".rstrip(), []).append(
                f"{held} WITH GRANT OPTION" if can_pass_on else held
            )
    for thing, verbs in beyond.items():
        yield f"holds {', '.join(verbs)} on {thing}, which no operation needs"
    for (held,) in connection.execute(_ELSEWHERE, {"role": role}):
        yield f"{held}, which no operation needs"


_PREDEFINED = """
SELECT rolname FROM pg_roles
WHERE oid < 16384 AND rolname <> 'pg_database_owner' AND pg_has_role(%(role)s, oid, 'MEMBER') ORDER BY rolname
"""
"""The roles below FirstNormalObjectId are PostgreSQL's own."""
_OTHERS = """
SELECT rolname FROM pg_roles r
WHERE oid >= 16384 AND rolname <> %(role)s AND pg_has_role(%(role)s, oid, 'MEMBER')
  AND NOT EXISTS (SELECT FROM pg_roles n WHERE n.rolname = ANY (%(named)s) AND pg_has_role(n.oid, r.oid, 'MEMBER'))
ORDER BY rolname
"""
"""Of the roles that operations take, and of those behind them, each may do what is its own."""
_ATTRIBUTES = """
SELECT CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
  CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
  CASE WHEN rolreplication THEN 'REPLICATION' END
FROM pg_roles WHERE rolname = %(role)s
"""
_DEPENDENT = """
FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid AND r.rolname = %(role)s
JOIN pg_database b ON b.datname = current_database()
WHERE d.refclassid = 'pg_authid'::regclass
  AND (d.dbid = b.oid OR d.dbid = 0 AND (d.classid <> 'pg_database'::regclass OR d.objid = b.oid))
"""
_OWNED = f"SELECT pg_describe_object(d.classid, d.objid, 0) AS owned {_DEPENDENT} AND d.deptype = 'o' ORDER BY owned"
_ELSEWHERE = f"""
SELECT DISTINCT
  CASE d.classid WHEN 'pg_default_acl'::regclass THEN 'gets privileges by ' ELSE 'holds privileges on ' END
    || pg_describe_object(d.classid, d.objid, 0) AS held
{_DEPENDENT} AND d.deptype = 'a'
  AND d.classid <> ALL (ARRAY['pg_class', 'pg_proc', 'pg_namespace', 'pg_database']::regclass[]::oid[]) ORDER BY held
"""
_GRANTED = """
WITH granted (owner, kind, name, col, acl) AS (
  SELECT relowner, CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, format('%%I.%%I', nspname, relname), NULL,
    relacl
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relacl IS NOT NULL
UNION ALL
  SELECT relowner, 'table', format('%%I.%%I', nspname, relname), quote_ident(attname), attacl
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE attacl IS NOT NULL
UNION ALL
  SELECT proowner, 'function',
    format('%%I.%%I(%%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)), NULL, proacl
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE proacl IS NOT NULL
UNION ALL
  SELECT nspowner, 'schema', quote_ident(nspname), NULL, nspacl FROM pg_namespace
UNION ALL
  SELECT datdba, 'database', '', NULL, datacl FROM pg_database WHERE datname = current_database()
)
SELECT kind, name, col, privilege_type, is_grantable FROM granted, aclexplode(acl)
WHERE grantee = (SELECT oid FROM pg_roles WHERE rolname = %(role)s) AND grantee <> owner
  AND ((kind, privilege_type) <> ('database', 'CONNECT') OR is_grantable)
ORDER BY array_position(ARRAY['database', 'schema', 'table', 'sequence', 'function'], kind), name, col NULLS FIRST,
  privilege_type
"""
