"""A running function: called through the runtime interface emulator that is inside of its image.

Function and Data API are local, and so are the account and the credentials that they are called with.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3  # type: ignore[import-untyped]  # its stubs are a package of their own
import httpx
from botocore.config import Config

from tests.container.docker import output
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN

START_SECONDS = 30.0

_INVOCATIONS = "/2015-03-31/functions/function/invocations"


def lambda_client(url: str) -> Any:
    """boto3's client of a local Lambda."""
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 (of nothing)
        config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
    )


def environment(emulator_url: str, database: str) -> dict[str, str]:
    """What the function and the commands for a deployed database need to reach one."""
    return {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_RDS_DATA": emulator_url,
        "QUERYPORT_RESOURCE_ARN": RESOURCE_ARN,
        "QUERYPORT_SECRET_ARN": SECRET_ARN,
        "QUERYPORT_DATABASE": database,
    }


@dataclass(frozen=True, slots=True)
class Function:
    url: str

    def invoke(self, event: Any) -> Any:
        """What the function answers, which for a failure is its error as JSON."""
        response = httpx.post(f"{self.url}{_INVOCATIONS}", json=event, timeout=60)
        response.raise_for_status()
        return response.json()


@dataclass(frozen=True, slots=True)
class Container:
    """A function of a container's own."""

    name: str
    function: Function

    def log(self) -> str:
        """All that was printed so far."""
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def init_milliseconds(self) -> float:
        """How long the first call's INIT took, by the runtime interface emulator's own report."""
        give_up = time.monotonic() + START_SECONDS
        while (found := re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", self.log())) is None:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.name} reported no INIT")
            time.sleep(0.02)
        return float(found[1])

    def cpu_milliseconds(self) -> float:
        """How much CPU the runtime's process, the child of the runtime interface emulator, has taken so far."""
        return int(output("exec", self.name, "/var/lang/bin/python3", "-c", _CPU_OF_RUNTIME)) / 1e6


_CPU_OF_RUNTIME = """
from pathlib import Path
children = [
    stat.parent
    for stat in Path("/proc").glob("[0-9]*/stat")
    if stat.read_text().rpartition(")")[2].split()[1] == "1"
]
print(sum(int(task.read_text().split()[0]) for child in children for task in child.glob("task/*/schedstat")))
"""


@contextmanager
def started(image: str, *, network: str = "bridge", database: str = "app") -> Iterator[Container]:
    """A container of an image, started and not yet called: its INIT is still to come.

    In Compose's network it reaches the emulator, in any other no database at all.
    """
    variables = environment("http://emulator:8081", database)
    settings = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    name = output("run", "--detach", "--publish", "127.0.0.1::8080", "--network", network, *settings, image)
    try:
        port = output("port", name, "8080/tcp").rsplit(":", 1)[-1]
        container = Container(name, Function(f"http://127.0.0.1:{port}"))
        _wait_until_it_listens(container)
        yield container
    finally:
        output("rm", "--force", "--volumes", name)


def _wait_until_it_listens(container: Container) -> None:
    """The emulator answers a path that it does not know; only an invocation begins the INIT."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(container.function.url, timeout=1)
            return
        except httpx.TransportError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
