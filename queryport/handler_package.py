"""Finds the package `handler`, Queryport's own, where the project has a module or package of that name too.

Lambda projects often have a `handler.py`. In a process that runs the project's code (pytest), `handler` stays the
project's, and Queryport's modules are found below the same name: `handler.contract`. In a process of Queryport's alone,
`handler` is Queryport's, whatever the path says. Where the project's package has a module that Queryport's has too, the
project's is found; `clash` says so.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

HOME = Path(__file__).resolve().parents[1] / "handler"

_NAME = "handler"


class _Finder:
    """Lets `handler` be the project's and Queryport's at once; finds nothing else.

    No child of importlib.abc.MetaPathFinder, whose import takes a twelfth of a cold start of the local Lambda.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 (importlib's signature, as the next)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != _NAME:
            return None
        spec = PathFinder.find_spec(_NAME) or _own_spec()
        folders = [*_folders_without_init(), str(HOME)] if _is_own(spec) else [*_locations(spec), str(HOME)]
        spec.submodule_search_locations = folders
        return spec


def install() -> None:
    """Have `handler.contract` and the others found in this process, beside what the project has below that name."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    theirs = sys.modules.get(_NAME)
    if theirs is not None and str(HOME) not in getattr(theirs, "__path__", ()):
        theirs.__path__ = [*getattr(theirs, "__path__", ()), str(HOME)]


def pin() -> None:
    """Make `handler` Queryport's own, in a process that runs none of the project's code."""
    spec = _own_spec()
    module = sys.modules[_NAME] = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(module)


def clash(*names: str) -> str | None:
    """Say which of Queryport's modules `handler.NAME` the project's package hides, of all if no names are given."""
    package = importlib.import_module(_NAME)
    wanted = names or sorted({path.stem for path in HOME.iterdir() if path.suffix in ("", ".py")})
    found = {name: PathFinder.find_spec(f"{_NAME}.{name}", package.__path__) for name in wanted if "__" not in name}
    hidden = [f"{_NAME}.{name}" for name, spec in found.items() if not _is_own(spec)]
    if not hidden:
        return None
    return (
        f"this project's package `{_NAME}` ({package.__path__[0]}) hides Queryport's own {', '.join(hidden)}: "
        "rename the package, or its modules of these names"
    )


def _own_spec() -> ModuleSpec:
    spec = spec_from_file_location(_NAME, HOME / "__init__.py", submodule_search_locations=[str(HOME)])
    if spec is None:
        raise ModuleNotFoundError(f"Queryport's package `{_NAME}` is not where it was installed, {HOME}", name=_NAME)
    return spec


def _is_own(spec: ModuleSpec | None) -> bool:
    return spec is not None and spec.origin is not None and Path(spec.origin).is_relative_to(HOME)


def _locations(spec: ModuleSpec) -> list[str]:
    return list(spec.submodule_search_locations or ())


def _folders_without_init() -> list[str]:
    """The project's folders `handler/` that are no regular packages, which Queryport's would hide whole."""
    folders = (Path(entry) / _NAME for entry in sys.path)
    return [str(folder) for folder in folders if folder.is_dir() and not (folder / "__init__.py").exists()]
