"""The house stands as docs/architecture.md draws it: imports run downwards only, in no circle; a name means one thing.

The page's tables are the floors, the highest first. Imports for types alone count too: a reader follows them as well.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.repository import DOCS, ROOT

PACKAGES = ("handler", "queryport")

Floors = tuple[tuple[str, ...], ...]


def _floors(package: str) -> Floors:
    """The rooms of a package, floor by floor, as the page's table below the package's heading has them."""
    page = (DOCS / "architecture.md").read_text()
    section = re.search(rf"^## The floors of `{re.escape(package)}/`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/architecture.md has no floors of {package}"
    rows = re.findall(r"^\| (`.+?`) \|", section[1], re.MULTILINE)
    return tuple(tuple(re.findall(r"`([\w.]+)`", row)) for row in rows)


FLOORS: Mapping[str, Floors] = {
    package: _floors(package.replace(".", "/"))
    for package in (*PACKAGES, "queryport.emulator", "queryport.compile", "queryport.compile.analysis")
}


def _modules() -> dict[str, Path]:
    """Every module by its dotted name; a package is named without `__init__`."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = _modules()


@cache
def _statements(module: str) -> list[ast.AST]:
    """The module, and every statement of it, wherever it stands; no expression holds one."""
    found: list[ast.AST] = [ast.parse(MODULES[module].read_text())]
    for node in found:  # which grows
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            found.extend(getattr(node, block, ()))
    return found


def _imported(module: str) -> Iterator[str]:
    """The modules of ours that a module names in its imports, wherever these stand in it."""
    for node in _statements(module):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(level=0, module=str(source)):
                within = (f"{source}.{alias.name}" for alias in node.names)
                names = [name if name in MODULES else source for name in within]
            case ast.ImportFrom():
                raise AssertionError(f"{MODULES[module]}:{node.lineno} imports by a relative name: where does it go?")
            case _:
                continue
        yield from (name for name in names if name.partition(".")[0] in PACKAGES)


@cache
def _imports() -> Mapping[str, frozenset[str]]:
    """The modules of ours that each module imports; read once, and only where a test asks."""
    return {name: frozenset(_imported(name)) - {name} for name in MODULES}


def _room(module: str, package: str) -> str | None:
    """The part of a package in which a module is; the package's own `__init__` is in none."""
    return module.removeprefix(f"{package}.").partition(".")[0] if module.startswith(f"{package}.") else None


def _crossings(package: str) -> Iterator[tuple[str, str, str, str]]:
    """Every import that leaves a room for another of the package: the two modules, and their rooms."""
    for module, targets in _imports().items():
        for target in targets:
            here, there = _room(module, package), _room(target, package)
            if here and there and here != there:
                yield module, target, here, there


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_has_its_floor(package: str) -> None:
    rooms = {room for module in MODULES if (room := _room(module, package))}
    named = [room for floor in FLOORS[package] for room in floor]
    assert sorted(named) == sorted(rooms), "docs/architecture.md is to have every room once"


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_use_what_is_on_a_lower_floor(package: str) -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms}
    upwards = [
        f"{module} imports {target}: {there} is not below {here}"
        for module, target, here, there in _crossings(package)
        if floor[there] <= floor[here]
    ]
    assert upwards == []


def test_every_folder_has_its_paragraph() -> None:
    page = (DOCS / "architecture.md").read_text()
    rooms = {
        module.replace(".", "/") for module, path in MODULES.items() if path.name == "__init__.py" and "." in module
    }
    assert [room for room in sorted(rooms) if f"\n**`{room}/`** " not in page] == []


def test_every_path_on_the_page_is_there() -> None:
    page = (DOCS / "architecture.md").read_text()
    paths = re.findall(r"`((?:handler|queryport|tests|docs)/[\w/.]*)`", page)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_no_circle_leads_from_a_module_back_to_it() -> None:
    try:
        TopologicalSorter(_imports()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}", pytrace=False)


def test_the_lambda_imports_nothing_of_the_tool() -> None:
    found = [
        f"{module} imports {target}"
        for module, targets in _imports().items()
        for target in targets
        if module.startswith("handler") and target.startswith("queryport")
    ]
    assert found == []


def test_the_tool_knows_the_lambda_by_its_contract_only() -> None:
    found = [
        f"{module} imports {target}"
        for module, targets in _imports().items()
        for target in targets
        if module.startswith("queryport") and not module.startswith("queryport.testing")
        if target.startswith("handler") and not target.startswith("handler.contract.")
    ]
    assert found == []


_SHARED = {"Schema": "a JSON Schema in every room that reads or writes one, of which each knows another part"}


def _type_names(module: str) -> Iterator[str]:
    """The names of classes, wherever they stand, and of the module's aliases of types."""
    whole, *parts = _statements(module)
    yield from (node.name for node in parts if isinstance(node, ast.ClassDef))
    for node in ast.iter_child_nodes(whole):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name.lstrip("_")[:1].isupper() and not name.isupper():
                yield name


def test_no_name_of_a_type_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for name in _type_names(module):
            places[name.lstrip("_")].append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if name not in _SHARED} == {}
    assert _SHARED.keys() == twice.keys(), "a name that is no longer shared"


def test_suites_take_their_databases_from_one_place() -> None:
    # Workers share a server, so that a database of a fixed name would be made twice.
    made = re.compile(r"execute\([^)]*CREATE DATABASE")
    makers = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py") if made.search(path.read_text())]
    elsewhere = [str(path) for path in makers if path.parts[1] not in ("support", "container")]
    assert elsewhere == [], "tests/support/databases.py makes databases"
