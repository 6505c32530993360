"""`queryport role` and `queryport check --role`, as they are typed."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from tests.support.databases import fresh_copy
from tests.support.projects import BOOKSHOP, Project, write
from tests.support.roles import as_role

TRIGGER = """
CREATE TABLE renamed (title text, renamed_id bigserial);
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO renamed (title) VALUES (OLD.title); RETURN NEW; END $$;
CREATE TRIGGER note_it AFTER UPDATE ON book FOR EACH ROW EXECUTE FUNCTION note_it();
"""

ODD_SCHEMA = """
CREATE SCHEMA "Odd Schema";
CREATE FUNCTION "Odd Schema"."One"("A number" int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION "Odd Schema"."One" FROM PUBLIC;
"""


@pytest.fixture
def project(tmp_path: Path, module_data_dir: Path) -> Project:
    return Project(write(tmp_path, {**BOOKSHOP, "migrations/0002_renamed.sql": TRIGGER}), module_data_dir)


@pytest.fixture
def role() -> str:
    """The name of a role that no other test's migrations have made on the same server."""
    return f"clerk_{secrets.token_hex(4)}"


@pytest.fixture
def url(postgres: EmbeddedPostgres, project: Project) -> Iterator[str]:
    """A database with the project's schema, and none of the roles."""
    with fresh_copy(postgres) as database:
        apply(database.url, project.root / "migrations")
        yield database.url


@pytest.mark.slow
def test_the_role_may_do_what_the_operations_do_and_sign_in(project: Project, url: str, role: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        made = project.run("role", role, "--database-url", url)
        assert made.code == 0, made.errors
        connection.execute(made.output.encode())
        connection.execute(made.output.encode())  # it can be run again
        row = connection.execute(
            "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = %s", (role,)
        ).fetchone()
    assert row is not None
    assert row[0] is True
    assert row[1].startswith("SCRAM-SHA-256$")
    secret = json.loads(made.output.splitlines()[-1].partition(": ")[2])
    assert secret["username"] == role
    assert secret["password"] not in made.output.removesuffix(made.output.splitlines()[-1] + "\n")
    with psycopg.connect(as_role(url, role)) as clerk:
        clerk.execute("UPDATE book SET title = 'a' WHERE book_id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            clerk.execute("DELETE FROM book")


@pytest.mark.slow
def test_a_role_of_any_name_is_quoted(project: Project, url: str) -> None:
    name = "Odd \"Name' \x1b[31m"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(project.run("role", name, "--grants", "--database-url", url).output.encode())
        row = connection.execute("SELECT has_table_privilege(%s, 'renamed', 'DELETE')", (name,)).fetchone()
    assert row == (False,)


@pytest.mark.slow
def test_a_role_of_the_migrations_is_proven(project: Project, role: str) -> None:
    (project.root / "migrations/0002_renamed.sql").write_text(f"{TRIGGER}{ODD_SCHEMA}")
    (project.root / "sql_queries/odd.sql").write_text('SELECT "Odd Schema"."One"(1) AS one\n')
    made = project.run("role", role, "--grants")
    assert "LOGIN" not in made.output
    (project.root / "migrations/0003_role.sql").write_text(made.output)
    done = project.run("check", "--role", role)
    assert (done.code, done.output) == (0, "6 operations, no errors; the role may run them\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("taken_away", "told"),
    [
        ("GRANT SELECT (book_id, price, title) ON public.book", "books.get: permission denied for table book"),
        ("GRANT INSERT (title) ON public.renamed", "role {role}: lacks INSERT (title) on table public.renamed"),
        (
            "GRANT USAGE ON SEQUENCE public.renamed_renamed_id_seq",
            "role {role}: lacks USAGE on sequence public.renamed_renamed_id_seq",
        ),
    ],
)
def test_what_a_role_lacks_is_told(project: Project, role: str, taken_away: str, told: str) -> None:
    lines = project.run("role", role, "--grants").output.splitlines()
    kept = [line for line in lines if not line.startswith(taken_away)]
    assert len(kept) == len(lines) - 1
    (project.root / "migrations/0003_role.sql").write_text("\n".join(kept))
    done = project.run("check", "--role", role)
    assert done.code == 1
    assert told.format(role=role) in [line.removesuffix(" (SQLSTATE 42501)") for line in done.output.splitlines()]


@pytest.mark.slow
def test_programs_are_told_too(project: Project, role: str) -> None:
    (project.root / "migrations/0003_role.sql").write_text(f"CREATE ROLE {role};")
    asked = ("check", "--role", role, "--format")
    told = json.loads(project.run(*asked, "json").output)["lacks"]
    assert {"subject": "books.get", "reason": "permission denied for table book (SQLSTATE 42501)"} in told
    annotations = project.run(*asked, "github").output
    assert "::error title=role::books.get: permission denied for table book (SQLSTATE 42501)\n" in annotations


@pytest.mark.slow
def test_what_a_role_may_do_beyond_its_needs_is_a_warning(project: Project, role: str) -> None:
    made = project.run("role", role, "--grants").output
    more = f"GRANT DELETE ON book TO {role}; GRANT pg_read_all_data TO {role};"
    (project.root / "migrations/0003_role.sql").write_text(f"{made}{more}")
    held = "holds DELETE on table public.book, which no operation needs"
    told = [f"role {role}", "is a member of pg_read_all_data", held]
    asked = ("check", "--role", role)
    done = project.run(*asked)
    assert (done.code, done.output) == (
        0,
        f"warning: {told[0]} {told[1]}\nwarning: {told[0]} {told[2]}\n"
        "5 operations, no errors; the role may run them, and may do more\n",
    )
    assert project.run(*asked, "--strict").code == 1
    excess = json.loads(project.run(*asked, "--format", "json").output)["excess"]
    assert excess == [{"subject": told[0], "reason": reason} for reason in told[1:]]
    assert f"::warning title=role::{told[0]} {told[1]}\n" in project.run(*asked, "--format", "github").output


@pytest.mark.slow
def test_a_role_that_is_not_there_or_may_do_everything_is_refused(project: Project, role: str) -> None:
    assert "there is no role nobody_knows" in project.run("check", "--role", "nobody_knows").errors
    (project.root / "migrations/0003_role.sql").write_text(f"DO $$ BEGIN CREATE ROLE {role} SUPERUSER; END $$;")
    assert f"{role} is a superuser" in project.run("check", "--role", role).errors


@pytest.mark.slow
def test_no_role_is_written_for_what_does_not_compile(project: Project, role: str) -> None:
    (project.root / "sql_queries/books/get.sql").write_text("SELECT nothing FROM book\n")
    done = project.run("role", role)
    assert done.code == 1
    assert done.output == ""
    assert "no role was written" in done.errors


@pytest.mark.slow
def test_a_development_role_that_no_policy_holds_for_is_told_by_check_and_build(
    tmp_path: Path, module_data_dir: Path, role: str
) -> None:
    files = {
        "queryport.toml": f'[development]\nrole = "{role}"\n',
        "migrations/0002_exempt.sql": f"""
            CREATE ROLE {role} BYPASSRLS;
            ALTER TABLE book ENABLE ROW LEVEL SECURITY;
            CREATE POLICY cheap ON book USING (price < 3);
        """,
        "sql_queries/books/count.sql": "-- rls: true\n-- result: value\nSELECT count(*) AS books FROM book\n",
    }
    project = Project(write(tmp_path, {**BOOKSHOP, **files}), module_data_dir)
    for command, code in ((("check",), 0), (("check", "--strict"), 1), (("build",), 0)):
        done = project.run(*command)
        assert done.code == code, done.output
        assert f"queryport.toml:2:1 QP706 warning: the role `{role}` has BYPASSRLS" in done.output
