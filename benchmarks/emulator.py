"""The emulator's benchmarks.

    emulator           one-row statements per second through the emulator, as a share of those that psycopg reaches
                       directly; four callers at once on either side
    emulator-encode    a result of one MiB from PostgreSQL's text to the answer's JSON, as a multiple of 20 MB/s

Each side is a process of its own and the two take turns; medians are compared. The emulator's caller speaks HTTP over
sockets that it keeps open, since what an SDK spends on signing and parsing is not the emulator's to spend.
"""

import json
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Self

import orjson
import psycopg
from psycopg.pq import PGconn

from benchmarks.measure import Outcome
from queryport.emulator import Emulator, Limits
from queryport.emulator.results.records import RecordRows, ReturnTypes
from queryport.emulator.results.types import BUILT_IN
from queryport.postgres.server import EmbeddedPostgres

TURNS = 11
CALLERS = 4
STATEMENTS = 1200
"""Per turn; psycopg's turns have three times as many, since they are over so soon."""

SQL = "SELECT {}::int8 AS id, 'name' AS name"
MEGABYTES_PER_SECOND = 20
RESULT = """
SELECT v AS id, 'Customer ' || v AS name, (v * 1.25)::numeric(10, 2) AS total, now() + v * interval '1 s' AS placed_at,
       v % 3 = 0 AS paid, v::float8 / 7 AS weight
FROM generate_series(1, 10300) v
"""


class Side:
    """A process that runs as many statements as it is told to, and answers how many seconds they took."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.emulator", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def per_second(self, callers: int, statements: int) -> float:
        assert self._process.stdin is not None
        print(callers, statements, file=self._process.stdin, flush=True)
        return statements / float(self.read())


def one_row(postgres: EmbeddedPostgres) -> Outcome:
    with ExitStack() as stack:
        emulator = stack.enter_context(Side("serve", postgres.url()))
        ours = stack.enter_context(Side("http", emulator.read()))
        peer = stack.enter_context(Side("psycopg", postgres.url()))
        for side in (ours, peer):
            side.per_second(CALLERS, STATEMENTS)
        turns = [(ours.per_second(CALLERS, STATEMENTS), peer.per_second(CALLERS, 3 * STATEMENTS)) for _ in range(TURNS)]
    ours_rate, peer_rate = (statistics.median(rates) for rates in zip(*turns, strict=True))
    return Outcome("emulator", ours_rate / peer_rate, 0.5, ours_rate, peer_rate, "statements/s", more_is_better=True)


def encode(postgres: EmbeddedPostgres) -> Outcome:
    connection = PGconn.connect(postgres.url().encode())
    result = connection.exec_(RESULT.encode())
    rates: list[float] = []
    for _ in range(TURNS + 1):
        began = time.thread_time()
        rows = RecordRows(Limits())
        rows.add(result)
        answer = orjson.dumps({"records": orjson.Fragment(rows.records(BUILT_IN, ReturnTypes()))})
        rates.append(rows.size / (time.thread_time() - began) / 1_000_000)
    assert len(json.loads(answer)["records"]) == result.ntuples
    connection.finish()
    rate = statistics.median(rates[1:])
    return Outcome(
        "emulator-encode", rate / MEGABYTES_PER_SECOND, 1.0, rate, MEGABYTES_PER_SECOND, "MB/s", more_is_better=True
    )


def serve(database_url: str) -> None:
    with Emulator(database_url) as emulator:
        print(emulator.port, flush=True)
        sys.stdin.read()


def take_turns(run: Callable[[int, int], None]) -> None:
    """Runs what standard input asks for: a number of callers and a number of statements a line."""
    for line in sys.stdin:
        callers, statements = (int(word) for word in line.split())
        began = time.perf_counter()
        run(callers, statements)
        print(time.perf_counter() - began, flush=True)


def call_over_http(port: int) -> None:
    body = json.dumps(
        {
            "resourceArn": "arn:aws:rds:us-east-1:123456789012:cluster:bench",
            "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:bench",
            "database": "postgres",
            "sql": SQL.format(":id"),
            "parameters": [{"name": "id", "value": {"longValue": 7}}],
        }
    ).encode()
    head = (
        "POST /Execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "X-Amz-Date: 20260102T030405Z\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/rds-data/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature=0123456789abcdef\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CALLERS)]
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(callers: int, statements: int) -> None:
        with selectors.DefaultSelector() as selector:
            for connection in sockets[:callers]:
                selector.register(connection, selectors.EVENT_READ, bytearray())
                connection.sendall(request)
            sent, answered = callers, 0
            while answered < statements:
                for key, _ in selector.select():
                    caller, answer = key.fileobj, key.data
                    assert isinstance(caller, socket.socket)
                    answer += caller.recv(65_536)
                    if not answer.endswith(b"}"):
                        continue
                    assert answer.startswith(b"HTTP/1.1 200"), bytes(answer)
                    answer.clear()
                    answered += 1
                    if sent < statements:
                        caller.sendall(request)
                        sent += 1

    take_turns(run)
    for connection in sockets:
        connection.close()


def call_psycopg(database_url: str) -> None:
    connections = [psycopg.connect(database_url, autocommit=True) for _ in range(CALLERS)]

    def call(connection: psycopg.Connection[tuple[int, str]], statements: int) -> None:
        for _ in range(statements):
            assert connection.execute(SQL.format("%s").encode(), (7,)).fetchone() == (7, "name")

    def run(callers: int, statements: int) -> None:
        if callers == 1:  # no thread, and so no other that takes the interpreter away from it
            call(connections[0], statements)
            return
        threads = [
            threading.Thread(target=call, args=(connection, statements // callers))
            for connection in connections[:callers]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    take_turns(run)
    for connection in connections:
        connection.close()


def outcomes() -> Iterator[Outcome]:
    with EmbeddedPostgres.scratch() as postgres:
        yield one_row(postgres)
        yield encode(postgres)


def main() -> None:
    match sys.argv[1:]:
        case ["serve", database_url]:
            serve(database_url)
        case ["http", port]:
            call_over_http(int(port))
        case ["psycopg", database_url]:
            call_psycopg(database_url)


if __name__ == "__main__":
    main()
