"""template.yaml, read as it stands: CloudFormation's short forms become what they are short for."""

from typing import Any

import pytest
import yaml

from tests.support.repository import ROOT


class Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            raise TypeError(f"no short form of CloudFormation's: {node}")
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return dict(yaml.load((ROOT / "template.yaml").read_text(), Loader))  # noqa: S506 (a SafeLoader's child)


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return dict(template["Resources"])
