"""What `new migration` makes, and what it refuses."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from queryport.commands.main import queryport
from tests.support.projects import write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {"migrations/0001_book.sql": "SELECT 1", "sql_queries/one.sql": "SELECT 1 AS one"})


def _new(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(queryport, ["new", "migration", "--project", str(project), *arguments])


def test_a_repeatable_one_has_no_number(project: Path) -> None:
    made = project / "migrations/R_views_of_books.sql"
    done = _new(project, "--repeatable", "Views of books")
    assert (done.exit_code, done.output) == (0, f"{made}\n")
    assert made.read_text().startswith("-- views_of_books: runs again whenever this text changes")
    again = _new(project, "--repeatable", "Views of books")
    assert str(again.exception) == f"{made} is there already"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["!?"], "expected a name of letters and digits, got '!?'"),
        (["--repeatable", "--no-transaction", "views"], "do not go together: give one of them"),
    ],
)
def test_what_makes_no_migration_is_refused(project: Path, arguments: list[str], said: str) -> None:
    done = _new(project, *arguments)
    assert done.exit_code != 0
    assert said in f"{done.exception}\n{done.output}"
    assert [path.name for path in (project / "migrations").iterdir()] == ["0001_book.sql"]


def test_migrations_that_cannot_be_read_have_no_next_one(project: Path) -> None:
    (project / "migrations/0002_lost.sql").symlink_to("nowhere")
    assert "0002_lost.sql: it is a link to a file that does not exist" in str(_new(project, "next").exception)


def test_a_file_that_cannot_be_written_is_told(project: Path) -> None:
    name = "x" * 300
    path = project / f"migrations/0002_{name}.sql"
    assert str(_new(project, name).exception) == f"{path} cannot be written: File name too long"
