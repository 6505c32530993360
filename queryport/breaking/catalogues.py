"""Two catalogues, operation by operation: every change that breaks a caller of the older one.

What a caller could send it can send still, and what it gets is of the form that it had; more parameters that may be
left out, more columns and more operations break nothing.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from handler.contract.operation import Operation
from queryport.breaking.operations import changes_of
from queryport.breaking.routes import taken_requests
from queryport.diagnostics.near_names import did_you_mean


class Breach(NamedTuple):
    """A change that breaks callers."""

    code: str
    operation: str
    """The name; of one that is gone, the one it had."""
    keys: tuple[str, ...]
    """The key of the front matter that the change belongs to; empty for the statement."""
    message: str
    cure: str
    word: str = ""
    """The placeholder or the column in the statement that it belongs to."""


def breaches(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> list[Breach]:
    """Return the changes from one catalogue to another that break callers, by operation."""
    return list(_breaches(old, new))


def _breaches(old: Mapping[str, Operation], new: Mapping[str, Operation]) -> Iterator[Breach]:
    for name, before in sorted(old.items()):
        after = new.get(name)
        if after is None:
            cure = did_you_mean(name, new.keys() - old.keys(), "bring it back", "bring it back, or its callers to `{}`")
            yield Breach("QP801", name, (), f"the operation `{name}` is gone", cure)
        elif before != after:
            for change in changes_of(before, after):
                yield Breach(change.code, name, change.keys, change.message, change.cure, change.word)
    for name, message in taken_requests(old, new):
        yield Breach("QP802", name, ("http",), message, "give the new route another path")
