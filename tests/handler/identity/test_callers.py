"""Who a caller is, by each way in, and what an operation's rules make of it."""

import json
from typing import Any

import boto3  # type: ignore[import-untyped]  # it ships no types, and its stubs would bring every service's
import pytest

from handler.contract import rights as rules
from handler.contract.errors import IdentityUnavailable, InvalidParameters, NotAllowed, NotAuthenticated
from handler.identity import secrets as real_secrets
from handler.identity.api_keys import hash_of
from handler.identity.caller import ANONYMOUS, Caller, alias_of, direct
from handler.identity.identity import Identity
from handler.identity.rights import any_of
from handler.identity.settings import IdentitySettings
from handler.settings import SettingsError
from tests.handler.identity.conftest import ALICE_KEY, BOB_KEY, OLD_KEY, Secrets, api_keys
from tests.handler.identity.test_tokens import bearer, event

ROLE = "arn:aws:iam::123456789012:role/reporting-eu"


def _iam(arn: str) -> dict[str, Any]:
    made = event()
    made["requestContext"]["authorizer"] = {"iam": {"userArn": arn, "accountId": "123456789012", "userId": "AID:s"}}
    return made


def test_an_assumed_role_is_known_by_the_roles_arn(identity: Identity) -> None:
    one = identity.of_function_url(_iam("arn:aws:sts::123456789012:assumed-role/reporting-eu/session-1"))
    two = identity.of_function_url(_iam("arn:aws:sts::123456789012:assumed-role/reporting-eu/session-2"))
    assert (one.kind, one.arn, one.account, one.id) == ("iam", ROLE, "123456789012", f"iam:{ROLE}")
    assert one.id == two.id


@pytest.mark.parametrize(
    ("token_header", "headers", "kind"),
    [
        ("x-forwarded-authorization", {"X-Amz-Cf-Id": "a1B2=="}, "anonymous"),
        ("x-forwarded-authorization", {}, "iam"),
        ("authorization", {"X-Amz-Cf-Id": "a1B2=="}, "iam"),
    ],
)
def test_cloudfronts_own_signature_makes_nobody_a_caller_of_iam(
    token_header: str, headers: dict[str, str], kind: str
) -> None:
    made = _iam("arn:aws:sts::123456789012:assumed-role/reporting-eu/session-1")
    made["headers"] |= headers
    assert Identity(IdentitySettings(token_header=token_header)).of_function_url(made).kind == kind


@pytest.mark.parametrize("authorizer", [None, {}, [], {"iam": None}, {"iam": []}, {"iam": {}}, {"iam": {"userArn": 5}}])
def test_whom_aws_does_not_name_is_anonymous(identity: Identity, authorizer: Any) -> None:
    made = event()
    made["requestContext"]["authorizer"] = authorizer
    assert identity.of_function_url(made) == ANONYMOUS


@pytest.mark.parametrize("made", [event(("x-api-key", ALICE_KEY)), event(("X-Api-Key", ALICE_KEY)), bearer(ALICE_KEY)])
def test_a_key_makes_a_caller_with_the_keys_claims(identity: Identity, made: dict[str, Any]) -> None:
    caller = identity.of_function_url(made)
    assert (caller.kind, caller.id, caller.key_name) == ("key", "key:partner-alice", "partner-alice")
    assert caller.claims == {"tenant_id": 7}


@pytest.mark.parametrize(
    "key", [OLD_KEY, "qp_" + "z" * 40, "qp_short", "", "x", "qp_" + "a" * 41, "qp_é" * 20, "a" * 99_999]
)
def test_another_key_is_refused(identity: Identity, key: str) -> None:
    with pytest.raises(NotAuthenticated, match="API key is not known"):
        identity.of_function_url(event(("x-api-key", key)))


def test_two_keys_of_one_name_take_over_from_each_other(identity: Identity, secrets: Secrets) -> None:
    secrets.texts["arn:keys"] = api_keys(name="partner-alice", hash=hash_of("qp_" + "d" * 40))
    for key in (ALICE_KEY, "qp_" + "d" * 40, BOB_KEY):
        assert identity.of_function_url(event(("x-api-key", key))).kind == "key"


def test_a_key_counts_for_as_long_as_the_last_of_its_entries(identity: Identity, secrets: Secrets) -> None:
    for expires in ("2020-01-31T00:00:00Z", "2999-06-01T00:00:00Z"):
        secrets.texts["arn:keys"] = api_keys(name="partner-bob", hash=hash_of(BOB_KEY), expires=expires)
        assert identity.of_function_url(event(("x-api-key", BOB_KEY))).kind == "key"


def test_two_keys_in_a_request_are_refused(identity: Identity) -> None:
    with pytest.raises(NotAuthenticated, match="two API keys were sent"):
        identity.of_function_url(event(("authorization", f"Bearer {ALICE_KEY}"), ("x-api-key", ALICE_KEY)))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (("authorization", "Bearer a.b.c"), "this function trusts no issuer of tokens"),
        (("x-api-key", ALICE_KEY), "this function has no API keys"),
    ],
)
def test_a_function_without_issuers_and_keys_believes_nobody(header: tuple[str, str], message: str) -> None:
    with pytest.raises(NotAuthenticated, match=message):
        Identity(IdentitySettings.from_environment({})).of_function_url(event(header))


def test_an_unknown_key_is_looked_for_anew_once_a_minute(identity: Identity, secrets: Secrets) -> None:
    for _ in range(10):
        with pytest.raises(NotAuthenticated):
            identity.of_function_url(event(("x-api-key", "qp_" + "z" * 40)))
    assert [fresh for _, fresh in secrets.asked].count(True) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "[]", "{}", '{"keys": 5}', '{"keys": [5]}', '{"keys": [{"name": "a"}]}'),
        json.dumps({"keys": [{"name": "a b", "hash": hash_of("x")}]}),
        json.dumps({"keys": [{"name": "a", "hash": "md5:x"}]}),
        json.dumps({"keys": [{"name": "a", "hash": hash_of("x"), "expires": "2027-01-01T00:00:00"}]}),
        json.dumps({"keys": [{"name": "a", "hash": hash_of("x"), "claims": []}]}),
        json.dumps({"keys": [{"name": "a", "hash": hash_of("x"), "claim": {}}]}),
    ],
)
def test_a_secret_that_is_none_lets_nobody_in_and_is_not_shown(identity: Identity, secrets: Secrets, text: str) -> None:
    secrets.texts["arn:keys"] = text
    with pytest.raises(IdentityUnavailable, match="the function's secret of API keys cannot be read"):
        identity.of_function_url(event(("x-api-key", ALICE_KEY)))


@pytest.mark.slow
def test_secrets_come_from_secrets_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    from moto import mock_aws  # a second of imports, which no other run is to wait for

    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        arn = client.create_secret(Name="keys", SecretString="one")["ARN"]
        assert real_secrets.read(arn) == "one"
        client.put_secret_value(SecretId=arn, SecretString="two")
        assert real_secrets.read(arn) == "one"
        assert real_secrets.read(arn, fresh=True) == "two"
        with pytest.raises(IdentityUnavailable):
            real_secrets.read(f"{arn}-none")
        binary = client.create_secret(Name="binary", SecretBinary=b"one")["ARN"]
        with pytest.raises(IdentityUnavailable, match="is no text") as caught:
            real_secrets.read(binary)
        assert not caught.value.retryable


def test_direct_callers_may_speak_for_another_unless_that_is_off(settings: IdentitySettings) -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:shop:reader"
    caller = Identity(settings).of_direct({"claims": {"sub": "alice", "tenant_id": 7}}, function)
    assert (caller.kind, caller.id, caller.alias) == ("direct", "direct:alice", "reader")
    assert caller.claims["tenant_id"] == 7
    with pytest.raises(InvalidParameters, match="claims must be an object"):
        Identity(settings).of_direct({"claims": 5}, function)
    off = Identity(settings._replace(direct_claims=False))
    assert off.of_direct({}, function).kind == "direct"
    with pytest.raises(NotAllowed):
        off.of_direct({"claims": {"sub": "alice"}}, function)


@pytest.mark.parametrize(
    ("arn", "alias"),
    [
        ("arn:aws:lambda:eu-west-1:123456789012:function:shop", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:shop:7", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:shop:$LATEST", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:shop:live", "live"),
    ],
)
def test_the_alias_is_that_of_the_arn(arn: str, alias: str | None) -> None:
    assert alias_of(arn) == alias


_FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop"
CALLERS = {
    "anonymous": ANONYMOUS,
    "role": Caller("iam", "iam:1", arn=ROLE, account="123456789012"),
    "user": Caller("iam", "iam:2", arn="arn:aws:iam::210987654321:user/jo", account="210987654321"),
    "reader": Caller("jwt", "jwt:1", {"scope": "orders.read profile", "groups": ["admin", "x"], "plan": "pro"}),
    "stranger": Caller("jwt", "jwt:2", {"scope": "orders.readonly", "groups": "administrators", "tenant_id": 7}),
    "partner": Caller("key", "key:1", key_name="partner-acme"),
    "machine": Caller("key", "key:2", key_name="machine"),
    "direct": direct(_FUNCTION),
    "aliased": direct(f"{_FUNCTION}:reader", {"scope": "orders.read"}),
}


@pytest.mark.parametrize(
    ("rule", "callers"),
    [
        ("anyone", set(CALLERS)),
        ("nobody", set()),
        ("iam", {"role", "user"}),
        ("iam:role/reporting-*", {"role"}),
        ("iam:role/reporting", set()),
        ("iam:role/*", {"role"}),
        ("iam:user/jo", {"user"}),
        ("iam:account/123456789012", {"role"}),
        ("jwt", {"reader", "stranger"}),
        ("jwt:scope=orders.read", {"reader"}),
        ("jwt:scope=orders.read profile", {"reader"}),
        ("jwt:groups=admin", {"reader"}),
        ("jwt:plan=pro", {"reader"}),
        ("jwt:plan=p", set()),
        ("jwt:tenant_id=7", set()),
        ("jwt:missing=x", set()),
        ("key", {"partner", "machine"}),
        ("key:partner-*", {"partner"}),
        ("key:partner", set()),
        ("direct", {"direct", "aliased"}),
        ("alias:reader", {"aliased"}),
        ("alias:read*", {"aliased"}),
        ("alias:live", set()),
    ],
)
def test_a_rule_lets_in_whom_it_names_and_nobody_else(rule: str, callers: set[str]) -> None:
    assert {name for name, caller in CALLERS.items() if any_of([rule])(caller)} == callers


def test_any_rule_of_a_list_suffices_and_an_empty_list_lets_nobody_in() -> None:
    assert {name for name, caller in CALLERS.items() if any_of(["key", "direct"])(caller)} == {
        *("partner", "machine", "direct", "aliased")
    }
    assert not any(any_of([])(caller) for caller in CALLERS.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("everyone", "is no rule: the rules are anyone, nobody"),
        ("", "is no rule"),
        ("anyone:x", "`anyone` stands alone"),
        ("direct:x", "`direct` stands alone"),
        ("iam:", "write `iam:role/NAME`"),
        ("iam:reporting", "write `iam:role/NAME`"),
        ("iam:account/1", "write `iam:role/NAME`"),
        ("jwt:scope", "write `jwt:CLAIM=VALUE`"),
        ("jwt:=x", "write `jwt:CLAIM=VALUE`"),
        ("key:a b", "write `key:NAME`"),
        ("alias", "write `alias:NAME`"),
    ],
)
def test_what_is_no_rule_is_told_with_what_one_looks_like(text: str, message: str) -> None:
    with pytest.raises(rules.RightsError, match=message):
        rules.parse(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "is not JSON"),
        ("{}", "must be a JSON array"),
        ("[]", "must be a JSON array"),
        ("[5]", "issuer 1 must be an object"),
        ("[{}]", "issuer 1 lacks issuer.*issuer 1 lacks audience"),
        ('[{"issuer": "https://a", "audience": "x", "alg": "none"}]', "issuer 1 has alg, and may have issuer"),
        ('[{"issuer": "https://a", "audience": "x", "algorithms": ["none"]}]', "issuer 1 has other algorithms"),
        ('[{"issuer": "https://a", "audience": "x", "algorithms": ["HS256"]}]', "issuer 1 has other algorithms"),
        ('[{"issuer": "a", "audience": "x", "secret_arn": "s", "algorithms": ["RS256"]}]', "has other algorithms"),
        ('[{"issuer": "http://a", "audience": "x"}]', "its issuer is no https address"),
        ('[{"issuer": "a", "audience": "x", "jwks": "http://a"}]', "its jwks is no https address"),
        ('[{"issuer": "a", "audience": "x", "public_key": "key"}]', "a public_key that is not PEM"),
        ('[{"issuer": "a", "audience": "x", "jwks": "https://a", "secret_arn": "s"}]', "jwks and secret_arn: give one"),
        ('[{"issuer": "https://a", "audience": "x", "leeway": 3600}]', "a leeway that is no number of seconds"),
        ('[{"issuer": "https://a", "audience": "x"}, {"issuer": "https://a", "audience": "y"}]', "stands there twice"),
    ],
)
def test_a_half_configured_issuer_fails_the_start(value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        IdentitySettings.from_environment({"QUERYPORT_JWT_ISSUERS": value})


def test_other_settings_are_checked_too() -> None:
    with pytest.raises(SettingsError, match="QUERYPORT_DIRECT_CLAIMS must be on or off"):
        IdentitySettings.from_environment({"QUERYPORT_DIRECT_CLAIMS": "yes"})
    assert IdentitySettings.from_environment({}) == IdentitySettings()
