"""The names and statuses of failures that callers match.

A failure of a built-in name may come and go; it may not be told under another name.
"""

from collections.abc import Iterator, Set

from handler.contract.operation import Operation
from queryport.breaking.change import Change

_KEYS = ("errors",)


def of_failures(old: Operation, new: Operation) -> Iterator[Change]:
    """Yield the failures that have another name or status than callers know."""
    statuses = {each.code: each.status for each in new.documentation.errors}
    told: set[str | None] = set()
    for each in old.documentation.errors:
        if each.code in statuses:
            if statuses[each.code] != each.status:
                message = f"the status of `{each.code}` is {statuses[each.code]}, and was {each.status}"
                yield Change("QP807", _KEYS, message, f"write `status: {each.status}`")
        elif each.code != each.stands_for:
            told.add(each.code)
            message = f"the failure `{each.code}` has no such name any more"
            yield Change("QP807", _KEYS, message, f"write `code: {each.code}` again")
        elif names := _names_for(each.code, new) - _names_for(each.code, old):
            told |= names
            message = f"the failure `{each.code}` is told as {' or '.join(f'`{name}`' for name in sorted(names))} now"
            yield Change("QP807", _KEYS, message, "leave its `code` out")
    yield from _of_constraints(old, new, told)


def _names_for(built_in: str, operation: Operation) -> set[str]:
    """The names of the project's own under which a built-in failure is told."""
    return {each.code for each in operation.documentation.errors if each.stands_for == built_in != each.code}


def _of_constraints(old: Operation, new: Operation, told: Set[str | None]) -> Iterator[Change]:
    """Compare constraint by constraint: of two under one name, one may have another now."""
    after = {(each.kind, each.name, each.relation): each.code for each in new.violations}
    for each in old.violations:
        now = after.get((each.kind, each.name, each.relation), each.code)
        if now != each.code and told.isdisjoint({now, each.code}):
            was = f"`{each.code}`" if each.code else "the built-in name"
            named = f"`{now}`" if now else "the built-in name"
            yield Change(
                "QP807", _KEYS, f"breaking `{each.name}` is told as {named}, and was as {was}", "keep its `code`"
            )
