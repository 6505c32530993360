"""`queryport run`: calls one operation through the handler, as Step Functions or an HTTP client would."""

import sys
from pathlib import Path
from typing import Any

import click

from handler.contract import exact_json
from handler.contract.operation import Operation, Result
from queryport.commands import options
from queryport.commands.local_function import LocalFunction, Terms, TypedRequest
from queryport.commands.named_operation import named_operation
from queryport.commands.tables import show_rows
from queryport.commands.typed_values import read_body, read_parameters
from queryport.console.terminal import Terminal, counted
from queryport.local.default_caller import read_claims
from queryport.project.workspace import open_workspace


def show(operation: Operation, data: Any, terminal: Terminal) -> None:
    """Print an answer for people: rows as a table, everything else in a line."""
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


@click.command("run")
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--http", metavar='"METHOD PATH"', help='Send an HTTP request instead, for example "GET /books?limit=2".')
@click.option("--body", metavar="JSON", help="All parameters, or the body of --http; @FILE takes it from a file.")
@click.option("--key", metavar="TEXT", help="The idempotency key of the call.")
@click.option("--if-match", metavar="TAG", help="The entity tag of the row that is to be changed, such as 5.")
@click.option("--rollback", is_flag=True, help="Take the change back, and show what it would have been.")
@click.option("--claims", metavar="JSON", help="The claims of the one on whose behalf it is called, as a JSON object.")
@click.option("--api-key", metavar="KEY", help="The API key that --http sends; `queryport key new --local` makes one.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.project
@options.data_dir
@options.served_database_url
def run_command(
    name: str | None,
    parameters: tuple[str, ...],
    http: str | None,
    body: str | None,
    key: str | None,
    if_match: str | None,
    claims: str | None,
    api_key: str | None,
    project: Path,
    data_dir: Path | None,
    database_url: str | None,
    *,
    rollback: bool,
    as_json: bool,
) -> None:
    """Call the operation NAME through the handler and print what it answers.

    Values are read as the parameter's type wants them: text as it stands, everything else as JSON. KEY=@FILE takes the
    value from a file, and KEY:=JSON gives it as JSON whatever the type, for example note:=null. Lists and conditions
    may be written as in a URL: sort=-price,name 'filter[price][lte]=20'. A batch takes an array of parameters with
    --body. Under a failed call stands what PostgreSQL said, which callers are not told.
    """
    if (name is None) == (http is None):
        raise click.UsageError("give the NAME of an operation, or a request with --http")
    if parameters and body is not None:
        raise click.UsageError("KEY=VALUE and --body do not go together: give the parameters in one of the two ways")
    if api_key is not None and (http is None or claims is not None):
        raise click.UsageError("--api-key goes with --http, and not with --claims")
    given = None if body is None else read_body(body)
    terms = Terms(key, if_match, rollback)
    request = None if http is None else TypedRequest.read(http, given, terms, api_key)
    on_behalf = None if claims is None else read_claims("--claims", claims)
    progress = Terminal(stderr=True)
    with open_workspace(project, data_dir, database_url, progress, migrate=True) as workspace:
        build = workspace.build()
        if request is not None:
            response = LocalFunction(workspace, build, progress, on_behalf).request(request)
        else:
            operation = named_operation(build.compilation, str(name))
            values = read_parameters(operation, parameters) if given is None else given
            data = LocalFunction(workspace, build, progress, on_behalf).invoke(operation, values, terms)
    if request is not None:
        sys.stdout.buffer.write(response.content)
        if response.content and not response.content.endswith(b"\n"):
            click.echo()
        sys.exit(1 if response.is_error else 0)
    if as_json:
        click.echo(exact_json.dumps(data))
    else:
        show(operation, data, Terminal())
