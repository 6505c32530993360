"""The HTTP of it: headers, bodies, status codes, signatures, and requests that no SDK would send."""

import io
import json
import logging
import socket
import uuid
from typing import Any

import httpx
import pytest

from queryport.emulator import Emulator
from queryport.emulator.limits import MIB
from queryport.emulator.service import Service
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN, Api, long, text

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/rds-data/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, Signature=0123456789abcdef",
    "x-amz-date": "20260102T030405Z",
    "content-type": "application/json",
}
ADDRESSED = {"resourceArn": RESOURCE_ARN, "secretArn": SECRET_ARN, "database": "postgres"}


def post(
    emulator: Emulator, path: str = "/Execute", headers: dict[str, str] | None = None, **members: Any
) -> httpx.Response:
    body = json.dumps(ADDRESSED | {"sql": "SELECT 1"} | members)
    return httpx.post(emulator.url + path, content=body, headers=SIGNED if headers is None else headers, timeout=30)


def code(response: httpx.Response) -> str:
    return response.headers["x-amzn-errortype"].split(":")[0]


def test_a_success_has_awss_headers_and_no_error_type(emulator: Emulator) -> None:
    response = post(emulator)
    assert response.status_code == 200
    assert response.json() == {"numberOfRecordsUpdated": 0, "records": [[{"longValue": 1}]]}
    assert response.headers["content-type"] == "application/json"
    assert uuid.UUID(response.headers["x-amzn-requestid"]).version == 4
    assert "x-amzn-errortype" not in response.headers
    assert "server" not in response.headers


def test_an_error_is_named_in_a_header_and_worded_in_the_body(emulator: Emulator) -> None:
    response = post(emulator, sql="SELEKT")
    assert response.status_code == 400
    assert response.headers["x-amzn-errortype"] == (
        "DatabaseErrorException:http://internal.amazon.com/coral/com.amazon.rdsdataservice/"
    )
    assert uuid.UUID(response.headers["x-amzn-requestid"])
    assert response.json() == {"message": 'ERROR: syntax error at or near "SELEKT"; Position: 1; SQLState: 42601'}


def test_members_are_absent_where_there_is_nothing_to_say(emulator: Emulator) -> None:
    assert set(post(emulator, sql="SELECT 1 WHERE false").json()) == {"numberOfRecordsUpdated", "records"}
    assert set(post(emulator, sql="SET application_name = 'x'").json()) == {"numberOfRecordsUpdated", "generatedFields"}


def test_head_and_body_of_an_answer_come_in_one_piece(emulator: Emulator) -> None:
    body = json.dumps(ADDRESSED | {"sql": "SELECT 1"})
    head = {"host": "localhost", "content-length": len(body), **SIGNED}
    lines = ["POST /Execute HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", body]
    with socket.create_connection(("127.0.0.1", emulator.port)) as connection:
        for _ in range(20):
            connection.sendall("\r\n".join(lines).encode())
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.endswith(b"}")


def test_a_call_without_a_signature_is_turned_away(emulator: Emulator) -> None:
    response = post(emulator, headers={})
    assert (response.status_code, code(response)) == (403, "MissingAuthenticationTokenException")
    assert response.json() == {"message": "Missing Authentication Token"}


@pytest.mark.parametrize(
    ("headers", "name", "words"),
    [
        ({"authorization": "Bearer abc"}, "IncompleteSignatureException", "not a signing algorithm"),
        (
            {"authorization": SIGNED["authorization"].split(", Signature")[0]},
            "IncompleteSignatureException",
            "'Signature'",
        ),
        ({"x-amz-date": None}, "IncompleteSignatureException", "'X-Amz-Date'"),
        (
            {"authorization": SIGNED["authorization"].replace("/rds-data/", "/s3/")},
            "InvalidSignatureException",
            "correct service: 'rds-data'",
        ),
        (
            {"authorization": SIGNED["authorization"].replace("/20260102/eu-west-1/rds-data/aws4_request", "")},
            "IncompleteSignatureException",
            "slash-delimited",
        ),
    ],
)
def test_a_signature_must_be_whole(emulator: Emulator, headers: dict[str, str | None], name: str, words: str) -> None:
    sent = {key: value for key, value in (SIGNED | headers).items() if value is not None}
    response = post(emulator, headers=sent)
    assert (response.status_code, code(response)) == (403, name)
    assert words in response.json()["message"]


def test_any_key_region_and_signature_will_do(emulator: Emulator) -> None:
    other = SIGNED["authorization"].replace("AKIDEXAMPLE", "x").replace("eu-west-1", "mars").replace("0123", "ffff")
    assert post(emulator, headers=SIGNED | {"authorization": other}).status_code == 200


def test_a_signature_in_the_query_string_counts(emulator: Emulator) -> None:
    query = "?X-Amz-Credential=K/20260102/us-east-1/rds-data/aws4_request&X-Amz-Signature=a"
    assert post(emulator, f"/Execute{query}", headers={}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/execute", "/Execute/", "/CreateCluster"])
def test_other_paths_are_unknown_operations(emulator: Emulator, path: str) -> None:
    response = post(emulator, path)
    assert (response.status_code, code(response)) == (404, "UnknownOperationException")


def test_execute_sql_is_gone(emulator: Emulator) -> None:
    response = post(emulator, "/ExecuteSql")
    assert (response.status_code, code(response)) == (400, "BadRequestException")
    assert response.json()["message"] == ("This API is deprecated and not available. Use ExecuteStatement API instead")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("{", ""),
        ("[]", ""),
        ('"text"', ""),
        (json.dumps(ADDRESSED | {"sql": 1, "database": 2}), " at 'database' at 'sql'"),
        (json.dumps(ADDRESSED | {"sql": "SELECT 1", "parameters": {}}), " at 'parameters'"),
        *(
            (json.dumps(ADDRESSED | {"sql": "SELECT 1", "parameters": [{"name": "a", "value": value}]}), place)
            for value, place in (
                ({"longValue": "1"}, " at 'parameters.1.member.value.longValue'"),
                ({"longValue": 2**63}, " at 'parameters.1.member.value.longValue'"),
                ({"blobValue": "%"}, " at 'parameters.1.member.value.blobValue'"),
                ({"longValue": 1, "stringValue": "1"}, " at 'parameters.1.member.value'"),
            )
        ),
    ],
)
def test_json_of_another_shape_cannot_be_read(emulator: Emulator, body: str, places: str) -> None:
    response = httpx.post(f"{emulator.url}/Execute", content=body, headers=SIGNED)
    assert (response.status_code, code(response)) == (400, "SerializationException")
    assert response.json()["message"] == f"The request's JSON could not be read{places}"


@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({"resourceArn": None}, ["null at 'resourceArn' Member must not be null"]),
        ({"sql": None}, ["null at 'sql' Member must not be null"]),
        ({"secretArn": "short"}, ["at 'secretArn' Member must have length greater than or equal to 11"]),
        ({"database": "d" * 65}, ["at 'database' Member must have length less than or equal to 64"]),
        ({"formatRecordsAs": "XML"}, ["at 'formatRecordsAs' Member must satisfy enum value set: [NONE, JSON]"]),
        (
            {"parameters": [{"name": "a", "typeHint": "BLOB"}]},
            [
                "at 'parameters.1.member.typeHint' Member must satisfy enum value set: "
                "[DATE, DECIMAL, JSON, TIME, TIMESTAMP, UUID]"
            ],
        ),
        (
            {"sql": None, "secretArn": "short"},
            [
                "at 'secretArn' Member must have length greater than or equal to 11",
                "null at 'sql' Member must not be null",
            ],
        ),
    ],
)
def test_the_models_constraints_are_kept(emulator: Emulator, members: dict[str, Any], problems: list[str]) -> None:
    response = post(emulator, **members)
    assert (response.status_code, code(response)) == (400, "ValidationException")
    sentences = [f"Value {problem.replace(' Member', ' failed to satisfy constraint: Member')}" for problem in problems]
    noun = "error" if len(problems) == 1 else "errors"
    assert response.json() == {"message": f"{len(problems)} validation {noun} detected: {'; '.join(sentences)}"}


def test_a_statement_may_have_65536_characters(emulator: Emulator) -> None:
    fits = "SELECT 1 --" + "é" * (65_536 - 11)
    assert post(emulator, sql=fits).status_code == 200
    response = post(emulator, sql=fits + "é")
    assert code(response) == "ValidationException"
    assert response.json()["message"].endswith("'sql' failed to satisfy constraint: "
                                               "Member must have length less than or equal to 65536")  # fmt: skip


def test_a_request_may_have_4_mib(emulator: Emulator, api: Api) -> None:
    assert api.value("SELECT length(:v)", text("v", "x" * (4 * MIB - 4096))) == 4 * MIB - 4096
    response = post(emulator, parameters=[text("v", "x" * 4 * MIB)])
    assert (response.status_code, code(response)) == (413, "RequestEntityTooLargeException")


def test_null_is_the_same_as_absent_and_unknown_members_are_ignored(emulator: Emulator) -> None:
    members: dict[str, Any] = {"parameters": None, "transactionId": None, "schema": None, "somethingNew": {"a": 1}}
    assert post(emulator, **members).status_code == 200


def test_a_timeout_carries_the_connection(api: Api) -> None:
    transaction = api.begin()
    api.execute("SET LOCAL statement_timeout = 50", transactionId=transaction)
    refusal = api.refusal("SELECT pg_sleep(9)", transactionId=transaction)
    assert refusal.code == "StatementTimeoutException"
    assert refusal.message == "canceling statement due to statement timeout"
    assert refusal.members["dbConnectionId"] > 0


def test_modelled_errors_are_classes_of_boto3s_client(api: Api) -> None:
    exceptions = api.client.exceptions
    with pytest.raises(exceptions.DatabaseErrorException):
        api.execute("SELEKT")
    with pytest.raises(exceptions.TransactionNotFoundException):
        api.execute("SELECT 1", transactionId="gone")
    with pytest.raises(exceptions.UnsupportedResultException):
        api.execute("SELECT interval '1 day'")


def test_special_doubles_are_words_in_a_request(emulator: Emulator) -> None:
    response = post(
        emulator,
        sql="SELECT :a::text, :b::text, :c::text",
        parameters=[
            {"name": name, "value": {"doubleValue": value}}
            for name, value in (("a", "NaN"), ("b", "Infinity"), ("c", "-Infinity"))
        ],
    )
    assert response.json()["records"] == [
        [{"stringValue": "NaN"}, {"stringValue": "Infinity"}, {"stringValue": "-Infinity"}]
    ]


def test_long_values_are_exact(emulator: Emulator) -> None:
    response = post(emulator, sql="SELECT :n", parameters=[long("n", -(2**63))])
    assert '"longValue":-9223372036854775808' in response.text


def test_a_database_that_no_connection_can_name_is_postgresqls_to_refuse(emulator: Emulator) -> None:
    response = post(emulator, database="a\0b")
    assert (response.status_code, code(response)) == (400, "DatabaseErrorException")
    assert response.json()["message"].startswith("FATAL: invalid startup packet layout")


def test_a_bug_is_an_internal_failure_to_the_client_and_told_to_whoever_runs_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("somewhere in the emulator")

    # A handler of its own: where a function of this process has logged, Powertools keeps our loggers from pytest's.
    written = io.StringIO()
    listener = logging.StreamHandler(written)
    with monkeypatch.context() as patch:
        patch.setattr(Service, "answer", broken)
        patch.setattr(logging.getLogger("queryport.emulator"), "handlers", [listener])
        response = post(emulator)
    assert (response.status_code, code(response), response.json()) == (500, "InternalFailure", {})
    assert [call.outcome for call in emulator.log] == ["InternalFailure"]
    assert "ZeroDivisionError: somewhere in the emulator" in written.getvalue()
    assert post(emulator).status_code == 200


def test_a_request_that_breaks_off_is_not_carried_out(emulator: Emulator, api: Api) -> None:
    api.execute("CREATE TABLE arrived (id int)")
    body = json.dumps(api.addressed | {"database": api.database, "sql": "INSERT INTO arrived VALUES (1)"})
    head = (
        "POST /Execute?X-Amz-Signature=a&X-Amz-Credential=a/20260102/us-east-1/rds-data/aws4_request HTTP/1.1\r\n"
        f"Host: localhost\r\nContent-Length: {len(body) + 1}\r\n\r\n"  # one more, say of blank space
    )
    emulator.log.clear()
    with socket.create_connection(("127.0.0.1", emulator.port)) as connection:
        connection.sendall((head + body).encode())
    assert api.value("SELECT count(*) FROM arrived") == 0
    assert [call.sql for call in emulator.log] == ["SELECT count(*) FROM arrived"]
