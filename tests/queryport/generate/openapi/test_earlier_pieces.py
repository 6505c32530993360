"""A document of earlier pieces is the one that is made anew, whatever changed between the two."""

import random
from threading import Thread

import pytest

from handler.contract.operation import Access, Operation
from queryport.compile.compiler import compile_project
from queryport.generate.openapi import Described, Document, EarlierPieces, Heading, document_of
from queryport.generate.openapi import operations as rendering
from queryport.generate.openapi.responses import Json
from queryport.postgres.server import EmbeddedPostgres
from tests.queryport.compile.conftest import SCHEMA
from tests.support.databases import suite_database, with_our_tables
from tests.support.operations import operation
from tests.support.seeds import seeds

_FILES = {
    "a/get_person.sql": "-- http: GET /people/{id}\n-- result: maybe\nSELECT name FROM person WHERE person_id = :id",
    "a/other_person.sql": "-- http: PATCH /people/{person}\nUPDATE person SET name = :name WHERE person_id = :person",
    "a/answer.sql": "-- params: {kind: {enum: [x, y]}}\nSELECT :kind::text AS kind",
    "b/answer.sql": "-- params: {kind: {enum: [x, z]}}\n-- allow: [anyone]\nSELECT :kind::text AS kind",
    "b/row.sql": "-- params: {kind: {enum: [x, y]}}\n-- allow: [iam]\nSELECT :kind::text AS kind, 1 AS one",
    "b/people.sql": "-- http: GET /people\n-- filter: [name]\n-- sort: [name]\nSELECT person_id, name FROM person",
    "b/add.sql": "-- http: POST /people\nINSERT INTO person (name) VALUES (:name) RETURNING person_id",
    "c/kind.sql": "-- params: {a_answer: {properties: {n: {type: integer}}}}\nSELECT :a_answer::jsonb AS answer",
}


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres) -> list[Operation]:
    root = tmp_path_factory.mktemp("queries")
    for name, text in _FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    compilation = compile_project(root, suite_database(postgres, "compile_suite", with_our_tables(SCHEMA)).url)
    assert not [problem.render() for problem in compilation.problems if problem.severity == "error"]
    return [*compilation.operations, operation("SELECT 1", name="a.get_person")]


def _any(operations: list[Operation], chance: random.Random) -> list[Described]:
    """Some of the operations, with what may change about each."""
    described = {}
    for each in chance.sample(operations, chance.randrange(len(operations) + 1)):
        allow = chance.choice([each.access.allow, ("anyone",), ("iam", "anyone")])
        each = each._replace(access=Access(allow=allow))
        described[each.name] = Described(each, chance.choice([None, "T", "U"]), chance.choice(["", "told"]), each.name)
    return list(described.values())


@pytest.mark.parametrize("seed", seeds(2, slow=4, long=40))
def test_a_document_of_earlier_pieces_is_the_one_that_is_made_anew(seed: int, operations: list[Operation]) -> None:
    chance, earlier = random.Random(seed), EarlierPieces()  # noqa: S311 (edits, no secrets)
    for _ in range(30):
        described = _any(operations, chance)
        assert document_of(described, Heading(), earlier) == document_of(described, Heading())


def test_of_many_operations_the_changed_one_alone_is_described(
    operations: list[Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []
    everything = rendering._everything

    def noting(operation: Operation, sql: str | None) -> Json:
        named.append(operation.name)
        return everything(operation, sql)

    monkeypatch.setattr(rendering, "_everything", noting)
    earlier = EarlierPieces()
    described = {each.name: Described(each, sql="SELECT 1") for each in operations}
    document_of([*described.values()], Heading(), earlier)
    assert sorted(named) == sorted(described)
    named.clear()
    described["b.row"] = Described(described["b.row"].operation, sql="SELECT 2")
    document_of([*described.values()], Heading(), earlier)
    assert named == ["b.row"]


def test_threads_that_make_documents_at_once_do_not_disturb_each_other(operations: list[Operation]) -> None:
    earlier, made = EarlierPieces(), list[tuple[Document, Document]]()

    def make(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 (as above)
        for _ in range(8):
            described = _any(operations, chance)
            made.append((document_of(described, Heading(), earlier), document_of(described, Heading())))

    threads = [Thread(target=make, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 32
    assert all(one == other for one, other in made)
