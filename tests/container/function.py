"""A running function: called through the runtime interface emulator that is inside of its image."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.container.docker import output

START_SECONDS = 30.0

_INVOCATIONS = "/2015-03-31/functions/function/invocations"


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


@contextmanager
def started(image: str, *, variables: dict[str, str], network: str = "bridge") -> Iterator[Container]:
    """A container of an image, started and not yet called: its INIT is still to come."""
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
