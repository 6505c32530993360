"""The front matter of a query file, with the place of each of its keys, so that every later problem can point at it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from queryport.compile.read.front_matter import FrontMatter
from queryport.diagnostics.source import Span

KeyPath = tuple[str | int, ...]
"""The keys that lead to a value, from the outermost on; a number is the place in a list."""


@dataclass(frozen=True, slots=True)
class Header:
    """The front matter and where it stood in the file."""

    front_matter: FrontMatter
    end: int
    """Offset of the first character after it."""
    keys: dict[KeyPath, Span] = field(default_factory=dict)
    values: dict[KeyPath, Span] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    """The values as they stand in the file."""
    prefix: str = ""
    """The folder's, in front of the route's path."""
    tag: str | None = None

    def key(self, *path: str | int) -> Span:
        """Return where a key stands, or the nearest key above one that is not written."""
        return _nearest(self.keys, path)

    def value(self, *path: str | int) -> Span:
        """Return where the value of a key stands, or of the nearest key above one that is not written."""
        return _nearest(self.values, path)

    def settings(self) -> list[tuple[tuple[str, ...], Any, Span]]:
        """Return each key that is set here or inherited, down to the entries of mappings, with its value and place."""
        values = self.front_matter.model_dump(by_alias=True, exclude_unset=True)
        return [
            (tuple(map(str, path)), value, self.keys[path]) for path, value in _leaves(values, ()) if path in self.keys
        ]

    def path(self, loc: KeyPath) -> KeyPath:
        """Return the path of one of pydantic's findings, without the name of a union's type at its end."""
        return loc[:-1] if loc[-1] in _UNION_ARMS and loc not in self.keys else loc


NO_FRONT_MATTER = FrontMatter.model_construct()
"""The defaults, for which pydantic need not make what validates."""


def _leaves(values: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _nearest(spans: dict[KeyPath, Span], path: Sequence[str | int]) -> Span:
    for length in range(len(path), -1, -1):
        span = spans.get(tuple(path[:length]))
        if span is not None:
            return span
    return Span(0, 1)


_UNION_ARMS = frozenset({"float", "int", "bool", "dict[str,any]"})
