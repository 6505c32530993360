"""Every operation, called through the function and the RDS Data API, against its file's own SQL through psycopg."""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

import psycopg
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from jsonschema import Draft202012Validator
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from handler.contract.operation import Operation, Result
from queryport.compile import Compilation
from queryport.compile.write.emit import write_catalog
from queryport.emulator import Emulator
from queryport.local.lambda_environment import LambdaEvent
from queryport.local.lambda_environments import LambdaEnvironments, operation_variables
from queryport.postgres.server import EmbeddedPostgres
from tests.example.calls import ABSENT, Call, recorded, route, statement
from tests.support.databases import fresh_copy
from tests.support.function import IAM_CALLER
from tests.support.shop import as_least_role, seeded_shop

CALLS = recorded()
Peer = psycopg.Connection[dict[str, Any]]


class CallError(Exception):
    """What the function raised: its message is the error's name."""


class Shop:
    """The function, in a process of its own."""

    def __init__(self, environments: LambdaEnvironments, portal: BlockingPortal) -> None:
        self._environments = environments
        self._portal = portal

    def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        claims: Mapping[str, Any] | None = None,
        if_match: Any = None,
    ) -> Any:
        """What a direct invocation answers. Raises CallError."""
        event = {"operation": operation, "parameters": parameters, "claims": claims or {}}
        return self._invoke(event if if_match is None else event | {"if_match": if_match})

    def get(self, path: str, query: Sequence[tuple[str, str]]) -> Any:
        """What the Function URL answers to a GET."""
        response = self._invoke(
            {
                "version": "2.0",
                "rawPath": path,
                "rawQueryString": urlencode(query),
                "headers": {},
                "requestContext": {"authorizer": {"iam": IAM_CALLER}, "http": {"method": "GET", "path": path}},
                "isBase64Encoded": False,
            }
        )
        assert response["statusCode"] == 200, response["body"]
        if response.get("isBase64Encoded"):
            # Of `format: bytes` the route gives the bytes themselves, and a direct call their text.
            return {"data": f"\\x{b64decode(response['body']).hex()}"}
        return _parsed(response["body"])

    def _invoke(self, event: Any) -> Any:
        outcome = self._portal.call(self._environments.invoke, LambdaEvent(event))
        answer = _parsed(outcome.payload)
        if outcome.failed:
            raise CallError(answer["errorType"])
        return answer


class Served(NamedTuple):
    """A shop behind the function, and one in the same state behind a driver."""

    shop: Shop
    peer: Peer


@contextmanager
def _served(
    server: EmbeddedPostgres, url: str, peer_url: str, compilation: Compilation, directory: Path
) -> Iterator[Served]:
    catalog = directory / "catalog.json"
    write_catalog(catalog, compilation.catalogue, "test")
    database = str(conninfo_to_dict(url)["dbname"])
    with (
        # As in production, the function is a role that may do what its operations need, and no more.
        Emulator(as_least_role(server, url)) as emulator,
        start_blocking_portal() as portal,
        psycopg.connect(peer_url, autocommit=True, row_factory=dict_row) as peer,
    ):
        _know_types(peer)
        environments = LambdaEnvironments(operation_variables(catalog, emulator.url, database), directory / "log")
        yield Served(Shop(environments, portal), peer)
        portal.call(environments.close)


def _know_types(peer: Peer) -> None:
    """Let the driver read PostgreSQL's types by itself, as far as JSON has them."""
    address = CompositeInfo.fetch(peer, "address")
    assert address is not None
    register_composite(address, peer)
    for written_as_text in ("interval", "daterange"):
        peer.adapters.register_loader(written_as_text, TextLoader)
    set_json_loads(_parsed, peer)


@pytest.fixture(scope="module")
def read(
    postgres: EmbeddedPostgres, pristine: str, compilation: Compilation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A shop that is only read, so that no answer depends on which calls were made before."""
    with _served(postgres, pristine, pristine, compilation, tmp_path_factory.mktemp("read")) as served:
        yield served


@pytest.fixture(scope="module")
def changed(
    postgres: EmbeddedPostgres, compilation: Compilation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Two shops for calls that change them."""
    template = seeded_shop(postgres)
    with (
        fresh_copy(postgres, template) as one,
        fresh_copy(postgres, template) as other,
        _served(postgres, one.url, other.url, compilation, tmp_path_factory.mktemp("changed")) as served,
    ):
        yield served


@pytest.fixture
def served(call: Call, operations: dict[str, Operation], request: pytest.FixtureRequest) -> Served:
    """The shops for a call."""
    found: Served = request.getfixturevalue("read" if operations[call.operation].read_only else "changed")
    return found


@pytest.fixture(scope="module")
def operations(compilation: Compilation) -> dict[str, Operation]:
    return {operation.name: operation for operation in compilation.operations}


@pytest.mark.parametrize("call", [call for call in CALLS if call.error is None], ids=lambda call: call.operation)
def test_answers_as_its_sql_does(call: Call, served: Served, operations: dict[str, Operation]) -> None:
    operation = operations[call.operation]

    data = served.shop.call(call.operation, call.parameters, call.claims, call.if_match)["data"]

    Draft202012Validator(operation.documentation.result_schema).validate(_with_floats(data))
    if call.rows is not None:
        assert len(data) == call.rows
    if call.data is not ABSENT:
        assert _restricted(data, call.data) == _with_decimals(call.data)
    cursor = served.peer.execute(statement(operation, call).encode())
    assert _steady(data, call) == _steady(_shaped(operation, cursor), call)


@pytest.mark.parametrize("call", [call for call in CALLS if call.error is not None], ids=lambda call: call.operation)
def test_fails_by_the_name_of_what_is_wrong(call: Call, served: Served) -> None:
    with pytest.raises(CallError, match=f"^{call.error}$"):
        served.shop.call(call.operation, call.parameters, call.claims, call.if_match)


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if call.error is None and not call.claims and route(call.operation).startswith("GET ")],
    ids=lambda call: route(call.operation),
)
def test_answers_alike_by_its_route(call: Call, read: Served) -> None:
    path, query = route(call.operation).removeprefix("GET "), []
    for name, value in call.parameters.items():
        texts = [_url_text(item) for item in (value if isinstance(value, list) else [value])]
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(texts[0], safe=""))
        else:
            query += [(name, text) for text in texts]

    assert read.shop.get(path, query) == read.shop.call(call.operation, call.parameters)


def test_every_operation_has_a_call_that_succeeds(operations: dict[str, Operation]) -> None:
    assert {call.operation for call in CALLS if call.error is None} == set(operations)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("catalogue.list_books", {"format": "hardback"}),
        ("customers.list_customers", {}),
        ("customers.list_reviews", {"book_id": 3839}),
        ("orders.list_orders", {"customer_id": "9e8486cd-d435-4eda-aa60-806dd334d964"}),
    ],
)
def test_pages_meet_without_gap_or_overlap(read: Served, operation: str, parameters: dict[str, Any]) -> None:
    whole = read.shop.call(operation, {**parameters, "limit": 21})["data"]
    assert len(whole) == 21

    pages, cursor = [], None
    for _ in range(3):
        answer = read.shop.call(operation, {**parameters, "limit": 7, "cursor": cursor})
        pages += answer["data"]
        cursor = answer["next"]

    assert pages == whole


def _shaped(operation: Operation, cursor: psycopg.Cursor[dict[str, Any]]) -> Any:
    """What the driver got, in the form of the operation's answer."""
    match operation.result:
        case Result.NONE:
            return None
        case Result.AFFECTED:
            return cursor.rowcount
    rows = [{name: _plain(value) for name, value in row.items()} for row in cursor.fetchall()]
    match operation.result:
        case Result.MANY:
            return rows
        case Result.VALUE:
            return next(iter(rows[0].values()))
    return rows[0] if rows else None


def _plain(value: Any) -> Any:
    """The driver's value as JSON has it."""
    match value:
        case datetime():
            return value.isoformat()
        case date() | UUID():
            return str(value)
        case bytes():
            return f"\\x{value.hex()}"
        case float():
            return Decimal(repr(value))
        case tuple():  # a composite, which psycopg makes a named tuple
            return {name: _plain(field) for name, field in zip(value._fields, value, strict=True)}  # type: ignore[attr-defined]
        case list():
            return [_plain(item) for item in value]
    return value


def _steady(data: Any, call: Call) -> Any:
    """The answer without what is not the same twice, and with every time in one form."""
    match data:
        case list():
            return [_steady(item, call) for item in data]
        case dict():
            return {name: _steady(value, call) for name, value in data.items() if name not in call.varies}
        case str() if data[10:11] == "T":
            return datetime.fromisoformat(data)
    return data


def _restricted(data: Any, expected: Any) -> Any:
    """Of an object the members that are expected, of anything else all."""
    return {name: data[name] for name in expected} if isinstance(expected, dict) else data


def _with_decimals(data: Any) -> Any:
    return _parsed(json.dumps(data))


def _with_floats(data: Any) -> Any:
    """jsonschema takes no Decimal for a number."""
    return json.loads(json.dumps(data, default=float))


def _parsed(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


def _url_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
