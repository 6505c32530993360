"""`sam build`, `sam local invoke` and `sam local start-lambda`, against the emulator on the host."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import BotoCoreError

from queryport.emulator import Emulator
from queryport.local.http_thread import listen
from queryport.migrations.runner import apply
from queryport.postgres.server import EmbeddedPostgres
from tests.container import events, function
from tests.support.repository import ROOT

SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
LOGICAL_ID = "QueryportFunction"

START_SECONDS = 120.0


@pytest.fixture(scope="module")
def host_emulator(postgres: EmbeddedPostgres) -> Iterator[Emulator]:
    """The emulator as a developer runs it, over the bookshop's database; containers reach it too."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE app")
    apply(postgres.url("app"), ROOT / "migrations", ROOT / "seed")
    with Emulator(postgres.url("app"), host="0.0.0.0") as emulator:  # noqa: S104
        yield emulator


@pytest.fixture(scope="module")
def variables(host_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """sam-local.json with the port that the emulator got here."""
    settings = json.loads((ROOT / "sam-local.json").read_text())
    wanted = settings["Parameters"]["AWS_ENDPOINT_URL_RDS_DATA"].rsplit(":", 1)[0]
    settings["Parameters"]["AWS_ENDPOINT_URL_RDS_DATA"] = f"{wanted}:{host_emulator.port}"
    path = tmp_path_factory.mktemp("sam") / "variables.json"
    path.write_text(json.dumps(settings))
    return path


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """A developer's, who has an account's region set and no credentials."""
    names = ("PATH", "HOME", "DOCKER_HOST", "LANG")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}


@pytest.fixture(scope="module", autouse=True)
def built(environment: dict[str, str]) -> None:
    """`sam build`, which takes the classic builder."""
    done = subprocess.run([str(SAM), "build"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", events.NAMES)
def test_sam_local_invoke(name: str, variables: Path, environment: dict[str, str]) -> None:
    event = events.FOLDER / f"{name}.json"
    done = subprocess.run(
        [str(SAM), "local", "invoke", "--event", str(event), "--env-vars", str(variables)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events.check(name, json.loads(done.stdout))


@pytest.fixture(scope="module")
def lambda_client(
    variables: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """boto3's client of `sam local start-lambda`."""
    with listen(0, "--port") as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("start-lambda") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(SAM), "local", "start-lambda", "--port", str(port), "--env-vars", str(variables)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    client = function.lambda_client(f"http://127.0.0.1:{port}")
    try:
        _wait_until_it_answers(client, process, log)
        yield client
    finally:
        client.close()
        process.terminate()  # takes its containers down as well
        process.wait(timeout=60)


def _wait_until_it_answers(client: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            client.invoke(FunctionName=LOGICAL_ID, Payload=json.dumps(events.event("url_health")).encode())
            return
        except BotoCoreError:
            if process.poll() is not None or time.monotonic() > give_up:
                pytest.fail(f"sam local start-lambda does not answer:\n{log.read_text()}")
            time.sleep(0.5)


@pytest.mark.parametrize("name", [name for name in events.NAMES if name != "direct_give_credit"])
def test_sam_local_start_lambda(name: str, lambda_client: Any) -> None:
    answer = lambda_client.invoke(FunctionName=LOGICAL_ID, Payload=json.dumps(events.event(name)).encode())
    events.check(name, json.loads(answer["Payload"].read()))


def test_a_transfer_that_was_made_already_is_refused(lambda_client: Any) -> None:
    event = json.dumps(events.event("direct_give_credit")).encode()
    lambda_client.invoke(FunctionName=LOGICAL_ID, Payload=event)
    again = json.loads(lambda_client.invoke(FunctionName=LOGICAL_ID, Payload=event)["Payload"].read())
    assert again["errorType"] == "UniqueViolation"
