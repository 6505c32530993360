"""What policies read of a caller: its claims as JSON, or a refusal where there is no such JSON."""

import json
from typing import Any

import pytest

from handler.contract.errors import NotAllowed
from handler.contract.operation import RowSecurity
from handler.engine.caller_bindings import session
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
