"""The AWS SDK's client for the RDS Data API, made quickly: boto3's lower half, botocore, through its own seams.

`boto3.client("rds-data")` looks into the folders of all four hundred services, registers handlers for S3 and the like,
and turns each field of an answer into a dictionary: much of a cold start, and nearly all of a large answer. Here the
session's data loader, event handlers and response parser are ours where that matters; signing, endpoints, credentials,
TLS, proxies and connections are botocore's. Retries are handler.data_api's, which knows whether a statement may run
twice.
"""

import gzip
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol, cast

import orjson
from botocore import __version__ as botocore_version
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.config import Config
from botocore.handlers import add_recursion_detection_header
from botocore.httpsession import Timeout  # type: ignore[attr-defined]  # its stub leaves out what it imports
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import ResponseParserError, ResponseParserFactory
from botocore.session import Session

from handler.contract.limits import STATEMENT_SECONDS

SERVICE = "rds-data"
READ_TIMEOUT_SECONDS = STATEMENT_SECONDS + 10
CONNECT_TIMEOUT_SECONDS = 3

read_timeout: ContextVar[float] = ContextVar("read_timeout", default=READ_TIMEOUT_SECONDS)
"""Seconds that the next request waits for an answer."""
connect_timeout: ContextVar[float] = ContextVar("connect_timeout", default=CONNECT_TIMEOUT_SECONDS)
"""Seconds that the next request waits for a connection."""
request_sent: ContextVar[bool] = ContextVar("request_sent", default=True)
"""Whether the last request may have been sent to its end; False where the connection broke while it was written."""


class StatementClient(Protocol):
    """What is used of the client."""

    def execute_statement(self, **request: Any) -> dict[str, Any]:
        """Sends the request once, as all of these do; the answer is that of _RowsParser."""

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]: ...

    def begin_transaction(self, **request: Any) -> dict[str, Any]: ...

    def commit_transaction(self, **request: Any) -> dict[str, Any]: ...

    def rollback_transaction(self, **request: Any) -> dict[str, Any]: ...

    def close(self) -> None:
        """Drops the connections; the next request opens one."""


def rds_data_client() -> StatementClient:
    """The client for the region, the credentials and the endpoint that the environment names."""
    session = Session(include_builtin_handlers=False)
    session.register_component("data_loader", _Loader(file_loader=_ModelFiles()))
    session.register_component("response_parser_factory", _Parsers())
    session.register(f"before-call.{SERVICE}", _mark_recursion)
    session.register(f"before-call.{SERVICE}", _limit_read_timeout)
    client = session.create_client(
        SERVICE,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            # What is sent is built by handler.data_api.client alone, of strings.
            parameter_validation=False,
            user_agent=f"queryport Botocore/{botocore_version}",
        ),
    )
    # botocore lets a request set its read timeout, but not its connect timeout, and does not say how far it came.
    http: Any = client._endpoint.http_session  # type: ignore[attr-defined]  # not in the stubs
    http._get_request_timeout = _timeouts
    http._manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return cast("StatementClient", client)


class _HttpConnection(AWSHTTPConnection):
    def request(self, *arguments: Any, **options: Any) -> Any:
        return _noting_when_sent(super().request, *arguments, **options)


class _HttpsConnection(AWSHTTPSConnection):
    def request(self, *arguments: Any, **options: Any) -> Any:
        return _noting_when_sent(super().request, *arguments, **options)


class _HttpPool(AWSHTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _noting_when_sent(request: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    request_sent.set(False)
    result = request(*arguments, **options)
    request_sent.set(True)
    return result


def _timeouts(_: Any) -> Timeout:
    return Timeout(connect=connect_timeout.get(), read=read_timeout.get())


def _limit_read_timeout(**event: Any) -> None:
    event["context"]["read_timeout"] = read_timeout.get()


def _mark_recursion(**event: Any) -> None:
    add_recursion_detection_header(**event)


class _Loader(Loader):
    """Knows the services by the names of their folders, and looks into none but that which it loads."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 (botocore's signature)
        # Not pathlib, which takes a hundredth of the start-up for a path object of each service.
        return [name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)]  # noqa: PTH112, PTH208


class _ModelFiles(JSONFileLoader):
    """Reads botocore's model files with orjson, and makes the largest of them, of endpoints, out of a small one."""

    def exists(self, file_path: str) -> bool:
        return Path(file_path + ".json").is_file() or Path(file_path + ".json.gz").is_file()

    def load_file(self, file_path: str) -> Any:
        directory, slash, name = file_path.rpartition(os.sep)
        if name == "endpoints":
            return _endpoints(self._read(directory + slash + "partitions"))
        return self._read(file_path)

    def _read(self, file_path: str) -> Any:
        for suffix, text in ((".json", bytes), (".json.gz", gzip.decompress)):
            try:
                content = Path(file_path + suffix).read_bytes()
            except FileNotFoundError:
                continue
            return orjson.loads(text(content))
        return None


def _endpoints(partitions: Mapping[str, Any]) -> dict[str, Any]:
    """endpoints.json as far as it concerns a service that has no endpoints but the usual ones, like the Data API.

    The file describes every service in every region, and takes a twentieth of the start-up to read. Requests go where
    the service's own rules (endpoint-rule-set-1.json) say in any case.
    """
    return {"partitions": [_partition(each) for each in partitions["partitions"]]}


def _partition(partition: Mapping[str, Any]) -> dict[str, Any]:
    outputs = partition["outputs"]
    suffix, dual = outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]
    usual, fips = "{service}.{region}.{dnsSuffix}", "{service}-fips.{region}.{dnsSuffix}"
    variants = [{"tags": ["fips"], "hostname": fips, "dnsSuffix": suffix}]
    if outputs["supportsDualStack"]:
        variants += [
            {"tags": ["dualstack"], "hostname": usual, "dnsSuffix": dual},
            {"tags": ["dualstack", "fips"], "hostname": fips, "dnsSuffix": dual},
        ]
    return {
        "partition": partition["id"],
        "dnsSuffix": suffix,
        "regionRegex": partition["regionRegex"],
        "regions": partition["regions"],
        "defaults": {
            "hostname": usual,
            "protocols": ["https"],
            "signatureVersions": ["v4"],
            "variants": variants,
        },
        "services": {},
    }


class _RowsParser:
    """Reads what ExecuteStatement answers, straight into the JSON texts of the rows' one column.

    `{"records": [[{"stringValue": "…"}], …], "numberOfRecordsUpdated": 1}` becomes `{"rows": ["…", …], "updated": 1}`;
    a NULL becomes JSON's null. Errors, and the answers of other operations, go to botocore's own parser.
    """

    def __init__(self, stock: Any) -> None:
        self._stock = stock

    def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        if response["status_code"] >= 300 or shape is None or shape.name != "ExecuteStatementResponse":
            parsed: dict[str, Any] = self._stock.parse(response, shape)
            return parsed
        try:
            answer = orjson.loads(response["body"])
            return {
                "rows": [
                    text if (text := row[0].get("stringValue")) is not None else _null(row[0])
                    for row in answer.get("records") or ()
                ],
                "updated": answer.get("numberOfRecordsUpdated", 0),
            }
        except (orjson.JSONDecodeError, AttributeError, IndexError, TypeError) as error:
            raise ResponseParserError("the answer is none of ExecuteStatement's") from error


def _null(field: Mapping[str, Any]) -> str:
    if field.get("isNull"):
        return "null"
    raise TypeError("expected a text")


class _Parsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:
        return _RowsParser(super().create_parser(protocol_name))
