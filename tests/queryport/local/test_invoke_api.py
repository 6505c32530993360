"""Lambda's Invoke API of `queryport serve`: the real boto3, and Step Functions as moto interprets it."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import httpx
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.queryport.local.test_late_document import event as url_event
from tests.support.projects import BOOKSHOP, Served, eventually, write
from tests.support.step_functions import step_functions

pytestmark = pytest.mark.slow

ARN = "arn:aws:lambda:us-east-1:123456789012:function:queryport"
PATH = "/2015-03-31/functions/queryport/invocations"

_FILES = BOOKSHOP | {
    "migrations/0002_audit.sql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
        "  RAISE 'the shop is closed' USING HINT = 'Come back tomorrow.', DETAIL = 'It is night.';\n"
        "END $$;\n"
        "CREATE TABLE visit (visit_id int PRIMARY KEY);\n"
        "CREATE TRIGGER closed BEFORE INSERT ON visit FOR EACH ROW EXECUTE FUNCTION refuse();\n"
    ),
    "sql_queries/books/add.sql": "INSERT INTO book (book_id, title) VALUES (:book_id, :title)\n",
    "sql_queries/books/visit.sql": "INSERT INTO visit VALUES (1)\n",
    "sql_queries/books/large.sql": "-- result: value\nSELECT repeat('x', :size) AS text\n",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, module_data_dir: Path) -> Iterator[Served]:
    with Served(
        write(tmp_path_factory.mktemp("shop"), _FILES), "--show-sql", "--data-dir", str(module_data_dir)
    ) as served:
        yield served


@pytest.fixture
def client(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """boto3's client, pointed at the function by what `serve` prints."""
    name, _, url = served.printed("Lambda").partition(" ")[0].partition("=")
    for variable, value in {
        name: url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(variable, value)
    client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    yield client
    client.close()


def _event(operation: str, **parameters: object) -> bytes:
    return json.dumps({"operation": operation, "parameters": parameters}).encode()


def _refused(client: Any, **members: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        client.invoke(**members)
    response = caught.value.response
    text = str(response["Error"].get("Message") or response.get("Message"))
    return int(response["ResponseMetadata"]["HTTPStatusCode"]), str(response["Error"]["Code"]), text


@pytest.mark.parametrize(
    ("name", "qualifier"),
    [
        ("queryport", None),
        ("queryport", "live"),
        ("queryport:live", None),
        ("queryport:live", "live"),
        ("queryport:$LATEST", None),
        (ARN, None),
        (f"{ARN}:live", None),
        ("123456789012:function:queryport", "7"),
        ("function", None),
    ],
)
def test_the_function_answers_by_every_name_of_it(client: Any, name: str, qualifier: str | None) -> None:
    members = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    answer = client.invoke(**members, Payload=_event("books.count"))
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {"data": 5}
    assert answer["ResponseMetadata"]["RequestId"]


def test_a_failure_is_said_to_be_one(client: Any) -> None:
    answer = client.invoke(FunctionName="queryport", Payload=_event("books.get", book_id=99))
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorType"] == "NotFound"


def test_an_operation_that_does_not_compile_says_so(client: Any, served: Served) -> None:
    write(served.project, {"sql_queries/bad.sql": "SELECT titel FROM book\n"})
    try:

        def error() -> dict[str, Any]:
            answer = client.invoke(FunctionName="queryport", Payload=_event("bad"))
            found: dict[str, Any] = json.loads(answer["Payload"].read())
            return found

        eventually(lambda: error()["errorType"] == "DoesNotCompile")
        assert "bad.sql:1:8" in error()["errorMessage"]
    finally:
        (served.project / "sql_queries/bad.sql").unlink()


def test_a_dry_run_calls_nothing(client: Any) -> None:
    answer = client.invoke(
        FunctionName="queryport", InvocationType="DryRun", Payload=_event("books.rename", book_id=1, title="Dry")
    )
    assert answer["StatusCode"] == 204
    assert _title(client, 1) == "Book 1"


def test_an_event_is_taken_at_once_and_carried_out(client: Any, served: Served) -> None:
    answer = client.invoke(FunctionName="queryport", InvocationType="Event", Payload=_event("books.wait", seconds=60))
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    with psycopg.connect(shlex.split(served.printed("PostgreSQL"))[1], autocommit=True) as connection:
        sleeping = "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sleep%' AND pid <> pg_backend_pid()"
        eventually(lambda: connection.execute(f"SELECT count(*) {sleeping}").fetchone() == (1,))
        connection.execute(f"SELECT pg_cancel_backend(pid) {sleeping}")
    client.invoke(
        FunctionName="queryport", InvocationType="Event", Payload=_event("books.rename", book_id=2, title="Later")
    )
    eventually(lambda: _title(client, 2) == "Later")


def _title(client: Any, book_id: int) -> str:
    answer = client.invoke(FunctionName="queryport", Payload=_event("books.get", book_id=book_id))
    title: str = json.loads(answer["Payload"].read())["data"]["title"]
    return title


def test_what_aws_refuses_is_refused_in_its_form(client: Any, served: Served) -> None:
    event = _event("books.count")
    assert _refused(client, FunctionName="other", Payload=event) == (
        404,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:123456789012:function:other",
    )
    status, code, _ = _refused(client, FunctionName="queryport:live", Qualifier="test", Payload=event)
    assert (status, code) == (400, "InvalidParameterValueException")
    status, code, text = _refused(client, FunctionName="queryport", Payload=b"{broken")
    assert (status, code) == (400, "InvalidRequestContentException")
    assert text.startswith("Could not parse request body into json: ")
    large = json.dumps("x" * 6_300_000).encode()
    status, code, text = _refused(client, FunctionName="queryport", Payload=large)
    assert (status, code) == (413, "RequestTooLargeException")
    assert text == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    status, code, _ = _refused(
        client, FunctionName="queryport", InvocationType="Event", Payload=large[:1_100_000] + b'"'
    )
    assert (status, code) == (413, "RequestTooLargeException")
    answer = served.client.post(PATH, content=event, headers={"X-Amz-Invocation-Type": "Sometimes"})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")
    assert answer.json()["Type"] == "User"


def test_an_empty_payload_is_an_empty_event(client: Any) -> None:
    answer = client.invoke(FunctionName="queryport")
    assert answer["FunctionError"] == "Unhandled"


def test_numbers_reach_the_handler_as_they_were_written(client: Any) -> None:
    """The event is passed on as text: no digit is lost between."""
    payload = b'{"operation": "books.cheap", "parameters": {"price": 1.00000000000000000001}}'
    answer = client.invoke(FunctionName="queryport", Payload=payload)
    assert json.loads(answer["Payload"].read()) == {"data": [{"title": "Book 1"}]}


def test_step_functions_run_against_it(client: Any) -> None:
    definition = {
        "StartAt": "Rename",
        "States": {
            "Rename": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": f"{ARN}:live",
                    "Payload": {"operation": "books.rename", "parameters": {"book_id.$": "$.id", "title": "Stepped"}},
                },
                "ResultPath": None,
                "Next": "Get",
            },
            "Get": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": ARN,
                    "Payload": {"operation": "books.get", "parameters": {"book_id": 99}},
                },
                "Catch": [{"ErrorEquals": ["NotFound"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Pass", "Result": {"caught": True}, "End": True},
        },
    }
    with step_functions():
        states = boto3.client("stepfunctions")
        machine = states.create_state_machine(
            name="shop", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states"
        )
        execution = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], name="one", input=json.dumps({"id": 3})
        )["executionArn"]
        eventually(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING", 60)
        found = states.describe_execution(executionArn=execution)
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"caught": True})
    assert _title(client, 3) == "Stepped"


def test_postgresqls_words_are_for_the_terminal_alone(client: Any, served: Served) -> None:
    answers = [
        served.call("books.add", book_id=1, title="\x1b[2J secret"),
        served.call("books.visit"),
    ]
    invoked = client.invoke(FunctionName="queryport", Payload=_event("books.add", book_id=1, title="x"))
    expected = [
        '  ERROR:  23505: duplicate key value violates unique constraint "book_pkey"\n',
        "  DETAIL:  Key (book_id)=(1) already exists.\n",
        "  CONSTRAINT NAME:  book_pkey\n",
        "  ERROR:  P0001: the shop is closed\n",
        "  DETAIL:  It is night.\n",
        "  HINT:  Come back tomorrow.\n",
        "  CONTEXT:  PL/pgSQL function refuse() line 2 at RAISE\n",
    ]
    eventually(lambda: all(line in served.output for line in expected))
    eventually(lambda: served.output.count("23505: ") == 2)
    assert "  STATEMENT:  " in served.output
    assert "INSERT INTO visit VALUES (1)" in served.output
    assert "\x1b[2J" not in served.output
    # A HINT is for callers, too.
    told = "".join(answer.text for answer in answers) + invoked["Payload"].read().decode()
    for word in ("already exists", "night", "refuse()", "INSERT"):
        assert word not in told


def test_the_openapi_document_is_that_of_the_latest_save(client: Any, served: Served) -> None:
    """Whichever way it is first asked for after a save."""

    def by_url() -> Any:
        return served.client.get("/openapi.json").json()

    def by_invocation() -> Any:
        answer = client.invoke(FunctionName="queryport", Payload=json.dumps(url_event("/openapi.json")))
        return json.loads(json.loads(answer["Payload"].read())["body"])

    path = served.project / "sql_queries/version.sql"
    for number, ask in enumerate((by_url, by_url, by_invocation, by_invocation)):
        path.write_text(f"-- summary: Version {number}\n-- result: value\nSELECT {number} AS n\n")
        eventually(lambda: served.value("version") == number)  # noqa: B023 (ends first)
        document = ask()
        assert document["paths"]["/operations/version"]["post"]["summary"] == f"Version {number}"
        assert "/books/{book_id}" in document["paths"]
        assert document["info"]["version"] == served.client.get("/health").json()["fingerprint"]


def test_an_upload_that_breaks_off_is_no_failure(served: Served) -> None:
    def halves() -> Iterator[bytes]:
        yield b'{"operation": '
        raise OSError("the caller hangs up")

    for path in ("/operations/books.count", PATH):
        with pytest.raises(OSError, match="hangs up"):
            httpx.post(f"{served.printed('Function URL')}{path}", content=halves())
    assert served.value("books.count") == 5
    assert "Traceback" not in served.output
