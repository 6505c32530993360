"""AWS Lambda as Step Functions meets it: the real runtime interface emulator, behind a door that reports failures.

The emulator answers a failed call as it answers any other. AWS says so in the header X-Amz-Function-Error, by which
Step Functions knows that there is an error to retry or to catch, so the door adds it. The door can also deliver a call
twice, as AWS at times does.
"""

import os
import platform
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 10.0
_ENDED = b'{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited"}'


def runtime_interface_emulator() -> Path:
    """The program, as the AWS SAM CLI brings it; `make sam-tools` installs that."""
    machine = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    found = sorted((ROOT / ".tools/sam").glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"))
    assert found, "the runtime interface emulator is not installed: run `make sam-tools`"
    return found[0]


@contextmanager
def runtime(variables: Mapping[str, str], folder: Path, *, seconds: int) -> Iterator[str]:
    """Runs the handler under the emulator; answers the URL that an event is posted to."""
    program = Path(shutil.copy(runtime_interface_emulator(), folder / "aws-lambda-rie"))
    program.chmod(0o755)
    port, api_port = _free_port(), _free_port()
    command = [
        str(program),
        *(
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{port}",
            "--runtime-api-address",
            f"127.0.0.1:{api_port}",
        ),
        *(sys.executable, "-m", "awslambdaric", "handler.main.lambda_handler"),
    ]
    environment = {**variables, "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds), "PATH": os.environ["PATH"]}
    with (folder / "function.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        finally:
            process.terminate()
            process.wait(10)


class LambdaDoor:
    """The Lambda service's Invoke on a local port, for one function, one call at a time. Remembers every event."""

    def __init__(self, function_url: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.deliveries = 1
        """How often the function gets each call; the caller has the answer of the last time."""
        self.lost_answers = 0
        """How many of the next calls are answered as Lambda does where the function's process ended."""
        self._one_at_a_time = threading.Lock()
        self._function_url = function_url
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                answer = door.invoke(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                if _is_failure(answer):
                    self.send_header("x-amz-function-error", "Unhandled")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator["LambdaDoor"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def invoke(self, event: bytes) -> bytes:
        with self._one_at_a_time:
            self.events.append(orjson.loads(event))
            for _ in range(self.deliveries):
                answer = httpx.post(self._function_url, content=event, timeout=60, trust_env=False).content
            if self.lost_answers:
                self.lost_answers -= 1
                return _ENDED
        return answer

    def operations(self) -> list[str]:
        return [event["operation"] for event in self.events]


def _is_failure(answer: bytes) -> bool:
    parsed = orjson.loads(answer)
    return isinstance(parsed, dict) and {"errorType", "errorMessage"} <= parsed.keys()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the runtime interface emulator ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the runtime interface emulator does not listen")
