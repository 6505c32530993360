"""`sam build`, `sam local invoke` and `sam local start-lambda`, against the emulator on the host."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from queryport.emulator import Emulator
from queryport.local.http_thread import ADDRESS
from queryport.postgres.server import EmbeddedPostgres
from queryport.testing.databases import FreshDatabase
from queryport.web.listener import listen
from tests.container import events, function
from tests.support.databases import template_database
from tests.support.projects import Finished
from tests.support.repository import ROOT
from tests.support.shop import seed

SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
LOGICAL_ID = "QueryportFunction"

START_SECONDS = 120.0
_AT_A_TIME = 3


@pytest.fixture(scope="module")
def seeding(postgres: EmbeddedPostgres) -> Iterator[Future[FreshDatabase]]:
    """The bookshop, which is seeded while the image is built."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(template_database, postgres, "app", seed)


@pytest.fixture(scope="module")
def host_emulator(postgres: EmbeddedPostgres, seeding: Future[FreshDatabase]) -> Iterator[Emulator]:
    """The emulator as a developer runs it, over the bookshop's database; containers reach it too."""
    seeding.result()
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
def built(environment: dict[str, str], seeding: Future[FreshDatabase]) -> None:  # noqa: ARG001 (it goes on meanwhile)
    """`sam build`, which takes the classic builder."""
    done = subprocess.run([str(SAM), "build"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def invoked(variables: Path, environment: dict[str, str]) -> Iterator[Mapping[str, Future[Finished]]]:
    """What `sam local invoke` makes of each event; a few run at a time, as they mostly wait for their containers."""

    def invoke(name: str) -> Finished:
        event = str(events.FOLDER / f"{name}.json")
        done = subprocess.run(
            [str(SAM), "local", "invoke", "--event", event, "--env-vars", str(variables)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    with ThreadPoolExecutor(_AT_A_TIME) as workers:
        first, *others = events.NAMES
        made = {first: workers.submit(invoke, first)}
        wait(made.values())  # it makes the image that the others take
        yield made | {name: workers.submit(invoke, name) for name in others}


@pytest.mark.parametrize("name", events.NAMES)
def test_sam_local_invoke(name: str, invoked: Mapping[str, Future[Finished]]) -> None:
    done = invoked[name].result()
    assert done.code == 0, done.errors
    events.check(name, json.loads(done.output))


@pytest.fixture(scope="module")
def lambda_client(
    variables: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """boto3's client of `sam local start-lambda`."""
    with listen(ADDRESS, 0) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("start-lambda") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            # A container stays for the next event, as on AWS.
            [
                *(str(SAM), "local", "start-lambda", "--warm-containers", "LAZY"),
                *("--port", str(port), "--env-vars", str(variables)),
            ],
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
