"""The endpoint is the one that boto3 sends to: for every region, setting and file of settings."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, InvalidRegionError, NoRegionError

from handler.data_api import endpoint
from handler.data_api.configuration import Configuration
from tests.support.boto3_session import LOADER, session

_PARTITIONS = [list(partition["regions"]) for partition in LOADER.load_data("partitions")["partitions"]]
_KINDS = tuple(itertools.product((False, True), repeat=2))
"""Whether the endpoint is one of FIPS, and whether one that IPv6 reaches."""
_TRUTHS = ("true", "True", "")

Sent = tuple[str, str]
"""Where a request goes, and the region that it is signed for."""


@pytest.fixture(autouse=True)
def _rules_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "create_loader", {None: LOADER}.__getitem__)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Sets variables of the environment, and writes files of settings."""

    def write(config: str = "", **variables: str) -> None:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_RDS_DATA"):
            monkeypatch.delenv(name, raising=False)
        path = tmp_path / "config"
        path.unlink(missing_ok=True)
        if config:
            path.write_text(config)
        usual = {
            "AWS_CONFIG_FILE": str(path),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        for name, value in (usual | variables).items():
            monkeypatch.setenv(name, value)

    return write


def _theirs(known: boto3.Session | None = None, **settings: Any) -> Sent | str:
    """The request that boto3 would send, or the name of the error that it raises instead."""
    sent: list[Sent] = []

    def keep(request: Any, **_: Any) -> Any:
        scope = request.headers["Authorization"].decode().partition("Credential=")[2].split("/")
        sent.append((request.url, scope[2]))
        raise InterruptedError

    try:
        client = (known or session()).client("rds-data", **settings)
        client.meta.events.register("before-send.rds-data", keep)
        client.begin_transaction(resourceArn="arn:aws:rds", secretArn="arn:aws:secretsmanager")
    except InterruptedError:
        return sent[0]
    except (BotoCoreError, ValueError) as error:
        return type(error).__name__
    raise AssertionError("nothing was sent")


def _ours() -> Sent | str:
    try:
        resolved = endpoint.resolve(Configuration.load())
    except (BotoCoreError, ValueError) as error:
        return type(error).__name__
    return endpoint.join(resolved.url, "/BeginTransaction"), resolved.region


def _regions(*, wholly: bool) -> Iterator[tuple[str, bool, bool]]:
    """Every region with an endpoint of one kind, and some of each partition with those of all kinds."""
    unknown = [["eu-new-9"], ["cn-new-1"], ["us-gov-new-1"], ["nowhere"]]
    for regions in [*_PARTITIONS, *unknown]:
        for number, region in enumerate(regions):
            for fips, dual_stack in _KINDS if wholly or number == 0 else [_KINDS[number % len(_KINDS)]]:
                yield region, fips, dual_stack


@pytest.mark.parametrize(
    "wholly", [pytest.param(False, marks=pytest.mark.slow), pytest.param(True, marks=pytest.mark.long)]
)
def test_every_region_has_boto3s_endpoint(settings: Callable[..., None], *, wholly: bool) -> None:
    settings()
    known = session()
    assert sum(map(len, _PARTITIONS)) > 35
    for region, fips, dual_stack in _regions(wholly=wholly):
        config = Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual_stack)
        theirs = _theirs(known, region_name=region, config=config)
        settings(AWS_DEFAULT_REGION=region, AWS_USE_FIPS_ENDPOINT=str(fips), AWS_USE_DUALSTACK_ENDPOINT=str(dual_stack))
        assert _ours() == theirs, (region, fips, dual_stack)


@pytest.mark.slow
@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-iso-east-1"])
@pytest.mark.parametrize("fips", _TRUTHS)
@pytest.mark.parametrize("dual_stack", ["true", ""])
def test_a_region_is_signed_and_sent_to_as_by_boto3(
    settings: Callable[..., None], region: str, fips: str, dual_stack: str
) -> None:
    settings(AWS_DEFAULT_REGION=region, AWS_USE_FIPS_ENDPOINT=fips, AWS_USE_DUALSTACK_ENDPOINT=dual_stack)
    assert _ours() == _theirs()


@pytest.mark.parametrize("region", ["fips-us-east-1", "us-east-2-fips", "fips-us-gov-west-1"])
def test_the_names_that_regions_once_had_for_fips_are_understood(settings: Callable[..., None], region: str) -> None:
    settings(AWS_DEFAULT_REGION=region)
    assert _ours() == _theirs()
    settings(AWS_DEFAULT_REGION=region, AWS_ENDPOINT_URL="http://localhost:8000")
    assert _ours() == _theirs()


_SERVICES = """
[default]
region = eu-west-3
services = ours
endpoint_url = http://global:1/

[profile other]
region = ap-south-1
use_fips_endpoint = true
endpoint_url = http://global:2

[services ours]
rds_data =
  endpoint_url = http://service:3/base
s3 =
  endpoint_url = http://other:4

[profile broken]
region = eu-west-1
services = none

[profile fips]
region = us-west-2
use_fips_endpoint = true
use_dualstack_endpoint = true
"""


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_PROFILE": "other"},
        {"AWS_PROFILE": "fips"},
        {"AWS_PROFILE": "broken"},
        {"AWS_PROFILE": "nobody"},
        {"AWS_DEFAULT_PROFILE": "fips"},
        {"AWS_ENDPOINT_URL": "http://env:5"},
        {"AWS_ENDPOINT_URL_RDS_DATA": "http://env:6/x/"},
        {"AWS_ENDPOINT_URL": "http://env:5", "AWS_ENDPOINT_URL_RDS_DATA": "http://env:6"},
        {"AWS_ENDPOINT_URL": "http://env:5", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_PROFILE": "other", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_DEFAULT_REGION": "sa-east-1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_PROFILE": "broken", "AWS_ENDPOINT_URL": "http://env:5"},
        {"AWS_PROFILE": "broken", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
    ids=str,
)
def test_files_and_variables_are_weighed_as_by_boto3(
    settings: Callable[..., None], variables: Mapping[str, str]
) -> None:
    settings(_SERVICES, **variables)
    assert _ours() == _theirs()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "https://localhost",
        "https://localhost:443/",
        "http://127.0.0.1:80/base/",
        "http://[::1]:8000/x",
        "https://vpce-1-abc.rds-data.eu-west-1.vpce.amazonaws.com",
        "localhost:8000",
        "http://",
        "nonsense",
        "https://a b/",
        "",
    ],
)
@pytest.mark.parametrize("fips", ["true", "false"])
def test_a_url_that_is_set_is_taken_as_by_boto3(settings: Callable[..., None], url: str, fips: str) -> None:
    settings(AWS_DEFAULT_REGION="eu-west-1", AWS_ENDPOINT_URL_RDS_DATA=url, AWS_USE_FIPS_ENDPOINT=fips)
    assert _ours() == _theirs()


def test_what_is_not_set_up_is_named_as_by_boto3(settings: Callable[..., None]) -> None:
    settings()
    with pytest.raises(NoRegionError):
        endpoint.resolve(Configuration.load())
    for region in ("-x", "a.b", "x" * 64, "eu west"):
        settings(AWS_DEFAULT_REGION=region)
        with pytest.raises(InvalidRegionError):
            endpoint.resolve(Configuration.load())
        assert _theirs() == "InvalidRegionError"
    settings(AWS_DEFAULT_REGION="eu-west-1", AWS_CA_BUNDLE=" ", REQUESTS_CA_BUNDLE="/x")
    assert _ours() == _theirs() == "InvalidConfigError"
    settings(AWS_DEFAULT_REGION="eu-west-1", AWS_CA_BUNDLE="/x", REQUESTS_CA_BUNDLE=" ")
    assert _ours() == _theirs()
