"""The image and the emulator's image together: read-only, without capabilities, as a user that neither image knows."""

import json

import pytest

from tests.container import events
from tests.container.docker import output
from tests.container.function import Function, lambda_client
from tests.support.data_api import Api, text


def test_every_event_has_an_expected_answer() -> None:
    assert sorted(events.EXPECTED) == events.NAMES


@pytest.mark.parametrize("name", events.NAMES)
def test_an_event_is_answered(function: Function, name: str) -> None:
    events.check(name, function.invoke(events.event(name)))


def test_the_aws_sdk_calls_the_function(function: Function) -> None:
    client = lambda_client(function.url)
    payload = json.dumps({"operation": "catalogue.get_book", "parameters": {"book_id": 2}})
    answer = client.invoke(FunctionName="function", Payload=payload.encode())
    assert json.loads(answer["Payload"].read())["data"]["book_id"] == 2


def test_a_write_is_there_for_the_next_read(function: Function) -> None:
    customer = {"customer_id": "6ab639ac-8a09-4eee-a51f-8451432433a1"}
    wishes = {"newsletter": True, "topics": ["maps", "Größe"]}
    function.invoke(
        {"operation": "customers.set_preferences", "parameters": {**customer, "preferences": wishes}},
    )
    read = function.invoke({"operation": "customers.get_customer", "parameters": customer})
    assert read["data"]["preferences"] == wishes


def test_each_call_leaves_one_line_with_its_metrics(function: Function, docker_compose_project_name: str) -> None:
    function.invoke({"operation": "catalogue.get_book", "parameters": {"book_id": 3}})
    container = output(
        "ps",
        "--quiet",
        *("--filter", f"label=com.docker.compose.project={docker_compose_project_name}"),
        *("--filter", "label=com.docker.compose.service=function"),
    )
    lines = [json.loads(line) for line in output("logs", container).splitlines() if line.startswith("{")]
    last = [line for line in lines if line.get("message") == "call"][-1]
    assert (last["operation"], last["outcome"], last["rows"]) == ("catalogue.get_book", "ok", 1)
    assert last["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Queryport"


def test_any_program_may_use_the_emulator(emulator_url: str) -> None:
    api = Api(
        emulator_url,
        "app",
        resource_arn="arn:aws:rds:us-east-1:123456789012:cluster:any",
        secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:any",  # noqa: S106 (a name, not a secret)
    )
    with api:
        assert api.value("SELECT count(*) FROM books WHERE language = :language", text("language", "de")) > 0


def test_the_emulator_brings_its_own_extension(emulator_url: str) -> None:
    with Api(emulator_url, "app") as api:
        api.execute("CREATE DATABASE extended")  # in a project's own, extensions are for the migrations to make
        with Api(emulator_url, "extended") as owner:
            owner.execute('CREATE EXTENSION "uuid-ossp"')
            made = owner.value("SELECT uuid_generate_v5(uuid_ns_dns(), 'python.org')")
        api.execute("DROP DATABASE extended WITH (FORCE)")
    assert made == "886313e1-3b8a-5372-9b90-0c9aee199e5d"
