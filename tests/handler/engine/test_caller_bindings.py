"""What policies read of a caller: its claims as JSON, or a refusal where there is no such JSON."""

import json
from typing import Any

import pytest

from handler.contract.errors import NotAllowed
from handler.contract.execution import Single
from handler.contract.operation import Operation, Parameter, Result, RowSecurity
from handler.engine.caller_bindings import CallerBindings, session
from handler.identity.caller import Caller


def _claims(value: Any) -> str | None:
    return session("orders.list", RowSecurity(), Caller("jwt", "jwt:alice", {"claim": value}))["__claims"]


@pytest.mark.parametrize("value", ["\\u0000", "\\\\u0000", "a\\", 'quote"', "'", "x" * 10_000, 2**63, [None, {"a": 1}]])
def test_claims_arrive_as_they_are(value: Any) -> None:
    assert json.loads(_claims(value) or "") == {"claim": value}


@pytest.mark.parametrize("value", ["\0", "\\\0", "\\\\\0", "a\0b", ["\0"], {"\0": 1}, 2**70, "\ud800"])
def test_claims_that_postgresql_cannot_hold_are_refused(value: Any) -> None:
    with pytest.raises(NotAllowed, match="the caller's claims"):
        _claims(value)


@pytest.mark.parametrize("value", [None, 7, "owner", ["clerk"]])
def test_a_role_is_taken_only_where_the_operation_names_it(value: Any) -> None:
    row_security = RowSecurity("claims.role", ("clerk", "auditor"))
    assert session("a", row_security, Caller("jwt", "jwt:a", {"role": "clerk"}))["__role"] == "clerk"
    for claims in ({"role": value}, {}):
        with pytest.raises(NotAllowed, match=r"the caller's claims\.role is no role that the operation takes"):
            session("a", row_security, Caller("jwt", "jwt:a", claims))


def test_a_role_of_the_operations_own_is_taken_whatever_the_claims_say() -> None:
    caller = Caller("jwt", "jwt:a", {"role": "auditor"})
    assert session("a", RowSecurity("clerk"), caller)["__role"] == "clerk"
    assert "__role" not in session("a", RowSecurity(), caller)


def _bindings(parameter: Parameter, schema: dict[str, Any], claims: dict[str, Any]) -> dict[str, str | None]:
    schema = {"type": "object", "properties": {parameter.name: schema}}
    operation = Operation(
        name="a",
        result=Result.ONE,
        read_only=True,
        execution=Single(()),
        parameters=(parameter,),
        parameters_schema={},
        caller_schema=schema,
    )
    return CallerBindings(operation).of(Caller("jwt", "jwt:a", claims))


def test_a_callers_value_is_needed_unless_it_is_optional() -> None:
    tenant = Parameter("tenant", "scalar", source="claims.tenant.id")
    assert _bindings(tenant, {"type": "integer"}, {"tenant": {"id": 7}}) == {"tenant": "7"}
    lacking: tuple[dict[str, Any], ...] = ({}, {"tenant": 7}, {"tenant": {}}, {"tenant": {"id": None}})
    for claims in lacking:
        with pytest.raises(NotAllowed, match=r"the caller has no claims\.tenant\.id"):
            _bindings(tenant, {"type": "integer"}, claims)
        optional = tenant._replace(optional=True)
        assert _bindings(optional, {"type": ["integer", "null"]}, claims) == {"tenant": None}


def test_a_value_that_no_json_of_ours_can_be_is_none() -> None:
    deep: Any = 1
    for _ in range(3000):
        deep = [deep]
    with pytest.raises(NotAllowed, match=r"the caller has no claims\.v"):
        _bindings(Parameter("v", "json", source="claims.v"), {}, {"v": deep})


@pytest.mark.parametrize(
    ("codec", "schema", "value"),
    [
        ("scalar", {"type": "integer"}, "seven"),
        ("scalar", {"type": "integer", "maximum": 5}, 7),
        ("scalar", {}, "\0"),
        ("scalar", {}, {"id": 7}),
        ("hstore", {}, 7),
        (["array", "scalar"], {}, 7),
    ],
)
def test_a_callers_value_that_the_operation_cannot_take_is_no_error_of_the_call(
    codec: Any, schema: dict[str, Any], value: Any
) -> None:
    with pytest.raises(NotAllowed, match="the caller"):
        _bindings(Parameter("v", codec, source="claims.v"), schema, {"v": value})
