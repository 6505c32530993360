"""Reads pg_node_tree, the text in which PostgreSQL keeps an analysed statement.

The format is that of nodeToString: `{TAG :field value …}`, `(…)` for lists, `<>` for nothing, and backslashes before
what would be read otherwise (PostgreSQL's src/backend/nodes/outfuncs.c and read.c). Nothing is interpreted here. A
field that is missing or has another form than its reader expects is an error, so that no claim rests on a misreading.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Value: TypeAlias = "Node | tuple[Value, ...] | str | None"


class UnreadableTreeError(Exception):
    """The tree is not what this version of Queryport knows how to read."""


class Node:
    """A node of the tree: its tag, such as `VAR`, and its fields, which are read by the type they are to have."""

    __slots__ = ("_fields", "_inner", "tag")

    def __init__(self, tag: str, fields: dict[str, Value]) -> None:
        self.tag = tag
        self._fields = fields
        self._inner: list[Value] | None = None

    def __repr__(self) -> str:
        return f"{{{self.tag} {self._fields!r}}}"

    def has(self, field: str) -> bool:
        """Whether the field is there and holds something."""
        return self._fields.get(field) is not None

    def fields(self) -> Iterable[tuple[str, Value]]:
        return self._fields.items()

    def values(self) -> Iterable[Value]:
        return self._fields.values()

    def inner(self) -> list[Value]:
        """Return the nodes and lists among the values; found once, since they are few and a tree is walked often."""
        if self._inner is None:
            self._inner = [value for value in self._fields.values() if type(value) in (Node, tuple)]
        return self._inner

    def text(self, field: str) -> str:
        value = self._value(field)
        if not isinstance(value, str):
            raise self._unexpected(field)
        return value

    def number(self, field: str) -> int:
        try:
            return int(self.text(field))
        except ValueError:
            raise self._unexpected(field) from None

    def flag(self, field: str) -> bool:
        value = self.text(field)
        if value not in ("true", "false"):
            raise self._unexpected(field)
        return value == "true"

    def node(self, field: str) -> "Node":
        value = self._value(field)
        if not isinstance(value, Node):
            raise self._unexpected(field)
        return value

    def maybe(self, field: str) -> "Node | None":
        return None if self._value(field) is None else self.node(field)

    def nodes(self, field: str) -> "list[Node]":
        """Return the nodes of a list; an absent list is an empty one."""
        value = self._value(field)
        if value is None:
            return []
        if not isinstance(value, tuple):
            raise self._unexpected(field)
        found = [item for item in value if isinstance(item, Node)]
        if len(found) != len(value):
            raise self._unexpected(field)
        return found

    def optional_nodes(self, field: str) -> "list[Node]":
        """Return the nodes of a list, some of whose members may be left out; an absent list is an empty one."""
        value = self._value(field)
        if not isinstance(value, tuple | None):
            raise self._unexpected(field)
        found = [item for item in value or () if item is not None]
        nodes = [item for item in found if isinstance(item, Node)]
        if len(nodes) != len(found):
            raise self._unexpected(field)
        return nodes

    def rows(self, field: str) -> "list[list[Node]]":
        """Return the nodes of a list of lists, such as VALUES."""
        value = self._value(field)
        rows = value if isinstance(value, tuple) else ()
        found = [[item for item in row if isinstance(item, Node)] for row in rows if isinstance(row, tuple)]
        if not rows or [len(row) for row in found] != [len(row) for row in rows if isinstance(row, tuple)]:
            raise self._unexpected(field)
        return found

    def numbers(self, field: str) -> tuple[int, ...]:
        """Return the members of a set `(b …)`, or of a list of integers `(i …)` or oids `(o …)`."""
        value = self._value(field)
        if value is None:
            return ()
        if not isinstance(value, tuple) or not value or value[0] not in ("b", "i", "o"):
            raise self._unexpected(field)
        try:
            return tuple(int(item) for item in value[1:])  # type: ignore[arg-type]  # a node or a list raises TypeError
        except (TypeError, ValueError):
            raise self._unexpected(field) from None

    def strings(self, field: str) -> list[str]:
        """Return the strings of a list, which stand in quotation marks."""
        value = self._value(field)
        listed = value if isinstance(value, tuple) else (value,)
        found = [item[1:-1] for item in listed if isinstance(item, str) and item[:1] == item[-1:] == '"']
        if len(found) != len(listed):
            raise self._unexpected(field)
        return found

    def bytes(self, field: str) -> bytes:
        """Return the bytes of a value that is no NULL, `4 [ 36 0 0 0 … ]`."""
        value = self._value(field)
        if not isinstance(value, tuple) or value[1:2] != ("[",) or value[-1] != "]":
            raise self._unexpected(field)
        try:
            return bytes(int(item) & 0xFF for item in value[2:-1])  # type: ignore[arg-type]  # a node or a list raises TypeError
        except (TypeError, ValueError):
            raise self._unexpected(field) from None

    def _value(self, field: str) -> Value:
        try:
            return self._fields[field]
        except KeyError:
            raise self._unexpected(field) from None

    def _unexpected(self, field: str) -> UnreadableTreeError:
        return UnreadableTreeError(f"{self.tag}.{field} is {self._fields.get(field, 'missing')!r:.80}")


def only_query(tree: Value) -> Node:
    """Return the query of a tree that holds one, in whatever lists."""
    while isinstance(tree, tuple) and len(tree) == 1:
        (tree,) = tree
    if not isinstance(tree, Node):
        raise UnreadableTreeError("expected one query")
    return tree


def same(one: Value, other: Value) -> bool:
    """Whether two trees read the same; where something stands in the text is not kept."""
    pending = [(one, other)]
    while pending:
        left, right = pending.pop()
        if isinstance(left, Node) and isinstance(right, Node):
            if left.tag != right.tag or dict(left.fields()).keys() != dict(right.fields()).keys():
                return False
            pending.extend(zip(left.values(), right.values(), strict=True))
        elif isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) != len(right):
                return False
            pending.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True


def walk(value: Value) -> Iterator[Node]:
    """Yield every node of a tree, in no certain order."""
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if type(item) is Node:
            yield item
            pending.extend(item.inner())
        elif type(item) is tuple:
            pending.extend(item)


_PLAIN, _BACKSLASHED = r"[^\s(){}\\]", r"\\."
# A field of one plain value, which most are, or a word. The value begins with no colon, and ends with its field.
_FIELD = rf":({_PLAIN}+) ((?!:){_PLAIN}+)(?=\s:|\}})"
_WORD = rf"[(){{}}]|(?:{_PLAIN}|{_BACKSLASHED}){_PLAIN}*(?:{_BACKSLASHED}{_PLAIN}*)*"
_TOKEN = re.compile(f"{_FIELD}|({_WORD})", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLOSING = {")": False, "}": True}
"""Whether it is a node that the bracket closes."""


def read_tree(text: str) -> Value:
    """Read the node or list that the text holds, without recursion: expressions may be nested by the thousand."""
    tokens = iter(_TOKEN.findall(text))
    stack: list[_Open] = []
    for label, value, word in tokens:
        if label:
            if not stack:
                raise UnreadableTreeError("the tree goes on behind its end")
            stack[-1].take_field(label, None if value == "<>" else value)
            continue
        if word == "{":
            tag = next(tokens, ("", "", "{"))[2]
            if tag in "(){}":
                raise UnreadableTreeError("a node without a tag")
            stack.append(_Open(tag))
            continue
        if word == "(":
            stack.append(_Open(None))
            continue
        item: Value
        if word in _CLOSING:
            if not stack or (stack[-1].tag is not None) is not _CLOSING[word]:
                raise UnreadableTreeError("a bracket too many")
            item = stack.pop().closed()
        elif word[0] == ":" and stack and stack[-1].takes_as_label(word):
            continue
        else:
            item = None if word == "<>" else _ESCAPED.sub(r"\1", word) if "\\" in word else word
        if not stack:
            if next(tokens, None) is not None:
                raise UnreadableTreeError("the tree goes on behind its end")
            return item
        stack[-1].items.append(item)
    raise UnreadableTreeError("the tree ends too early")


class _Open:
    """A list, or a node whose field is being read."""

    __slots__ = ("fields", "items", "label", "tag")

    def __init__(self, tag: str | None) -> None:
        self.tag = tag
        self.label: str | None = None
        self.items: list[Value] = []
        self.fields: dict[str, Value] = {}

    def take_field(self, label: str, value: Value) -> None:
        """Take a whole field of one value, or two values where no field can begin."""
        if self.tag is None or (self.label is not None and not self.items):
            self.items += (f":{label}", value)
            return
        if self.items:
            self._end_field()
        if label in self.fields:
            raise self._twice_or_empty(label)
        self.fields[label] = value
        self.label = None

    def takes_as_label(self, word: str) -> bool:
        """Whether `:word` begins the next field; right behind a label, it is a value that begins with a colon."""
        if self.tag is None or (self.label is not None and not self.items):
            return False
        self._end_field()
        self.label = word[1:]
        return True

    def _end_field(self) -> None:
        if self.label is None:
            if self.items:
                raise UnreadableTreeError(f"{self.tag} has a value without a field")
            return
        if self.label in self.fields or not self.items:
            raise self._twice_or_empty(self.label)
        self.fields[self.label] = self.items[0] if len(self.items) == 1 else tuple(self.items)
        self.items = []

    def _twice_or_empty(self, label: str) -> UnreadableTreeError:
        return UnreadableTreeError(f"{self.tag}.{label} is there twice or empty")

    def closed(self) -> Value:
        if self.tag is None:
            return tuple(self.items)
        self._end_field()
        return Node(self.tag, self.fields)
