"""Small projects made for a test, the commands run on them, and a running `queryport serve`."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from unittest.mock import patch

import httpx
import psutil
from click.testing import CliRunner

from queryport.commands.main import main
from queryport.console import signals
from tests.support.forks import Program, start

QUERYPORT = Path(sys.executable).with_name("queryport")

# Given in full and without a terminal's size, since libraries set variables behind Python's back (readline: COLUMNS).
# With bytecode the processes that are started here take a quarter less. By what make hands to its children, the make of
# a project would say that it is another's.
_LEFT_OUT = ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}

BOOKSHOP = {
    "migrations/0001_book.sql": "CREATE TABLE book (book_id int PRIMARY KEY, title text NOT NULL, price numeric(8,2));",
    "seed/01_book.sql": "INSERT INTO book SELECT n, 'Book ' || n, n FROM generate_series(1, 5) n;",
    "sql_queries/books/get.sql": (
        "-- result: one\n-- http: GET /books/{book_id}\n"
        "SELECT book_id, title, price FROM book WHERE book_id = :book_id\n"
    ),
    "sql_queries/books/cheap.sql": "SELECT title FROM book WHERE price <= :price ORDER BY book_id\n",
    "sql_queries/books/rename.sql": "UPDATE book SET title = :title WHERE book_id = :book_id\n",
    "sql_queries/books/count.sql": "-- result: value\nSELECT count(*) AS books FROM book\n",
    "sql_queries/books/wait.sql": "-- result: none\nSELECT pg_sleep(:seconds)\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    """Writes files below a folder and answers the folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: str
    errors: str


def run(*arguments: str, project: Path, data_dir: Path | None = None) -> Finished:
    """Runs one of the commands to its end in this process: its own main, and all that it starts is real.

    A process of its own costs a second, nearly all of it imports.
    """
    handlers = [(number, signal.getsignal(number)) for number in signals.STOPPING]
    with (
        CliRunner().isolation(env=dict.fromkeys(_LEFT_OUT)) as (output, errors, _),
        patch.object(sys, "argv", ["queryport", *_command(arguments, project, data_dir)]),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            for number, handler in handlers:
                signal.signal(number, handler)
            sys.stdout.flush()
            sys.stderr.flush()
    assert isinstance(code, int)
    return Finished(code, output.getvalue().decode(), errors.getvalue().decode())


def _command(arguments: Sequence[str], project: Path, data_dir: Path | None) -> list[str]:
    options = ["--project", str(project), *(["--data-dir", str(data_dir)] if data_dir else [])]
    return [arguments[0], *options, *arguments[1:]]


@dataclass(frozen=True, slots=True)
class Project:
    """A project and its data directory, which need not be in it."""

    root: Path
    data_dir: Path

    @property
    def options(self) -> list[str]:
        return ["--project", str(self.root), "--data-dir", str(self.data_dir)]

    def run(self, *arguments: str) -> Finished:
        return run(*arguments, project=self.root, data_dir=self.data_dir)


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until something holds. The limit is for what never will, however busy the machine is."""
    started = time.monotonic()
    pause = 0.01
    while not holds():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"did not come true within {seconds} seconds")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.1)  # what is asked is often a server that has to get on with it


class Served:
    """A `queryport serve` of its own on a project, on free ports.

    It has been imported beforehand, unless it is `by_script`: then it is what its user starts, every import included.
    """

    def __init__(self, project: Path, *options: str, by_script: bool = False) -> None:
        self.project = project
        self.lines: list[str] = []
        arguments = ["serve", "--project", str(project), "--port", "0", "--emulator-port", "0", *options]
        self.process: Program = (
            subprocess.Popen(
                [QUERYPORT, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=ENVIRONMENT,
            )
            if by_script
            else start("queryport", arguments, Path.cwd(), ENVIRONMENT, imported=["queryport.commands.serve"])
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        eventually(lambda: "Ctrl-C stops everything" in self.output or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.output
        self.client = httpx.Client(base_url=self.printed("Function URL"), timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def printed(self, label: str) -> str:
        """What stands behind a label of the introduction."""
        found = re.search(rf"^{label} +(.+)$", self.output, re.MULTILINE)
        assert found is not None, self.output
        return found[1]

    def call(self, name: str, **parameters: object) -> httpx.Response:
        return self.client.post(f"/operations/{name}", json=parameters)

    def value(self, name: str, **parameters: object) -> object:
        answer = self.call(name, **parameters)
        return answer.json()["data"] if answer.status_code == 200 else None

    def family(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Sends a signal and waits for the end. Kills what does not end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.lines.extend(lines)


def living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those of the processes that still run (a zombie does not)."""
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
