"""What the compiler writes is what the handler reads."""

from decimal import Decimal
from pathlib import Path

import pytest

from handler.contract.catalog import Catalog
from handler.contract.catalog_lines import CatalogError
from handler.contract.execution import (
    Batch,
    Execution,
    Filter,
    Listing,
    Page,
    Reference,
    Single,
    Step,
    Transaction,
)
from handler.contract.operation import (
    CATALOG_FORMAT,
    Documentation,
    Http,
    Operation,
    Parameter,
    Result,
)
from handler.contract.ordering import RANGE, OrderKey
from handler.contract.sql import Slot, Sql
from queryport.compile.write.emit import write_catalog
from queryport.compile.write.pieces import Alternative, Listed
from tests.support.operations import operation
from tests.support.statements import each_range, list_sql, sql

_FULL = Operation(
    name="orders.list_orders",
    result=Result.MANY,
    read_only=True,
    execution=Listing(
        list_sql(
            "SELECT 1 ",
            Alternative("status", "WHERE status = :status", ""),
            Alternative("since", ":since", "DEFAULT", null_is_present=True),
            Listed(("a = 1", Alternative("since", "b = :since", "", null_is_present=True))),
            Slot("keys"),
            each_range("SELECT", Slot(RANGE, " AND "), Slot("order")),
        ),
        (OrderKey("order_id", 'q."order_id"', 'q."order_id"::text', "(:__key_1::bigint)", "__key_1", nullable=False),),
        by=("-order_id",),
        sorts=("order_id",),
        ties=("order_id",),
        filters=(Filter("order_id", "in", ["array", "scalar"], "__filter_1"),),
        page=Page(size=50, max=500),
        counted_sql=sql("SELECT count(*)"),
    ),
    parameters=(
        Parameter("status", ["array", ["row", [["x", "scalar"]]], ";"], optional=True),
        Parameter("document", "json", nullable=True, patch=True),
        Parameter("since", "scalar", optional=True, default={"a": [1, None]}),
    ),
    parameters_schema={"properties": {"total": {"multipleOf": Decimal("0.01"), "maximum": 10**20, "minimum": 0.1}}},
    http=Http("GET", "/orders/{status}"),
    documentation=Documentation("Orders, “newest” first", "Two\nlines", {"type": "array"}),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.json"


def test_an_operation_is_read_as_it_was_written(path: Path) -> None:
    write_catalog(path, [operation("SELECT 1", name="a"), _FULL, operation("SELECT 2", name="z")], fingerprint="abc")
    catalog = Catalog(path)
    assert catalog.fingerprint == "abc"
    assert catalog.names == ["a", "orders.list_orders", "z"]
    assert catalog.operation("z").execution == Single(sql("SELECT 2"))
    read = catalog.operation(_FULL.name)
    assert read.parameters_schema["properties"]["total"] == {
        "multipleOf": Decimal("0.01"),
        "maximum": 10**20,
        "minimum": Decimal("0.1"),
    }
    assert catalog.documentation(_FULL.name) == _FULL.documentation
    assert read.documentation == Documentation()
    for name in ("name", "result", "read_only", "execution", "parameters", "http"):
        assert getattr(read, name) == getattr(_FULL, name)


@pytest.mark.parametrize("name", ["orders.get_order", "", "\ud800", "orders.get_order\udfff"])
def test_a_name_that_is_not_there_is_a_key_error(path: Path, name: str) -> None:
    write_catalog(path, [_FULL], fingerprint="")
    assert name not in Catalog(path)
    with pytest.raises(KeyError):
        Catalog(path).operation(name)


def test_a_name_is_found_among_names_that_are_like_it(path: Path) -> None:
    names = ["a", "a.b", "b.a", 'a"', '"a', 'x":[0,0,0],"a', "é", "a\\", "c.a.b"]
    write_catalog(path, [operation(f"SELECT {number}", name=name) for number, name in enumerate(names)], "")
    catalog = Catalog(path)
    assert catalog.names == names
    for number, name in enumerate(names):
        assert name in catalog
        assert catalog.operation(name).execution == Single(sql(f"SELECT {number}"))
    for name in ("", "b", ".b", "a.", "A", "c", '"', "e\u0301", "0"):
        assert name not in catalog


def test_a_catalogue_may_be_empty(path: Path) -> None:
    write_catalog(path, [], fingerprint="")
    assert Catalog(path).names == []


def test_a_catalogue_that_is_replaced_stays_readable_for_those_who_read_it(path: Path) -> None:
    write_catalog(path, [_FULL], fingerprint="old")
    catalog = Catalog(path)
    write_catalog(path, [operation("SELECT 'something quite different'", name="other")], fingerprint="new")
    assert catalog.documentation(_FULL.name) == _FULL.documentation
    assert [entry.name for entry in path.parent.iterdir()] == ["catalog.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"catalog\.json does not exist: `queryport build` writes it"),
        (b"", r"is empty: `queryport build` writes it"),
        (b"[\n{}\n]\n", r"is no catalogue of operations: `queryport build` writes one"),
        (b"[\n[]\n]\n", r"is no catalogue of operations"),
        (b"not JSON", r"is no catalogue of operations"),
        (b'[\n{"format": 99}\n]\n', rf"has the format 99, and this handler reads format {CATALOG_FORMAT}: build"),
    ],
)
def test_what_is_no_catalogue_is_told(path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CatalogError, match=message):
        Catalog(path)


def test_a_form_that_a_later_version_writes_is_told(path: Path) -> None:
    write_catalog(path, [operation("SELECT 1")], fingerprint="")
    path.write_text(path.read_text().replace('"Single"', '"Stream"'))
    with pytest.raises(CatalogError, match="has an operation of the form Stream, which this handler does not know"):
        Catalog(path).operation("test.operation")


@pytest.mark.parametrize(
    ("execution", "statements"),
    [
        (Single(sql("SELECT :a")), [sql("SELECT :a")]),
        (Single(sql("DELETE FROM t"), sql("WITH …")), [sql("DELETE FROM t"), sql("WITH …")]),
        (Listing(sql("SELECT 1")), [sql("SELECT 1")]),
        (Batch(sql("DELETE FROM t")), [sql("DELETE FROM t")]),
        (Transaction((Step(sql("SELECT 1")), Step(sql("SELECT 2"))), 0), [sql("SELECT 1"), sql("SELECT 2")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_statements_of_a_form_are_all_that_it_may_send(execution: Execution, statements: list[Sql]) -> None:
    assert list(operation("SELECT 1")._replace(execution=execution).statements) == statements


@pytest.mark.parametrize(
    "execution",
    [
        Single(sql("SELECT :a")),
        Single(sql("DELETE FROM t"), sql("WITH …")),
        Batch(sql("DELETE FROM t WHERE a = :a")),
        Transaction(
            (Step(sql("SELECT 1 AS a"), one_row=True, name="first"), Step(sql("SELECT :b"), (Reference("b", 0, 0),))), 1
        ),
        Transaction((Step(sql("SELECT 1")),), 0, "serializable"),
    ],
    ids=lambda execution: type(execution).__name__,
)
def test_every_form_of_execution_is_read_as_it_was_written(path: Path, execution: Execution) -> None:
    write_catalog(path, [operation("SELECT 1")._replace(execution=execution)], fingerprint="")
    assert Catalog(path).operation("test.operation").execution == execution
