"""One word, one meaning: no two classes of the packages have one name, nor do a class and a type's alias."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.support.repository import ROOT

_SHARED = {"Schema": "a JSON Schema in every room that reads or writes one, of which each knows another part"}


def _type_names(module: ast.Module) -> Iterator[str]:
    """The names of classes, wherever they stand, and of the module's aliases of types."""
    yield from (node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name.lstrip("_")[:1].isupper() and not name.isupper():
                yield name


def test_no_name_of_a_type_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in ("handler", "queryport"):
        for path in (ROOT / package).rglob("*.py"):
            for name in _type_names(ast.parse(path.read_text())):
                places[name.lstrip("_")].append(str(path.relative_to(ROOT)))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if name not in _SHARED} == {}
    assert _SHARED.keys() == twice.keys(), "a name that is no longer shared"
