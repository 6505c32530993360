"""Credentials are found where boto3 finds them, and what is refreshed signs the next request."""

import datetime
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import orjson
import pytest
from botocore.exceptions import BotoCoreError

from handler.data_api import credentials
from handler.data_api.configuration import Configuration
from handler.data_api.connection import Loss, NoAnswer
from handler.data_api.wire import Action, Request, Wire
from tests.support.recorder import Answer, Recorded, Recorder

_NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
)
_KEYS = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env"}


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for files of settings, and an environment without credentials."""
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def _ours() -> Any:
    try:
        found = credentials.load(Configuration.load())
        return found and tuple(found.get_frozen_credentials())[:3]
    except (BotoCoreError, RuntimeError) as error:
        return type(error).__name__


def _theirs() -> Any:
    try:
        found = boto3.Session().get_credentials()
        return found and tuple(found.get_frozen_credentials())[:3]
    except (BotoCoreError, RuntimeError) as error:
        return type(error).__name__


_CONFIG = """
[default]
aws_access_key_id = AKCONFIG
aws_secret_access_key = config
[profile process]
credential_process = {python} {process}
[profile sso]
sso_account_id = 123456789012
sso_role_name = reader
sso_region = eu-west-1
sso_start_url = https://example.awsapps.com/start
"""
_CREDENTIALS = """
[default]
aws_access_key_id = AKFILE
aws_secret_access_key = file
aws_session_token = of the file
[other]
aws_access_key_id = AKOTHER
aws_secret_access_key = other
"""


@pytest.mark.parametrize("has_files", [True, False])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        _KEYS,
        {**_KEYS, "AWS_SESSION_TOKEN": "token"},
        {**_KEYS, "AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"},
        {**_KEYS, "AWS_PROFILE": "other"},
        {"AWS_ACCESS_KEY_ID": "AKENV"},
        {"AWS_SECRET_ACCESS_KEY": "env"},
        {**_KEYS, "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"},
        {**_KEYS, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
        {"AWS_PROFILE": "other"},
        {"AWS_DEFAULT_PROFILE": "other"},
        {"AWS_PROFILE": "process"},
        {"AWS_PROFILE": "sso"},
        {"AWS_PROFILE": "nobody"},
    ],
    ids=lambda variables: "-".join(variables) or "nothing",
)
def test_they_are_found_as_by_boto3(
    files: Path, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], *, has_files: bool
) -> None:
    if has_files:
        process = files / "process.py"
        process.write_text("print('" + '{"Version": 1, "AccessKeyId": "AKPROCESS", "SecretAccessKey": "x"}' + "')")
        (files / "config").write_text(_CONFIG.format(python=sys.executable, process=process))
        (files / "credentials").write_text(_CREDENTIALS)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _ours() == _theirs()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    with Recorder() as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", recorder.url)
        yield recorder


def _send(wire: Wire) -> None:
    wire.send(Request.of(Action.BEGIN, {}), attempt=1, connect=3, read=5)


def _key(request: Recorded) -> tuple[str, str | None]:
    authorization = request.header("authorization")
    assert authorization is not None
    return authorization.partition("Credential=")[2].partition("/")[0], request.header("x-amz-security-token")


def test_a_container_s_credentials_are_refreshed_under_it(
    files: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files
    with Recorder() as issuer:

        def issue(key: str, minutes: int) -> None:
            expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
            keys = {"AccessKeyId": key, "SecretAccessKey": f"secret of {key}", "Token": f"token of {key}"}
            issuer.answer = Answer(body=orjson.dumps({**keys, "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}))

        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.url)
        issue("AK1", minutes=1)  # so soon that every request asks for new ones
        wire = Wire.from_environment()
        _send(wire)
        issue("AK2", minutes=60)
        _send(wire)
        issue("AK3", minutes=60)
        _send(wire)
        wire.close()
    assert [_key(each) for each in recorder.requests] == [
        ("AK1", "token of AK1"),
        ("AK2", "token of AK2"),
        ("AK2", "token of AK2"),
    ]


def test_the_environment_s_credentials_are_read_again_when_they_expire(
    files: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files
    now = datetime.datetime.now(datetime.UTC)
    for name, value in {
        **_KEYS,
        "AWS_CREDENTIAL_EXPIRATION": (now + datetime.timedelta(minutes=2)).isoformat(),
    }.items():
        monkeypatch.setenv(name, value)
    wire = Wire.from_environment()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKNEW")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", (now + datetime.timedelta(hours=1)).isoformat())
    _send(wire)
    assert _key(recorder.requests[0]) == ("AKNEW", None)
    wire.close()


def test_without_credentials_nothing_is_sent(files: Path, recorder: Recorder) -> None:
    assert files
    wire = Wire.from_environment()
    with pytest.raises(NoAnswer, match="NoCredentialsError") as failure:
        _send(wire)
    assert failure.value.loss is Loss.NOT_SET_UP
    assert recorder.requests == []


def test_credentials_that_cannot_be_refreshed_are_no_failure_of_the_database(
    files: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", soon.isoformat())
    wire = Wire.from_environment()
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoAnswer) as failure:
        _send(wire)
    assert (failure.value.loss, failure.value.cause) == (Loss.NOT_SET_UP, "PartialCredentialsError")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    with pytest.raises(NoAnswer) as failure:
        _send(wire)
    assert (failure.value.loss, failure.value.cause) == (Loss.NOT_SET_UP, "RuntimeError")
    assert recorder.requests == []
    wire.close()


def test_an_issuer_of_credentials_that_cannot_be_reached_is_a_failure_that_passes(
    files: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "token").write_text("a token")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for name, value in {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/shop",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(files / "token"),
        "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{port}",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    wire = Wire.from_environment()
    with pytest.raises(NoAnswer) as failure:
        _send(wire)
    assert (failure.value.loss, failure.value.cause) == (Loss.NOT_CONNECTED, "EndpointConnectionError")
    assert recorder.requests == []
    wire.close()
