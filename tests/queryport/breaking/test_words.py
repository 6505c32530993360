"""The words and the places of changes: values as JSON has them, and one problem for what was set once."""

import re
from pathlib import Path

import pytest

from queryport.breaking import breaches
from queryport.breaking.containment.schemas import Excess
from queryport.breaking.types import input_kept, output_kept
from queryport.breaking.words import of_input, of_output
from queryport.compile.compiler import compile_project
from queryport.postgres.server import EmbeddedPostgres
from queryport.project.comparison import breaking_problems
from queryport.project.databases import Scripts
from queryport.project.project import Project
from queryport.project.workspace import Build
from tests.support.databases import suite_database, with_our_tables
from tests.support.projects import write

_VALUES = (None, True, False, 1, 1.5, "a", ("a", "it's", None), ["a"], {"type": "string"}, tuple("abcdefghijklmn"))


@pytest.mark.parametrize("has", _VALUES)
@pytest.mark.parametrize("allows", _VALUES)
def test_no_value_is_shown_as_python_writes_it(has: object, allows: object) -> None:
    for keyword in ("pattern", "minLength", "uniqueItems", "not", "depth"):
        found = Excess(("v",), keyword, has, allows)
        for text in (of_input(found)[1], of_output(found)[1]):
            assert not re.search(r"None|True|False|\('|'\]|\{'", text), text


def test_labels_are_named_and_counted() -> None:
    labels = tuple(f"l{number}" for number in range(12))
    assert of_input(Excess(("v",), "enum", ("a", "b"), None))[1] == "`v` cannot be a or b any more"
    assert of_input(Excess(("v",), "enum", None, ("a", "b")))[1] == "`v` can only be a or b now"
    assert of_output(Excess(("v",), "enum", None, ("a", "b")))[1] == "`v` may be more now than a or b"
    assert of_output(Excess(("v",), "enum", labels, None))[1].endswith("l8 or l9 or one of 2 more now")


def test_a_type_under_another_name_breaks_nothing_while_it_takes_the_same() -> None:
    labels = {"type": "string", "enum": ["a", "b"]}
    for old, new in (("shop.kind", "shop.sort"), ("kind[]", "sort[]")):
        assert input_kept(old, new, labels)
        assert output_kept(old, new, labels, labels)


_SCHEMA = """
CREATE TABLE entry (id bigint PRIMARY KEY, amount numeric NOT NULL, kind text NOT NULL);
"""
_LIST = "SELECT id, amount, kind FROM entry\n"
_FOLDERS = {
    "a/_folder.yaml": "description: All.\nallow: [anyone]\n",
    **{f"a/l{number:02}.sql": "SELECT 1 AS one\n" for number in range(12)},
    "b/_folder.yaml": "allow: [anyone]\n",
    "b/list.sql": (
        "-- http: GET /entries\n-- page: {by: [id], size: 5, max: 9}\n-- sort: [amount, kind]\n-- filter: [kind]\n"
        f"-- count: true\n-- params: {{other: {{optional: true}}}}\n{_LIST}WHERE (:other IS NULL OR kind = :other)\n"
    ),
    "b/numbers.sql": "SELECT id, amount, array_agg(id) AS ids, kind FROM entry GROUP BY id\n",
    "b/more.sql": _LIST,
}
_AFTER = {
    **_FOLDERS,
    "a/_folder.yaml": "description: All.\nallow: [iam]\n",
    "b/list.sql": _FOLDERS["b/list.sql"]
    .replace("max: 9", "max: 8")
    .replace("sort: [amount, kind]", "sort: [kind]")
    .replace("-- count: true\n", ""),
}


def test_what_is_set_once_is_told_once_at_its_place(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    url = suite_database(postgres, "breaking_words", with_our_tables(_SCHEMA)).url

    def build(name: str, files: dict[str, str], settings: str) -> Build:
        texts = {f"sql_queries/{path}": text for path, text in files.items()}
        root = write(tmp_path / name, {**texts, "queryport.toml": settings, "migrations/0001_s.sql": _SCHEMA})
        project = Project.load(root)
        compilation = compile_project(project.queries, url, project.query_defaults)
        assert [each.render() for each in compilation.problems if each.severity == "error"] == []
        return Build(project, Scripts.of(project), compilation)

    def told(old: Build, new: Build) -> list[tuple[str, str, int, str]]:
        earlier = {each.name: each for each in old.compilation.operations}
        assert breaches(earlier, earlier) == []
        problems = breaking_problems(earlier, new)
        return sorted((each.path.name, each.code, each.line, f"{each.message} = {each.cure}") for each in problems)

    before = build("before", _FOLDERS, "[http]\n")
    after = build("after", _AFTER, '[http]\nbig_numbers = "string"\n')
    names = ", ".join(f"`a.l{number:02}`" for number in range(10))
    assert told(before, after) == [
        (
            "_folder.yaml",
            "QP805",
            2,
            f"`anyone` does not let callers in any more, of 12 operations: {names} and 2 more"
            " = let `anyone` in again, or add an operation with the new rules",
        ),
        ("list.sql", "QP803", 2, "`limit` has `maximum: 8` now, and had `9` = keep `max`"),
        ("list.sql", "QP803", 3, "`sort[]` cannot be amount or -amount any more = keep the columns under `sort`"),
        ("list.sql", "QP803", 6, "`count` is not known any more = write `count: true` again"),
        (
            "queryport.toml",
            "QP804",
            2,
            "bigint and numeric are answered as strings now, and were numbers, of `b.list`, `b.more`, `b.numbers`"
            " = write `big_numbers: number`",
        ),
    ]
    back = told(after, before)
    assert [line for name, _, line, _ in back if name == "queryport.toml"] == [1]
