"""openapi-python-client: it takes all of the document, and a program calls through what it makes."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import TOOLS
from tests.support.projects import Served

pytestmark = pytest.mark.clients

_PROGRAM = """
import json, sys
from shop.api.books import books_get, books_list, by_name_books_count, by_name_books_grades
from shop.client import Client
import shop.api.a, shop.api.a_b, pkgutil, importlib
from shop.models import BooksGetAnswer, BooksListCount, BooksListSort, Grade, NotFoundProblem, State
from shop.types import UNSET

client = Client(base_url=sys.argv[1])
titles, cursor = [], UNSET
while cursor is not None:
    page = books_list.sync(client=client, limit=2, states=[State.NEW, State.OLD], cursor=cursor)
    titles += [book.title for book in page.data]
    cursor = page.next_
some = books_list.sync(
    client=client, filterpricegte="2.5", filterpricelt=5, filterstatein=[State.NEW, State.OLD], filtertagscontains=[],
    filtertitleilike="book%", filtertitlein=["Book 2", "Book 3", "Book 4, 5"], filterpriceis_null=False,
    sort=[BooksListSort.VALUE_3, BooksListSort.VALUE_1], count=BooksListCount.EXACT,
)
one = books_get.sync(client=client, book_id=2)
assert isinstance(one, BooksGetAnswer), one
missing = books_get.sync(client=client, book_id=99)
assert isinstance(missing, NotFoundProblem), missing
count = by_name_books_count.sync(client=client)
grades = [row.grade for row in by_name_books_grades.sync(client=client).data]
assert len(set(grades)) == len(list(Grade)) == 10 and all(isinstance(grade, Grade) for grade in grades), grades
alike = []
for package in (shop.api.a, shop.api.a_b):
    for module in pkgutil.iter_modules(package.__path__):
        called = importlib.import_module(f"{package.__name__}.{module.name}")
        alike.append(called.sync(client=client).data[0].to_dict())
asked = {"titles": [book.title for book in some.data], "total": some.total}
told = {"alike": alike, "titles": titles, "state": one.data.state.value}
print(json.dumps(told | {"missing": missing.status, "count": count.data, "asked": asked}))
"""


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_program_calls_through_the_client(served: Served, document: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\n")
    made = _run(
        tmp_path,
        str(TOOLS / "openapi-python-client"),
        "generate",
        *("--path", str(document), "--output-path", "shop", "--meta", "none", "--config", str(config)),
        "--fail-on-warning",
    )
    assert "Unable to process" not in made
    (tmp_path / "program.py").write_text(_PROGRAM)
    told = json.loads(_run(tmp_path, str(TOOLS / "python"), "program.py", served.printed("Function URL")))
    assert told == {
        "alike": [{"one": 1}, {"two": 2}],
        "titles": ["Book 1", "Book 2", "Book 3", "Book 4", "Book 5"],
        "state": "new",
        "missing": 404,
        "count": 5,
        "asked": {"titles": ["Book 3", "Book 2"], "total": 2},
    }
