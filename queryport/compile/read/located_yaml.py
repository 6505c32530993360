"""Reads YAML as plain values, with the place in the file of each key and each value.

Reports a key that stands twice, of which PyYAML would silently keep the last.
"""

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from queryport.compile.read.header import KeyPath
from queryport.diagnostics.reporter import Reporter
from queryport.diagnostics.source import Span

_MOST_NODES, _MOST_LEVELS = 5_000, 50


class Reader:
    """Turns YAML nodes into plain values and keeps the place of each key and value."""

    def __init__(self, reporter: Reporter, offset: Callable[[yaml.Mark], int]) -> None:
        self._reporter = reporter
        self.offset = offset
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self._nodes = 0
        self._is_too_much = False

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the value of a node; one that cannot be read is reported, and None."""
        self.values[path] = self._span(node)
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _MOST_LEVELS:
            # Aliases can make much of little, or go round in circles.
            if not self._is_too_much:
                self._report(self._span(node), "the YAML is too large, or holds itself", "write the values out")
            self._is_too_much = True
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _entries(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key, span = str(key_node.value), self._span(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(span, "a key is a list or a mapping, expected a word", "write `key: value`")
                continue
            if key in seen:
                self._report(span, f"the key `{key}` stands here twice", "keep one of them")
            seen.add(key)
            self.keys[(*path, key)] = span
            yield key, self.read(value_node, (*path, key))

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        kind = node.tag.rsplit(":", 1)[-1]
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text)
                case "float":
                    return float(text)
                case "str":
                    return text
        except ValueError:  # `!!int x`, or an integer of thousands of digits
            self._report(self._span(node), f"the value is not one of YAML's {kind}s", "leave the tag out, or quote it")
            return None
        self._report(self._span(node), f"the YAML tag {node.tag} is not known here", "leave the tag out")
        return None

    def _span(self, node: yaml.Node) -> Span:
        start, end = self.offset(node.start_mark), self.offset(node.end_mark)
        if isinstance(node, yaml.ScalarNode):
            return Span(start, max(end, start + 1))
        # A block's end mark stands on the next line; its first line says enough.
        text = self._reporter.source.text
        return Span(start, min(end, text.find("\n", start) % (len(text) + 1)))

    def _report(self, span: Span, message: str, cure: str) -> None:
        self._reporter.report("QP005", span, message, cure)
