"""Finds the operation that a command is given the name of."""

from collections.abc import Collection
from pathlib import Path

from handler.contract.operation import Operation
from queryport.compile import Compilation
from queryport.console.failure import CommandError
from queryport.diagnostics.near_names import near_names

_FEW = 8  # operations, all of which are named where none is near


class NamedOperationError(CommandError):
    """There is no operation of this name; the message says which there are, or what is wrong with its file."""


def named_operation(compilation: Compilation, name: str) -> Operation:
    """Return the operation of a name. Raises NamedOperationError."""
    operations = {operation.name: operation for operation in compilation.operations}
    if name in operations:
        return operations[name]
    file = Path(*name.split(".")).with_suffix(".sql")
    broken = [problem for problem in compilation.problems if problem.path.as_posix().endswith(f"/{file.as_posix()}")]
    if broken:
        raise NamedOperationError("\n\n".join([f"{name} does not compile", *(problem.render() for problem in broken)]))
    raise NamedOperationError(f"there is no operation {name}: {_hint(name, operations)}")


def operations_that_begin(compilation: Compilation, prefix: str) -> list[Operation]:
    """Return the operations whose names begin so; an empty prefix begins all.

    Raises NamedOperationError for none, unless files do not compile, of which one may be meant.
    """
    found = [operation for operation in compilation.operations if operation.name.startswith(prefix)]
    if prefix and not found and compilation.ok:
        hint = _hint(prefix, [operation.name for operation in compilation.operations])
        raise NamedOperationError(f"no operation's name begins with {prefix}: {hint}")
    return found


def _hint(name: str, names: Collection[str]) -> str:
    near = near_names(name, names)
    few = f"there are {', '.join(sorted(names))}" if 0 < len(names) <= _FEW else None
    return f"did you mean {' or '.join(near)}?" if near else few or "`queryport list` shows what there is"
