"""Projects that have a `handler.py` or a `handler/` of their own, as many a Lambda has."""

import subprocess
import sys
from pathlib import Path

import pytest

from queryport.postgres.server import EmbeddedPostgres
from tests.support.projects import BOOKSHOP, ENVIRONMENT, Served, write

THEIRS = "def lambda_handler(event, context):\n    return 'theirs'\n"

TESTS = """
import boto3
import pytest
import {module}
from handler.errors import NotFound


def test_both_are_there(queryport_call, queryport_data_api):
    assert {module}.lambda_handler({{}}, None) == "theirs"
    with pytest.raises(NotFound):
        queryport_call("books.get", book_id=1)
    client = boto3.client("rds-data")
    assert client.execute_statement(sql="SELECT 1", **queryport_data_api.arguments)["records"] == [[{{"longValue": 1}}]]
    client.close()
"""

LAYOUTS = {
    "module": ("handler", {"handler.py": THEIRS}),
    "package": ("handler.app", {"handler/__init__.py": "", "handler/app.py": THEIRS}),
    "folder": ("handler.app", {"handler/app.py": THEIRS}),
}


def _pytest(project: Path, postgres: EmbeddedPostgres) -> subprocess.CompletedProcess[str]:
    (project / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    command = [sys.executable, "-m", "pytest", "-q", f"--queryport-database-url={postgres.url()}", "test_theirs.py"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_pytest_plugins_leave_it_to_the_project(layout: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    module, files = LAYOUTS[layout]
    write(tmp_path, BOOKSHOP | files | {"test_theirs.py": TESTS.format(module=module)})
    done = _pytest(tmp_path, postgres)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_modules_of_the_same_name_are_told_in_a_line(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    files = {"handler/__init__.py": "", "handler/main.py": THEIRS, "handler/contract.py": ""}
    tests = (
        "import handler.main\n"
        "def test_a(queryport_call): ...\n"
        "def test_b(queryport_data_api): ...\n"
        "def test_c(): assert handler.main.lambda_handler(1, 2) == 'theirs'\n"
    )
    write(tmp_path, BOOKSHOP | files | {"test_theirs.py": tests})
    done = _pytest(tmp_path, postgres)
    assert "1 passed, 2 errors" in done.stdout, done.stdout + done.stderr
    cure = "rename the package, or its modules of these names"
    package = tmp_path / "handler"
    assert f"this project's package `handler` ({package}) hides Queryport's own handler.contract: {cure}" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_commands_find_queryports_own(layout: str, tmp_path: Path) -> None:
    _, files = LAYOUTS[layout]
    write(tmp_path, BOOKSHOP | files | {"handler/main.py": THEIRS} if layout != "module" else BOOKSHOP | files)
    code = "from queryport.__main__ import main; import sys; sys.argv = ['queryport', 'asl', '--help']; main()"
    environment = ENVIRONMENT | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_serve_calls_queryports_own(
    layout: str, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, files = LAYOUTS[layout]
    monkeypatch.setitem(ENVIRONMENT, "PYTHONPATH", str(tmp_path))
    with Served(write(tmp_path, BOOKSHOP | files), "--data-dir", str(data_dir)) as served:
        assert served.value("books.count") == 5
