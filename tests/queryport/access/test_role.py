"""`queryport role` and `queryport check --role`, as they are typed."""

import json
import secrets
from pathlib import Path

import psycopg
import pytest

from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import create_database
from tests.support.projects import BOOKSHOP, run, write
from tests.support.roles import as_role

TRIGGER = """
CREATE TABLE renamed (title text, renamed_id bigserial);
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO renamed (title) VALUES (OLD.title); RETURN NEW; END $$;
CREATE TRIGGER note_it AFTER UPDATE ON book FOR EACH ROW EXECUTE FUNCTION note_it();
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {**BOOKSHOP, "migrations/0002_renamed.sql": TRIGGER})


@pytest.fixture
def url(postgres: EmbeddedPostgres, project: Path) -> str:
    """A database with the project's schema, and none of the roles."""
    url = create_database(postgres.url(), f"role_{secrets.token_hex(4)}").url
    apply(url, project / "migrations")
    return url


@pytest.mark.slow
def test_the_role_may_do_what_the_operations_do_and_sign_in(project: Path, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        made = run("role", "clerk", "--database-url", url, project=project)
        assert made.code == 0, made.errors
        connection.execute(made.output.encode())
        connection.execute(made.output.encode())  # it can be run again
        row = connection.execute("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'clerk'").fetchone()
    assert row is not None
    assert row[0] is True
    assert row[1].startswith("SCRAM-SHA-256$")
    secret = json.loads(made.output.splitlines()[-1].partition(": ")[2])
    assert secret["username"] == "clerk"
    assert secret["password"] not in made.output.removesuffix(made.output.splitlines()[-1] + "\n")
    with psycopg.connect(as_role(url, "clerk")) as clerk:
        clerk.execute("UPDATE book SET title = 'a' WHERE book_id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            clerk.execute("DELETE FROM book")


@pytest.mark.slow
def test_a_role_of_any_name_is_quoted(project: Path, url: str) -> None:
    name = "Odd \"Name'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(run("role", name, "--grants", "--database-url", url, project=project).output.encode())
        row = connection.execute("SELECT has_table_privilege(%s, 'renamed', 'DELETE')", (name,)).fetchone()
    assert row == (False,)


@pytest.mark.slow
def test_a_role_of_the_migrations_is_proven(project: Path) -> None:
    made = run("role", "clerk", "--grants", project=project)
    assert "LOGIN" not in made.output
    (project / "migrations/0003_role.sql").write_text(made.output)
    done = run("check", "--role", "clerk", project=project)
    assert (done.code, done.output) == (0, "5 operations, no errors; the role may run them\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("taken_away", "told"),
    [
        ("GRANT SELECT (book_id, price, title) ON public.book", "books.get: permission denied for table book"),
        ("GRANT INSERT (title) ON public.renamed", "role clerk: lacks INSERT (title) on table public.renamed"),
        (
            "GRANT USAGE ON SEQUENCE public.renamed_renamed_id_seq",
            "role clerk: lacks USAGE on sequence public.renamed_renamed_id_seq",
        ),
    ],
)
def test_what_a_role_lacks_is_told(project: Path, taken_away: str, told: str) -> None:
    lines = run("role", "clerk", "--grants", project=project).output.splitlines()
    kept = [line for line in lines if not line.startswith(taken_away)]
    assert len(kept) == len(lines) - 1
    (project / "migrations/0003_role.sql").write_text("\n".join(kept))
    done = run("check", "--role", "clerk", project=project)
    assert done.code == 1
    assert told in [line.removesuffix(" (SQLSTATE 42501)") for line in done.output.splitlines()]


@pytest.mark.slow
def test_programs_are_told_too(project: Path) -> None:
    (project / "migrations/0003_role.sql").write_text("CREATE ROLE nothing_at_all;")
    asked = ("check", "--role", "nothing_at_all", "--format")
    told = json.loads(run(*asked, "json", project=project).output)["lacks"]
    assert {"subject": "books.get", "reason": "permission denied for table book (SQLSTATE 42501)"} in told
    annotations = run(*asked, "github", project=project).output
    assert "::error title=role::books.get: permission denied for table book (SQLSTATE 42501)\n" in annotations


@pytest.mark.slow
def test_a_role_that_is_not_there_or_may_do_everything_is_refused(project: Path) -> None:
    assert "there is no role nobody_knows" in run("check", "--role", "nobody_knows", project=project).errors
    (project / "migrations/0003_role.sql").write_text("DO $$ BEGIN CREATE ROLE all_of_it SUPERUSER; END $$;")
    assert "all_of_it is a superuser" in run("check", "--role", "all_of_it", project=project).errors


@pytest.mark.slow
def test_no_role_is_written_for_what_does_not_compile(project: Path) -> None:
    (project / "sql_queries/books/get.sql").write_text("SELECT nothing FROM book\n")
    done = run("role", "clerk", project=project)
    assert done.code == 1
    assert done.output == ""
    assert "no role was written" in done.errors


@pytest.mark.slow
def test_a_development_role_that_no_policy_holds_for_is_told_by_check_and_build(tmp_path: Path) -> None:
    files = {
        "queryport.toml": '[development]\nrole = "exempt"\n',
        "migrations/0002_exempt.sql": """
            CREATE ROLE exempt BYPASSRLS;
            ALTER TABLE book ENABLE ROW LEVEL SECURITY;
            CREATE POLICY cheap ON book USING (price < 3);
        """,
        "sql_queries/books/count.sql": "-- rls: true\n-- result: value\nSELECT count(*) AS books FROM book\n",
    }
    project = write(tmp_path, {**BOOKSHOP, **files})
    for command, code in ((("check",), 0), (("check", "--strict"), 1), (("build",), 0)):
        done = run(*command, project=project)
        assert done.code == code, done.output
        assert "queryport.toml:2:1 QP706 warning: the role `exempt` has BYPASSRLS" in done.output
