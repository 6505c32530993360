"""docs/emulator.md is complete: every option, endpoint, member of a fault, error and attribute is in it."""

import inspect
import re
from dataclasses import fields

import click
import pytest

from queryport.commands.emulator import emulator_command
from queryport.emulator import Call, Fault, Limits
from queryport.emulator.calls.faults import Faults
from queryport.emulator.calls.log import CallLog
from queryport.emulator.errors import STATUS
from queryport.emulator.http.control import control_routes
from queryport.emulator.sessions.clusters import Cluster, Secret
from queryport.testing.data_api_plugin import LocalDataApi
from tests.support.repository import DOCS

TEXT = (DOCS / "emulator.md").read_text()


def routes() -> list[str]:
    found = control_routes(Faults(), CallLog(), dict)
    return [f"{method} {route.path}" for route in found for method in (route.methods or set()) - {"HEAD"}]


WORDS = [
    *(
        option
        for parameter in emulator_command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ),
    *routes(),
    *Fault.model_fields,
    *Call._fields,
    *Cluster.model_fields,
    *Secret.model_fields,
    *(limit.name for limit in fields(Limits)),
    *STATUS,
    *(name for name in dir(LocalDataApi) if not name.startswith("_")),
    *inspect.signature(LocalDataApi).parameters,
]


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_the_page_names(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", TEXT)


def test_the_page_has_the_limits_defaults() -> None:
    for limit in fields(Limits):
        assert f"| `{limit.name}` | {limit.default:,.0f} |" in TEXT
