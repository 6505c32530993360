"""Which operation a method and a path mean."""

from itertools import combinations, product
from pathlib import Path

import pytest

from handler.contract.catalog import Catalog
from handler.contract.operation import Http
from handler.contract.routes import Match, Routes
from queryport.compile.write.emit import write_catalog
from tests.support.operations import operation

_PATHS = [
    "GET /orders",
    "POST /orders",
    "GET /orders/{order_id}",
    "DELETE /orders/{order_id}",
    "GET /orders/recent",
    "GET /orders/recent/{day}/items",
    "GET /orders/{order_id}/items/{item_id}",
    "GET /{table}/schema",
    "GET /café/{GET}",
    "GET /",
]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Routes:
    path = tmp_path_factory.mktemp("routes") / "catalog.json"
    lines = [each.split(" ") for each in _PATHS]
    operations = [operation("", name=f"{method} {path}", http=Http(method, path)) for method, path in lines]
    write_catalog(path, operations, fingerprint="")
    return Catalog(path).routes


def _segments(path: str) -> list[str]:
    return path[1:].split("/")


@pytest.mark.parametrize(
    ("request_line", "operation_name", "values"),
    [
        ("GET /orders", "GET /orders", []),
        ("HEAD /orders", "GET /orders", []),
        ("POST /orders", "POST /orders", []),
        ("GET /orders/7", "GET /orders/{order_id}", ["7"]),
        ("GET /orders/recent", "GET /orders/recent", []),
        ("DELETE /orders/7", "DELETE /orders/{order_id}", ["7"]),
        ("GET /orders/recent/monday/items", "GET /orders/recent/{day}/items", ["monday"]),
        ("GET /orders/recent/items/5", "GET /orders/{order_id}/items/{item_id}", ["recent", "5"]),
        ("GET /orders/schema", "GET /orders/{order_id}", ["schema"]),
        ("GET /books/schema", "GET /{table}/schema", ["books"]),
        ("GET /café/x", "GET /café/{GET}", ["x"]),
        ("GET /", "GET /", []),
    ],
)
def test_finds(routes: Routes, request_line: str, operation_name: str, values: list[str]) -> None:
    method, path = request_line.split(" ")
    assert routes.match(method, _segments(path)) == Match(operation_name, values)


@pytest.mark.parametrize("path", ["/orders/", "//orders", "/orders//items/1", "/Orders", "/orders/7/items", "/x/y/z"])
def test_finds_nothing_for_other_paths(routes: Routes, path: str) -> None:
    assert routes.match("GET", _segments(path)) is None
    assert routes.methods(_segments(path)) == set()


def test_a_literal_path_has_the_methods_of_its_own_routes_alone(routes: Routes) -> None:
    assert routes.methods(["orders", "recent"]) == {"GET"}
    assert routes.methods(["orders", "7"]) == {"GET", "DELETE"}
    for method in ("DELETE", "PUT"):
        assert routes.match(method, ["orders", "recent"]) is None


def test_a_route_that_the_caller_does_not_see_stands_in_the_way_of_no_other(tmp_path: Path) -> None:
    """Every set of routes of one shape, and every choice of those that are seen: as if the others were not there."""
    shapes = ["/a/b", "/a/{x}", "/{x}/b", "/{x}/{y}"]
    for methods in product(("GET", "DELETE"), repeat=len(shapes)):
        lines = [f"{method} {shape}" for method, shape in zip(methods, shapes, strict=True)]
        routes = _routes(tmp_path, lines)
        for number in range(len(lines) + 1):
            for seen in combinations(lines, number):
                alone = _routes(tmp_path, list(seen))
                for path in (["a", "b"], ["a", "c"], ["c", "b"], ["c", "d"]):
                    assert routes.methods(path, set(seen).__contains__) == alone.methods(path)
                    for method in ("GET", "HEAD", "DELETE"):
                        assert routes.match(method, path, set(seen).__contains__) == alone.match(method, path)


def _routes(folder: Path, lines: list[str]) -> Routes:
    split = [each.split(" ") for each in lines]
    operations = [operation("", name=f"{method} {path}", http=Http(method, path)) for method, path in split]
    write_catalog(folder / "catalog.json", operations, fingerprint="")
    return Catalog(folder / "catalog.json").routes


@pytest.mark.slow
def test_thousands_of_routes_are_told_apart(tmp_path: Path) -> None:
    operations = [
        operation("", name=f"o{number}", http=Http("GET", f"/a{number % 7}/{{x}}/b{number}/{{y}}"))
        for number in range(3_000)
    ]
    write_catalog(tmp_path / "catalog.json", operations, fingerprint="")
    routes = Catalog(tmp_path / "catalog.json").routes
    for number in (0, 1234, 2999):
        assert routes.match("GET", [f"a{number % 7}", "p", f"b{number}", "q"]) == Match(f"o{number}", ["p", "q"])


def test_every_one_of_many_routes_is_found_and_its_branch_read_once(tmp_path: Path) -> None:
    """However the routes branch: many branches of a few, a few of many, and all behind a prefix that they share."""
    for first, second, third in ((400, 2, 1), (2, 20, 10), (1, 1, 400), (1, 20, 20)):
        paths = [f"/v1/a{i}/b{j}/{{x}}/c{k}" for i in range(first) for j in range(second) for k in range(third)]
        operations = [operation("", name=f"GET {path}", http=Http("GET", path)) for path in paths]
        write_catalog(tmp_path / "catalog.json", operations, fingerprint="")
        routes = Catalog(tmp_path / "catalog.json").routes
        for path in [*paths, *paths]:
            assert routes.match("GET", _segments(path.replace("{x}", "7"))) == Match(f"GET {path}", ["7"])
            assert routes.methods(_segments(path.replace("{x}", "7"))) == {"GET"}
        assert routes.match("GET", ["v1", "a0", "b0", "7"]) is None
        assert routes.match("GET", ["v1", "z"]) is None
