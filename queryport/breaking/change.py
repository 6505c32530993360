"""A change of one operation that breaks its callers."""

from typing import NamedTuple


class Change(NamedTuple):
    """One of the changes, as queryport.breaking.catalogues tells it of its operation."""

    code: str
    """The rule, one of QP801 to QP808."""
    keys: tuple[str, ...]
    """The key of the front matter that it belongs to; empty for the statement."""
    message: str
    cure: str
    word: str = ""
    """The placeholder or the column in the statement that it belongs to."""
