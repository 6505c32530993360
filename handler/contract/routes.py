"""Which operation a method and a path mean: a walk down the trie of path segments in the catalogue's index.

A node is an object: "/segment" leads to the node of a literal segment, "{}" to that of a parameter, and a method's name
to the name of the operation. A literal goes before a parameter; where that leads nowhere, the walk comes back. The time
depends on the path, never on the number of routes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

Node = dict[str, Any]


class Match(NamedTuple):
    """An operation, and the segments of the path that are its parameters, in their order."""

    operation: str
    values: list[str]


class Routes:
    def __init__(self, trie: Node) -> None:
        self._trie = trie

    def match(self, method: str, segments: list[str]) -> Match | None:
        """The operation behind a method and the (decoded) segments of a path; HEAD takes that of GET."""
        method = "GET" if method == "HEAD" else method
        for node, values in _walk(self._trie, segments, []):
            if method in node:
                return Match(node[method], values)
        return None

    def operations(self, segments: list[str]) -> dict[str, str]:
        """The operation behind each method that the path answers; none means that there is no such path."""
        found: dict[str, str] = {}
        for node, _ in _walk(self._trie, segments, []):
            for step, operation in node.items():
                if step[0] not in "/{":
                    found.setdefault(step, operation)
        return found


def parameters_in(path: str) -> tuple[str, ...]:
    """The names of a route's parameters, in their order."""
    return tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))


def _walk(node: Node, segments: list[str], values: list[str]) -> Iterator[tuple[Node, list[str]]]:
    if not segments:
        yield node, values
        return
    segment, *rest = segments
    literal = node.get("/" + segment)
    if literal is not None:
        yield from _walk(literal, rest, values)
    parameter = node.get("{}")
    if parameter is not None and segment:
        yield from _walk(parameter, rest, [*values, segment])
