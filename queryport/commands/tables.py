"""Operations, rows and answered requests as the commands show them."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.markup import escape
from rich.text import Text

from handler.contract.execution import Batch
from handler.contract.operation import Operation
from queryport.console.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from queryport.emulator.calls.log import DatabaseReport
    from queryport.local.calls import AnsweredRequest

_MOST_SHOWN = 40
"""Operations; of more, `serve` shows the folders."""


def show_operations(terminal: Terminal, operations: Sequence[Operation], *, in_full: bool = False) -> None:
    """Show how each operation is called, its parameters and its result; many of them by folder, unless in full."""
    if len(operations) > _MOST_SHOWN and not in_full:
        _show_folders(terminal, operations)
        return
    rows = [
        (operation.name, _route(operation), _parameters(operation), operation.result.value) for operation in operations
    ]
    # What the terminal has no room for goes below its operation: a path that breaks in a word cannot be copied.
    if _wide(rows) > terminal.columns:
        for name, route, parameters, result in rows:
            terminal.line(Text.assemble((name, "bold"), f"  {result}"))
            terminal.line(Text(f"  {route}"))
            for line in wrapped(parameters, terminal.columns - 4, separator=", "):
                terminal.line(Text(f"    {line}", style="dim"))
        return
    table = _table(box=None, pad_edge=False)
    for heading in ("Operation", "Route", "Parameters", "Result"):
        table.add_column(heading, no_wrap=heading != "Parameters")
    for row in rows:
        table.add_row(*map(escape, row))
    terminal.draw(table)


def _table(**options: Any) -> "Table":
    from rich.table import Table  # here, since most commands show none

    return Table(header_style="bold", **options)


def wrapped(text: str, width: int, separator: str) -> list[str]:
    """The text in lines that break behind separators, as far as possible."""
    lines: list[str] = []
    for piece in text.split(separator) if text else []:
        if lines and len(lines[-1]) + len(separator) + len(piece) <= width:
            lines[-1] += separator + piece
        else:
            lines.append(piece)
    return lines


def _wide(rows: Sequence[tuple[str, ...]]) -> int:
    """The columns that a table needs to break nothing but between parameters."""
    name, route, parameters, result = zip(*rows, strict=True)
    pieces = [piece for text in parameters for piece in text.split(", ")]
    parts = [("Operation", *name), ("Route", *route), ("Parameters", *pieces), ("Result", *result)]
    return sum(max(map(len, part)) for part in parts) + 2 * (len(parts) - 1)


def _show_folders(terminal: Terminal, operations: Sequence[Operation]) -> None:
    folders = Counter(operation.name.rpartition(".")[0] for operation in operations)
    table = _table(box=None, pad_edge=False)
    table.add_column("Folder", no_wrap=True)
    table.add_column("Operations", justify="right")
    for folder, number in sorted(folders.items()):
        table.add_row(escape(folder or "."), str(number))
    terminal.draw(table)
    terminal.note("`queryport list FOLDER` shows the operations of a folder, `queryport list` all of them.")


def show_call(terminal: Terminal, call: "AnsweredRequest", *, statements: bool = False) -> None:
    """Show an answered request in a line, and below it the error of a function that failed, and PostgreSQL's.

    `statements` adds the statement that PostgreSQL refused.
    """
    style = "green" if call.status < 400 else "yellow" if call.status < 500 else "red"
    terminal.line(
        Text.assemble(
            (f"{time.strftime('%H:%M:%S')}  ", "dim"),
            (str(call.status), style),
            f"  {call.method} {_printable(call.path)}",
            (f"  {call.seconds * 1000:.0f} ms", "dim"),
        )
    )
    if call.failure:
        terminal.line(Text(_printable(call.failure), style="red"))
    if call.database is not None:
        show_database_report(terminal, call.database, statements=statements, style=style)


def show_database_report(
    terminal: Terminal, report: "DatabaseReport", *, statements: bool = False, style: str = "red"
) -> None:
    """Show what PostgreSQL said of a failed statement, and the statement itself if `statements` says so."""
    for name, text in _report_parts(report, statements=statements):
        terminal.line(Text(f"  {name}:  {_printable(text)}", style=style))


def _printable(text: str) -> str:
    """A text of callers' or of PostgreSQL's without what a terminal takes for a command."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def _report_parts(report: "DatabaseReport", *, statements: bool) -> Iterator[tuple[str, str]]:
    """The parts of PostgreSQL's report that it has, named as in psql."""
    failure = report.failure
    parts = {
        failure.severity: f"{failure.sqlstate}: {failure.message}",
        "DETAIL": failure.detail,
        "HINT": failure.hint,
        "CONTEXT": failure.context,
        "CONSTRAINT NAME": failure.constraint,
        "STATEMENT": report.sql if statements else None,
    }
    for name, text in parts.items():
        if text:
            yield name, text


def show_rows(terminal: Terminal, rows: Sequence[dict[str, Any]]) -> None:
    """Show rows as a table, whose columns are those of the first row; wide ones a column a line."""
    if not rows:
        terminal.note("no rows")
        return
    names = list(rows[0])
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [
        max(len(name), *(cell_len(line) for row in cells for line in row[place].plain.splitlines() or [""]))
        for place, name in enumerate(names)
    ]
    if sum(widths) + 3 * len(names) + 1 <= terminal.columns:
        table = _table()
        for name in names:
            table.add_column(escape(name), no_wrap=True)
        for row in cells:
            table.add_row(*row)
        terminal.draw(table)
        return
    margin = max(cell_len(name) for name in names)
    for number, row in enumerate(cells, 1):
        terminal.line(Text(f"row {number}", style="dim"))
        for name, cell in zip(names, row, strict=True):
            terminal.line(Text.assemble((f"{name}{' ' * (margin - cell_len(name))}", "bold"), "  ", cell))


def _route(operation: Operation) -> str:
    http = operation.http
    return f"{http.method} {http.path}" if http else f"POST /operations/{operation.name}"


def _parameters(operation: Operation) -> str:
    is_batch = isinstance(operation.execution, Batch)
    schema = operation.parameters_schema["items"] if is_batch else operation.parameters_schema
    required = schema.get("required", ())
    written = ", ".join(
        f"{name}{'' if name in required else '?'} {_type(each)}" for name, each in schema.get("properties", {}).items()
    )
    return f"[{{{written}}}, …]" if is_batch else written


def _type(schema: dict[str, Any]) -> str:
    """The type that a parameter's schema stands for, in a word."""
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _type(choice)
    if "enum" in schema:
        return "|".join(str(label) for label in schema["enum"] if label is not None)
    declared = schema.get("type", "json")
    name = declared if isinstance(declared, str) else next(one for one in declared if one != "null")
    if name == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("format", name)) if name == "string" else str(name)


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, dict | list | bool):
        return Text(json.dumps(value, ensure_ascii=False, default=str))
    return Text(str(value), justify="right")
