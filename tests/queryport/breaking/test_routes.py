"""Routes that take requests from others are told, and no others: compared with how the handler finds the operation."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from handler.contract.catalog import Catalog
from handler.contract.execution import Single
from handler.contract.operation import Documentation, Http, Operation, Response, Result
from handler.http.formats import SUFFIXES, formats_of
from queryport.breaking.routes import suffixes_of, taken_requests
from queryport.compile.write.emit import write_catalog

_NAMES = ("x", "y", "z")


def _operation(
    name: str,
    shape: tuple[str, ...],
    result: Result = Result.MANY,
    media_type: str | None = None,
    method: str = "GET",
) -> Operation:
    path = "/" + "/".join(f"{{{_NAMES[i]}}}" if segment == "{}" else segment for i, segment in enumerate(shape))
    return Operation(
        name=name,
        result=result,
        read_only=True,
        execution=Single(()),
        parameters=(),
        parameters_schema={"properties": {each: {"type": "string"} for each in _NAMES}},
        http=Http(method, path),
        response=Response(media_type=media_type),
        documentation=Documentation("", "", {}),
    )


def _path(operation: Operation) -> str:
    return operation.http.path if operation.http else ""


def _answering(operations: dict[str, Operation], folder: Path) -> Iterator[str | None]:
    """Yield which operation answers each path of up to two segments, as handler.http.function_url finds it."""
    path = folder / "catalog.json"
    write_catalog(path, list(operations.values()), fingerprint="")
    routes = Catalog(path).routes
    for segments in _PATHS:
        match = routes.match("GET", list(segments))
        if match is None and not routes.methods(list(segments)):
            stem, _, suffix = segments[-1].rpartition(".")
            found = routes.match("GET", [*segments[:-1], stem], lambda name: not _path(operations[name]).endswith("}"))
            match = found if suffix in SUFFIXES else None
        yield None if match is None else match.operation


_SEGMENTS = ("a", "a.csv", "{}")
_SHAPES = [*product(_SEGMENTS, repeat=1), *product(_SEGMENTS, repeat=2)]
_PATHS = [path for length in (1, 2) for path in product(("a", "a.csv", "a.csv.csv", "b"), repeat=length)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_route_is_told_if_it_answers_what_another_one_did(method: str, tmp_path: Path) -> None:
    for losing, taking in product(_SHAPES, repeat=2):
        if losing == taking:
            continue
        old = {"old": _operation("old", losing)}
        new = old | {"new": _operation("new", taking, method=method)}
        before, after = _answering(old, tmp_path), _answering(new, tmp_path)
        takes = any(was == "old" != now for was, now in zip(before, after, strict=True))
        assert [name for name, _ in taken_requests(old, new)] == ["new"] * takes, (losing, taking)


@pytest.mark.parametrize("media_type", [None, "image/png"])
@pytest.mark.parametrize("result", [*Result])
def test_the_suffixes_are_those_of_the_handlers_formats(result: Result, media_type: str | None) -> None:
    formats = formats_of(result, media_type)
    expected = [f".{suffix}" for suffix, each in SUFFIXES.items() if each in formats]
    assert [*suffixes_of(_operation("a", ("a",), result, media_type))] == expected
    assert suffixes_of(_operation("a", ("a", "{}"), result, media_type)) == ()


def test_a_route_that_goes_on_with_another_operation_takes_nothing() -> None:
    old = {"a": _operation("a", ("a", "{}")), "b": _operation("b", ("a", "a"))}
    new = {"a": _operation("a", ("a", "{}")), "c": _operation("c", ("a", "a"))}
    assert list(taken_requests(old, new)) == []
