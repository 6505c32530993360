"""What goes over the wire is what boto3 sends, header by header, and what comes back is read as botocore reads it."""

import datetime
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from hypothesis import example, given
from hypothesis import strategies as st

from handler.data_api.connection import Reply
from handler.data_api.wire import (
    Action,
    Request,
    Rows,
    ServiceError,
    Wire,
    _service_error,
    read_end,
    read_rows,
    read_transaction_id,
    read_updates,
)
from queryport.emulator import Emulator
from queryport.testing.databases import FreshDatabase
from tests.support.boto3_session import session
from tests.support.recorder import Answer, Recorded, Recorder

_CLUSTER = {
    "resourceArn": "arn:aws:rds:eu-west-1:123456789012:cluster:shop",
    "secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf",
}
_DATABASE = {**_CLUSTER, "database": "handler_suite"}
_PARAMETERS = [
    {"name": "a", "value": {"stringValue": "é\u2028</script>\x00\x7f😀 \\ \" '"}},
    {"name": "b", "value": {"isNull": True}},
]
_SQL = "SELECT to_json((:a || coalesce(:b, '')))::text"

REQUESTS: Mapping[Action, tuple[str, Mapping[str, Any]]] = {
    Action.EXECUTE: ("execute_statement", {**_DATABASE, "sql": _SQL, "parameters": _PARAMETERS}),
    Action.BATCH_EXECUTE: (
        "batch_execute_statement",
        {**_DATABASE, "sql": _SQL, "parameterSets": [_PARAMETERS, _PARAMETERS], "transactionId": "T1"},
    ),
    Action.BEGIN: ("begin_transaction", _DATABASE),
    Action.COMMIT: ("commit_transaction", {**_CLUSTER, "transactionId": "T1"}),
    Action.ROLL_BACK: ("rollback_transaction", {**_CLUSTER, "transactionId": "T1"}),
}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment like a Lambda's, as far as the SDK reads it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "token/of+a=role",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _send(wire: Wire, action: Action, members: Mapping[str, Any], attempt: int = 1) -> bytes:
    return wire.send(Request.of(action, members), attempt=attempt, connect=3, read=5)


def _both(recorder: Recorder, action: Action, url: str | None = None) -> tuple[Recorded, Recorded]:
    """The request as boto3 sends it and as it is sent here."""
    name, members = REQUESTS[action]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_RDS_DATA", url or recorder.url)
        client, wire = session().client("rds-data"), Wire.from_environment()
        try:
            getattr(client, name)(**members)
            _send(wire, action, members)
        finally:
            client.close()
            wire.close()
    theirs, ours = recorder.requests[-2:]
    return theirs, ours


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("within", ["a Lambda", "a shell"])
def test_every_header_is_boto3s(recorder: Recorder, aws: pytest.MonkeyPatch, action: Action, within: str) -> None:
    if within == "a Lambda":
        aws.setenv("AWS_LAMBDA_FUNCTION_NAME", "queryport")
        aws.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
        aws.setenv("_X_AMZN_TRACE_ID", 'Root=1-2-3;Parent=x;Sampled=1;Lineage=25:a"{é}|')
        aws.setenv("AWS_SDK_UA_APP_ID", "shop/é 1")
    else:
        aws.delenv("AWS_SESSION_TOKEN")
        aws.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3")
    theirs, ours = _both(recorder, action)
    assert (ours.method, ours.target) == (theirs.method, theirs.target) == ("POST", action.value)
    assert ours.json == theirs.json
    assert {name.lower() for name, _ in ours.headers} == {name.lower() for name, _ in theirs.headers}
    for name, value in theirs.headers:
        mine = ours.header(name)
        assert mine is not None
        match name.lower():
            case "content-length":
                assert int(mine) == len(ours.body)
            case "x-amz-date":
                assert abs(_when(mine) - _when(value)) < datetime.timedelta(seconds=30)
            case "authorization":
                assert _unsigned(mine) == _unsigned(value)
                assert _signature(ours) in mine
                assert _signature(theirs) in value
            case "amz-sdk-invocation-id":
                assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", mine)
                assert mine != value
            case "amz-sdk-request":
                assert value.startswith(f"{mine}; max=")
            case "user-agent":
                assert _facts(mine) == _facts(value)
            case _:
                assert mine == value, name


def _when(amz_date: str) -> datetime.datetime:
    return datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)


def _unsigned(authorization: str) -> str:
    return authorization.partition(", Signature=")[0]


def _facts(user_agent: str) -> set[str]:
    """The parts of a User-Agent without products (Powertools adds its own), the SDK's features (m/) and its retries."""
    return {
        part
        for part in user_agent.split(" ")
        if not part.startswith(("Boto3/", "Botocore/", "queryport", "PT", "m/", "cfg/retry-mode"))
    }


def _signature(request: Recorded) -> str:
    """The signature as AWS computes it from what came in (the four steps of its documentation)."""
    authorization = request.header("authorization")
    assert authorization is not None
    date, region, service, end = authorization.partition("/")[2].partition(",")[0].split("/")
    signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = "".join(f"{name}:{request.header(name)}\n" for name in signed)
    canonical = "\n".join(
        [request.method, request.target, "", headers, ";".join(signed), hashlib.sha256(request.body).hexdigest()]
    )
    scope = f"{date}/{region}/{service}/{end}"
    text = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            str(request.header("x-amz-date")),
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    for part in (date, region, service, end, text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.mark.parametrize("path", ["/", "/base", "/base/", "/a/b/"])
def test_an_endpoint_may_have_a_path(recorder: Recorder, aws: pytest.MonkeyPatch, path: str) -> None:
    assert aws
    theirs, ours = _both(recorder, Action.EXECUTE, recorder.url + path)
    assert ours.target == theirs.target
    assert ours.header("host") == theirs.header("host") == f"localhost:{recorder.port}"
    assert _signature(ours) in str(ours.header("authorization"))


def test_attempts_of_a_request_share_its_id(recorder: Recorder, aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL", recorder.url)
    wire = Wire.from_environment()
    request = Request.of(*_execute("SELECT"))
    for attempt in (1, 2):
        wire.send(request, attempt=attempt, connect=3, read=5)
    _send(wire, *_execute("SELECT"))
    wire.close()
    ids = [each.header("amz-sdk-invocation-id") for each in recorder.requests]
    assert ids[0] == ids[1] != ids[2]
    assert [each.header("amz-sdk-request") for each in recorder.requests] == ["attempt=1", "attempt=2", "attempt=1"]
    assert recorder.connections == 1


def _execute(sql: str) -> tuple[Action, Mapping[str, Any]]:
    return Action.EXECUTE, {**_DATABASE, "sql": sql}


@given(st.text("aZ 09\"\\/'\x00\x1f\x7f\xe9\u2028\uffff\U0001f600\ud800\udfff", max_size=8))
@example("\ud800")
def test_every_text_is_sent_as_the_sdk_sends_it(text: str) -> None:
    # Half a surrogate pair too: it is for the service to say that it is none of Unicode's.
    sent = Request.of(Action.EXECUTE, {"sql": text}).body
    assert json.loads(sent) == {"sql": json.loads(json.dumps(text))}


def test_both_get_the_same_from_the_emulator(
    emulator: Emulator, environment: Mapping[str, str], suite: FreshDatabase
) -> None:
    addressed = {**_CLUSTER, "database": suite.name}
    assert environment["AWS_ENDPOINT_URL_RDS_DATA"] == emulator.url
    client, wire = session().client("rds-data"), Wire.from_environment()
    sql = "SELECT to_json(v)::text FROM (VALUES ('é\"'), (NULL), (:a)) AS t (v)"
    members = {**addressed, "sql": sql, "parameters": [{"name": "a", "value": {"stringValue": "😀\u2028"}}]}
    rows = read_rows(_send(wire, Action.EXECUTE, members))
    theirs = client.execute_statement(**members)["records"]
    assert rows == Rows([record[0].get("stringValue", "null") for record in theirs], 0)
    assert rows.json_rows[1] == "null"
    transaction = orjson.loads(_send(wire, Action.BEGIN, addressed))["transactionId"]
    steps = {**_CLUSTER, "transactionId": transaction}
    insert = "INSERT INTO account (account_id, email) VALUES (:id::int, :id)"
    sets = [[{"name": "id", "value": {"stringValue": number}}] for number in "12"]
    _send(wire, Action.BATCH_EXECUTE, {**addressed, **steps, "sql": insert, "parameterSets": sets})
    count = {**addressed, "sql": "SELECT count(*)::text FROM account"}
    assert read_rows(_send(wire, Action.EXECUTE, {**count, "transactionId": transaction})).json_rows == ["2"]
    _send(wire, Action.ROLL_BACK, steps)
    assert client.execute_statement(**count)["records"] == [[{"stringValue": "0"}]]
    change = {**addressed, "sql": "INSERT INTO account (account_id, email) VALUES (1, 'x')"}
    assert read_rows(_send(wire, Action.EXECUTE, change)) == Rows([], 1)
    refused: Mapping[str, Any]
    for refused in ({**addressed, "sql": "SELEKT"}, {**addressed, "sql": "SELECT 1", "schema": "x"}):
        with pytest.raises(ServiceError) as ours:
            _send(wire, Action.EXECUTE, refused)
        with pytest.raises(ClientError) as failure:
            client.execute_statement(**refused)
        error = failure.value.response
        assert ours.value.code == error["Error"]["Code"]
        assert ours.value.message == error["Error"]["Message"]
        assert ours.value.status == error["ResponseMetadata"]["HTTPStatusCode"]
    wire.close()
    client.close()


_NAMES = st.sampled_from(
    ["FooError", "aws.protocoltests#FooError", "FooError:http://internal.amazon.com/coral/x/", "a#FooError:http://x#y"]
)
_MEMBERS = st.dictionaries(
    st.sampled_from(["message", "Message", "code", "Code", "__type", "other"]),
    st.one_of(_NAMES, st.sampled_from(["", "é", "Failed: x#y"])),
).map(orjson.dumps)


@given(
    status=st.sampled_from([301, 307, 400, 403, 404, 413, 429, 500, 503, 504]),
    header=st.none() | _NAMES,
    body=st.one_of(_MEMBERS, st.sampled_from([b"", b"{}", b"<html></html>", b"no JSON", b"\xff"])),
)
@example(status=503, header=None, body=b"<html></html>")
def test_errors_have_the_codes_that_botocore_reads(status: int, header: str | None, body: bytes) -> None:
    headers = {"x-amzn-errortype": header} if header else {}
    ours = _service_error(Reply(status, headers, body))
    assert ours.status == status
    members = orjson.loads(body) if body.startswith(b"{") else {}
    if header is None and "" in {members.get(name, "x") for name in ("code", "Code", "__type")}:
        return  # botocore takes an empty name for one; here the next best is taken
    if header is not None and status >= 500 and not body.startswith(b"{"):
        assert ours.code == "FooError"  # botocore does not look at the header of an answer without a body
        return
    if body == b"\xff":
        assert ours.code == ("FooError" if header else str(status))  # botocore fails
        return
    parser: Any = create_parser("rest-json")
    theirs = parser.parse({"status_code": status, "headers": headers, "body": body}, None)["Error"]
    assert ours.code == theirs["Code"]
    if body.startswith(b"{") and members.get("message", "x"):
        assert ours.message == theirs["Message"]


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null", b'{"code": 7}', b'{"message": null, "__type": null}'])
def test_an_error_of_an_unknown_shape_is_still_one(body: bytes) -> None:
    error = _service_error(Reply(400, {}, body))
    assert error.code in ("400", "7")
    assert error.message == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"transactionId": null, "transactionStatus": 7, "updateResults": {}}',
        b'{"records": [[]]}',
        b'{"records": 7}',
        b'{"records": [[{"longValue": 1}]]}',
    ],
)
@pytest.mark.parametrize("read", [read_rows, read_transaction_id, read_updates, read_end])
def test_an_answer_that_is_none_cannot_be_read(read: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any will do)
        read(body)


def test_a_redirection_is_not_followed(recorder: Recorder, aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL_RDS_DATA", recorder.url)
    recorder.answer = Answer(307, headers={"Location": f"{recorder.url}/Elsewhere"})
    wire = Wire.from_environment()
    with pytest.raises(ServiceError, match="307"):
        _send(wire, *_execute("SELECT"))
    wire.close()
    assert len(recorder.requests) == 1
