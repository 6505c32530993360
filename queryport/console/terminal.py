"""What the commands show: steps while they last, problems, tables of operations and rows, calls as they are answered.

Every command's output goes through here, so that it looks alike and is plain text where nobody watches (a pipe, CI).
"""

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from handler.contract.operation import Operation
from queryport.compile import Compilation, Problem
from queryport.diagnostics.rules import Severity
from queryport.local.function_url import Call

_A_WHILE = 0.7  # seconds


class Terminal:
    def __init__(self, *, stderr: bool = False) -> None:
        self._console = Console(stderr=stderr, highlight=False)
        if not self._console.is_terminal and "COLUMNS" not in os.environ:
            self._console.width = 160  # a pipe has no width; eighty columns would fold every table

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Shows what goes on while it does. A step that takes a while leaves a line, and in a pipe shows only then."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(f"{escape(text)} …"):
                yield
            if (seconds := time.monotonic() - started) >= _A_WHILE:
                self.note(f"{text} took {seconds:.1f} s")
            return
        slow = threading.Timer(_A_WHILE, self.note, [f"{text} …"])
        slow.daemon = True
        slow.start()
        try:
            yield
        finally:
            slow.cancel()

    def note(self, text: str) -> None:
        self._console.print(escape(text), style="dim", soft_wrap=True)

    def say(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)

    def error(self, text: str) -> None:
        self._console.print(Text.assemble(("error", "bold red"), f": {text}"), soft_wrap=True)

    def problems(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self._console.print(Text.from_ansi(problem.render(color=True)), soft_wrap=True)
            self._console.print()

    def operations(self, operations: Sequence[Operation]) -> None:
        """The table of the operations: how each is called, with what, and what it answers."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Operation", "Route", "Parameters", "Result"):
            table.add_column(heading, overflow="fold")
        for operation in operations:
            table.add_row(
                escape(operation.name), escape(route(operation)), escape(_parameters(operation)), operation.result.value
            )
        self._console.print(table)

    def call(self, call: Call) -> None:
        """One line for an answered request, and what the caller was not told, if the function failed."""
        style = "green" if call.status < 400 else "yellow" if call.status < 500 else "red"
        line = Text.assemble(
            (f"{time.strftime('%H:%M:%S')}  ", "dim"),
            (str(call.status), style),
            f"  {call.method} {call.path}",
            (f"  {call.seconds * 1000:.0f} ms", "dim"),
        )
        self._console.print(line, soft_wrap=True)
        if call.failure:
            self._console.print(Text(call.failure, style="red"), soft_wrap=True)

    def rows(self, rows: Sequence[dict[str, Any]]) -> None:
        """Rows as a table; its columns are those of the first row."""
        if not rows:
            self.note("no rows")
            return
        table = Table(header_style="bold")
        for name in rows[0]:
            table.add_column(escape(name), overflow="fold")
        for row in rows:
            table.add_row(*(_cell(row.get(name)) for name in rows[0]))
        self._console.print(table)


def route(operation: Operation) -> str:
    """How an operation is called over HTTP."""
    http = operation.http
    return f"{http.method} {http.path}" if http else f"POST /operations/{operation.name}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def summary(compilation: Compilation) -> str:
    """For example `24 operations, no errors, 1 warning`."""
    errors = sum(problem.severity is Severity.ERROR for problem in compilation.problems)
    warnings = len(compilation.problems) - errors
    parts = [counted(len(compilation.operations), "operation"), counted(errors, "error") if errors else "no errors"]
    return ", ".join([*parts, counted(warnings, "warning")] if warnings else parts)


def _parameters(operation: Operation) -> str:
    schemas = operation.parameters_schema.get("properties", {})
    required = operation.parameters_schema.get("required", ())
    return ", ".join(f"{name}{'' if name in required else '?'} {_type(schema)}" for name, schema in schemas.items())


def _type(schema: dict[str, Any]) -> str:
    """One word for a parameter's schema."""
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _type(choice)
    if "enum" in schema:
        return "|".join(str(label) for label in schema["enum"] if label is not None)
    declared = schema.get("type", "json")
    kind = declared if isinstance(declared, str) else next(one for one in declared if one != "null")
    if kind == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("format", kind)) if kind == "string" else str(kind)


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, dict | list | bool):
        return Text(json.dumps(value, ensure_ascii=False, default=str))
    return Text(str(value), justify="right")
