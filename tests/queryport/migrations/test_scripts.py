import os
from collections.abc import Callable
from pathlib import Path

import pytest

from queryport.migrations.scripts import Script, ScriptError, combined_checksum, read_scripts
from tests.support.projects import write


def _script(text: str) -> Script:
    return Script(Path("0001_a.sql"), 1, text)


def test_scripts_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, {"10_c.sql": "SELECT 1", "2_b.sql": "SELECT 1", "0001_a.sql": "SELECT 1", "README.md": "no script"})
    assert [script.name for script in read_scripts(tmp_path)] == ["0001_a.sql", "2_b.sql", "10_c.sql"]


def test_a_folder_that_does_not_exist_holds_no_scripts(tmp_path: Path) -> None:
    assert read_scripts(tmp_path / "migrations") == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["create book.sql"], "expected a name such as 0001_create_book.sql"),
        (["1_.sql"], "expected a name such as"),
        (["1_a.SQL.sql", "01_b.sql"], "one number, 1"),
        (["sub/0001_a.sql"], "move it there"),
    ],
)
def test_names_that_make_no_order_are_refused(tmp_path: Path, files: list[str], said: str) -> None:
    write(tmp_path, dict.fromkeys(files, "SELECT 1"))
    with pytest.raises(ScriptError, match=said):
        read_scripts(tmp_path)


def test_what_editors_leave_behind_is_no_script(tmp_path: Path) -> None:
    write(tmp_path, {".#0001_a.sql": "", "0001_a.sql~": "", ".0001_a.sql.swp": ""})
    assert read_scripts(tmp_path) == ()


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_bytes(b"SELECT '\xe9'")
    with pytest.raises(ScriptError, match=r"not UTF-8 text \(byte 8\)"):
        read_scripts(tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "0001_a.sql")
    with pytest.raises(ScriptError, match=r"0001_a\.sql: it is not a regular file: move it out of the folder"):
        read_scripts(tmp_path)


def test_line_ends_do_not_change_the_checksum() -> None:
    assert _script("SELECT 1;\r\nSELECT 2").checksum == _script("SELECT 1;\nSELECT 2").checksum
    assert _script("SELECT 1").checksum != _script("SELECT 2").checksum


def test_the_combined_checksum_depends_on_names_and_texts() -> None:
    one, other = _script("SELECT 1"), Script(Path("0002_a.sql"), 2, "SELECT 1")
    assert len({combined_checksum(scripts) for scripts in ((), (one,), (other,), (one, other))}) == 4


def test_statements_keep_their_places() -> None:
    script = _script("-- é\nSELECT 'é;' ;\n\n  SELECT 2;")
    assert [(one.text, script.text[one.start :][: len(one.text)]) for one in script.statements()] == [
        ("SELECT 'é;' ", "SELECT 'é;' "),
        ("SELECT 2", "SELECT 2"),
    ]


def test_a_syntax_error_is_shown_where_it_is() -> None:
    with pytest.raises(ScriptError, match=r"0001_a.sql:2:8 QP201 syntax error") as caught:
        _script("SELECT 1;\nCREATE TABEL a ()").statements()
    assert "2 | CREATE TABEL a ()\n  |        ^" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-- nothing yet\n", "QP001"),
        ("BEGIN; SELECT 1; COMMIT", "QP206"),
        ("COPY book FROM stdin", "QP204"),
        ("\\i other.sql", "QP201"),
    ],
)
def test_what_cannot_be_run_as_a_script_is_refused(text: str, code: str) -> None:
    with pytest.raises(ScriptError, match=code):
        _script(text).statements()
