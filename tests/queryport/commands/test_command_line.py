"""The command line itself: its list of commands is complete, quick to show, and tells what is not installed."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from queryport.commands.main import _LAZY_COMMANDS, queryport

HEAVY = {"boto3", "postgast", "psycopg", "pydantic", "rich", "starlette", "uvicorn"}
PROGRAM = "import sys; sys.argv = ['queryport', '--help']\ntry:\n    {}\nfinally:\n    print(*sys.modules)"


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", _LAZY_COMMANDS)
def test_every_listed_command_is_there(name: str) -> None:
    command = queryport.get_command(click.Context(queryport), name)
    assert command is not None
    assert command.name == name
    assert command.help


def test_no_command_is_missing_from_the_list() -> None:
    folder = Path(queryport.callback.__code__.co_filename).parent if queryport.callback else Path()
    defining = [path.stem for path in folder.glob("*.py") if f"def {path.stem}_command(" in path.read_text()]
    assert sorted(defining) == sorted(_LAZY_COMMANDS) == [*_LAZY_COMMANDS]


def test_the_help_waits_for_no_heavy_import() -> None:
    done = _run(PROGRAM.format("from queryport.__main__ import main; main()"))
    assert "Usage: queryport" in done.stdout
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(("missing", "arguments"), [("click", ["--help"]), ("psycopg", ["check"])])
def test_without_its_extra_the_script_names_it(missing: str, arguments: list[str]) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['queryport', *{arguments!r}]\n"
        "from queryport.__main__ import main; main()"
    )
    done = _run(program)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: the command line needs the module {missing}, which comes with the extra `tool`: "
        "pip install 'queryport[tool]'\n"
    )
