"""The states of a parameter, and what is bound in each."""

from decimal import Decimal
from typing import Any

import pytest

from handler.contract.errors import InvalidParameters
from handler.contract.operation import Parameter
from handler.contract.sql import Codec
from handler.engine.parameters import Parameters
from handler.identity.caller import ANONYMOUS
from tests.support.operations import ANY, INTEGER, TEXT, operation

NULLABLE = {"type": ["string", "null"]}


def _texts(parameter: Parameter, schema: dict[str, Any], **values: Any) -> Any:
    return Parameters(operation("", parameters={parameter.name: schema}, how=[parameter])).bindings(values, ANONYMOUS)


def _refusal(parameter: Parameter, schema: dict[str, Any], **values: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidParameters) as refusal:
        _texts(parameter, schema, **values)
    return [(flaw.pointer, flaw.detail) for flaw in refusal.value.flaws]


def test_a_required_parameter_must_come_and_must_not_be_null() -> None:
    required = Parameter("p", "scalar")
    assert _texts(required, TEXT, p="x") == {"p": "x"}
    assert _refusal(required, TEXT) == [("/p", "is missing")]
    assert _refusal(required, TEXT, p=None) == [("/p", "must be a string")]


def test_an_optional_parameter_is_null_if_it_is_absent_or_null() -> None:
    optional = Parameter("p", "scalar", optional=True)
    assert _texts(optional, NULLABLE, p="x") == {"p": "x"}
    assert _texts(optional, NULLABLE) == {"p": None}
    assert _texts(optional, NULLABLE, p=None) == {"p": None}


def test_a_nullable_parameter_must_come_and_may_be_null() -> None:
    nullable = Parameter("p", "scalar", nullable=True)
    assert _texts(nullable, NULLABLE, p=None) == {"p": None}
    assert _refusal(nullable, NULLABLE) == [("/p", "is missing")]


@pytest.mark.parametrize(
    ("codec", "default", "text"),
    [("scalar", 7, "7"), ("scalar", Decimal("1.50"), "1.50"), (["array", "scalar"], [1, 2], "{1,2}")],
)
def test_a_default_stands_in_for_an_absent_parameter(codec: Codec, default: Any, text: str) -> None:
    assert _texts(Parameter("p", codec, optional=True, default=default), ANY) == {"p": text}


def test_null_overrides_a_default_where_the_parameter_is_nullable() -> None:
    parameter = Parameter("p", "scalar", optional=True, nullable=True, default="x")
    assert _texts(parameter, NULLABLE, p=None) == {"p": None}
    assert _texts(parameter, NULLABLE) == {"p": "x"}


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (Parameter("p", "json"), "null"),
        (Parameter("p", "json", nullable=True), None),
        (Parameter("p", "json", optional=True), None),
    ],
)
def test_null_is_a_document_unless_the_parameter_may_be_null(parameter: Parameter, text: str | None) -> None:
    assert _texts(parameter, ANY, p=None) == {"p": text}


def test_documents_keep_their_numbers_and_the_order_of_their_members() -> None:
    document = {"b": Decimal("1.10"), "a": [Decimal(10**30), 2]}
    assert _texts(Parameter("p", "json"), ANY, p=document) == {
        "p": '{"b":1.10,"a":[1000000000000000000000000000000,2]}'
    }


def test_the_message_names_every_flaw_for_callers_that_see_no_more() -> None:
    parameters = Parameters(operation("", parameters={"a": INTEGER, "b": TEXT}))
    with pytest.raises(InvalidParameters) as refusal:
        parameters.bindings({"a": "secret", "c": 1}, ANONYMOUS)
    assert str(refusal.value) == "/a must be a whole number; /b is missing; /c is not known here"


def test_values_without_a_text_are_told_together() -> None:
    parameters = Parameters(operation("", parameters={"a": TEXT, "b": TEXT}))
    with pytest.raises(InvalidParameters) as refusal:
        parameters.bindings({"a": "\0", "b": "\ud800"}, ANONYMOUS)
    assert [flaw.pointer for flaw in refusal.value.flaws] == ["/a", "/b"]


def test_a_value_too_deep_to_compare_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert _refusal(Parameter("p", "json"), {"uniqueItems": True}, p=[deep, [*deep]]) == [("", "is nested too deeply")]


def test_the_message_of_long_names_is_cut() -> None:
    parameters = Parameters(operation(""))
    with pytest.raises(InvalidParameters) as refusal:
        parameters.bindings({"x" * 1000 + str(number): 1 for number in range(100)}, ANONYMOUS)
    assert len(str(refusal.value)) < 5000
