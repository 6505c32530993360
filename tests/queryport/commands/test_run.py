"""What is typed at `queryport run` becomes the parameters that the operation wants."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handler.contract.execution import Single
from handler.contract.operation import Operation, Result
from queryport.commands.local_function import RunError, Terms, TypedRequest
from queryport.commands.named_operation import NamedOperationError, named_operation
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
