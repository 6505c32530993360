"""Compiling many files: `queryport build` beside pgtyped's CLI, and beside itself where one file has changed.

    compile       a thousand files for the first time; the peer is pgtyped over the same statements on the same server
    compile-one   `queryport check` of ten thousand files of which one has changed; the peer is a check of all of them

What counts is the time on the clock where pgtyped is the peer, since both sides wait for PostgreSQL and pgtyped uses
several cores; the CPU time of the command where the peer is the same command, with its bytecode compiled. pgtyped can
only speak TCP, so both reach the server through the same small relay from a TCP port to its socket.
"""

import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from benchmarks.measure import ROOT, Outcome
from queryport.postgres.server import EmbeddedPostgres

FILES, MANY_FILES = 1000, 10_000
_TURNS = 3
_PGTYPED = ROOT / "benchmarks" / "pgtyped"
_SCHEMA = """
CREATE TABLE customers (customer_id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status text NOT NULL, total numeric(12, 2) NOT NULL, placed_at timestamptz NOT NULL, note text
);
"""
_STATEMENTS = (
    "SELECT order_id, status, total, placed_at, note FROM orders WHERE order_id = :order_id",
    "SELECT o.order_id, o.total, c.email FROM orders o JOIN customers c USING (customer_id)\n"
    "WHERE c.email = :email AND o.total >= :least\nORDER BY o.placed_at DESC, o.order_id",
    "SELECT status, count(*) AS orders, sum(total) AS total FROM orders\n"
    "WHERE customer_id = :customer_id GROUP BY status",
    "UPDATE orders SET status = :status, note = :note WHERE order_id = :order_id RETURNING order_id, status",
    "INSERT INTO orders (customer_id, status, total, placed_at)\n"
    "VALUES (:customer_id, 'open', :total, now()) RETURNING order_id",
)


def outcomes() -> Iterator[Outcome]:
    with (
        EmbeddedPostgres.scratch() as postgres,
        tempfile.TemporaryDirectory() as folder,
        _relay(postgres.url()) as port,
    ):
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        first, changed = Path(folder) / "first", Path(folder) / "changed"
        _run("migrate", _write_project(first, FILES), url)
        if pgtyped := _pgtyped():
            yield _first_time(first, _write_for_pgtyped(Path(folder) / "pgtyped", FILES, port), url, pgtyped)
        yield _one_changed(_write_project(changed, MANY_FILES), url)


def _first_time(project: Path, theirs: Path, url: str, pgtyped: list[str]) -> Outcome:
    turns = []
    for _ in range(_TURNS):
        shutil.rmtree(project / ".queryport", ignore_errors=True)
        turns.append(
            (_run("build", project, url).clock, _run_command([*pgtyped, "--config", str(theirs)], cwd=_PGTYPED).clock)
        )
    made = len(list(theirs.parent.rglob("*.queries.ts")))
    assert made == FILES, f"pgtyped made {made} files of {FILES}"
    ours, peer = (statistics.median(side) for side in zip(*turns, strict=True))
    return Outcome("compile", statistics.median(a / b for a, b in turns), 0.5, ours, peer, "s")


def _one_changed(project: Path, url: str) -> Outcome:
    # Not `build`, which writes the OpenAPI document besides: that is made of all operations at once.
    all_again = _run("check", project, url).cpu
    changed = project / "sql_queries" / "area0" / "statement_0.sql"
    seconds = []
    for number in range(_TURNS):
        changed.write_text(f"SELECT {number} AS number\n")
        seconds.append(_run("check", project, url).cpu)
    ours = statistics.median(seconds)
    return Outcome("compile-one", ours / all_again, 0.02, ours, all_again, "s of CPU")


class _Seconds(NamedTuple):
    clock: float
    cpu: float


def _run(name: str, project: Path, url: str) -> _Seconds:
    command = [sys.executable, "-m", "queryport", name, "--project", str(project), "--database-url", url]
    return _run_command(command, cwd=ROOT)


def _run_command(command: list[str], cwd: Path) -> _Seconds:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began, used = time.perf_counter(), _cpu_seconds()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    seconds = _Seconds(time.perf_counter() - began, _cpu_seconds() - used)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return seconds


def _cpu_seconds() -> float:
    """The CPU time of all programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write_project(folder: Path, count: int) -> Path:
    migration = folder / "migrations" / "0001_shop.sql"
    migration.parent.mkdir(parents=True)
    migration.write_text(_SCHEMA)
    for number in range(count):
        path = folder / "sql_queries" / f"area{number % 100}" / f"statement_{number}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_STATEMENTS[number % len(_STATEMENTS)] + "\n")
    return folder


def _write_for_pgtyped(folder: Path, count: int, port: int) -> Path:
    for number in range(count):
        path = folder / "src" / f"area{number % 100}" / f"statement_{number}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"/* @name Statement{number} */\n{_STATEMENTS[number % len(_STATEMENTS)]};\n")
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "transforms": [{"mode": "sql", "include": "**/*.sql", "emitTemplate": "{{dir}}/{{name}}.queries.ts"}],
                "srcDir": str(folder / "src"),
                "failOnError": True,
                "camelCaseColumnNames": False,
                "db": {"host": "127.0.0.1", "port": port, "user": "postgres", "password": "", "dbName": "postgres"},
            }
        )
    )
    return config


def _pgtyped() -> list[str] | None:
    """The command, with the packages of package-lock.json; None where there is no Node to run it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("compile              left out: Node is not installed, so pgtyped cannot be run", flush=True)
        return None
    if not (_PGTYPED / "node_modules" / ".package-lock.json").exists():
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=_PGTYPED, check=True, capture_output=True
        )
    return [node, str(_PGTYPED / "node_modules" / "@pgtyped" / "cli" / "lib" / "index.js")]


@contextmanager
def _relay(url: str) -> Iterator[int]:
    """Pass a TCP port on to the socket of a URL, from a thread of its own."""
    options = parse_qs(urlsplit(url).query)
    path = os.path.join(options["host"][0], f".s.PGSQL.{options['port'][0]}")  # noqa: PTH118 (a name that libpq makes)
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(path)
        await asyncio.gather(_pump(reader, to_server), _pump(from_server, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
        writer.close()
    except ConnectionError:
        writer.close()
