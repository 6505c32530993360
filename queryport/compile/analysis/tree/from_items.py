"""FROM, taken apart by what outer joins do to it."""

from collections.abc import Set
from dataclasses import dataclass, field

from queryport.compile.analysis.tree.node_tree import Node
from queryport.compile.analysis.tree.scope import JoinKind, conjuncts, joined


@dataclass(slots=True)
class Part:
    """Items of FROM that are joined by inner joins, and what outer joins add to them."""

    entries: list[int] = field(default_factory=list)
    """Range table entries, each with a row in every row of the part."""
    conditions: list[Node] = field(default_factory=list)
    """The facts that hold for every row of the part."""
    nullable: list[tuple[frozenset[int], "Part"]] = field(default_factory=list)
    """The other sides of LEFT and RIGHT joins, whose conditions hold where they have a row; and the entries joined."""
    full: list[tuple["Part", "Part"]] = field(default_factory=list)
    """The two sides of FULL joins."""
    all_entries: frozenset[int] = frozenset()


def parts(item: Node, present: Set[int]) -> Part:
    """Take FROM apart; entries that are `present` have a row in every row, which makes inner joins of outer ones."""
    part = Part(all_entries=joined(item))
    _add(part, item, present)
    return part


def _add(part: Part, item: Node, present: Set[int]) -> None:
    if item.tag == "RANGETBLREF":
        part.entries.append(item.number("rtindex"))
        return
    if item.tag == "FROMEXPR":
        part.conditions += conjuncts(item.maybe("quals"))
        for inner in item.nodes("fromlist"):
            _add(part, inner, present)
        return
    left, right, condition = item.node("larg"), item.node("rarg"), conjuncts(item.maybe("quals"))
    match _kind(item, present):
        case JoinKind.INNER:
            part.conditions += condition
            _add(part, left, present)
            _add(part, right, present)
        case JoinKind.FULL:
            part.full.append((parts(left, present), parts(right, present)))
        case kind:
            kept, filled = (left, right) if kind == JoinKind.LEFT else (right, left)
            _add(part, kept, present)
            other = parts(filled, present)
            other.conditions += condition
            part.nullable.append((joined(kept), other))


def _kind(join: Node, present: Set[int]) -> JoinKind:
    kind = JoinKind(join.number("jointype"))
    left, right = bool(joined(join.node("larg")) & present), bool(joined(join.node("rarg")) & present)
    if kind == JoinKind.FULL:
        return {
            (True, True): JoinKind.INNER,
            (True, False): JoinKind.LEFT,
            (False, True): JoinKind.RIGHT,
            (False, False): JoinKind.FULL,
        }[left, right]
    if (kind == JoinKind.LEFT and right) or (kind == JoinKind.RIGHT and left):
        return JoinKind.INNER
    return kind
