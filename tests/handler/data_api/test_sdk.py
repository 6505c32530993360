"""The doors of botocore that the client is made through: that they are still there, and lead to the same place."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import EndpointVariantError, UnknownServiceError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.regions import EndpointResolver

from handler.data_api import sdk
from queryport.emulator import Emulator

_REQUEST = {"resourceArn": "arn:aws:rds:x", "secretArn": "arn:aws:secretsmanager:x", "database": "handler_suite"}


@pytest.fixture
def client(environment: Mapping[str, str]) -> Iterator[Any]:
    assert environment["AWS_ENDPOINT_URL_RDS_DATA"]
    client = sdk.rds_data_client()
    yield client
    client.close()


@pytest.fixture
def sent(client: Any) -> list[AWSPreparedRequest]:
    """The requests as they go out."""
    requests: list[AWSPreparedRequest] = []

    def note(request: AWSPreparedRequest, **_: Any) -> None:
        requests.append(request)

    client.meta.events.register("before-send.rds-data", note)
    return requests


def test_a_request_is_signed_and_names_its_sender(client: Any, sent: list[AWSPreparedRequest]) -> None:
    client.execute_statement(**_REQUEST, sql="SELECT '1'")
    (request,) = sent
    assert "AWS4-HMAC-SHA256 Credential=test/" in str(request.headers["Authorization"])
    assert "queryport Botocore/" in str(request.headers["User-Agent"])
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == {**_REQUEST, "sql": "SELECT '1'"}


def test_a_call_within_lambda_passes_the_trace_on(
    client: Any, sent: list[AWSPreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "queryport")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3")
    client.execute_statement(**_REQUEST, sql="SELECT '1'")
    assert sent[0].headers["X-Amzn-Trace-Id"] == b"Root=1-2-3"


def test_the_time_to_wait_for_an_answer_is_set_for_each_request(client: Any, sent: list[AWSPreparedRequest]) -> None:
    sdk.read_timeout.set(7.5)
    client.execute_statement(**_REQUEST, sql="SELECT '1'")
    # httpsession.URLLib3Session reads it from there; that it does is seen in test_data_api, by a slow answer.
    assert sent[0].context["read_timeout"] == 7.5  # type: ignore[attr-defined]  # newer than the stubs


def test_rows_come_as_the_texts_of_their_column(client: Any) -> None:
    answer = client.execute_statement(**_REQUEST, sql="SELECT v FROM (VALUES ('\"é\"'), (NULL)) AS t (v)")
    assert answer["rows"] == ['"é"', "null"]
    assert answer["updated"] == 0


def test_errors_and_other_operations_are_read_by_botocore(client: Any, emulator: Emulator) -> None:
    assert emulator.url
    with pytest.raises(client.exceptions.DatabaseErrorException) as failure:
        client.execute_statement(**_REQUEST, sql="SELEKT")
    assert failure.value.response["Error"]["Code"] == "DatabaseErrorException"
    transaction = client.begin_transaction(**_REQUEST)["transactionId"]
    without_database = {name: value for name, value in _REQUEST.items() if name != "database"}
    assert client.rollback_transaction(**without_database, transactionId=transaction)["transactionStatus"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"records": [[]]}', b'{"records": 7}', b'{"records": [[{"longValue": 1}]]}']
)
def test_an_answer_that_is_none_is_an_error_of_parsing(body: bytes) -> None:
    class Shape:
        name = "ExecuteStatementResponse"

    with pytest.raises(ResponseParserError):
        sdk._Parsers().create_parser("rest-json").parse({"status_code": 200, "headers": {}, "body": body}, Shape())


@pytest.mark.parametrize(
    ("region", "fips"),
    [("eu-central-1", "false"), ("us-east-1", "true"), ("cn-north-1", "false"), ("us-gov-west-1", "true")],
)
def test_the_endpoint_is_that_of_boto3(monkeypatch: pytest.MonkeyPatch, region: str, fips: str) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips)
    ours: Any = sdk.rds_data_client()
    assert ours.meta.endpoint_url == boto3.client("rds-data").meta.endpoint_url
    assert ours.meta.region_name == region


def test_every_region_has_the_endpoint_that_botocore_knows() -> None:
    def resolved(resolver: EndpointResolver, region: str, *, dualstack: bool, fips: bool) -> Any:
        try:
            endpoint = resolver.construct_endpoint(
                "rds-data", region, use_dualstack_endpoint=dualstack, use_fips_endpoint=fips
            )
        except EndpointVariantError:
            return "none"
        return endpoint and {name: value for name, value in endpoint.items() if name not in ("variants", "tags")}

    known = Loader().load_data("endpoints")
    ours = sdk._Loader(file_loader=sdk._ModelFiles()).load_data("endpoints")
    regions = [region for partition in known["partitions"] for region in partition["regions"]]
    assert len(regions) > 30
    for region in [*regions, "eu-new-9", "nowhere"]:
        for dualstack, fips in itertools.product((False, True), repeat=2):
            theirs = resolved(EndpointResolver(known), region, dualstack=dualstack, fips=fips)
            # The small file knows of dual stacks that the large one has not heard of yet.
            if theirs != "none" or not dualstack:
                assert resolved(EndpointResolver(ours), region, dualstack=dualstack, fips=fips) == theirs, region


@pytest.mark.parametrize("name", ["rds-data/2018-08-01/service-2", "partitions"])
def test_models_are_read_as_botocore_reads_them(name: str) -> None:
    assert sdk._Loader(file_loader=sdk._ModelFiles()).load_data(name) == Loader().load_data(name)


@pytest.mark.parametrize("service", ["rds-data", "sts"])
def test_every_service_can_be_loaded_since_credentials_may_come_by_another_one(service: str) -> None:
    loader = sdk._Loader(file_loader=sdk._ModelFiles())
    assert loader.load_service_model(service, "service-2") == Loader().load_service_model(service, "service-2")


def test_what_does_not_exist_is_not_found() -> None:
    loader = sdk._Loader(file_loader=sdk._ModelFiles())
    with pytest.raises(UnknownServiceError):
        loader.load_service_model("rds-dada", "service-2")
    assert sdk._ModelFiles().load_file("/nowhere") is None


def test_botocore_has_no_handler_that_concerns_us_and_is_left_out_unseen() -> None:
    """Handlers for some other service may be left out unread. These are for all services, and have been read."""
    general = {
        (spec[0], getattr(spec[1], "__name__", type(spec[1]).__name__))
        for spec in handlers.BUILTIN_HANDLERS
        if (spec[0].count(".") == 0 or "rds-data" in spec[0])
        # moto, where another test has imported it, adds its own.
        and getattr(spec[1], "__module__", type(spec[1]).__module__).startswith("botocore")
    }
    assert general == {
        ("before-call", "add_recursion_detection_header"),  # registered by us
        ("before-call", "inject_api_version_header_if_needed"),  # for operations that discover endpoints
        ("before-parameter-build", "_handle_request_validation_mode_member"),  # checksums that only S3 asks for
        ("before-parameter-build", "generate_idempotent_uuid"),  # the Data API has no idempotency token
        ("choose-service-name", "handle_service_name_alias"),  # of sdb, not of rds-data
        ("choose-signer", "_set_auth_scheme_preference_signer"),  # for services with several schemes
        ("choose-signer", "set_operation_specific_signer"),  # for operations with a scheme of their own
        ("creating-client-class", "add_generate_presigned_url"),  # nobody presigns a statement
        ("request-created", "add_retry_headers"),  # the attempts are ours, not the SDK's
    }
