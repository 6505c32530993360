"""The function on this machine for one call, as Step Functions or an HTTP client would make it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from handler.contract import exact_json
from handler.contract.operation import MEMBER_PLACE, Operation
from queryport.commands.tables import show_call, show_database_report
from queryport.compile.write.emit import write_catalog
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal
from queryport.emulator import Emulator
from queryport.local.broken import BrokenOperations
from queryport.local.calls import AnsweredRequest, DatabaseReports
from queryport.local.default_caller import as_iam, as_token
from queryport.local.function_url import LocalFunctionUrl
from queryport.local.identities import LocalIdentities
from queryport.local.lambda_environment import InvocationResult, LambdaEvent
from queryport.local.lambda_environments import LambdaEnvironments, operation_variables
from queryport.postgres.temporary import temporary_folder
from queryport.project.databases import database_name
from queryport.project.workspace import Build, Workspace


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

_OPTIONS = {"idempotency_key": "--key", "if_match": "--if-match"}
"""The options of the command line for the members of an event that messages ask for."""


def by_options(message: str) -> str:
    """The message with the options in place of the members of an event, which nobody types."""
    for member, option in _OPTIONS.items():
        message = message.replace(MEMBER_PLACE.format(member), option)
    return message


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


class LocalFunction:
    """The function on this machine, over the project's data, for one call."""

    def __init__(
        self, workspace: Workspace, build: Build, terminal: Terminal, claims: Mapping[str, Any] | None = None
    ) -> None:
        """`claims` are those of the one on whose behalf it is called."""
        self._build = build
        self._claims = claims
        self._identities = LocalIdentities(workspace.data_dir)
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
            raise RunError(f"{answer['errorType']}: {by_options(answer['errorMessage'])}")
        if answer.get("rolled_back"):
            self._terminal.note("the change was taken back")
        if answer.get("next"):
            self._terminal.note(f"there are more: cursor={answer['next']}")
        return answer["data"]

    def request(self, request: TypedRequest) -> httpx.Response:
        """Send a request to the Function URL; what the caller is not told of a failure is shown."""
        reports = DatabaseReports()

        def report(call: AnsweredRequest) -> None:
            show_call(self._terminal, call)

        async def send(lambda_: LambdaEnvironments) -> httpx.Response:
            caller = as_iam if self._claims is None else as_token(partial(self._identities.token, self._claims))
            application = LocalFunctionUrl(lambda_.invoke, report, reports, caller)
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
            Emulator(self._database_url, secrets=self._identities.secret, observe=reports.add) as emulator,
            temporary_folder("queryport-run-") as folder,
        ):
            catalog = folder / "catalog.json"
            write_catalog(catalog, self._build.compilation.catalogue, self._build.fingerprint)
            variables = operation_variables(catalog, emulator.url, database_name(self._database_url))
            variables |= self._identities.variables(emulator.url)
            with self._terminal.step(step):
                return asyncio.run(self._used(use, variables))

    async def _used(self, use: Any, variables: Mapping[str, str]) -> Any:
        broken = BrokenOperations().answers(self._build.compilation, self._build.project.queries)
        lambda_ = LambdaEnvironments(variables, self._log, broken, limit=1)
        try:
            return await use(lambda_)
        finally:
            await lambda_.close()
