"""Numbers keep their digits, and what is not JSON is refused by its place."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.contract import exact_json
from handler.contract.exact_json import JsonError
from handler.contract.pointer import pointer

_DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


_MANY_DIGITS = "has numbers that are written out as more than 4194304 digits"


@pytest.mark.parametrize(
    "text",
    [
        "0.1",
        "1.10",
        "100.00",
        "12345678901234567890.123456789012345678901234567890",
        "123456789012345678901234567890",
        "-0.0",
        "1E+30",
        '{"b":1,"a":[null,true,"\\u00e9"]}'.replace("\\u00e9", "é"),
        "9223372036854775807",
        "-9223372036854775808",
    ],
)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert exact_json.dumps(exact_json.loads(text)) == text


def test_numbers_beyond_64_bits_are_decimals_and_none_is_a_float() -> None:
    assert exact_json.loads("[1, 99999999999999999999, 1.5]") == [1, Decimal("99999999999999999999"), Decimal("1.5")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON at line 1, column 1"),
        ('{"a":\n  tru}', "is not JSON at line 2, column 3"),
        ("[1] secret", "is not JSON at line 1, column 5"),
        ("[NaN]", "has NaN or Infinity, which are not JSON; send them as strings"),
        ("[-Infinity]", "has NaN or Infinity, which are not JSON; send them as strings"),
        ('{"a": 1, "a": 2}', "has a member twice: /a"),
        ('{"\\ud800": 1, "\\ud800": 2}', "has a member twice: /?"),
        pytest.param('{"of": {"a": 1, "a": 2}, tru}', "has a member twice: /a", id="twice, and broken behind it"),
        ("1e999999999", "has a number out of range"),
        ("1e99999999999999999999", "has a number out of range"),
        ("1e-99999", "has a number out of range"),
        ("1e" + "0" * 5000, "has a number out of range"),
        ("0." + "1" * 16_384, "has a number out of range"),
        pytest.param(f"[{','.join(['1e131071'] * 8500)}]", _MANY_DIGITS, id="a bomb"),
        pytest.param(f"[{','.join(['1e-16000'] * 8500)}]", _MANY_DIGITS, id="a bomb of small numbers"),
        pytest.param("1" * 200_000, "has a number out of range", id="huge"),
        pytest.param("[" * 100_000, "is nested too deeply", id="deep"),
        pytest.param("[" * 251 + "]" * 251, "is nested too deeply", id="deeper than can be written"),
        pytest.param(f"[{','.join(['{}'] * 250_000)}]", "has more than 250000 arrays and objects", id="many"),
        pytest.param(f"[{','.join(['1'] * 250_002)}]", "has more than 250000 elements and members", id="long"),
        pytest.param('{"a":' * 251 + "1" + "}" * 251, "is nested too deeply", id="deep objects"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_never_quoted(text: str, message: str) -> None:
    with pytest.raises(JsonError) as refusal:
        exact_json.loads(text)
    assert str(refusal.value) == message


def test_ten_thousand_digits_are_a_number() -> None:
    fraction = "0." + "7" * 10_000
    assert exact_json.dumps(exact_json.loads(fraction)) == fraction
    assert exact_json.dumps(exact_json.loads("7" * 20_000)) == "7" * 20_000
    assert exact_json.dumps(exact_json.loads("7" * 10_000)) == "7" * 10_000
    assert exact_json.dumps(exact_json.loads("7" * 100_000)) == "7" * 100_000


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\udfff": 1}'])
def test_what_is_no_unicode_cannot_be_written(text: str) -> None:
    with pytest.raises(JsonError, match="has text that is not Unicode"):
        exact_json.dumps(exact_json.loads(text))


def test_what_is_as_deep_as_can_be_is_taken_and_written() -> None:
    text = "[" * 250 + "]" * 250
    assert exact_json.dumps(exact_json.loads(text)) == text
    assert exact_json.dumps(exact_json.exact(exact_json.loads(text))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (1e22, "1E+22"), (2**70, str(2**70)), ([1.5, {"a": 2.25}], '[1.5,{"a":2.25}]'), (True, "true")],
)
def test_values_that_others_parsed_become_exact(value: Any, text: str) -> None:
    assert exact_json.dumps(exact_json.exact(value)) == text


def test_brackets_and_commas_in_texts_are_no_arrays() -> None:
    text = '["' + '[{\\"' * 200_000 + ",\\\\" * 300_000 + '"]'
    assert exact_json.loads(text) == ['[{"' * 200_000 + ",\\" * 300_000]
    plain = '["' + "," * 300_000 + '"]'
    assert exact_json.loads(plain) == ["," * 300_000]


@pytest.mark.slow
def test_as_many_values_as_are_taken_from_a_text_are_taken_from_a_parsed_one() -> None:
    assert exact_json.exact([[]] * 249_999) == [[]] * 249_999
    with pytest.raises(JsonError, match="has more than 250000 arrays and objects"):
        exact_json.exact([{}] * 250_000)
    assert exact_json.exact([1] * 250_001) == exact_json.loads(f"[{','.join(['1'] * 250_001)}]")
    with pytest.raises(JsonError, match="has more than 250000 elements and members"):
        exact_json.exact([1] * 250_002)


def test_floats_that_are_written_out_as_a_bomb_are_refused() -> None:
    with pytest.raises(JsonError, match="written out as more than"):
        exact_json.exact([1e308] * 20_000)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), {1, 2}, b"bytes", pytest.param(10**5000, id="huge")]
)
def test_values_that_are_no_json_are_refused(value: Any) -> None:
    with pytest.raises(JsonError):
        exact_json.exact(value)


def test_a_value_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(JsonError, match="nested too deeply"):
        exact_json.exact(deep)


@pytest.mark.slow
@given(_DOCUMENTS)
def test_every_document_comes_back_as_it_was(document: Any) -> None:
    assert exact_json.loads(exact_json.dumps(exact_json.exact(document))) == document


@given(st.text())
def test_whatever_the_text_the_answer_is_json_or_a_refusal(text: str) -> None:
    try:
        value = exact_json.loads(text)
    except JsonError:
        return
    assert json.loads(text) == value or isinstance(value, Decimal)


def test_a_value_that_no_json_makes_is_refused() -> None:
    with pytest.raises(JsonError):
        exact_json.dumps({"a": object()})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": {"b": 1, "b": 2}, "c": 1, "c": 2}', "/c"),
        ('[1, {"a": {"b": 1, "b": 2}}, {"c": 1, "c": 2}]', "/1/a/b"),
        ('{"a": [[], {"b": 1, "b": 2}], "c": {"d": 1, "d": 2}}', "/a/1/b"),
    ],
)
def test_of_several_members_that_stand_twice_the_first_outermost_is_named(text: str, place: str) -> None:
    with pytest.raises(JsonError) as caught:
        exact_json.loads(text)
    assert caught.value.pointer == place


@pytest.mark.parametrize(
    ("bound", "message"),
    [("MOST_CONTAINERS", "arrays and objects$"), ("MOST_VALUES", "elements and members$")],
)
def test_a_parsed_value_has_the_bounds_of_a_text(monkeypatch: pytest.MonkeyPatch, bound: str, message: str) -> None:
    monkeypatch.setattr(exact_json, bound, 3)
    taken: Any = {"a": [1, (2, 3)], "b": 4}
    assert exact_json.exact(taken) == {"a": [1, [2, 3]], "b": 4}
    refusals: list[Any] = [[taken, []], {"c": taken, "d": [[]]}, [[1, 2], ["a", "b"], []], {n: {} for n in "abcde"}]
    for refused in refusals:
        with pytest.raises(JsonError, match=message):
            exact_json.exact(refused)


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=3), _TREES, min_size=1, max_size=3), st.data())
def test_the_member_that_stands_twice_is_named_by_its_place(tree: dict[str, Any], draw: st.DataObject) -> None:
    """One object of a random document is given a member twice, and no other."""
    places = [path for path, value in _objects(tree, ()) if value]
    path = draw.draw(st.sampled_from(places))
    text_of, name = _with_twin(tree, path)
    with pytest.raises(exact_json.JsonError) as caught:
        exact_json.loads(text_of)
    assert caught.value.pointer == pointer((*path, name))


def _objects(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for name, member in value.items():
            yield from _objects(member, (*path, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _objects(element, (*path, index))


def _with_twin(value: Any, path: tuple[str | int, ...]) -> tuple[str, str]:
    """The JSON text of a value in which the first member of the object at the path stands twice, and its name."""
    found: Any = value
    for step in path:
        found = found[step]
    name = next(iter(found))
    mark = "\0twin"
    found[mark] = 0
    written = json.dumps(value, ensure_ascii=True)
    return written.replace(json.dumps(mark), json.dumps(name)), name
