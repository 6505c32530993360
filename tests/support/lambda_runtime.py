"""The handler under AWS's own parts: the runtime interface client (awslambdaric) and emulator (RIE), no Docker needed.

The RIE's binary comes inside the package aws-sam-cli, which `make sam-tools` installs in an environment of its own.
"""

import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.repository import ROOT


def binary() -> Path:
    """The RIE for this machine; installed if it is not there yet."""
    architecture = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    pattern = f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}"
    tools = ROOT / ".tools" / "sam"
    if not any(tools.glob(pattern)):
        subprocess.run(["make", "sam-tools"], cwd=ROOT, check=True)
    (found,) = tools.glob(pattern)
    return found


class LambdaRuntime:
    """A running function; use as a context manager."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, timeout_seconds: int = 20) -> None:
        port, api_port = _free_port(), _free_port()
        self._log = log
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=timeout_seconds + 10)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(str(binary()), "--log-level", "error"),
                    *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
                    *("--runtime-api-address", f"127.0.0.1:{api_port}"),
                    *(sys.executable, "-m", "awslambdaric", "handler.main.lambda_handler"),
                ],
                cwd=ROOT,
                env={
                    **os.environ,
                    **environment,
                    "AWS_LAMBDA_FUNCTION_NAME": "queryport",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                    "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds),
                    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
                },
                stdout=output,
                stderr=output,
            )
        _await_port(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(timeout=10)

    def invoke(self, event: Any) -> Any:
        return json.loads(self.invoke_text(event if isinstance(event, str) else json.dumps(event)))

    def invoke_text(self, event: str) -> str:
        """The payload as it comes back from Lambda."""
        return self._client.post("/2015-03-31/functions/function/invocations", content=event.encode()).text

    def log(self) -> str:
        """What the function has written so far."""
        return self._log.read_text()


def _free_port() -> int:
    """A port that nobody listens on; below those that the system itself may give to another before it is used."""
    while True:
        port = 15_000 + secrets.randbelow(15_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _await_port(port: int) -> None:
    give_up = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return
