"""`queryport run`: calls one operation through the handler, as Step Functions would, with values typed at a prompt.

What is typed is text, and becomes JSON by the parameter's schema. The handler validates it, as it does all callers'.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from jsonschema import Draft202012Validator

from handler.contract import exact_json
from handler.contract.operation import Operation, Result
from queryport.commands import options
from queryport.commands.tables import show_rows
from queryport.compile import Compilation
from queryport.compile.write.emit import write_catalog
from queryport.console.failure import Failure
from queryport.console.terminal import Terminal, counted
from queryport.diagnostics.near_names import did_you_mean
from queryport.emulator import Emulator
from queryport.local.lambda_environment import LambdaEvent, Outcome
from queryport.local.lambda_environments import LambdaEnvironments, operation_variables
from queryport.project.databases import database_name
from queryport.project.workspace import Workspace, open_workspace


class RunError(Failure):
    """The call cannot be made, or it failed; the message says why."""


def run(workspace: Workspace, name: str, assignments: Sequence[str], terminal: Terminal) -> tuple[Operation, Any]:
    """Calls the operation and answers it with its `data`. Raises RunError."""
    build = workspace.build()
    operation = find(build.compilation, name)
    parameters = read_parameters(operation, assignments)
    database_url = workspace.data(build.scripts)
    with Emulator(database_url) as emulator, TemporaryDirectory(prefix="queryport-") as folder:
        catalog = Path(folder) / "catalog.json"
        write_catalog(catalog, build.compilation.catalogue, build.fingerprint)
        variables = operation_variables(catalog, emulator.url, database_name(database_url))
        event = {"operation": name, "parameters": parameters}
        with terminal.step(f"Calling {name}"):
            outcome = asyncio.run(_call(variables, workspace.data_dir / "handler.log", event))
    if outcome.failed:
        error = exact_json.loads(outcome.payload.decode())
        raise RunError(f"{error['errorType']}: {error['errorMessage']}")
    answer = exact_json.loads(outcome.payload.decode())
    if answer.get("next"):
        terminal.note(f"there are more: cursor={answer['next']}")
    return operation, answer["data"]


def find(compilation: Compilation, name: str) -> Operation:
    """The operation of a name; RunError says what is wrong with its file, or which names are near."""
    operations = {operation.name: operation for operation in compilation.operations}
    if name in operations:
        return operations[name]
    file = Path(*name.split(".")).with_suffix(".sql")
    broken = [problem for problem in compilation.problems if problem.path.as_posix().endswith(f"/{file.as_posix()}")]
    if broken:
        raise RunError("\n\n".join([f"{name} does not compile", *(problem.render() for problem in broken)]))
    hint = did_you_mean(name, operations, "`queryport check` lists what does not compile", "{}")
    raise RunError(f"there is no operation {name}: {hint}")


def read_parameters(operation: Operation, assignments: Sequence[str]) -> dict[str, Any]:
    """The parameters that `key=value`, `key=@file` and `key:=json` say. Raises RunError."""
    schemas: dict[str, dict[str, Any]] = operation.parameters_schema.get("properties", {})
    parameters: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise RunError(f"expected key=value, got {assignment}")
        name = key.removesuffix(":")
        if name not in schemas:
            hint = did_you_mean(name, schemas, f"its parameters: {', '.join(schemas) or 'none'}", "{}")
            raise RunError(f"{operation.name} has no parameter {name}: {hint}")
        if name in parameters:
            raise RunError(f"{name} is given twice")
        text = _from_file(name, text)
        parameters[name] = _json(name, text) if key.endswith(":") else _value(name, text, schemas[name])
    return parameters


def show(operation: Operation, data: Any, terminal: Terminal) -> None:
    """Prints an answer for people: rows as a table, everything else in a line."""
    if operation.result is Result.MANY:
        show_rows(terminal, data)
    elif operation.result in (Result.ONE, Result.MAYBE):
        show_rows(terminal, [data] if data is not None else [])
    elif operation.result is Result.AFFECTED:
        terminal.say(f"{counted(data, 'row')} affected")
    elif operation.result is Result.NONE:
        terminal.say("done")
    else:
        terminal.say(data if isinstance(data, str) else exact_json.dumps(data))


async def _call(variables: Mapping[str, str], log: Path, event: dict[str, Any]) -> Outcome:
    lambda_ = LambdaEnvironments(variables, log, limit=1, spare=False)
    try:
        return await lambda_.invoke(LambdaEvent(event))
    finally:
        await lambda_.close()


def _from_file(name: str, text: str) -> str:
    """The text itself, or that of the file behind `@`; a text that begins with @ is written with two."""
    if not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise RunError(f"{name}: cannot read {text[1:]}: {reason} (a text that begins with @ is written @@)") from None


def _json(name: str, text: str) -> Any:
    try:
        return exact_json.loads(text)
    except exact_json.JsonError as error:
        raise RunError(f"{name}: expected JSON, got a text that {error}") from None


def _value(name: str, text: str, schema: dict[str, Any]) -> Any:
    """What the text means to a parameter of the schema: a string where it may be one, else JSON."""
    kinds = _kinds(schema)
    if "string" in kinds and (kinds <= {"string", "null"} or Draft202012Validator(schema).is_valid(text)):
        return text
    try:
        return exact_json.loads(text)
    except exact_json.JsonError as error:
        if "string" in kinds:
            return text  # the handler says what is wrong with it
        expected = " or ".join(sorted(kinds)) or "JSON (a text is written in quotes)"
        raise RunError(f"{name}: expected {expected}, got a text that {error}") from None


def _kinds(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema names; none means any."""
    if "anyOf" in schema:
        return set().union(*(_kinds(choice) for choice in schema["anyOf"]))
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)


@click.command("run")
@click.argument("name")
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.project
@options.data_dir
@options.served_database_url
def run_command(
    name: str,
    parameters: tuple[str, ...],
    project: Path,
    data_dir: Path | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Call the operation NAME through the handler and print what it answers.

    Values are read as the parameter's type wants them: text as it stands, everything else as JSON. KEY=@FILE takes the
    value from a file, and KEY:=JSON gives it as JSON whatever the type, for example note:=null.
    """
    progress = Terminal(stderr=True)
    with open_workspace(project, data_dir, database_url, progress, migrate=True) as workspace:
        operation, data = run(workspace, name, parameters, progress)
    if as_json:
        click.echo(exact_json.dumps(data))
    else:
        show(operation, data, Terminal())
