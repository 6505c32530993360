"""`_folder.yaml`: what the files below it inherit, which setting wins, and where a problem is shown."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from handler.contract.operation import Access, Operation, RowSecurity
from queryport.compile import Compilation
from queryport.compile.describe.database import Database
from queryport.compile.read.folder import merged
from queryport.compile.read.folder_settings import FolderSettings
from queryport.compile.read.front_matter import FrontMatter
from tests.support.compiling import compile_folder

Compiled = Callable[[dict[str, str]], Compilation]


@pytest.fixture
def compiled(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Compiled:
    monkeypatch.chdir(tmp_path)

    def compile_files(files: dict[str, str]) -> Compilation:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return compile_folder(tmp_path, database)

    return compile_files


def _only(compilation: Compilation) -> Operation:
    assert not compilation.problems, "\n".join(problem.render() for problem in compilation.problems)
    (operation,) = compilation.operations
    return operation


PERSON = "SELECT name FROM person WHERE person_id = :id"


def test_a_file_inherits_from_every_folder_above_it_and_the_nearest_wins(compiled: Compiled) -> None:
    operation = _only(
        compiled(
            {
                "_folder.yaml": "allow: [jwt]\nidempotency: required\nhidden: true\n",
                "a/_folder.yaml": "allow: [key]\nprefix: /people/{id}\n",
                "a/b/_folder.yaml": "hidden: false\n",
                "a/b/get.sql": f"-- http: GET /name\n{PERSON}",
                "other/_folder.yaml": "allow: [nobody]",
            }
        )
    )
    assert operation.access == Access(("key",))
    assert operation.http is not None
    assert operation.http.path == "/people/{id}/name"


def test_a_file_wins_over_its_folders(compiled: Compiled) -> None:
    operation = _only(
        compiled(
            {
                "_folder.yaml": "allow: [jwt]\nhttp: off\n",
                "get.sql": f"-- allow: [anyone]\n-- http: GET /p/{{id}}\n{PERSON}",
            }
        )
    )
    assert operation.access == Access(("anyone",))


def test_a_folder_keeps_its_files_away_from_http(compiled: Compiled) -> None:
    assert _only(compiled({"_folder.yaml": "http: off\n", "get.sql": PERSON})).access == Access(http=False)


def test_without_any_rule_iam_and_direct_callers_are_let_in(compiled: Compiled) -> None:
    assert _only(compiled({"get.sql": PERSON})).access == Access(("iam", "direct"))


def test_parameters_are_merged_name_by_name_and_key_by_key(compiled: Compiled) -> None:
    operation = _only(
        compiled(
            {
                "_folder.yaml": "params:\n  id: {from: claims.person_id}\n  unused: {optional: true}\n",
                "a/_folder.yaml": "params:\n  mood: {optional: true, description: How}\n",
                "a/get.sql": "-- params: {mood: {description: What}}\n"
                f"{PERSON} AND (:mood IS NULL OR mood = :mood)",
            }
        )
    )
    assert {parameter.name: parameter.source for parameter in operation.parameters} == {
        "id": "claims.person_id",
        "mood": None,
    }
    assert list(operation.parameters_schema["properties"]) == ["mood"]
    assert operation.parameters_schema["properties"]["mood"]["description"] == "What"
    assert "required" not in operation.parameters_schema
    assert operation.caller_schema["properties"]["id"]["type"] == "integer"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("allow: [everyone]", "_folder.yaml:1:9 QP701 `everyone` is no rule"),
        ("allow: anyone", "_folder.yaml:1:8 QP005 `allow`:"),
        ("result: one", "_folder.yaml:1:1 QP004 unknown key `result`"),
        ("http: GET /x", "_folder.yaml:1:7 QP005 `http`:"),
        ("prefix: people", "_folder.yaml:1:9 QP005 `prefix`:"),
        ("- allow", "_folder.yaml:1:1 QP005 the file is not a mapping"),
        ("allow: [", "_folder.yaml:1:9 QP003 not valid YAML"),
        ("params: {id: {from: claims}}", "_folder.yaml:1:21 QP702 `claims` is nothing that a caller has"),
        ("params: {id: {from: jwt.sub}}", "_folder.yaml:1:21 QP702 `jwt.sub` is nothing that a caller has"),
        ("params: {id: {from: claims.a, default: 1}}", "_folder.yaml:1:31 QP702 `:id` comes from the caller"),
        ("role: claims.role", "_folder.yaml:1:7 QP703 a claim may name any role"),
        ("role: reader\nroles: [reader]", "_folder.yaml:2:1 QP703 `roles` are those that a claim may name"),
        (
            "params: {id: {from: claims.a}}\nprefix: '/p/{id}'",
            "_folder.yaml:1:21 QP702 `:id` comes from the caller, and",
        ),
    ],
)
def test_a_problem_is_shown_in_the_folders_file_and_once(compiled: Compiled, settings: str, problem: str) -> None:
    compilation = compiled({"_folder.yaml": settings, "a.sql": PERSON, "b.sql": PERSON})
    told = [found.render() for found in compilation.problems]
    assert sum(problem in each for each in told) == 1, told
    assert all(each.startswith("_folder.yaml") or "it inherits from a `_folder.yaml`" in each for each in told)


def test_a_parameter_in_the_prefix_cannot_come_from_the_caller(compiled: Compiled) -> None:
    settings = "params: {id: {from: claims.a}}\nprefix: '/p/{id}'"
    compilation = compiled({"_folder.yaml": settings, "a.sql": f"-- http: GET /a\n{PERSON}"})
    told = [found.render() for found in compilation.problems]
    assert any("_folder.yaml:1:21 QP702 `:id` comes from the caller, and the route has `{id}`" in each for each in told)


@pytest.mark.parametrize("key", ["optional", "nullable"])
def test_what_a_folder_takes_from_the_caller_is_not_made_optional_below_it(compiled: Compiled, key: str) -> None:
    files = {
        "_folder.yaml": "params: {id: {from: claims.id}}",
        "a/_folder.yaml": f"params: {{id: {{{key}: true}}}}",
        "a/b.sql": PERSON,
        "c.sql": f"-- params: {{id: {{{key}: true}}}}\n{PERSON}",
        "d.sql": f"-- params: {{id: {{from: claims.id, {key}: true}}}}\n{PERSON}",
        "e.sql": PERSON,
    }
    compilation = compiled(files)
    told = [(str(problem.place), problem.code) for problem in compilation.problems]
    assert told == [("a/_folder.yaml:1:15", "QP702"), ("c.sql:1:18", "QP702")]
    assert f"`{key}` would let in every caller without it" in compilation.problems[0].message
    assert {operation.name for operation in compilation.operations} == {"d", "e"}
    assert [operation.parameters[0].source for operation in compilation.operations] == ["claims.id"] * 2


def test_a_role_is_not_taken_away_by_saying_nothing(compiled: Compiled) -> None:
    operation = _only(compiled({"_folder.yaml": "role: reader", "a.sql": f"-- role:\n{PERSON}"}))
    assert operation.row_security == RowSecurity("reader")


def test_a_table_of_tenants_that_is_read_without_the_tenant_is_told(compiled: Compiled) -> None:
    compilation = compiled(
        {
            "_folder.yaml": "params: {person_id: {from: claims.person_id}}",
            "good.sql": "SELECT visit_id FROM visit WHERE person_id = :person_id",
            "bad.sql": "SELECT visit_id FROM visit WHERE visit_id = :id",
            "silent.sql": "-- silence: [QP704]\nSELECT visit_id FROM visit WHERE visit_id = :id",
            "other.sql": "SELECT 1 AS one",
        }
    )
    assert [(problem.path.name, problem.code) for problem in compilation.problems] == [("bad.sql", "QP704")]
    assert "`visit` has the column `person_id`" in compilation.problems[0].message
    assert len(compilation.operations) == 4


def test_a_cache_is_for_the_reads_of_a_folder(compiled: Compiled) -> None:
    compilation = compiled(
        {
            "_folder.yaml": "allow: [anyone]\ncache: {public: true, max_age: 60}\n",
            "as_it_is.sql": f"-- http: GET /a/{{id}}\n{PERSON}",
            "nearer.sql": f"-- http: GET /b/{{id}}\n-- cache: {{max_age: 5}}\n{PERSON}",
            "never.sql": f"-- http: GET /c/{{id}}\n-- cache: no-store\n{PERSON}",
            "by_name.sql": PERSON,
            "gone.sql": "-- http: DELETE /v/{v}\nDELETE FROM visit WHERE visit_id = :v",
        }
    )
    assert compilation.problems == ()
    assert {operation.name: operation.response.cache_control for operation in compilation.operations} == {
        "as_it_is": "public, max-age=60",
        "by_name": None,
        "gone": None,
        "nearer": "public, max-age=5",
        "never": "no-store",
    }


def test_a_folders_public_cache_is_refused_where_a_caller_is_needed(compiled: Compiled) -> None:
    compilation = compiled(
        {"_folder.yaml": "cache: {public: true, max_age: 60}\n", "a.sql": f"-- http: GET /a/{{id}}\n{PERSON}"}
    )
    assert "_folder.yaml:1:17 QP422 `public` lets everybody" in compilation.problems[0].render()


def test_every_key_says_whether_it_may_stand_in_a_folder() -> None:
    assert FrontMatter.IN_FOLDERS.keys() == FrontMatter.model_fields.keys()
    inherited = {name for name, may in FrontMatter.IN_FOLDERS.items() if may}
    assert FolderSettings.model_fields.keys() == inherited | {"description", "tag", "prefix"}


def test_merging_keeps_what_the_nearer_does_not_say() -> None:
    far = {"a": {"x": 1, "y": {"p": 1}}, "b": [1], "c": 1}
    assert merged(far, {"a": {"y": {"q": 2}}, "b": [2], "d": None}) == {
        "a": {"x": 1, "y": {"p": 1, "q": 2}},
        "b": [2],
        "c": 1,
        "d": None,
    }


@pytest.mark.parametrize("name", ["_folder.yml", "_Folder.yaml", "folder.yaml", "folder.YML"])
def test_what_looks_like_the_settings_is_not_passed_over(compiled: Compiled, name: str) -> None:
    compilation = compiled({f"a/{name}": "allow: [nobody]", "a/b/get.sql": PERSON, "other.sql": PERSON})
    assert [operation.name for operation in compilation.operations] == ["other"]
    told = [problem.render() for problem in compilation.problems]
    assert any("looks like the settings of its folder" in each for each in told)
    assert any("it inherits from a `_folder.yaml` that cannot be used" in each for each in told)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("gone.yaml")])
def test_settings_that_are_no_file_let_nobody_in(
    compiled: Compiled, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "_folder.yaml")
    compilation = compiled({"get.sql": PERSON})
    assert not compilation.operations
    assert {problem.code for problem in compilation.problems} == {"QP009"}


@pytest.mark.parametrize("entry", ["", " {}", " {from: }", " null"])
def test_an_entry_that_says_nothing_takes_no_protection_away(compiled: Compiled, entry: str) -> None:
    files = {
        "_folder.yaml": "allow: [nobody]\nparams: {id: {from: claims.id}}",
        "get.sql": f"-- allow:\n-- params:\n--   id:{entry}\n{PERSON}",
    }
    operation = _only(compiled(files))
    assert operation.access.allow == ("nobody",)
    assert [parameter.source for parameter in operation.parameters] == ["claims.id"]
