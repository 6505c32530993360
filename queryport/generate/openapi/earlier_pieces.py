"""The pieces of operations as an earlier document had them, so that the next one is made of what has changed.

A piece is made of an operation and of the names that components have in the document; these depend on all operations.
What was asked of the components is therefore kept with the piece, and asked again: if all answers are those of before,
so is the piece.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from handler.contract.errors import OperationError
from handler.contract.operation import Operation
from queryport.generate.openapi.components import Components
from queryport.generate.openapi.pieces import Piece
from queryport.generate.openapi.schemas import Hoist, Schema


class EarlierPieces:
    """The pieces of the last document, and of the one that is being made; any thread may make one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._before: dict[str, _MadePiece] = {}
        self._now: dict[str, _MadePiece] = {}

    @contextmanager
    def document(self) -> Iterator[None]:
        """Have another document made in a with block; pieces that it does not have are forgotten."""
        with self._lock:
            self._before, self._now = self._now, {}
            yield

    def piece(
        self, name: str, inputs: tuple[object, ...], components: Components, make: Callable[[Components], Piece]
    ) -> Piece:
        """Return the piece of a name, which `make` makes of the inputs and the components, and of nothing else."""
        made = self._before.get(name)
        if made is None or made.inputs != inputs or not made.holds(components):
            recording = _Recording(components)
            made = _MadePiece(inputs, make(recording), recording.asked)
        self._now[name] = made
        return made.piece


_Found = str | dict[str, str]
_AnyFound = TypeVar("_AnyFound", bound=_Found)


class _Question(NamedTuple):
    """One question to the components, with its answer."""

    ask: Callable[..., _Found]
    """A method of Components."""
    arguments: tuple[Any, ...]
    answer: _Found


class _MadePiece(NamedTuple):
    inputs: tuple[object, ...]
    piece: Piece
    asked: Sequence[_Question]

    def holds(self, components: Components) -> bool:
        """Ask the components again, and return whether they answer as before."""
        return all(ask(components, *arguments) == answer for ask, arguments, answer in self.asked)


class _Recording(Components):
    """The components of a document, with what is asked of them."""

    def __init__(self, components: Components) -> None:
        # Not Components.__init__: what is not recorded here shall fail, and not answer from a state of its own.
        self._components = components
        self.asked: list[_Question] = []

    def label(self, operation: Operation) -> str:
        return self._ask(Components.label, operation)

    def add(self, kind: str, name: str, value: Any, allow: Sequence[str]) -> dict[str, str]:
        return self._ask(Components.add, kind, name, value, allow)

    def hoist(self, operation: Operation) -> Hoist:
        def hoist(name: str, schema: Schema) -> Schema:
            return self._ask(_hoist, name, schema, operation)

        return hoist

    def problem(self, group: tuple[type[OperationError], ...], allow: Sequence[str]) -> dict[str, str]:
        return self._ask(Components.problem, group, allow)

    def _ask(self, ask: Callable[..., _AnyFound], *arguments: Any) -> _AnyFound:
        answer = ask(self._components, *arguments)
        self.asked.append(_Question(ask, arguments, copy(answer)))
        return answer


def _hoist(components: Components, name: str, schema: Schema, operation: Operation) -> Schema:
    return components.hoist(operation)(name, schema)
