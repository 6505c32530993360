"""What policies grant."""

from collections.abc import Iterable, Iterator
from typing import Any


def granted(policies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The statements of resources that have a PolicyDocument."""
    for policy in policies:
        yield from policy["PolicyDocument"]["Statement"]


def actions_on(statements: Iterable[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        actions = statement["Action"]
        found.update([actions] if isinstance(actions, str) else actions)
    return found
