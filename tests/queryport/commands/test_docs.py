"""The documentation is complete, its commands exist, and what it shows is what happens."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.queryport.commands.cli_reference import reference
from tests.support.projects import Project, Served, eventually
from tests.support.repository import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page, with the text between it and the block before."""

    language: str
    text: str
    above: str


def _blocks(page: Path) -> list[Block]:
    # Outside, language, inside, outside, …
    parts = re.split(r"^```(\w*)\n(.*?)\n```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in zip(parts[1::3], parts[2::3], parts[0::3], strict=False)]


def _curl(command: str, served: Served) -> str:
    words = shlex.split(command.replace("http://127.0.0.1:8080", served.printed("Function URL")))
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_commands_page_is_what_the_commands_say() -> None:
    assert (ROOT / "docs/cli.md").read_text() == reference(), "run `make docs`"


def test_every_target_is_in_the_help() -> None:
    # `make test` is a make already, and one inside of another tells of the folders it enters.
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == _targets()


def test_the_readme_opens_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert re.match(r"# Queryport\n\n```sh\nmake serve [^\n]*\nmake test [^\n]*\n```\n", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_targets_that_a_page_names_exist(page: Path) -> None:
    code = re.findall(r"`([^`]+)`|^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join("\n".join(pair) for pair in code)))
    assert named <= _targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text()
    assert [page.name for page in PAGES if page.parent.name == "docs" and f"({page.name})" not in index] == ["index.md"]


@pytest.mark.slow
def test_the_readmes_example_is_the_file_and_its_answers_are_true(tmp_path: Path, data_dir: Path) -> None:
    """Without the other operations, and over the seeds of the catalogue alone: the orders behind them take longer.

    By `run`, which sends the request as curl does; the curl lines of getting-started.md go to a `serve`.
    """
    example = Path("sql_queries/catalogue/price_on.sql")
    settings = [folder / "_folder.yaml" for folder in example.parents]
    others = map(Path, ("queryport.toml", "migrations", "seed/01_dice.sql", "seed/02_catalogue.sql"))
    for name in (example, *settings, *others):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).symlink_to(ROOT / name)
    blocks = _blocks(ROOT / "README.md")
    query = next(block for block in blocks if block.language == "sql")
    assert query.text == (ROOT / example).read_text().rstrip("\n")
    command = next(block.text for block in blocks if block.text.startswith("curl "))
    found, refused = (block.text for block in blocks if block.language == "json")
    project = Project(tmp_path, data_dir)
    target = shlex.split(command)[1].removeprefix("http://127.0.0.1:8080")
    assert project.run("run", "--http", f"GET {target}").output == f"{found}\n"
    told = project.run("run", "--http", f"GET {target.replace('day=2026-01-31', 'day=soon')}")
    assert told.output == f"{refused}\n"


@pytest.mark.slow
def test_getting_started_can_be_followed(tmp_path: Path, data_dir: Path) -> None:
    project = Project(tmp_path, data_dir)
    blocks = _blocks(ROOT / "docs/getting-started.md")
    for block in blocks:
        if block.language == "sql":
            first = re.findall(r"`([\w/]+\.sql)`", block.above)[-1]
            if first.endswith(("add.sql", "rating.sql")):
                continue  # saved later, while the server runs
            path = tmp_path / first
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
    with Served(tmp_path, "--data-dir", str(data_dir)) as served:
        for block, after in zip(blocks, [*blocks[1:], None], strict=True):
            saved = re.findall(r"`([\w/]+\.sql)`", block.above)
            if block.language == "sql" and not (tmp_path / saved[-1]).exists():
                reloads = served.output.count("no errors; ")
                (tmp_path / saved[-1]).write_text(block.text)
                eventually(lambda: served.output.count("no errors; ") > reloads)  # noqa: B023 (called at once)
            elif block.text.startswith("curl "):
                assert after is not None
                assert _curl(block.text, served) == after.text
            elif block.text.startswith("queryport run "):
                assert after is not None
                assert project.run(*shlex.split(block.text)[1:]).output == f"{after.text}\n"
            elif block.text == "queryport check":
                assert after is not None
                assert project.run("check").output == f"{after.text}\n"
