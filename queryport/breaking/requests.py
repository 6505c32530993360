"""The requests of an operation, and their meaning: parameters, bodies that are bytes, the texts of a URL."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from handler.contract.execution import Batch, Listing
from handler.contract.operation import Operation
from queryport.breaking.change import Change
from queryport.breaking.containment import excess
from queryport.breaking.types import input_kept, is_built_in
from queryport.breaking.words import of_input, value_text

_JSON = "application/json"
_TEXT, _LIST, _DOCUMENT = "a text", "a list of texts", "JSON"
"""How a parameter stands in a URL; docs/http.md has the table."""


def of_requests(old: Operation, new: Operation) -> Iterator[Change]:
    """Yield what callers sent and cannot send any more, or what means something else."""
    yield from _body(old, new)
    yield from _parameters(old, new)


def _body(old: Operation, new: Operation) -> Iterator[Change]:
    """The bodies that are the bytes of one parameter, and those of JSON beside them."""
    if old.http is None or new.http is None:
        return
    before, after = old.http.raw, new.http.raw
    if before is not None and after is None:
        message = f"a body is no longer the bytes of `{before.parameter}`"
        yield Change("QP803", ("body",), message, f"write `body: {before.parameter}` again")
    elif before is not None and after is not None:
        if before.parameter != after.parameter:
            message = f"a body is the bytes of `{after.parameter}`, and was those of `{before.parameter}`"
            yield Change("QP803", ("body",), message, f"write `body: {before.parameter}`")
        if gone := [each for each in before.types if not _covers(after.types, each)]:
            cure = f"keep {', '.join(gone)} among `types`"
            yield Change("QP803", ("body",), f"a body cannot be {' or '.join(gone)} any more", cure)
    if after is not None and _JSON in after.types and (before is None or _JSON not in before.types):
        message = "a body of JSON is bytes now, and was an object of parameters"
        yield Change("QP803", ("body",), message, f"leave {_JSON} out of `types`")


def _covers(types: Sequence[str], wanted: str) -> bool:
    """Whether media types, or ranges of them, take all of another."""
    return not {wanted, f"{wanted.partition('/')[0]}/*", "*/*"}.isdisjoint(types)


def _parameters(old: Operation, new: Operation) -> Iterator[Change]:
    if isinstance(old.execution, Batch) != isinstance(new.execution, Batch):
        now = "an array of objects" if isinstance(new.execution, Batch) else "one object"
        yield Change("QP803", ("batch",), f"it takes {now} of parameters now", "add an operation for the other form")
        return
    told = set()
    for each in excess(old.parameters_schema, new.parameters_schema):
        path = each.path[1:] if isinstance(new.execution, Batch) else each.path
        name, message, cure = of_input(each._replace(path=path))
        if of_list := _of_list(old, name):
            if each.keyword == "maxItems" or (of_list.once and name in told):
                continue  # the columns under `sort` are told, of which it has as many
            yield Change("QP803", of_list.keys, message, of_list.cure)
        else:
            yield Change("QP803", ("params", name) if name else (), message, cure, f":{name}")
        told.add(name)
    before, after = _properties(old), _properties(new)
    patches = [{each.name: each.patch for each in operation.parameters} for operation in (old, new)]
    could_be_absent = before.keys() - _required(old)
    for name in sorted(could_be_absent & after.keys() - told):
        was_patch, is_patch = (each.get(name, False) for each in patches)
        if was_patch != is_patch:
            yield _patch(name, before[name], after[name], is_patch)
        elif not is_patch:
            yield from _default(name, before[name], after[name], _is_page_size(new, name))
    yield from _in_urls(old, new, told)
    types = old.documentation.parameter_types, new.documentation.parameter_types
    for name in sorted(types[0].keys() & types[1].keys() - told):
        was, now = types[0][name], types[1][name]
        if not input_kept(was, now, after.get(name)):
            message = f"the type of `{name}` is {now}, and was {was}: it may refuse a value, or take it for another"
            cure = (
                f"write `type: {was}` and cast it in the statement" if is_built_in(was) else "keep the type that it had"
            )
            yield Change("QP803", ("params", name), message, cure)
    yield from _of_null(old, new, told)


class _OfList(NamedTuple):
    """The key that gives a list one of its own parameters, and the cure of what is not taken there any more."""

    keys: tuple[str, ...]
    cure: str
    once: bool = False


_OF_LISTS = {
    "limit": _OfList(("page", "max"), "keep `max`"),
    "cursor": _OfList(("page",), "write `page` again"),
    "sort": _OfList(("sort",), "keep the columns under `sort`", once=True),
    "filter": _OfList(("filter",), "keep the columns under `filter`, and their types"),
    "count": _OfList(("count",), "write `count: true` again"),
}


def _of_list(operation: Operation, name: str) -> _OfList | None:
    """The key of a parameter that the operation has as a list, and not from its statement."""
    own = {parameter.name for parameter in operation.parameters}
    return None if name in own or not isinstance(operation.execution, Listing) else _OF_LISTS.get(name)


def _of_null(old: Operation, new: Operation, told: AbstractSet[str]) -> Iterator[Change]:
    """The null of a JSON document, which is NULL where a parameter may be left out or is `nullable`."""
    before = {each.name: each for each in old.parameters}
    for each in new.parameters:
        known = before.get(each.name)
        if known is None or each.name in told or not known.codec == each.codec == "json":
            continue
        was, now = (parameter.optional or parameter.nullable for parameter in (known, each))
        if was != now:
            message = f"null for `{each.name}` is {_NULLS[now]} now, and was {_NULLS[was]}"
            cure = "write `nullable: true`" if was else "leave `nullable` and `optional` out"
            yield Change("QP808", ("params", each.name), message, cure, f":{each.name}")


_NULLS = {True: "NULL", False: "the null of JSON"}


def _is_page_size(operation: Operation, name: str) -> bool:
    return operation.has_pages and name == "limit"


def _default(name: str, before: Any, after: Any, is_page_size: bool) -> Iterator[Change]:  # noqa: FBT001 (one place)
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return
    had, has = before.get("default"), after.get("default")
    if had == has and ("default" in before) == ("default" in after):
        return
    if is_page_size and had is not None and has is not None and has > had:
        return  # a larger page is still one
    keys = ("page", "size") if is_page_size else ("params", name, "default")
    message = f"where `{name}` is left out it is {_shown(after)}, and was {_shown(before)}"
    yield Change("QP808", keys, message, "keep the default")


def _patch(name: str, before: Any, after: Any, is_patch: bool) -> Change:  # noqa: FBT001 (as above)
    if is_patch:
        message = f"where `{name}` is left out nothing is done with it, and it was {_shown(before)}"
        return Change("QP808", ("params", name, "patch"), message, "leave `patch` out")
    message = f"where `{name}` is left out it is {_shown(after)}, and nothing was done with it"
    return Change("QP808", ("params", name), message, "write `patch: true`")


def _in_urls(old: Operation, new: Operation, told: AbstractSet[str]) -> Iterator[Change]:
    """The texts of a URL that mean a parameter: a value as it is, a list of them, or JSON."""
    if old.http is None or new.http is None:
        return
    before = {each.name: each.codec for each in old.parameters}
    schemas = _properties(old)
    for each in new.parameters:
        if each.name in told or each.name not in before or each.name not in schemas:
            continue
        was, now = _written(before[each.name]), _written(each.codec)
        if was != now and not (_LIST not in (was, now) and _is_json_as_it_stands(schemas[each.name])):
            message = f"`{each.name}` is {now} in a URL, and was {was}"
            yield Change("QP803", ("params", each.name), message, "keep the type that it had", f":{each.name}")


def _written(codec: Any) -> str:
    if codec == "scalar":
        return _TEXT
    return _LIST if codec == "vector" or list(codec[:2]) == ["array", "scalar"] else _DOCUMENT


def _is_json_as_it_stands(schema: Any) -> bool:
    """Whether every value is the same text as JSON: numbers and booleans are."""
    types = schema.get("type") if isinstance(schema, Mapping) else None
    named = {types} if isinstance(types, str) else set(types or ("string",))
    return named <= {"integer", "number", "boolean", "null"}


def _shown(schema: Mapping[str, Any]) -> str:
    return f"`{value_text(schema['default'])}`" if "default" in schema else "NULL"


def _properties(operation: Operation) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = _object(operation).get("properties", {})
    return properties


def _required(operation: Operation) -> AbstractSet[str]:
    return frozenset(_object(operation).get("required", ()))


def _object(operation: Operation) -> Mapping[str, Any]:
    """The schema of the object of parameters, of which a batch takes several."""
    schema = operation.parameters_schema
    return schema.get("items", {}) if isinstance(operation.execution, Batch) else schema
