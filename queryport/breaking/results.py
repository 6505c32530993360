"""The answers of an operation that succeeds: their kind, pages, columns and types."""

from collections.abc import Iterator

from handler.contract.execution import Listing
from handler.contract.operation import Operation, Result
from queryport.breaking.change import Change
from queryport.breaking.containment import excess
from queryport.breaking.types import is_built_in, output_kept, reformed
from queryport.breaking.words import column_of, of_output, opened


def of_results(old: Operation, new: Operation) -> Iterator[Change]:
    """Yield where `data`, or a page of it, is of another form than callers know."""
    if old.result != new.result:
        if (old.result, new.result) != (Result.MAYBE, Result.ONE):
            message = f"the result is `{new.result}`, and was `{old.result}`"
            yield Change("QP804", ("result",), message, f"write `result: {old.result}`")
            return
        message = "no row is a failure now (NotFound), and was null"
        yield Change("QP804", ("result",), message, "write `result: maybe`")
    yield from _pages(old, new)
    yield from _columns(old, new)


def _pages(old: Operation, new: Operation) -> Iterator[Change]:
    if old.has_pages != new.has_pages:
        message = "it answers a page of the rows, and answered all" if new.has_pages else "it answers no pages any more"
        yield Change("QP804", ("page",), message, "delete `page`" if new.has_pages else "write `page` again")
        return
    before, after = (each.execution.by if isinstance(each.execution, Listing) else () for each in (old, new))
    if before != after and old.has_pages:
        message = f"the pages are ordered by {', '.join(after)}, and were by {', '.join(before)}"
        message = f"{message}: cursors that callers hold mean nothing"
        yield Change("QP808", ("page", "by"), message, "keep the order")


def _columns(old: Operation, new: Operation) -> Iterator[Change]:
    was, now = old.documentation.result_schema, new.documentation.result_schema
    told = set()
    big_numbers: list[bool] = []
    before, after = old.documentation.column_types, new.documentation.column_types
    big = {name for name in before.keys() & after.keys() if before[name] == after[name] and _is_big(before[name])}
    for each in excess(now, opened(was)):
        column, message, cure = of_output(each)
        told.add(column)
        if column in big and (each.keyword == "pattern" or (each.keyword == "type" and each.has != ("null",))):
            # The type is what it was: the setting alone gives its numbers another JSON.
            big_numbers.append(_are_strings(_of_column(now, column)))
            continue
        yield Change("QP804", (), message, cure, column)
    if big_numbers:
        forms = ("number", "string") if big_numbers[0] else ("string", "number")
        message = "bigint and numeric are answered as {}s now, and were {}s".format(*reversed(forms))
        yield Change("QP804", ("big_numbers",), message, f"write `big_numbers: {forms[0]}`")
    for name in sorted(before.keys() & after.keys() - told):
        if not output_kept(before[name], after[name], _of_column(was, name), _of_column(now, name)):
            told.add(name)
            message = f"the type of the column `{name}` is {after[name]}, and was {before[name]}"
            yield Change("QP804", (), message, _type_cure(name, before[name]), name)
    for path in reformed(was, now):
        column, where = column_of(path)
        if column not in told:
            told.add(column)
            message = f"the texts of {where} are of a type with a form of its own now, and were any"
            yield Change("QP804", (), message, "keep the type that it had", column)


def _is_big(name: str) -> bool:
    return name.rstrip("[]") in ("bigint", "numeric")


def _are_strings(schema: object) -> bool:
    """Whether the numbers of a column, or those in its arrays, are answered as strings alone."""
    while isinstance(schema, dict) and "items" in schema:
        schema = schema["items"]
    types = schema.get("type") if isinstance(schema, dict) else None
    return types == "string" or (isinstance(types, list) and {*types} == {"string", "null"})


def _type_cure(column: str, name: str) -> str:
    """The cast to the type that a column had; a type of the project's own may be gone, or have another name."""
    return f"cast it: `…::{name} AS {column}`" if is_built_in(name) else "answer it in the type that it had"


def _of_column(schema: object, name: str) -> object:
    """The schema of a column; of a `value` it is the whole."""
    if not isinstance(schema, dict):
        return schema
    row = schema.get("items", {}) if "properties" not in schema else schema
    return row.get("properties", {}).get(name, schema)
