"""The command line itself: its list of commands is complete, quick to show, and tells what is not installed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from queryport.commands.main import _LAZY_COMMANDS, queryport

HEAVY = {"boto3", "postgast", "psycopg", "pydantic", "rich", "starlette", "uvicorn"}
PROGRAM = "import sys; sys.argv = ['queryport', '--help']\ntry:\n    {}\nfinally:\n    print(*sys.modules)"


INTERRUPTED = """
import os, signal, sys
from queryport.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background processes ignore
class Interrupting:
    def __init__(self):
        self.before = {}
    def find_spec(self, *_):
        self.before -= 1
        if self.before < 0:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["queryport", "check", "--help"]
main()
"""
"""A command whose user presses Ctrl-C when a number of its modules have been imported."""


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


@pytest.mark.parametrize("imported", [0, 1, 10, 30, 60])
def test_an_interruption_of_the_imports_ends_as_one_of_the_command(imported: int) -> None:
    done = _run(INTERRUPTED.format(imported))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "\nAborted!\n")


def _path_parameters(group: click.Group, *words: str) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from _path_parameters(command, *words, name)
        elif command is not None:
            for parameter in command.params:
                if isinstance(parameter.type, click.Path):
                    yield (*words, name), parameter


def test_no_command_takes_an_empty_path_for_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parameters = [*_path_parameters(queryport)]
    names = {name for _, parameter in parameters for name in parameter.opts}
    assert {"directory", "files", "--project", "--data-dir", "--output", "--clusters"} <= names
    for words, parameter in parameters:
        given = [""] if isinstance(parameter, click.Argument) else [parameter.opts[0], ""]
        needed = ["x"] if words == ("new", "migration") else []
        done = CliRunner().invoke(queryport, [*words, *needed, *given])
        assert done.exit_code == 2, (words, parameter.opts, done.output)
        assert f"Invalid value for '{parameter.get_error_hint(click.Context(queryport)).strip(chr(39))}'" in done.output
        assert "the path is empty: name a " in done.output
    assert not [*tmp_path.iterdir()]
