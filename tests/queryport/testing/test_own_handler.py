"""Projects that have a `handler.py` or a `handler/` of their own, as many a Lambda has."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from queryport.handler_package import HOME
from queryport.local.handler_log import HandlerLog
from queryport.local.lambda_environment import Environment
from queryport.local.lambda_processes import Started
from queryport.postgres.server import EmbeddedPostgres
from tests.support.projects import BOOKSHOP, ENVIRONMENT, write
from tests.support.pytest_process import run_pytest

THEIRS = "def lambda_handler(event, context):\n    return 'theirs'\n"

TESTS = """
import psycopg
import pytest
import {module}
from handler.errors import NotFound


def test_both_are_there(queryport_call, queryport_data_api):
    assert {module}.lambda_handler({{}}, None) == "theirs"
    with pytest.raises(NotFound):
        queryport_call("books.get", book_id=1)
    with psycopg.connect(queryport_data_api.database_url) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
"""

# The commands themselves are imported behind the same line of `main`; here one that imports nothing else is enough.
COMMAND = """
import sys
from contextlib import suppress
from importlib.util import find_spec
from queryport.__main__ import main

sys.argv = ["queryport", "--version"]
with suppress(SystemExit):
    main()
print(find_spec("handler.main").origin)
"""

_SETTINGS = {"pytest.ini": "[pytest]\npythonpath = .\n"}

LAYOUTS = {
    "module": ("handler", {"handler.py": THEIRS}),
    "package": ("handler.app", {"handler/__init__.py": "", "handler/app.py": THEIRS}),
    "folder": ("handler.app", {"handler/app.py": THEIRS}),
}


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """The module of a project's own function, and the project's files of that name."""
    return LAYOUTS[request.param]


@pytest.mark.slow
@pytest.mark.early
def test_the_pytest_plugins_leave_it_to_the_project(
    layout: tuple[str, dict[str, str]], tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    module, files = layout
    write(tmp_path, BOOKSHOP | files | _SETTINGS | {"test_theirs.py": TESTS.format(module=module)})
    _, said = run_pytest(tmp_path, "test_theirs.py", postgres=postgres)
    assert "1 passed" in said, said


@pytest.mark.slow
def test_modules_of_the_same_name_are_told_in_a_line(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    files = {"handler/__init__.py": "", "handler/main.py": THEIRS, "handler/contract.py": ""}
    tests = (
        "import handler.main\n"
        "def test_a(queryport_call): ...\n"
        "def test_b(queryport_data_api): ...\n"
        "def test_c(): assert handler.main.lambda_handler(1, 2) == 'theirs'\n"
    )
    write(tmp_path, BOOKSHOP | files | _SETTINGS | {"test_theirs.py": tests})
    _, said = run_pytest(tmp_path, "test_theirs.py", postgres=postgres)
    assert "1 passed, 2 errors" in said, said
    cure = "rename the package, or its modules of these names"
    package = tmp_path / "handler"
    assert f"this project's package `handler` ({package}) hides Queryport's own handler.contract: {cure}" in said


@pytest.mark.slow
def test_the_commands_find_queryports_own(layout: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    """A running `queryport serve` does too: test_serve.py."""
    _, files = layout
    write(tmp_path, files if "handler.py" in files else files | {"handler/main.py": THEIRS})
    environment = ENVIRONMENT | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", COMMAND]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == str(HOME / "main.py")


@pytest.mark.slow
def test_the_local_lambda_calls_queryports_own(
    layout: tuple[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, files = layout
    write(tmp_path, files if "handler.py" in files else files | {"handler/main.py": THEIRS})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    async def without_settings() -> bytes:
        environment = Environment(0, Started(HandlerLog(tmp_path / "handler.log")))
        try:
            await environment.import_handler({})
            return (await environment.call(b"{}")).payload
        finally:
            environment.end()
            environment.wait()

    told = json.loads(asyncio.run(without_settings()))
    assert (told["errorType"], "QUERYPORT_SECRET_ARN" in told["errorMessage"]) == ("SettingsError", True)
