"""`queryport init`: lays out a new project, which passes its own `make test`.

The files lie in new_project/ as they are written, but for their names (`dot-gitignore` is `.gitignore`, `github` is
`.github`) and, in those that end in `.in`, the project's name, Queryport's version and where it comes from.
"""

import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, version
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click

from queryport.commands import options
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal, counted

_FILES = Path(__file__).with_name("new_project")


class InitError(CommandError):
    """The project cannot be laid out there."""


def init(directory: Path) -> list[Path]:
    """Write the files of a new project and return their paths, relative to it. Overwrites nothing."""
    try:
        _see_that_it_is_a_folder([directory, *directory.parents])
        files = dict(_files(directory))
        _see_that_it_is_a_folder((directory / path).parent for path in files)
        if taken := [path for path in files if os.path.lexists(directory / path)]:
            more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
            raise InitError(f"{directory / taken[0]}{more} is there already: choose an empty folder")
        for path, text in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InitError(f"{directory} cannot be written to: {error.strerror}") from None
    return list(files)


def _see_that_it_is_a_folder(places: Iterable[Path]) -> None:
    """Raise InitError for the outermost of the places where something else than a folder is."""
    for place in sorted(set(places)):
        if os.path.lexists(place) and not place.is_dir():
            if place.is_symlink():
                raise InitError(
                    f"{place} is a link to {place.readlink()}, where no folder is: make that folder, or remove the link"
                )
            raise InitError(f"{place} is no folder: choose another place, or remove it")


def _files(directory: Path) -> Iterator[tuple[Path, str]]:
    filled_in = {
        "@NAME@": _name(directory),
        "@MAJOR_MINOR@": ".".join(version("queryport").split(".")[:2]),
        "@SOURCES@": _sources(distribution("queryport").read_text("direct_url.json")),
    }
    for source in sorted(path for path in _FILES.rglob("*") if path.is_file()):
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".in":
            for mark, value in filled_in.items():
                text = text.replace(mark, value)
        yield _written_as(source.relative_to(_FILES)), text


def _written_as(path: Path) -> Path:
    parts = [re.sub(r"^dot-", ".", part) for part in path.parts]
    if parts[0] == "github":
        parts[0] = ".github"
    parts[-1] = parts[-1].removesuffix(".in")
    return Path(*parts)


def _sources(direct_url: str | None) -> str:
    """Return uv's entry for a Queryport that comes from no package index, as the installed one says by PEP 610.

    Until a Queryport is published, a package index has none, or one of somebody else's.
    """
    if direct_url is None:
        return ""
    origin = json.loads(direct_url)
    if "vcs_info" in origin:
        source = {origin["vcs_info"]["vcs"]: origin["url"], "rev": origin["vcs_info"]["commit_id"]}
    elif origin["url"].startswith("file:"):
        source = {"path": url2pathname(urlsplit(origin["url"]).path)}
    else:
        source = {"url": origin["url"]}
    entry = ", ".join(f"{key} = {json.dumps(value)}" for key, value in source.items())
    if "dir_info" in origin:
        entry += ", editable = true"
    return f"""
# Where this Queryport comes from. Without these two lines it is the one that the package index has under this name.
[tool.uv.sources]
queryport = {{ {entry} }}
"""


def _name(directory: Path) -> str:
    """A package's name from the folder's."""
    return re.sub(r"[^a-z0-9]+", "-", directory.resolve().name.lower()).strip("-") or "data-api"


@click.command("init")
@click.argument("directory", type=options.GivenPath(file_okay=False), metavar="DIR")
def init_command(directory: Path) -> None:
    """Lay out a new project in DIR.

    Query files, a migration, a seed, tests that pass, a Dockerfile, a template for AWS SAM, a Makefile and a workflow
    for GitHub. Overwrites nothing.
    """
    files = init(directory)
    terminal = Terminal()
    terminal.say(f"wrote {counted(len(files), 'file')} to {directory}")
    terminal.say(f"next: cd {_for_a_shell(directory)} && make test && make serve")


def _for_a_shell(directory: Path) -> str:
    """The folder as the word behind `cd`, which would take one that begins with a dash for an option."""
    path = str(directory)
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
