"""What is typed at `queryport run` becomes the parameters that the operation wants."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handler.contract.execution import Filter, Listing, Single
from handler.contract.operation import Operation, Parameter, Result
from handler.contract.sql import ListSql
from handler.engine import idempotency, preconditions
from handler.engine.invocation import CallPart
from queryport.commands.local_function import RunError, Terms, TypedRequest, by_options
from queryport.commands.named_operation import NamedOperationError, named_operation, operations_that_begin
from queryport.commands.run import show
from queryport.commands.typed_values import TypedValueError, read_parameters
from queryport.compile import Compilation
from queryport.compile.write.encoded import EncodedOperations
from queryport.console.terminal import Terminal
from tests.support.statements import sql


def _operation(result: Result = Result.MANY, **schemas: dict[str, Any]) -> Operation:
    return Operation(
        name="books.get",
        result=result,
        read_only=True,
        execution=Single(sql("SELECT 1")),
        parameters=(),
        parameters_schema={"type": "object", "properties": schemas},
    )


TEXT = {"type": ["string", "null"]}
INTEGER = {"type": "integer"}
NUMERIC = {"type": ["number", "string"], "pattern": "^[0-9.]+$"}
FLOAT = {"type": ["number", "string"], "pattern": "^NaN$"}
LIST = {"type": "array", "items": INTEGER}


@pytest.mark.parametrize(
    ("schema", "typed", "meant"),
    [
        (TEXT, "a=5", "5"),
        (TEXT, "a=", ""),
        (TEXT, "a=null", "null"),
        (TEXT, "a:=null", None),
        (TEXT, "a=b=c", "b=c"),
        (TEXT, "a=@@home", "@home"),
        (INTEGER, "a=5", 5),
        (NUMERIC, "a=12345678901234567890.5", "12345678901234567890.5"),
        (FLOAT, "a=NaN", "NaN"),
        (FLOAT, "a=1.5", 1.5),
        ({"type": "boolean"}, "a=true", True),
        (LIST, "a=[1, 2]", [1, 2]),
        ({}, 'a={"b": null}', {"b": None}),
        ({}, 'a="text"', "text"),
        ({"anyOf": [INTEGER, {"type": "null"}]}, "a=null", None),
    ],
)
def test_a_value_is_read_as_its_schema_wants_it(schema: dict[str, Any], typed: str, meant: object) -> None:
    assert read_parameters(_operation(a=schema), [typed]) == {"a": meant}


_BERTHS = Operation(
    name="berths.list",
    result=Result.MANY,
    read_only=True,
    execution=Listing(
        ListSql(()),
        filters=(
            Filter("price", "lte", "scalar", "__f0"),
            Filter("price", "in", ["array", "scalar"], "__f1"),
            Filter("pier", "eq", "scalar", "__f2"),
        ),
    ),
    parameters=(
        Parameter("ids", ["array", "scalar"]),
        Parameter("notes", "json"),
        Parameter("grid", ["array", "scalar"]),
    ),
    parameters_schema={
        "type": "object",
        "properties": {
            "ids": LIST,
            "notes": {"type": "array"},
            "grid": {"type": "array", "items": LIST},
            "sort": {
                "type": ["array", "null"],
                "items": {"type": "string", "enum": ["price", "-price", "pier", "-pier"]},
            },
            "count": {"type": ["string", "null"], "enum": ["exact", None]},
            "filter": {
                "type": ["object", "null"],
                "properties": {
                    "price": {"properties": {"lte": NUMERIC, "in": {"type": "array", "items": NUMERIC}}},
                    "pier": {"properties": {"eq": TEXT}},
                },
            },
        },
    },
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["sort=-price"], {"sort": ["-price"]}),
        (["sort=-price,pier"], {"sort": ["-price", "pier"]}),
        (['sort=["-price"]'], {"sort": ["-price"]}),
        (["sort="], {"sort": []}),
        (["sort=null"], {"sort": None}),
        (["ids=1,2"], {"ids": [1, 2]}),
        (["ids=5"], {"ids": [5]}),
        (["ids= [5]"], {"ids": [5]}),
        (["grid=[[1],[2]]"], {"grid": [[1], [2]]}),
        (["notes=[1]"], {"notes": [1]}),
        (["count=exact"], {"count": "exact"}),
        (["filter[price][lte]=20"], {"filter": {"price": {"lte": "20"}}}),
        (["filter[price][in]=1,2.5"], {"filter": {"price": {"in": ["1", "2.5"]}}}),
        (
            ["filter[price][lte]=20", "filter[pier][eq]=A,B", "sort=pier"],
            {"filter": {"price": {"lte": "20"}, "pier": {"eq": "A,B"}}, "sort": ["pier"]},
        ),
        (["filter[price][lte]:=20"], {"filter": {"price": {"lte": 20}}}),
        (['filter={"pier": {}}'], {"filter": {"pier": {}}}),
    ],
)
def test_lists_and_conditions_may_be_written_as_in_a_url(typed: list[str], meant: dict[str, Any]) -> None:
    assert read_parameters(_BERTHS, typed) == meant


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            ["filter=A"],
            "filter: expected null or object, got a text that is not JSON at line 1, column 1: "
            "write filter[price][lte]=…",
        ),
        (["filter[pier]=A"], "berths.list has no parameter filter[pier]: did you mean filter[pier][eq]?"),
        (["filter[pier][eq]=A", "filter[pier][eq]=B"], "filter[pier][eq] is given twice"),
        (["filter:=null", "filter[pier][eq]=B"], "filter[pier][eq] is given twice"),
        (["filter[pier][eq]=A", "filter={}"], "filter is given twice"),
        (["sort=[-price]"], "the elements may also be written as sort=…,…"),
        (["ids=a,b"], "ids: expected integer, got a text that is not JSON"),
        (["notes=a,b"], "notes: expected array, got a text that is not JSON"),
        (["grid=1,2"], "grid: expected array, got a text that is not JSON"),
        (["xyz=1"], "its parameters: ids, notes, grid, sort, count, filter"),
    ],
)
def test_what_no_url_could_mean_is_refused(typed: list[str], said: str) -> None:
    with pytest.raises(TypedValueError, match=re.escape(said)):
        read_parameters(_BERTHS, typed)


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1,\n2]")
    assert read_parameters(_operation(a=LIST), [f"a=@{tmp_path}/list.json"]) == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["b=1"], "books.get has no parameter b: its parameters: number, title"),
        (["numbr=1"], "did you mean number?"),
        (["number=one"], "number: expected integer, got a text that is not JSON"),
        (["number:=one"], "number: expected JSON, got a text that is not JSON"),
        (["number=1", "number:=2"], "number is given twice"),
        (["number"], "expected key=value, got number"),
        (["title=@missing"], "title: cannot read missing: No such file or directory"),
    ],
)
def test_what_cannot_be_meant_is_refused(typed: list[str], said: str) -> None:
    with pytest.raises(TypedValueError, match=said.replace("?", r"\?")):
        read_parameters(_operation(number=INTEGER, title=TEXT), typed)


def test_a_name_that_is_nearly_right_is_told() -> None:
    compilation = Compilation(EncodedOperations.of([_operation()]), ())
    assert named_operation(compilation, "books.get").name == "books.get"
    with pytest.raises(NamedOperationError, match=r"there is no operation books.gett: did you mean books.get\?"):
        named_operation(compilation, "books.gett")


def test_a_prefix_that_no_name_begins_with_is_told_with_names_that_come_near() -> None:
    compilation = Compilation(EncodedOperations.of([_operation()]), ())
    assert [operation.name for operation in operations_that_begin(compilation, "bo")] == ["books.get"]
    assert [operation.name for operation in operations_that_begin(compilation, "")] == ["books.get"]
    with pytest.raises(NamedOperationError, match=r"no operation's name begins with boks: did you mean books.get\?"):
        operations_that_begin(compilation, "boks")
    with pytest.raises(NamedOperationError, match=r"no operation's name begins with nix: there are books.get"):
        operations_that_begin(compilation, "nix")


@pytest.mark.parametrize(
    ("result", "data", "shown"),
    [
        (Result.MANY, [], "no rows\n"),
        (Result.MAYBE, None, "no rows\n"),
        (Result.VALUE, "text", "text\n"),
        (Result.VALUE, Decimal("1.10"), "1.10\n"),
        (Result.VALUE, {"a": None}, '{"a":null}\n'),
        (Result.AFFECTED, 1, "1 row affected\n"),
        (Result.AFFECTED, 0, "0 rows affected\n"),
        (Result.NONE, None, "done\n"),
    ],
)
def test_every_kind_of_answer_is_shown(
    result: Result, data: object, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(_operation(result), data, Terminal())
    assert capsys.readouterr().out == shown


def test_rows_are_shown_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"n": 1, "[b]": "[red]x", "tags": ["a", None]}, {"n": 2, "[b]": None, "tags": None}]
    show(_operation(), rows, Terminal())
    lines = [line.strip("│┃ ").split() for line in capsys.readouterr().out.splitlines() if line[0] in "│┃"]
    assert [[cell for cell in line if cell not in "│┃"] for line in lines] == [
        ["n", "[b]", "tags"],
        ["1", "[red]x", '["a",', "null]"],
        ["2", "null", "null"],
    ]


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("GET /books?limit=2", TypedRequest("GET", "/books?limit=2")),
        (" post  /books ", TypedRequest("POST", "/books")),
    ],
)
def test_a_request_is_a_method_and_a_path(text: str, request_: TypedRequest) -> None:
    assert TypedRequest.read(text, None, Terms()) == request_


@pytest.mark.parametrize(
    ("terms", "members", "headers"),
    [
        (Terms(), {}, {}),
        (Terms(key="k"), {"idempotency_key": "k"}, {"idempotency-key": "k"}),
        (Terms(if_match="5"), {"if_match": "5"}, {"if-match": '"5"'}),
        (Terms(if_match='"5"'), {"if_match": "5"}, {"if-match": '"5"'}),
        (
            Terms(if_match="*", rollback=True),
            {"if_match": "*", "rollback": True},
            {"if-match": "*", "prefer": "tx=rollback"},
        ),
    ],
)
def test_the_terms_of_a_write_go_by_members_and_by_headers(
    terms: Terms, members: dict[str, object], headers: dict[str, str]
) -> None:
    assert (terms.members, terms.headers) == (members, headers)


@pytest.mark.parametrize(("part", "option"), [(idempotency.KEY_PART, "--key"), (preconditions.TAG_PART, "--if-match")])
def test_what_an_event_lacks_is_asked_for_by_its_option(part: CallPart, option: str) -> None:
    assert by_options(f"send {part.told(over_http=False)}") == f"send {option}"


@pytest.mark.parametrize("text", ["/books", "GET", "GET books", ""])
def test_what_is_no_request_is_told(text: str) -> None:
    with pytest.raises(RunError, match="expected a method and a path"):
        TypedRequest.read(text, None, Terms())


def test_wide_rows_are_shown_a_column_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = [{"n": 1, "long name": "word " * 20, "at": None}, {"n": 2, "long name": "", "at": "x"}]
    show(_operation(), rows, Terminal())
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "row 1"
    assert lines[1].split() == ["n", "1"]
    assert lines[2] == "long name  " + ("word " * 20).rstrip()
    assert lines[4] == "row 2"
