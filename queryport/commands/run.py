"""`queryport run`: calls one operation through the handler, as Step Functions or an HTTP client would."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import httpx

from handler.contract import exact_json
from handler.contract.operation import Operation, Result
from queryport.commands import options
from queryport.commands.tables import show_call, show_database_report, show_rows
from queryport.commands.typed_values import read_body, read_parameters
from queryport.compile import Compilation
from queryport.compile.write.emit import write_catalog
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal, counted
from queryport.diagnostics.near_names import near_names
from queryport.emulator import Emulator
from queryport.local.api_keys import LocalApiKeys
from queryport.local.broken import BrokenOperations
from queryport.local.calls import AnsweredRequest, DatabaseReports
from queryport.local.default_caller import as_iam, as_token, read_claims
from queryport.local.function_url import LocalFunctionUrl
from queryport.local.issuer import ISSUERS_VARIABLE, DevelopmentIssuer
from queryport.local.lambda_environment import InvocationResult, LambdaEvent
from queryport.local.lambda_environments import LambdaEnvironments, operation_variables
from queryport.postgres.temporary import temporary_folder
from queryport.project.databases import database_name
from queryport.project.workspace import Build, Workspace, open_workspace

_FEW = 8  # operations, all of which are named where none is near


class RunError(CommandError):
    """The call cannot be made, or it failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which a write is made."""

    key: str | None = None
    if_match: str | None = None
    """The entity tag of the row, with or without quotation marks."""
    rollback: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """The members of a direct event."""
        written = {"idempotency_key": self.key, "if_match": self._tag, "rollback": self.rollback or None}
        return {name: value for name, value in written.items() if value is not None}

    @property
    def headers(self) -> dict[str, str]:
        tag = self._tag
        written = {
            "idempotency-key": self.key,
            "if-match": tag if tag is None or tag == "*" else f'"{tag}"',
            "prefer": "tx=rollback" if self.rollback else None,
        }
        return {name: value for name, value in written.items() if value is not None}

    @property
    def _tag(self) -> str | None:
        return None if self.if_match is None else self.if_match.removeprefix('"').removesuffix('"')


_NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class TypedRequest:
    method: str
    target: str
    """The path with its query string."""
    body: Any = None
    """None where there is none."""
    terms: Terms = _NO_TERMS
    api_key: str | None = None

    @classmethod
    def read(cls, text: str, body: Any, terms: Terms, api_key: str | None = None) -> "TypedRequest":
        """Read `GET /books?limit=2`. Raises RunError."""
        method, _, target = text.strip().partition(" ")
        if not target.strip().startswith("/"):
            raise RunError(f'--http: expected a method and a path, for example "GET /books?limit=2", got "{text}"')
        return cls(method.upper(), target.strip(), body, terms, api_key)


_TOKEN_SECONDS = 3600


class LocalFunction:
    """The function on this machine, over the project's data, for one call."""

    def __init__(
        self, workspace: Workspace, build: Build, terminal: Terminal, claims: Mapping[str, Any] | None = None
    ) -> None:
        """`claims` are those of the one on whose behalf it is called."""
        self._build = build
        self._claims = claims
        self._issuer = DevelopmentIssuer(workspace.data_dir)
        self._api_keys = LocalApiKeys(workspace.data_dir)
        self._database_url = workspace.calls(workspace.data(build.scripts), build.project)
        self._log = workspace.data_dir / "handler.log"
        self._terminal = terminal

    def invoke(self, operation: Operation, parameters: Any, terms: Terms) -> Any:
        """Call an operation and return its `data`. Raises RunError, below PostgreSQL's own words."""
        event = {"operation": operation.name, "parameters": parameters, **terms.members}
        if self._claims is not None:
            event["claims"] = self._claims
        call = LambdaEvent(event)
        reports = DatabaseReports()

        async def invoke(lambda_: LambdaEnvironments) -> InvocationResult:
            return await lambda_.invoke(call)

        outcome: InvocationResult = self._with_function(invoke, reports, f"Calling {operation.name}")
        answer = exact_json.loads(outcome.payload.decode())
        if outcome.failed:
            if (report := reports.take(call.trace)) is not None:
                show_database_report(self._terminal, report)
            raise RunError(f"{answer['errorType']}: {answer['errorMessage']}")
        if answer.get("rolled_back"):
            self._terminal.note("the change was taken back")
        if answer.get("next"):
            self._terminal.note(f"there are more: cursor={answer['next']}")
        return answer["data"]

    def request(self, request: TypedRequest) -> httpx.Response:
        """Send a request to the Function URL; what the caller is not told of a failure is shown."""
        reports = DatabaseReports()
        broken = BrokenOperations()
        broken.update(self._build.compilation, self._build.project.queries)

        def report(call: AnsweredRequest) -> None:
            show_call(self._terminal, call)

        async def send(lambda_: LambdaEnvironments) -> httpx.Response:
            caller = as_iam if self._claims is None else as_token(partial(self._token, self._claims))
            application = LocalFunctionUrl(lambda_.invoke, report, broken, reports, caller)
            headers = request.terms.headers
            if request.api_key is not None:
                headers["x-api-key"] = request.api_key
            content = None
            if request.body is not None:
                content = exact_json.dumps(request.body)
                headers["content-type"] = "application/json"
            transport = httpx.ASGITransport(app=application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(request.method, request.target, content=content, headers=headers)

        response: httpx.Response = self._with_function(send, reports, f"Calling {request.method} {request.target}")
        return response

    def _with_function(self, use: Any, reports: DatabaseReports, step: str) -> Any:
        with (
            Emulator(self._database_url, secrets=self._api_keys.secret, observe=reports.add) as emulator,
            temporary_folder("queryport-run-") as folder,
        ):
            catalog = folder / "catalog.json"
            write_catalog(catalog, self._build.compilation.catalogue, self._build.fingerprint)
            variables = operation_variables(catalog, emulator.url, database_name(self._database_url))
            variables |= self._api_keys.environment(emulator.url)
            variables[ISSUERS_VARIABLE] = self._issuer.trusted(os.environ.get(ISSUERS_VARIABLE))
            with self._terminal.step(step):
                return asyncio.run(self._used(use, variables))

    def _token(self, claims: Mapping[str, Any]) -> str:
        return self._issuer.token(claims, _TOKEN_SECONDS)

    async def _used(self, use: Any, variables: Mapping[str, str]) -> Any:
        lambda_ = LambdaEnvironments(variables, self._log, limit=1, spare=False)
        try:
            return await use(lambda_)
        finally:
            await lambda_.close()


def find(compilation: Compilation, name: str) -> Operation:
    """Return the operation of a name. Raises RunError with the problems of its file, or with the near names."""
    operations = {operation.name: operation for operation in compilation.operations}
    if name in operations:
        return operations[name]
    file = Path(*name.split(".")).with_suffix(".sql")
    broken = [problem for problem in compilation.problems if problem.path.as_posix().endswith(f"/{file.as_posix()}")]
    if broken:
        raise RunError("\n\n".join([f"{name} does not compile", *(problem.render() for problem in broken)]))
    near = near_names(name, operations)
    few = f"there are {', '.join(sorted(operations))}" if 0 < len(operations) <= _FEW else None
    hint = f"did you mean {' or '.join(near)}?" if near else few or "`queryport list` shows what there is"
    raise RunError(f"there is no operation {name}: {hint}")


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
    value from a file, and KEY:=JSON gives it as JSON whatever the type, for example note:=null. A batch takes an array
    of parameters with --body. Under a failed call stands what PostgreSQL said, which callers are not told.
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
            operation = find(build.compilation, str(name))
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
