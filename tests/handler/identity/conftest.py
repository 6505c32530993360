"""A function with an issuer of tokens and a secret of API keys, over operations that answer who called."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from handler.contract.operation import Access, Operation, Result
from handler.identity.api_keys import hash_of
from handler.identity.identity import Identity
from handler.identity.settings import IdentitySettings
from tests.handler.identity.issuer import TokenIssuer, token_issuers
from tests.support.operations import operation

ALICE_KEY = "qp_" + "a" * 40
BOB_KEY = "qp_" + "b" * 40
OLD_KEY = "qp_" + "c" * 40


@pytest.fixture(scope="session")
def new_issuer() -> Iterator[Callable[[], TokenIssuer]]:
    with token_issuers() as make:
        yield make


@pytest.fixture
def issuer(new_issuer: Callable[[], TokenIssuer]) -> TokenIssuer:
    """An issuer that no other test has asked for anything."""
    return new_issuer()


class Secrets:
    """The texts of secrets, in the place of Secrets Manager; how the real one is asked has a test of its own."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.asked: list[tuple[str, bool]] = []

    def get(self, arn: str, *, max_age: int, force_fetch: bool) -> str:
        assert max_age == 300
        self.asked.append((arn, force_fetch))
        if arn not in self.texts:
            raise GetParameterError("no such secret")
        return self.texts[arn]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    made = Secrets()
    made.texts["arn:keys"] = api_keys()
    monkeypatch.setattr("aws_lambda_powertools.utilities.parameters.get_secret", made.get)
    return made


def api_keys(**more: Any) -> str:
    entries: list[dict[str, Any]] = [
        {"name": "partner-alice", "hash": hash_of(ALICE_KEY), "claims": {"tenant_id": 7}},
        {"name": "partner-bob", "hash": hash_of(BOB_KEY), "expires": "2999-01-31T00:00:00Z"},
        {"name": "partner-bob", "hash": hash_of(OLD_KEY), "expires": "2020-01-31T00:00:00Z"},
    ]
    return json.dumps({"keys": [*entries, *([more] if more else [])]})


@pytest.fixture
def settings(issuer: TokenIssuer, secrets: Secrets) -> IdentitySettings:  # noqa: ARG001 (they are there by then)
    issuers = json.dumps([{"issuer": issuer.url, "audience": issuer.audience}])
    environment = {"QUERYPORT_JWT_ISSUERS": issuers, "QUERYPORT_API_KEYS_SECRET_ARN": "arn:keys"}
    return IdentitySettings.from_environment(environment)


@pytest.fixture
def identity(settings: IdentitySettings) -> Identity:
    return Identity(settings)


def guarded(*allow: str, name: str = "test.operation", hidden: bool = False, http: bool = True) -> Operation:
    made = operation("SELECT '1'", name=name, result=Result.VALUE)
    return made._replace(access=Access(allow, hidden, http))
