"""Finds the operation that a method and a path mean: a walk down the trie of path segments in the catalogue's index.

A node is an object: "/segment" leads to the node of a literal segment, "{}" to that of a parameter, and a method's name
to the name of the operation. A large node has its place in the catalogue stand for it, and is read when a path first
leads there. A literal goes before a parameter, whatever the method; where that leads nowhere, the walk comes back. The
time depends on the path, never on the number of routes.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

TrieNode = dict[str, Any]


class Match(NamedTuple):
    """An operation, and the segments of the path that are its parameters, in their order."""

    operation: str
    values: list[str]


Sees = Callable[[str], bool]
"""Whether the caller is told that there is an operation of a name."""


def _everything(_: str) -> bool:
    return True


class Routes:
    def __init__(self, trie: TrieNode, read: Callable[[int, int], TrieNode]) -> None:
        """Take the root, and a function that reads the node of a place."""
        self._trie = trie
        self._read = read

    def match(self, method: str, segments: list[str], sees: Sees = _everything) -> Match | None:
        """The operation behind a method and the (decoded) segments of a path; HEAD takes that of GET.

        One that the caller does not see is passed over as if it were not there.
        """
        method = "GET" if method == "HEAD" else method
        for node, values in self._walk(self._trie, segments, []):
            if method in node and sees(node[method]):
                return Match(node[method], values)
            if _seen(node, sees):
                break  # the path is this one's, as OpenAPI has it: a literal path goes before those with parameters
        return None

    def methods(self, segments: list[str], sees: Sees = _everything) -> set[str]:
        """The methods that the path answers to the caller; none means that there is no such path."""
        return next((seen for node, _ in self._walk(self._trie, segments, []) if (seen := _seen(node, sees))), set())

    def _walk(self, node: TrieNode, segments: list[str], values: list[str]) -> Iterator[tuple[TrieNode, list[str]]]:
        if not segments:
            yield node, values
            return
        segment, *rest = segments
        literal = self._step(node, "/" + segment)
        if literal is not None:
            yield from self._walk(literal, rest, values)
        parameter = self._step(node, "{}")
        if parameter is not None and segment:
            yield from self._walk(parameter, rest, [*values, segment])

    def _step(self, node: TrieNode, step: str) -> TrieNode | None:
        following: Any = node.get(step)
        if isinstance(following, list):
            following = node[step] = self._read(*following)
        found: TrieNode | None = following
        return found


def _seen(node: TrieNode, sees: Sees) -> set[str]:
    """The methods of the routes that end at a node, as far as the caller sees them."""
    return {step for step, operation in node.items() if step[0] not in "/{" and sees(operation)}


def parameters_in(path: str) -> tuple[str, ...]:
    """The names of a route's parameters, in their order."""
    return tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))
