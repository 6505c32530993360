"""Holds a caller against the rules of an operation's `allow:`."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from handler.contract.rights import Rule, parse
from handler.identity.caller import Caller

Right = Callable[[Caller], bool]


def any_of(rules: Sequence[str]) -> Right:
    """Return the check of a list of rules, any of which suffices."""
    checks = [_check(parse(rule)) for rule in rules]
    return lambda caller: any(check(caller) for check in checks)


def _check(rule: Rule) -> Right:
    kind, detail = rule
    if kind == "anyone":
        return lambda _: True
    if kind == "nobody":
        return lambda _: False
    if kind == "alias":
        name = detail or ""
        return lambda caller: caller.kind == "direct" and caller.alias is not None and fnmatchcase(caller.alias, name)
    if detail is None:
        return lambda caller: caller.kind == kind
    return _DETAILED[kind](detail)


def _iam(detail: str) -> Right:
    if detail.startswith("account/"):
        account = detail.removeprefix("account/")
        return lambda caller: caller.kind == "iam" and caller.account == account
    # An ARN is arn:PARTITION:iam::ACCOUNT:RESOURCE; a detail without an account begins with its resource.
    first = 4 if ":" in detail else 5

    def matches(caller: Caller) -> bool:
        return caller.kind == "iam" and fnmatchcase(":".join((caller.arn or "").split(":", 5)[first:]), detail)

    return matches


def _jwt(detail: str) -> Right:
    name, _, value = detail.partition("=")
    return lambda caller: caller.kind == "jwt" and _holds(name, caller.claims.get(name), value)


def _holds(name: str, claim: Any, value: str) -> bool:
    if isinstance(claim, str):
        return claim == value or (name == "scope" and value in claim.split(" "))
    return isinstance(claim, list) and value in claim


def _key(detail: str) -> Right:
    return lambda caller: caller.kind == "key" and fnmatchcase(caller.key_name or "", detail)


_DETAILED: dict[str, Callable[[str], Right]] = {"iam": _iam, "jwt": _jwt, "key": _key}
