"""`make cloudformation`: a template for pipelines that know no SAM, with the same parameters as the SAM template."""

from typing import Any

import pytest

from tests.deployment.stack import Stack, plain_template
from tests.deployment.test_versions import TEMPLATE, changed, other_value, version


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return plain_template(TEMPLATE)


def test_it_needs_no_transform(plain: dict[str, Any]) -> None:
    assert "Transform" not in plain
    assert not [each for each in plain["Resources"].values() if "Serverless" in each["Type"]]


@pytest.mark.slow
def test_each_parameter_does_what_it_does_to_the_sam_template(plain: dict[str, Any]) -> None:
    for name, declared in plain["Parameters"].items():
        given = changed(name, declared)
        ours, aws = Stack(plain, **given), Stack(TEMPLATE, **given)
        logical_ids = {version(ours)[0]: version(aws)[0]}  # has a hash of what was filled in
        assert {logical_ids.get(each, each) for each in ours.definitions} == set(aws.definitions)
        for each in set(ours.definitions) & set(aws.definitions) - {"QueryportFunctionAliaslive"}:
            assert ours.properties(each) == aws.properties(each), f"{name} makes another {each}"


def test_each_parameter_of_the_function_makes_a_version(plain: dict[str, Any]) -> None:
    for name in ("ImageUri", "MemorySize", "SecretArn", "Tracing"):
        other = Stack(plain, **{name: other_value(name, plain["Parameters"][name])})
        assert version(other) != version(Stack(plain))
