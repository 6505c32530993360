"""What a role may do beyond its needs, as PostgreSQL has granted it, and what the printed script leaves of it."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from handler.contract.operation import RowSecurity
from queryport.access.excess import excesses
from queryport.access.privileges import Needs, Privilege
from queryport.access.role_sql import grants
from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import fresh_copy
from tests.support.operations import operation

THINGS = """
CREATE SCHEMA other;
CREATE TABLE other.book (title text, price int);
CREATE VIEW other.cheap AS SELECT title FROM other.book;
CREATE SEQUENCE other.numbers;
CREATE FUNCTION other.one(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE other.nothing() LANGUAGE sql AS '';
CREATE AGGREGATE other.total(int) (sfunc = int4pl, stype = int);
CREATE TYPE other.colour AS ENUM ('red');
CREATE DOMAIN other.price AS int;
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER away FOREIGN DATA WRAPPER far;
SELECT lo_create(4711);
"""
NEEDS = Needs(
    (
        Privilege("schema", "other", "USAGE"),
        Privilege("table", "other.book", "SELECT", ("title",)),
        Privilege("function", "other.one(n integer)", "EXECUTE"),
    ),
    (),
)
GRANTED = {
    "GRANT CREATE, TEMPORARY ON DATABASE {database} TO {role}": "holds CREATE, TEMPORARY on database",
    "GRANT CREATE ON SCHEMA other TO {role}": "holds CREATE on schema other",
    "GRANT USAGE ON SCHEMA public TO {role}": "holds USAGE on schema public",
    "GRANT SELECT ON other.book TO {role}": "holds SELECT, SELECT (price) on table other.book",
    "GRANT SELECT (price) ON other.book TO {role}": "holds SELECT, SELECT (price) on table other.book",
    "GRANT UPDATE, DELETE ON other.cheap TO {role}": "holds DELETE, UPDATE on table other.cheap",
    "GRANT SELECT ON pg_authid TO {role}": "holds SELECT on table pg_catalog.pg_authid",
    "GRANT USAGE ON SEQUENCE other.numbers TO {role}": "holds USAGE on sequence other.numbers",
    "GRANT EXECUTE ON PROCEDURE other.nothing() TO {role}": "holds EXECUTE on function other.nothing()",
    "GRANT EXECUTE ON FUNCTION other.total(int) TO {role}": "holds EXECUTE on function other.total(integer)",
    "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {role}": "holds EXECUTE on function pg_catalog.pg_read_file(text)",
    "GRANT USAGE ON TYPE other.colour TO {role}": "holds privileges on type other.colour",
    "GRANT USAGE ON DOMAIN other.price TO {role}": "holds privileges on type other.price",
    "GRANT USAGE ON LANGUAGE sql TO {role}": "holds privileges on language sql",
    "GRANT USAGE ON FOREIGN DATA WRAPPER far TO {role}": "holds privileges on foreign-data wrapper far",
    "GRANT USAGE ON FOREIGN SERVER away TO {role}": "holds privileges on server away",
    "GRANT SELECT ON LARGE OBJECT 4711 TO {role}": "holds privileges on large object 4711",
    **{
        f"ALTER DEFAULT PRIVILEGES {where} GRANT {verb} ON {kind} TO {{role}}": f"default privileges on new {told}"
        for where in ("", "IN SCHEMA other")
        for verb, kind, told in (
            ("INSERT", "TABLES", "relations"),
            ("USAGE", "SEQUENCES", "sequences"),
            ("EXECUTE", "ROUTINES", "functions"),
            ("USAGE", "TYPES", "types"),
        )
    },
    "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {role}": "gets privileges by default privileges on new schemas",
}
"""Each kind of grant, and what is told of it."""
KEPT = {
    "ALTER ROLE {role} CREATEDB CREATEROLE": ["has CREATEROLE", "has CREATEDB"],
    "ALTER ROLE {role} BYPASSRLS REPLICATION": ["has BYPASSRLS", "has REPLICATION"],
    "GRANT pg_read_all_data TO {role}": ["is a member of pg_read_all_data"],
    "GRANT {group} TO {role}; GRANT DELETE ON other.book TO {group}": [
        "is a member of {group}, which holds DELETE on table other.book, which no operation needs"
    ],
    "GRANT {group} TO {role}; ALTER ROLE {group} SUPERUSER": ["is a member of {group}, which has SUPERUSER"],
    "GRANT {group} TO {role}; GRANT pg_write_all_data TO {group}": ["is a member of pg_write_all_data"],
    "ALTER TABLE other.book OWNER TO {role}": ["owns table other.book"],
    "GRANT CONNECT ON DATABASE {database} TO {role} WITH GRANT OPTION": [
        "holds CONNECT WITH GRANT OPTION on database, which no operation needs"
    ],
    "GRANT SELECT (title) ON other.book TO {role} WITH GRANT OPTION; SET ROLE {role};"
    "GRANT SELECT (title) ON other.book TO {group}": [
        "holds SELECT (title) WITH GRANT OPTION on table other.book, which no operation needs"
    ],
}
"""What the script leaves as it is."""


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_copy(postgres) as database, psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(THINGS)
        yield database.url


@pytest.fixture
def roles(url: str) -> Iterator[tuple[str, str]]:
    """A role with its needs and one without any, whose names have to be quoted."""
    role, group = (f'$$ "{name}" {secrets.token_hex(4)}' for name in ("clerk", "group"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants(role, NEEDS).encode())
        connection.execute(grants(group, Needs((), ())).encode())
        yield role, group
        for name in (role, group):
            removed = sql.SQL("REASSIGN OWNED BY {0} TO postgres; DROP OWNED BY {0}; DROP ROLE {0}")
            connection.execute(removed.format(sql.Identifier(name)))


def _execute(url: str, statements: str, roles: tuple[str, str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        names = {"role": roles[0], "group": roles[1], "database": connection.info.dbname}
        identifiers = {key: sql.Identifier(name) for key, name in names.items()}
        connection.execute(sql.SQL(statements).format(**identifiers))


def _told(url: str, role: str, needs: Needs = NEEDS) -> list[str]:
    found = excesses(url, role, (), needs)
    assert {each.subject for each in found} <= {f"role {role}"}
    return [each.reason for each in found]


def test_of_the_printed_role_nothing_is_told(url: str, roles: tuple[str, str]) -> None:
    assert _told(url, roles[0]) == []


def test_each_grant_is_told_and_none_outlives_the_script(url: str, roles: tuple[str, str]) -> None:
    _execute(url, ";".join(GRANTED), roles)
    found = _told(url, roles[0])
    assert [each for each in GRANTED.values() if not any(each in told for told in found)] == []
    assert len(found) == len(GRANTED) - 1  # two of them are of one table
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants(roles[0], NEEDS).encode())
    assert _told(url, roles[0]) == []


def test_the_right_to_pass_on_what_is_needed_is_told_and_revoked(url: str, roles: tuple[str, str]) -> None:
    _execute(url, "GRANT SELECT (title) ON other.book TO {role} WITH GRANT OPTION", roles)
    assert _told(url, roles[0]) == [
        "holds SELECT (title) WITH GRANT OPTION on table other.book, which no operation needs"
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants(roles[0], NEEDS).encode())
    assert _told(url, roles[0]) == []


def test_no_grant_is_told_where_a_need_could_not_be_told(url: str, roles: tuple[str, str]) -> None:
    _execute(url, "GRANT DELETE ON other.book TO {role}; ALTER ROLE {role} CREATEDB", roles)
    assert _told(url, roles[0], Needs(NEEDS.privileges, ("a function's body",))) == ["has CREATEDB"]


@pytest.mark.parametrize("change", KEPT)
def test_what_the_script_leaves_is_told_afterwards(url: str, roles: tuple[str, str], change: str) -> None:
    _execute(url, change, roles)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants(roles[0], NEEDS).encode())
    assert _told(url, roles[0]) == [each.format(group=roles[1]) for each in KEPT[change]]


@pytest.mark.parametrize("by_claim", [True, False])
def test_a_role_that_operations_take_may_do_what_is_its_own(
    url: str, roles: tuple[str, str], *, by_claim: bool
) -> None:
    _execute(url, "GRANT {group} TO {role}; GRANT DELETE ON other.book TO {group}", roles)
    security = RowSecurity("claims.role", roles[1:]) if by_claim else RowSecurity(roles[1])
    taking = operation("SELECT 1")._replace(row_security=security)
    assert _told(url, roles[0]) != []
    assert excesses(url, roles[0], [taking], NEEDS) == []


def test_the_right_to_connect_is_kept(url: str, roles: tuple[str, str]) -> None:
    _execute(url, "GRANT CONNECT ON DATABASE {database} TO {role}", roles)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(grants(roles[0], NEEDS).encode())
        row = connection.execute(
            "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee = "
            "(SELECT oid FROM pg_roles WHERE rolname = %s) AND privilege_type = 'CONNECT'",
            (roles[0],),
        ).fetchone()
    assert row == (1,)
