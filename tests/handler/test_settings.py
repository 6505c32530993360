"""The environment: what must be there, what may be, and that all of it is documented."""

import re
from pathlib import Path

import pytest

from handler.settings import DEFAULT_CATALOG, Settings, SettingsError
from tests.support.repository import ROOT

_REQUIRED = {"QUERYPORT_RESOURCE_ARN": "arn:r", "QUERYPORT_SECRET_ARN": "arn:s"}


def test_what_is_not_set_has_a_default() -> None:
    assert Settings.from_environment(_REQUIRED) == Settings("arn:r", "arn:s", None, DEFAULT_CATALOG)
    assert DEFAULT_CATALOG == ROOT / "catalog.json"


def test_everything_may_be_set() -> None:
    optional = {"QUERYPORT_DATABASE": "shop", "QUERYPORT_CATALOG": "/opt/catalog.json", "QUERYPORT_SCHEMA": "f00d"}
    expected = Settings("arn:r", "arn:s", "shop", Path("/opt/catalog.json"), "f00d")
    assert Settings.from_environment(_REQUIRED | optional) == expected


def test_an_empty_variable_is_none() -> None:
    variables = {**_REQUIRED, "QUERYPORT_DATABASE": "", "QUERYPORT_CATALOG": "", "QUERYPORT_SCHEMA": ""}
    assert Settings.from_environment(variables) == Settings("arn:r", "arn:s", None, DEFAULT_CATALOG)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "QUERYPORT_RESOURCE_ARN and QUERYPORT_SECRET_ARN must be set"),
        ({"QUERYPORT_RESOURCE_ARN": "arn:r", "QUERYPORT_SECRET_ARN": ""}, "QUERYPORT_SECRET_ARN must be set"),
    ],
)
def test_every_variable_that_is_missing_is_named(variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{message} to an ARN"):
        Settings.from_environment(variables)


def test_every_variable_is_documented() -> None:
    used = {
        name
        for path in (ROOT / "handler").rglob("*.py")
        for name in re.findall(r'"((?:QUERYPORT|POWERTOOLS)_[A-Z_]+)"', path.read_text())
    }
    documented = set(re.findall(r"^## `([A-Z_]+)`$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert used <= documented
    assert {name for name in documented if name.startswith("QUERYPORT_")} <= used
