"""Nothing that is done to a stack takes the data away, and a first deployment that fails leaves nothing behind."""

from typing import Any

import pytest

from tests.deployment.stack import Stack
from tests.deployment.test_versions import OTHER, TEMPLATE, changed

pytestmark = pytest.mark.slow

KEPT = {
    "Cluster",
    "ClusterSecurityGroup",
    "ClusterSubnetA",
    "ClusterSubnetB",
    "ClusterSubnets",
    "ClusterVpc",
    "Writer",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(TEMPLATE)


def _changes(stack: Stack) -> list[tuple[str, dict[str, str]]]:
    return [(name, changed(name, declared)) for name, declared in stack.template["Parameters"].items()]


def test_no_parameter_replaces_the_database(stack: Stack) -> None:
    """Where one takes it out of the stack, the database and what it stands on are kept."""
    for parameter, values in _changes(stack):
        after = Stack(TEMPLATE, **values)
        for name in KEPT:
            if name in after.definitions:
                assert after.physical_id(name) == stack.physical_id(name), f"{parameter} replaces {name}"


def test_what_the_database_stands_on_is_all_that_is_kept(stack: Stack) -> None:
    kept = {name for name, each in stack.definitions.items() if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert kept == KEPT
    assert {each["UpdateReplacePolicy"] for name, each in stack.definitions.items() if name in KEPT} == {"Retain"}
    assert set(stack.definitions) - set(Stack(TEMPLATE, **dict(_changes(stack))["ClusterArn"]).definitions) == KEPT


def test_a_first_deployment_that_fails_can_be_taken_back(stack: Stack) -> None:
    assert stack.properties("Cluster")["DeletionProtection"] is False
    assert Stack(TEMPLATE, DeletionProtection="true").properties("Cluster")["DeletionProtection"] is True


def test_nothing_is_reserved_of_an_account_that_may_have_nothing_to_spare(stack: Stack) -> None:
    assert "ReservedConcurrentExecutions" not in stack.properties("QueryportFunction")
    assert (
        Stack(TEMPLATE, ReservedConcurrency="0").properties("QueryportFunction")["ReservedConcurrentExecutions"] == "0"
    )


def test_a_cluster_of_ones_own_needs_its_secret() -> None:
    assert Stack(TEMPLATE, ClusterArn=OTHER["ClusterArn"]).broken_rules() == [
        "A ClusterArn needs the SecretArn of one of its database roles."
    ]


def test_the_function_finds_its_database(stack: Stack) -> None:
    def variables(of: Stack) -> dict[str, Any]:
        found: dict[str, Any] = of.properties("QueryportFunction")["Environment"]["Variables"]
        return found

    assert variables(stack)["QUERYPORT_DATABASE"] == stack.properties("Cluster")["DatabaseName"] == "app"
    own = Stack(TEMPLATE, ClusterArn=OTHER["ClusterArn"], SecretArn=OTHER["SecretArn"], DatabaseName="shop")
    assert variables(own)["QUERYPORT_RESOURCE_ARN"] == OTHER["ClusterArn"]
    assert variables(own)["QUERYPORT_SECRET_ARN"] == OTHER["SecretArn"]
    assert variables(own)["QUERYPORT_DATABASE"] == "shop"
