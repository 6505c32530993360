"""`queryport key` and `queryport token`, and what `serve --as` and `[development] role` take."""

import json
import re
from pathlib import Path

import jwt
import psycopg
import pytest
from click.testing import CliRunner, Result

from handler.identity.api_keys import ApiKeys, entries_of, hash_of
from handler.identity.issuers import issuers_of
from handler.identity.tokens import Tokens
from queryport.commands import main
from queryport.local.api_keys import API_KEYS_SECRET_ARN, ApiKeysError, LocalApiKeys
from queryport.local.default_caller import AsError, as_anonymous, as_iam, default_caller
from queryport.local.issuer import DevelopmentIssuer, IssuerError
from queryport.project.development_role import DevelopmentRoleError, as_role
from tests.support.databases import NewDatabase
from tests.support.projects import write


def queryport(*arguments: str) -> Result:
    return CliRunner().invoke(main.queryport, arguments)


def test_a_new_key_is_one_that_the_function_takes() -> None:
    done = queryport("key", "new", "partner-acme", "--claim", "tenant_id=7", "--claim", "plan=pro", "--expires", "90d")
    assert done.exit_code == 0, done.output
    key = re.search(r"^  (qp_\S+)$", done.output, re.MULTILINE)
    entry = re.search(r"^  (\{.*\})$", done.output, re.MULTILINE)
    assert key is not None
    assert entry is not None
    secret = json.dumps({"keys": [json.loads(entry[1])]})
    found = ApiKeys(lambda *, fresh: secret).find(key[1])  # noqa: ARG005 (read as the function's)
    assert (found.name, found.claims) == ("partner-acme", {"tenant_id": 7, "plan": "pro"})
    assert found.expires is not None
    assert entries_of(secret)[0].hash == hash_of(key[1])
    assert done.output.count(key[1]) == 1


def test_a_local_key_is_kept_by_the_project_as_a_hash(tmp_path: Path) -> None:
    write(tmp_path, {"sql_queries/one.sql": "SELECT 1 AS one"})
    keys = []
    for claim in ("tenant_id=7", "tenant_id=8"):
        done = queryport("key", "new", "acme", "--local", "--claim", claim, "--project", str(tmp_path))
        assert done.exit_code == 0, done.output
        keys += re.findall(r"^  (qp_\S+)$", done.output, re.MULTILINE)
    kept = LocalApiKeys(tmp_path / ".queryport")
    secret = kept.secret(API_KEYS_SECRET_ARN)
    assert secret is not None
    assert not any(key in secret for key in keys)
    function_keys = ApiKeys(lambda *, fresh: secret)  # noqa: ARG005 (read as the function's)
    assert [function_keys.find(key).claims for key in keys] == [{"tenant_id": 7}, {"tenant_id": 8}]
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.secret("arn:of:another") is None
    assert LocalApiKeys(tmp_path).secret(API_KEYS_SECRET_ARN) == '{"keys": []}'


def test_a_file_of_keys_that_is_none_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"sql_queries/one.sql": "SELECT 1 AS one", ".queryport/api_keys.json": "[]"})
    done = queryport("key", "new", "acme", "--local", "--project", str(tmp_path))
    assert isinstance(done.exception, ApiKeysError)
    assert "mend or delete it" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["key", "new", "a b"], "a name has letters"),
        (["key", "new", "a", "--expires", "soon"], "a number of days"),
        (["key", "new", "a", "--claim", "x"], "expected NAME=VALUE"),
        (["key", "new", "a", "--claim", "x=1", "--claim", "x=2"], "x is given twice"),
        (["token", "--expires", "1y"], "a number and a unit"),
        (["run", "--api-key", "qp_x", "books.get"], "--api-key goes with --http"),
        (["run", "--api-key", "qp_x", "--claims", "{}", "--http", "GET /x"], "and not with --claims"),
    ],
)
def test_what_cannot_be_read_is_told(arguments: list[str], message: str) -> None:
    done = queryport(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_token_is_trusted_by_this_project_alone(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    token = issuer.token({"sub": "alice", "tenant_id": 7}, 60)
    trusted = Tokens(issuers_of(issuer.trusted(None)), str)
    assert trusted.claims(token)["tenant_id"] == 7
    assert DevelopmentIssuer(tmp_path).trusted(None) == issuer.trusted(None)
    (tmp_path / "other").mkdir()
    other = DevelopmentIssuer(tmp_path / "other")
    with pytest.raises(Exception, match="cannot be verified"):
        trusted.claims(other.token({}, 60))
    assert (tmp_path / "identity.pem").stat().st_mode & 0o777 == 0o600


def test_the_environments_issuers_stay_trusted(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    given = json.dumps([{"issuer": "https://login.example", "audience": "a"}])
    assert [each.issuer for each in issuers_of(issuer.trusted(given))] == [
        "https://login.example",
        "https://queryport.local",
    ]
    with pytest.raises(IssuerError, match="is not JSON"):
        issuer.trusted("x")


def test_a_key_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "identity.pem").write_text("no key")
    with pytest.raises(IssuerError, match="delete it, and a new one is made"):
        DevelopmentIssuer(tmp_path)


def test_the_token_command_prints_a_token(tmp_path: Path) -> None:
    write(tmp_path, {"sql_queries/one.sql": "SELECT 1 AS one"})
    scopes = ("--scope", "orders.read", "--scope", "orders.write")
    done = queryport("token", "--claim", "tenant_id=7", *scopes, "--project", str(tmp_path))
    assert done.exit_code == 0, done.output
    claims = jwt.decode(done.output.strip(), options={"verify_signature": False})
    assert (claims["tenant_id"], claims["scope"]) == (7, "orders.read orders.write")


def test_as_names_the_caller_of_requests_without_credentials() -> None:
    def event(**headers: str) -> dict[str, object]:
        return {"headers": dict(headers), "requestContext": {}}

    def token(claims: object) -> str:
        return f"token of {claims}"

    assert default_caller("iam", token) is as_iam
    assert default_caller("anonymous", token) is as_anonymous
    alice = default_caller('{"sub": "alice"}', token)
    bare, own = event(), event(authorization="Bearer own")
    alice(bare)
    alice(own)
    assert bare["headers"] == {"authorization": "Bearer token of {'sub': 'alice'}"}
    assert own["headers"] == {"authorization": "Bearer own"}
    for text in ("alice", "[1]", "{"):
        with pytest.raises(AsError, match="a JSON object, such as"):
            default_caller(text, token)


def test_a_role_is_taken_by_its_own_login(new_database: NewDatabase) -> None:
    url = new_database("SELECT 1")
    assert as_role(url, None) == url
    with pytest.raises(DevelopmentRoleError, match="the database has none of that name: make it in a migration"):
        as_role(url, "nobody_here")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE development_role_test")
        try:
            with psycopg.connect(as_role(url, "development_role_test")) as as_it:
                assert as_it.execute("SELECT session_user, current_user").fetchone() == (
                    "development_role_test",
                    "development_role_test",
                )
        finally:
            connection.execute("DROP ROLE development_role_test")
