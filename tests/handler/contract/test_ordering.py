"""Orders as SQL: every row behind a place is in exactly one range, and every placeholder that is named is there."""

import re
from itertools import product

import pytest

from handler.contract.ordering import OrderKey, completed, order_of, ordering

KEYS = {
    name: OrderKey(
        name, f"q.{name}", f"q.{name}::text", f"(:__key_{number}::int)", f"__key_{number}", nullable=nullable
    )
    for number, (name, nullable) in enumerate((("a", True), ("b", False), ("c", True), ("d", False)), 1)
}


@pytest.mark.parametrize("nulls", list(product((True, False), repeat=4)))
@pytest.mark.parametrize("signs", list(product(("", "-"), repeat=4)))
def test_a_place_in_an_order_names_the_placeholders_that_it_has(
    signs: tuple[str, ...], nulls: tuple[bool, ...]
) -> None:
    names = [sign + name for sign, name in zip(signs, KEYS, strict=True)]
    made = ordering(order_of(KEYS, names), [None if is_null else "1" for is_null in nulls])
    assert 1 <= len(made.ranges) <= 5
    assert set(re.findall(r":(__key_\d)", " ".join(made.ranges))) == set(made.placeholders)


def test_behind_the_last_place_there_is_nothing() -> None:
    assert ordering(order_of(KEYS, ["a"]), [None]).ranges == ("false",)


@pytest.mark.parametrize(
    ("sort", "whole"),
    [
        (["a"], ("a", "b", "d")),
        (["-a"], ("-a", "-b", "-d")),
        (["-b", "a"], ("-b", "a", "d")),
        (["d", "-b"], ("d", "-b")),
    ],
)
def test_what_tells_rows_apart_goes_the_way_of_the_last_key(sort: list[str], whole: tuple[str, ...]) -> None:
    assert completed(sort, ("b", "d")) == whole
