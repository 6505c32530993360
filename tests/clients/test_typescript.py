"""openapi-typescript and openapi-fetch: the types compile under `strict`, and a program calls through them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import NODE_MODULES
from tests.support.projects import Served
from tests.support.repository import ROOT

pytestmark = pytest.mark.clients

_SOURCES = ROOT / "tests/clients/typescript"


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_program_calls_through_the_types(served: Served, document: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    for name in ("calls.ts", "tsconfig.json", "package.json"):
        shutil.copy(_SOURCES / name, tmp_path)
    tools = NODE_MODULES / ".bin"
    _run(tmp_path, str(tools / "openapi-typescript"), str(document), "--output", "schema.ts")  # no .d.ts: it is checked
    _run(tmp_path, str(tools / "tsc"), "--project", "tsconfig.json")
    told = json.loads(_run(tmp_path, "node", "out/calls.js", served.printed("Function URL")))
    assert told == {
        "titles": ["Book 1", "Book 2", "Book 3", "Book 4", "Book 5"],
        "one": {"state": "new", "note": None},
        "missing": 404,
        "made": 7,
        "twice": "rolled_back",
        "wrong": ["/book_id"],
        "count": 6,
        "asked": {"titles": ["Book 3", "Book 2"], "total": 2},
    }
    served.client.delete("/books/7")


def test_the_page_runs_as_it_stands(served: Served, document: Path, tmp_path: Path) -> None:
    """In a folder without a package; what is installed, and the document, are there already."""
    page = (ROOT / "docs/clients.md").read_text().partition("## TypeScript")[2].partition("## Python")[0]
    (program,) = re.findall(r"```ts\n(.*?)```", page, re.DOTALL)
    made, called = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    shutil.copy(document, tmp_path / "openapi.json")
    (tmp_path / "client.ts").write_text(program.replace("http://127.0.0.1:8080", served.printed("Function URL")))
    lines = [line for line in (made + called).splitlines() if not line.startswith(("npm install", "queryport "))]
    assert len(lines) == 4
    told = _run(tmp_path, "sh", "-ec", "\n".join(lines))
    assert "no row" in told.splitlines()[-1], told
