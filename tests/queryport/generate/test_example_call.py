import shlex
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handler.contract.execution import Batch, Single
from handler.contract.operation import Access, Http, Operation, Result
from queryport.generate.example_call import example_call, sample
from queryport.local.default_caller import may_call

URL = "http://127.0.0.1:8080"


def _operation(name: str = "a", **given: Any) -> Operation:
    required = given.pop("required", {})
    schema = {"type": "object", "properties": required, "required": list(required)}
    usual: dict[str, Any] = {
        "result": Result.MANY,
        "read_only": True,
        "execution": Single(()),
        "parameters": (),
    }
    return Operation(name=name, **(usual | {"parameters_schema": schema} | given))


def _anyone(_operation: Operation) -> bool:
    return True


def test_one_that_the_caller_may_call_is_chosen_and_else_none() -> None:
    operations = (
        _operation("a"),
        _operation("b", access=Access(allow=("jwt:groups=admin",))),
        _operation("c", access=Access(allow=("jwt:groups=clerk",))),
        _operation("d", access=Access(allow=("anyone",), http=False)),
        _operation("e", access=Access(allow=("direct", "key", "nobody"))),
    )
    for caller, path in (
        ("iam", "operations/a"),
        ('{"groups": ["clerk"]}', "operations/c"),
        ('{"groups": "admin"}', "operations/b"),
        ('{"sub": "alice"}', "health"),
        ("anonymous", "health"),
    ):
        assert (example_call(operations, URL, may_call(caller)) or "").endswith(f"{URL}/{path}")
    assert (example_call(operations[-2:], URL, may_call("anonymous")) or "") == f"curl {URL}/health"


def test_a_batch_is_called_with_one_element() -> None:
    element = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    schema = {"type": "array", "items": element}
    batch = _operation(execution=Batch(()), http=Http("POST", "/things"))._replace(parameters_schema=schema)
    assert shlex.split(example_call((batch,), URL, _anyone) or "")[-2:] == ['[{"id": 1}]', f"{URL}/things"]


def test_there_is_none_without_operations() -> None:
    assert example_call((), URL, _anyone) is None


def test_what_needs_nothing_and_changes_nothing_is_preferred() -> None:
    operations = (
        _operation("a", read_only=False),
        _operation("b", required={"id": {"type": "integer"}}),
        _operation("c", required={"id": {"type": "integer"}}, result=Result.ONE),
        _operation("d"),
    )
    assert example_call(operations, URL, _anyone) == (
        "curl -X POST -H 'content-type: application/json' -d '{}' http://127.0.0.1:8080/operations/d"
    )
    assert "/operations/b" in (example_call(operations[:3], URL, _anyone) or "")
    assert "/operations/c" in (example_call((operations[0], operations[2]), URL, _anyone) or "")


def test_parameters_go_where_the_route_has_them() -> None:
    required = {"id": {"type": "string", "examples": ["a/b"]}, "tags": {"type": "array", "items": {"type": "string"}}}
    get = _operation(http=Http("GET", "/things/{id}"), required=required)
    assert shlex.split(example_call((get,), URL, _anyone) or "") == ["curl", f"{URL}/things/a%2Fb?tags=%5B%22a%22%5D"]
    put = _operation(http=Http("PUT", "/things/{id}"), required=required)
    assert shlex.split(example_call((put,), URL, _anyone) or "")[-3:] == [
        "-d",
        '{"tags": ["a"]}',
        f"{URL}/things/a%2Fb",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": -32768, "maximum": 32767},
        {"type": "integer", "minimum": 5},
        {"type": "integer", "maximum": -5},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"type": "string", "enum": ["b", "a"]},
        {"type": "string", "minLength": 3, "maxLength": 4},
        {"type": "string", "maxLength": 0},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        {"type": "object", "properties": {"x": {"type": ["integer", "null"]}}, "required": ["x"]},
        {},
    ],
)
def test_a_sample_is_valid(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(sample(schema))
