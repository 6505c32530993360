"""Callers who pretend to be another: none of them sees another's rows, and none can make the function fail.

The long form, with another seed: make hostile SEED=7
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from time import thread_time
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters import clear_caches

from handler.contract.errors import OperationError
from queryport.emulator import Emulator
from queryport.local.api_keys import ENDPOINT_VARIABLE, SECRET_VARIABLE, LocalApiKeys, new_key
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.function import cold_start, function_environment
from tests.handler.identity.issuer import TokenIssuer, token_issuer
from tests.hostile.impostor import AUDIENCE, EC_ISSUER, EC_PEM, HMAC_ISSUER, HMAC_SECRET, TENANTS, Attempt, Impostor
from tests.hostile.test_callers import MOST_SECONDS
from tests.support.compiling import compile_to_catalog
from tests.support.databases import suite_database, with_our_tables
from tests.support.function import Function
from tests.support.log import kept_log
from tests.support.projects import write
from tests.support.roles import as_role

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "20000"))
ROWS = 5  # of each tenant

SCHEMA = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'identities_app') THEN
    CREATE ROLE identities_app LOGIN; CREATE ROLE identities_reader;
    GRANT identities_reader TO identities_app WITH INHERIT FALSE, SET TRUE;
  END IF;
END $$;
CREATE TABLE items (item_id int PRIMARY KEY, tenant_id int NOT NULL, note text NOT NULL DEFAULT '');
INSERT INTO items SELECT n, 1 + n % {TENANTS} FROM generate_series(1, {TENANTS * ROWS}) n;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON items
    USING (tenant_id = (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'tenant_id')::int);
CREATE TABLE kept (tenant_id int NOT NULL, note text NOT NULL);
INSERT INTO kept SELECT tenant_id, note FROM items;
GRANT USAGE ON SCHEMA queryport TO identities_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON queryport.idempotency_key TO identities_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON items, kept TO identities_app, identities_reader;
"""  # noqa: S608 (our own numbers)

_READ = "-- allow: [jwt, key, direct]\n"
_SECURED = f"{_READ}-- rls: true\n"
QUERIES = {
    "_folder.yaml": "silence: [QP407]\n",
    "secured": f"{_SECURED}-- http: GET /secured\nSELECT tenant_id FROM items",
    "paged": (
        f"{_SECURED}-- page: {{by: [item_id], size: 3}}\n-- http: GET /paged\nSELECT item_id, tenant_id FROM items"
    ),
    "bound": (
        f"{_READ}-- http: GET /bound\n-- params: {{tenant_id: {{from: claims.tenant_id}}}}\n"
        "SELECT tenant_id FROM kept WHERE tenant_id = :tenant_id"
    ),
    "steps": _SECURED + "UPDATE items SET note = note WHERE true;\nSELECT tenant_id FROM items",  # noqa: S608 (our own text)
    "as_reader": f"{_SECURED}-- role: identities_reader\n-- http: GET /as_reader\nSELECT tenant_id FROM items",
    "change": f"{_SECURED}-- http: POST /change\nUPDATE items SET note = :note WHERE true RETURNING tenant_id",
    "tokens": "-- allow: [jwt]\n-- rls: true\n-- http: GET /tokens\nSELECT tenant_id FROM items",
    "keys": "-- allow: ['key:partner-*']\n-- rls: true\n-- http: GET /keys\nSELECT tenant_id FROM items",
    "hidden": "-- allow: [nobody]\n-- hidden: true\n-- http: GET /hidden\nSELECT tenant_id FROM kept",
    "closed": "-- allow: [alias:reader]\n-- http: GET /closed\nSELECT tenant_id FROM kept",
    "inner": "-- allow: [anyone]\n-- http: 'off'\nSELECT tenant_id FROM kept",
    "open": "-- allow: [anyone]\n-- rls: true\n-- http: GET /open\nSELECT tenant_id FROM items",
}


@dataclass(slots=True)
class House:
    """The function, an issuer whose tokens it trusts, and the API keys that it takes, each with its tenant."""

    function: Function
    issuer: TokenIssuer
    keys: dict[str, int]


@pytest.fixture(scope="module")
def house(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = suite_database(postgres, "identities", with_our_tables(SCHEMA))
    folder = tmp_path_factory.mktemp("identities")
    files = {name if "." in name else f"{name}.sql": text for name, text in QUERIES.items()}
    path, _ = compile_to_catalog(write(folder / "queries", files), database.url, folder)
    api_keys = LocalApiKeys(folder)
    keys = {}
    for tenant in range(1, TENANTS + 1):
        made = new_key(f"partner-{tenant}", {"tenant_id": tenant})
        api_keys.add(made.entry)
        keys[made.key] = tenant
    secrets = {"arn:aws:secretsmanager:us-east-1:123456789012:secret:hmac": HMAC_SECRET}

    def secret(secret_id: str) -> str | None:
        return secrets.get(secret_id) or api_keys.secret(secret_id)

    with (
        pytest.MonkeyPatch.context() as patch,
        token_issuer() as issuer,
        Emulator(as_role(postgres.url(), "identities_app"), secrets=secret) as emulator,
    ):
        issuers = [
            {"issuer": issuer.url, "audience": AUDIENCE, "leeway": 0},
            {"issuer": EC_ISSUER, "audience": AUDIENCE, "algorithms": ["ES256"], "public_key": EC_PEM},
            {"issuer": HMAC_ISSUER, "audience": [AUDIENCE], "secret_arn": next(iter(secrets))},
        ]
        environment = function_environment(emulator.url, database.name, path)
        environment |= {"QUERYPORT_JWT_ISSUERS": json.dumps(issuers), **api_keys.environment(emulator.url)}
        for name in (ENDPOINT_VARIABLE, SECRET_VARIABLE, *environment):
            patch.setenv(name, environment[name])
        # Powertools keeps its client with the endpoint that the first test of the process gave it.
        clear_caches()  # type: ignore[no-untyped-call]  # Powertools gives it no types
        function = Function(cold_start(environment), seconds=60)
        function.caller = None
        yield House(function, issuer, keys)
        clear_caches()  # type: ignore[no-untyped-call]  # as above


_PATHS = [
    *("/secured", "/paged", "/bound", "/as_reader", "/tokens", "/keys", "/hidden", "/closed", "/open", "/inner", "/x"),
    *(f"/operations/{name}" for name in QUERIES if "." not in name),
    "/operations/queryport.purge_idempotency_keys",
]


def _wrong(house: House, attempt: Attempt, path: str) -> str | None:
    by_name = path.startswith("/operations/")
    body: Any = {"note": "x"} if path.endswith("change") else {}
    before = thread_time()
    with kept_log() as log:
        response = house.function.http(
            "POST" if by_name else "GET",
            path,
            query=attempt.query,
            body=body if by_name else None,
            headers={**attempt.headers, **({"idempotency-key": "same"} if path.endswith("change") else {})},
        )
    seconds = thread_time() - before
    told = f"{attempt.kind} at {path}: {response.status} in {seconds:.2f} s: {response.text[:300]}"
    if response.status >= 500 or seconds > MOST_SECONDS:
        return told
    credentials = [value for value in (*attempt.headers.values(), HMAC_SECRET) if len(value) > 20]
    if any(max(each.split(), key=len) in response.text + log.getvalue() for each in credentials):
        return f"{attempt.kind} at {path} tells the credential"
    if response.status != 200:
        return None
    tenants = {row["tenant_id"] for row in response.json["data"]}
    return None if tenants <= {attempt.tenant} else told


def _assault(house: House, seed: int, requests: int) -> tuple[list[str], int]:
    """Send requests; return what was wrong with the answers, and how many showed rows."""
    impostor, chance = Impostor(seed, house.issuer, house.keys), Random(seed)  # noqa: S311 (the same in every run)
    wrong, good = [], 0
    for _ in range(requests):
        attempt = impostor.attempt()
        found = _wrong(house, attempt, chance.choice(_PATHS))
        good += attempt.tenant is not None
        if found is not None:
            wrong.append(found)
    return wrong, good


@pytest.mark.parametrize(
    "requests",
    [400, pytest.param(REQUESTS, marks=pytest.mark.long)],
)
def test_nobody_is_taken_for_another(house: House, requests: int) -> None:
    wrong, good = _assault(house, SEED, requests)
    assert not wrong, f"{len(wrong)} of {requests}\n" + "\n".join(wrong[:20])
    assert requests / 10 < good < requests / 2


def test_a_good_credential_shows_its_tenants_rows(house: House) -> None:
    """Otherwise the others would be refused for nothing."""
    impostor = Impostor(SEED, house.issuer, house.keys)
    shown = 0
    for _ in range(200):
        attempt = impostor.attempt()
        if attempt.tenant is not None:
            response = house.function.http("GET", "/secured", headers=attempt.headers)
            assert [row["tenant_id"] for row in response.json["data"]] == [attempt.tenant] * ROWS, attempt.kind
            shown += 1
    assert shown > 10


def _interleaved(house: House, calls: int, seed: int) -> list[str]:
    """Call by all kinds of callers at once, by every form of execution; return which saw another's rows."""
    chance = Random(seed)  # noqa: S311 (the same in every run)
    keys = {tenant: key for key, tenant in house.keys.items()}
    tokens = {tenant: house.issuer.token(tenant_id=tenant, sub=f"s{tenant}") for tenant in keys}

    def call(number_and_choice: tuple[int, str, str, int]) -> str | None:
        number, operation, kind, tenant = number_and_choice
        parameters: dict[str, Any] = {"note": f"{number}"} if operation == "change" else {}
        headers = {"idempotency-key": f"k{number % 50}"} if operation == "change" and number % 2 else {}
        if kind == "direct":
            event = {"operation": operation, "parameters": parameters, "claims": {"tenant_id": tenant}}
            rows = house.function.invoke(event)["data"]
        else:
            by_key = kind == "key"
            sent = {"x-api-key": keys[tenant]} if by_key else {"authorization": f"Bearer {tokens[tenant]}"}
            response = house.function.http(
                "POST", f"/operations/{operation}", body=parameters, headers={} if kind == "nobody" else headers | sent
            )
            if kind == "nobody":
                return None if response.status == 401 else f"nobody was let in: {response.text}"
            if response.status == 422 and headers:
                return None
            rows = response.json.get("data", response.text)
        expected = [tenant] * (3 if operation == "paged" else ROWS)
        seen = [row["tenant_id"] for row in rows]
        return None if seen == expected else f"{operation} by {kind} of {tenant}: {seen}"

    operations = ["secured", "paged", "bound", "steps", "as_reader", "change"]
    kinds = ["jwt", "key", "direct", "nobody"]
    wanted = [
        (number, chance.choice(operations), chance.choice(kinds), chance.randrange(1, TENANTS + 1))
        for number in range(calls)
    ]
    with ThreadPoolExecutor(4) as pool:
        return [found for found in pool.map(call, wanted) if found is not None]


@pytest.mark.parametrize("calls", [200, pytest.param(5000, marks=pytest.mark.long)])
def test_no_call_sees_what_the_one_before_it_was_allowed(house: House, calls: int) -> None:
    found = _interleaved(house, calls, SEED)
    assert not found, "\n".join(found[:20])


def test_a_cursor_of_another_caller_shows_no_rows_of_that_caller(house: House) -> None:
    keys = {tenant: key for key, tenant in house.keys.items()}
    cursors = {}
    for tenant in (1, 2, TENANTS):
        page = house.function.http("GET", "/paged", headers={"x-api-key": keys[tenant]})
        cursors[tenant] = page.json["next"]
    for tenant, other in ((1, 2), (2, 1), (TENANTS, 1), (1, TENANTS)):
        query = f"cursor={cursors[other]}"
        page = house.function.http("GET", "/paged", query=query, headers={"x-api-key": keys[tenant]})
        assert {row["tenant_id"] for row in page.json["data"]} <= {tenant}


def test_direct_callers_cannot_pretend_by_claims_that_are_none(house: House) -> None:
    strange: list[Any] = [{"a": 1}, "\0", [1], "one", 1.5, True, 2**64, "\ud800", None]
    pretended: list[Any] = [None, [], "x", 7, {}, *({"tenant_id": each} for each in strange)]
    for claims in pretended:
        with pytest.raises(OperationError) as caught:
            house.function.invoke({"operation": "bound", "parameters": {}, "claims": claims})
        assert caught.value.status in (400, 403), claims
