"""Compares rules of `allow:` by the callers whom they let in."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from handler.contract.rights import Rule, parse


def shut_out(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return the rules of which some callers are not let in any more."""
    now = [parse(text) for text in after]
    return [text for text in before if not any(_covers(rule, parse(text)) for rule in now)]


def _covers(wider: Rule, narrower: Rule) -> bool:
    """Whether one rule lets in all whom another lets in."""
    if wider.kind == "anyone" or narrower.kind == "nobody":
        return True
    if (wider.kind, narrower.kind) == ("direct", "alias"):
        return True
    if wider.kind != narrower.kind:
        return False
    if wider.detail is None:
        return True
    if narrower.detail is None:
        return False
    # A star of the narrower pattern is an ordinary character here, so that only a star of the wider one takes it.
    has_stars = wider.kind in ("key", "alias", "iam")
    return fnmatchcase(narrower.detail, wider.detail) if has_stars else narrower.detail == wider.detail
