"""Operations as the commands show them: in a table, a line each where the terminal is narrow, by folder if many."""

import pytest

from handler.contract.execution import Batch
from handler.contract.operation import Http, Operation
from queryport.commands.tables import show_operations
from queryport.console.terminal import Terminal
from tests.support.operations import TEXT, operation

_GET = operation(
    name="orders.get",
    http=Http("GET", "/customers/{customer_id}/orders/{order_id}"),
    parameters={
        "customer_id": {"type": "string", "format": "uuid"},
        "order_id": {"type": "integer"},
        "status": {"anyOf": [{"type": "null"}, {"enum": ["new", "paid", None]}]},
        "labels": {"type": ["array", "null"], "items": TEXT},
        "details": {},
    },
    required=["customer_id", "order_id"],
)
_ALL = operation(name="orders.all")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Shown":
    return Shown(monkeypatch, capsys)


class Shown:
    """The lines that a terminal of so many columns shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def lines(self, columns: int, *operations: Operation, in_full: bool = False) -> list[str]:
        self._monkeypatch.setenv("COLUMNS", str(columns))
        show_operations(Terminal(), operations, in_full=in_full)
        return [line.rstrip() for line in self._capsys.readouterr().out.splitlines()]


def test_each_operation_has_a_row(shown: Shown) -> None:
    _, first, second = shown.lines(160, _GET, _ALL)
    assert first == (
        "orders.get  GET /customers/{customer_id}/orders/{order_id}  "
        "customer_id uuid, order_id integer, status? new|paid, labels? string[], details? json  many"
    )
    assert second.split() == ["orders.all", "POST", "/operations/orders.all", "many"]


def test_a_batch_shows_the_parameters_of_each_of_its_elements(shown: Shown) -> None:
    schema = {"type": "array", "items": _GET.parameters_schema}
    batch = _ALL._replace(execution=Batch(()), parameters_schema=schema)
    (line,) = (line for line in shown.lines(160, batch) if line.startswith("orders.all"))
    assert "[{customer_id uuid, order_id integer, status? new|paid, labels? string[], details? json}, …]" in line


def test_in_a_narrow_terminal_no_path_breaks(shown: Shown) -> None:
    assert shown.lines(48, _GET, _ALL) == [
        "orders.get  many",
        "  GET /customers/{customer_id}/orders/{order_id}",
        "    customer_id uuid, order_id integer",
        "    status? new|paid, labels? string[]",
        "    details? json",
        "orders.all  many",
        "  POST /operations/orders.all",
    ]


def test_many_operations_are_counted_by_folder_unless_all_are_asked_for(shown: Shown) -> None:
    many = [operation(name=f"{folder}op{number}") for folder in ("", "orders.", "stock.[x].") for number in range(40)]
    heading, root, orders, stock, hint = shown.lines(160, *many)
    assert [line.split() for line in (heading, root, orders, stock)] == [
        ["Folder", "Operations"],
        [".", "40"],
        ["orders", "40"],
        ["stock.[x]", "40"],
    ]
    assert "queryport list FOLDER" in hint
    assert len(shown.lines(160, *many, in_full=True)) == 121
