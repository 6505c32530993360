"""AWS Lambda as Step Functions meets it: the real runtime interface emulator, behind a door that reports failures.

The emulator answers a failed call as it answers any other. AWS says so in the header X-Amz-Function-Error, by which
Step Functions knows that there is an error to retry or to catch, so the door adds it. The door can also deliver a call
twice, as AWS at times does.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from tests.support.lambda_runtime import LambdaRuntime

_ENDED = b'{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited"}'


class LambdaDoor:
    """The Lambda service's Invoke on a local port, for one function, one call at a time. Remembers every event."""

    def __init__(self, function: LambdaRuntime) -> None:
        self.events: list[dict[str, Any]] = []
        self.deliveries = 1
        """How often the function gets each call; the caller has the answer of the last time."""
        self.lost_answers = 0
        """How many of the next calls are answered as Lambda does where the function's process ended."""
        self._one_at_a_time = threading.Lock()
        self._function = function
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
                answer = self._function.invoke_text(event.decode()).encode()
            if self.lost_answers:
                self.lost_answers -= 1
                return _ENDED
        return answer

    def operations(self) -> list[str]:
        return [event["operation"] for event in self.events]


def _is_failure(answer: bytes) -> bool:
    parsed = orjson.loads(answer)
    return isinstance(parsed, dict) and {"errorType", "errorMessage"} <= parsed.keys()
