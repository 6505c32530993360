"""Operations and their rules, through the whole function: who is let in, and what the others learn."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from handler.contract import errors, rights
from handler.contract.operation import Access, Http, Operation, Parameter, Result
from handler.data_api.wire import Wire
from handler.identity.caller import ANONYMOUS, Caller, of_iam
from handler.identity.rights import any_of
from handler.identity.settings import IdentitySettings
from handler.settings import Settings
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from tests.handler.identity.conftest import ALICE_KEY, guarded
from tests.handler.identity.issuer import TokenIssuer
from tests.support.function import Function, NewFunction
from tests.support.operations import INTEGER, TEXT, operation
from tests.support.repository import DOCS


def test_the_page_has_a_rule_of_each_kind_and_each_can_be_held_against_a_caller() -> None:
    table = (DOCS / "callers.md").read_text().partition("| rule | lets in |")[2].partition("\n\n")[0]
    documented = [
        rule for line in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for rule in re.findall("`(.+?)`", line)
    ]
    assert {rights.parse(rule).kind for rule in documented} == set(rights._FORMS)
    assert [rule for rule in documented if any_of([rule])(ANONYMOUS)] == ["anyone"]


def _route(made: Operation, path: str) -> Operation:
    return made._replace(http=Http("GET", path))


def _of_caller(source: str, schema: Mapping[str, Any], *, optional: bool = False) -> Operation:
    """Answers a value that comes from the caller, beside one that it sends."""
    made = operation(
        "SELECT to_json(concat_ws('|', (:tenant_id::text), (:given::text)))::text",
        name="mine",
        result=Result.VALUE,
        parameters={"given": TEXT},
    )
    return made._replace(
        parameters=(*made.parameters, Parameter("tenant_id", "scalar", optional=optional, source=source)),
        caller_schema={"type": "object", "properties": {"tenant_id": dict(schema)}},
        access=Access(("anyone",)),
    )


OPERATIONS = (
    _route(guarded("anyone", name="open"), "/open"),
    _route(guarded("jwt:scope=books.read", "key", name="readers"), "/readers"),
    _route(guarded("jwt:groups=staff", name="secret", hidden=True), "/secret"),
    _route(guarded("nobody", name="closed"), "/closed"),
    guarded("direct", name="inner", http=False),
    guarded("alias:reader", name="report"),
    guarded("iam", "direct", name="usual"),
)


@pytest.fixture
def new_guarded(
    environment: Mapping[str, str], settings: IdentitySettings, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> NewFunction:
    def make(*operations: Operation) -> Function:
        function_settings = Settings.from_environment(environment)
        write_catalog(function_settings.catalog, operations, fingerprint="f00d")
        monkeypatch.setattr("handler.data_api.wire.Wire.from_environment", lambda: wire)
        from handler.application import Application  # after the patch, for it imports the wire

        made = Function(Application(function_settings, settings))
        made.caller = None
        return made

    return make


@pytest.fixture
def function(new_guarded: NewFunction) -> Function:
    return new_guarded(*OPERATIONS)


def _get(function: Function, path: str, token: str | None = None, **headers: str) -> tuple[int, str]:
    sent = headers | ({"authorization": f"Bearer {token}"} if token else {})
    response = function.http("GET", path, headers=sent)
    return response.status, response.json.get("code", "")


def test_a_caller_that_no_rule_lets_in_is_told_whether_it_is_known(function: Function, issuer: TokenIssuer) -> None:
    reader, other = issuer.token(scope="books.read"), issuer.token(scope="books")
    assert _get(function, "/open") == (200, "")
    assert _get(function, "/readers") == (401, "NotAuthenticated")
    assert _get(function, "/readers", other) == (403, "NotAllowed")
    assert _get(function, "/readers", reader) == (200, "")
    assert _get(function, "/closed", reader) == (403, "NotAllowed")
    keyed = function.http("GET", "/readers", headers={"x-api-key": ALICE_KEY})
    assert keyed.status == 200
    challenge = function.http("GET", "/readers").headers["www-authenticate"]
    assert challenge == 'Bearer realm="queryport"'


def test_the_same_rules_hold_by_name_and_for_head(function: Function, issuer: TokenIssuer) -> None:
    headers = {"authorization": f"Bearer {issuer.token(scope='x')}"}
    assert function.http("POST", "/operations/readers", body={}, headers=headers).status == 403
    assert function.http("POST", "/operations/readers", body={}).status == 401
    assert function.http("HEAD", "/readers").status == 401
    assert function.http("POST", "/operations/usual", body={}).status == 401


def test_a_bad_credential_is_refused_even_where_anyone_may_call(function: Function) -> None:
    assert _get(function, "/open", "nonsense") == (401, "NotAuthenticated")
    assert function.http("GET", "/open", headers={"x-api-key": "qp_nonsense"}).status == 401
    assert function.http("GET", "/health", headers={"x-api-key": "qp_nonsense"}).status == 401


def test_refusals_come_before_parameters_and_before_the_database(
    function: Function, emulator: Emulator, issuer: TokenIssuer
) -> None:
    response = function.http("GET", "/readers", query="nothing=1&x", headers={})
    assert (response.status, "errors" in response.json) == (401, False)
    assert function.http("POST", "/operations/readers", text="{", headers={}).status == 401
    assert _get(function, "/readers", issuer.token())[0] == 403
    assert list(emulator.log) == []


@pytest.mark.parametrize("token", [None, {"groups": ["guest"]}])
def test_a_hidden_operation_is_not_told_from_one_that_does_not_exist(
    function: Function, issuer: TokenIssuer, token: dict[str, Any] | None
) -> None:
    headers = {} if token is None else {"authorization": f"Bearer {issuer.token(**token)}"}

    def told(method: str, path: str) -> tuple[int, Any, dict[str, str]]:
        response = function.http(method, path, headers=headers, body={} if method == "POST" else None)
        return response.status, response.json, response.headers

    assert told("GET", "/secret") == told("GET", "/nothing")
    assert told("DELETE", "/secret") == told("DELETE", "/nothing")
    assert told("OPTIONS", "/secret") == told("OPTIONS", "/nothing")
    assert told("POST", "/operations/secret") == told("POST", "/operations/nothing")
    staff = issuer.token(groups=["staff"])
    assert _get(function, "/secret", staff) == (200, "")
    with pytest.raises(errors.UnknownOperation, match="the catalogue has no operation of this name"):
        function.task("secret")


def test_a_hidden_route_stands_in_the_way_of_no_other(new_guarded: NewFunction, issuer: TokenIssuer) -> None:
    _named = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    function = new_guarded(
        _route(guarded("jwt:groups=staff", name="hidden", hidden=True), "/people/me"),
        operation("SELECT '2'", name="shown", result=Result.VALUE, http=Http("GET", "/people/{name}"))._replace(
            access=Access(("anyone",)), parameters=(Parameter("name", "scalar"),), parameters_schema=_named
        ),
    )
    staff, guest = issuer.token(groups=["staff"]), issuer.token(groups=["guest"])
    assert function.http("GET", "/people/me", headers={"authorization": f"Bearer {staff}"}).json == {"data": 1}
    for headers in ({}, {"authorization": f"Bearer {guest}"}):
        assert function.http("GET", "/people/me", headers=headers).json == {"data": 2}
        assert function.http("DELETE", "/people/me", headers=headers).status == 405


_ROLE = "arn:aws:sts::111111111111:assumed-role/reader/session"
_USER = "arn:aws:iam::222222222222:user/teams/reader"


@pytest.mark.parametrize(
    ("rule", "lets_in"),
    [
        ("iam:role/reader", {_ROLE}),
        ("iam:111111111111:role/reader", {_ROLE}),
        ("iam:222222222222:role/reader", set()),
        ("iam:111111111111:role/*", {_ROLE}),
        ("iam:222222222222:user/*", {_USER}),
        ("iam:222222222222:user/teams/reader", {_USER}),
        ("iam:222222222222:user/reader", set()),
        ("iam:222222222222:role/*", set()),
        ("iam:user/*", {_USER}),
        ("iam", {_ROLE, _USER}),
    ],
)
def test_a_rule_for_an_account_lets_in_nobody_of_another(rule: str, lets_in: set[str]) -> None:
    check = any_of([rule])
    for arn in (_ROLE, _USER):
        caller = of_iam({"requestContext": {"authorizer": {"iam": {"userArn": arn, "accountId": arn.split(":")[4]}}}})
        assert caller is not None
        assert check(caller) is (arn in lets_in)
    for unlike in (ANONYMOUS, Caller("iam", "iam:"), Caller("jwt", "jwt:x", arn=_ROLE)):
        assert not check(unlike) or unlike.kind == rule


def test_what_is_off_http_is_unknown_there_and_answers_direct_calls(function: Function) -> None:
    response = function.http("POST", "/operations/inner", body={}, headers={"x-api-key": ALICE_KEY})
    nothing = function.http("POST", "/operations/nothing", body={}, headers={"x-api-key": ALICE_KEY})
    assert (response.status, response.json) == (nothing.status, nothing.json)
    assert function.task("inner") == 1


def test_an_alias_is_a_capability(function: Function) -> None:
    with pytest.raises(errors.NotAllowed):
        function.task("report")
    function.function_arn += ":reader"
    assert function.task("report") == 1


def test_an_event_counts_as_the_urls_only_through_the_urls_alias(function: Function) -> None:
    function._application._http_alias = "url"
    with pytest.raises(errors.InvalidParameters, match="the event must be an object such as"):
        function.http("GET", "/open")
    function.function_arn += ":url"
    assert function.http("GET", "/open").status == 200


@pytest.mark.parametrize(
    ("source", "claims", "answer"),
    [
        ("claims.tenant_id", {"tenant_id": 7}, "7|x"),
        ("claims.org.id", {"org": {"id": 9}}, "9|x"),
        ("claims.org.id", {"org": 9}, None),
        ("claims.org.id", {"org.id": 9}, None),
        ("claims.tenant_id", {}, None),
        ("claims.tenant_id", {"tenant_id": None}, None),
        ("claims.tenant_id", {"tenant_id": "7"}, None),
        ("claims.tenant_id", {"tenant_id": [7]}, None),
        ("claims.tenant_id", {"tenant_id": 7.5}, None),
        ("claims.tenant_id", {"tenant_id": 2**40}, None),
        ("claims.tenant_id", {"tenant_id": True}, None),
    ],
)
def test_a_parameter_comes_from_the_callers_claim_or_the_call_is_refused(
    new_guarded: NewFunction, issuer: TokenIssuer, source: str, claims: dict[str, Any], answer: str | None
) -> None:
    function = new_guarded(_of_caller(source, INTEGER))
    headers = {"authorization": f"Bearer {issuer.token(**claims)}"}
    response = function.http("POST", "/operations/mine", body={"given": "x"}, headers=headers)
    if answer is not None:
        assert (response.status, response.json) == (200, {"data": answer})
    else:
        assert (response.status, response.json["code"]) == (403, "NotAllowed")
    direct = {"operation": "mine", "parameters": {"given": "x"}, "claims": claims}
    if answer is not None:
        assert function.invoke(direct) == {"data": answer}
    else:
        with pytest.raises(errors.NotAllowed):
            function.invoke(direct)


def test_a_caller_cannot_send_what_comes_from_it(new_guarded: NewFunction, issuer: TokenIssuer) -> None:
    function = new_guarded(_of_caller("claims.tenant_id", INTEGER))
    headers = {"authorization": f"Bearer {issuer.token(tenant_id=7)}"}
    body = {"given": "x", "tenant_id": 8}
    response = function.http("POST", "/operations/mine", body=body, headers=headers)
    assert (response.status, response.json["errors"]) == (
        400,
        [{"pointer": "/tenant_id", "detail": "is not known here", "in": "body"}],
    )


@pytest.mark.parametrize("text", ["it's", '"; --', "é\u2603", "a" * 10_000, "\\", "{}", "x\ty"])
def test_claims_of_every_text_arrive_as_they_are(new_guarded: NewFunction, issuer: TokenIssuer, text: str) -> None:
    function = new_guarded(_of_caller("claims.tenant_id", TEXT))
    response = function.http(
        "POST",
        "/operations/mine",
        body={"given": "x"},
        headers={"authorization": f"Bearer {issuer.token(tenant_id=text)}"},
    )
    assert (response.status, response.json) == (200, {"data": f"{text}|x"})


def test_a_claim_that_postgresql_cannot_hold_is_refused(new_guarded: NewFunction, issuer: TokenIssuer) -> None:
    function = new_guarded(_of_caller("claims.tenant_id", TEXT))
    headers = {"authorization": f"Bearer {issuer.token(tenant_id='a' + chr(0))}"}
    assert function.http("POST", "/operations/mine", body={"given": "x"}, headers=headers).status == 403


@pytest.mark.parametrize(
    ("source", "answer"), [("iam.arn", "arn:aws:iam::123456789012:role/shop-client"), ("iam.account", "123456789012")]
)
def test_parameters_come_from_iam(new_guarded: NewFunction, source: str, answer: str) -> None:
    function = new_guarded(_of_caller(source, TEXT))
    function.caller = Function.caller
    assert function.http("POST", "/operations/mine", body={"given": "x"}).json == {"data": f"{answer}|x"}


def test_the_log_has_the_caller_and_no_credential(
    capsys: pytest.CaptureFixture[str],
    new_guarded: NewFunction,
    issuer: TokenIssuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A logger keeps the standard output that it finds, and loggers of one service are one.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "log-of-callers")
    function = new_guarded(*OPERATIONS)
    token = issuer.token(scope="books.read", secret="hunter2")  # noqa: S106 (what must not be seen)
    _get(function, "/readers", token)
    _get(function, "/readers", "nonsense")
    function.http("GET", "/readers", headers={"x-api-key": ALICE_KEY})
    written = capsys.readouterr().out
    assert '"caller_kind":"jwt"' in written
    assert '"caller_kind":"key"' in written
    assert '"outcome":"NotAuthenticated"' in written
    for hidden in (token, ALICE_KEY, "hunter2", "alice", "books.read"):
        assert hidden not in written
