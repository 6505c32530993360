"""The pytest plugin `queryport`: calls a project's operations through the handler, each test in a database of its own.

The project is pytest's root folder. It is compiled once a run; a test gets a copy of a database that has the migrations
and no seeds. Everything heavy is imported by the fixtures, since pytest loads plugins in every run.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from queryport import handler_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from handler.main import Application
    from queryport.emulator import Emulator
    from queryport.local.api_keys import LocalApiKeys
    from queryport.local.issuer import DevelopmentIssuer
    from queryport.project.workspace import Build


class Calls:
    """Calls operations as Step Functions does: the answer's `data`, or one of handler.errors as an exception.

    The parameters are keyword arguments, or one object as the second argument; of a batch, an array of them. `claims`
    are those of the one on whose behalf the operation is called.
    """

    def __init__(
        self,
        application: Application,
        database_url: str,
        issuer: DevelopmentIssuer,
        api_keys: LocalApiKeys,
        compiled: Compiled,
    ) -> None:
        self._application = application
        self._issuer = issuer
        self._api_keys = api_keys
        self._compiled = compiled
        self.database_url = database_url
        """The test's database, for a driver that speaks PostgreSQL's own protocol; with every right."""

    def __call__(
        self,
        operation: str,
        values: Any = None,
        /,
        *,
        idempotency_key: str | None = None,
        if_match: str | int | None = None,
        rollback: bool = False,
        claims: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        answer = self.answer(
            operation,
            values,
            idempotency_key=idempotency_key,
            if_match=if_match,
            rollback=rollback,
            claims=claims,
            **parameters,
        )
        return answer["data"]

    def answer(
        self,
        operation: str,
        values: Any = None,
        /,
        *,
        idempotency_key: str | None = None,
        if_match: str | int | None = None,
        rollback: bool = False,
        claims: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        """Return the whole answer, with `next` where there is a further page."""
        from queryport.testing.function import invoke

        event: dict[str, Any] = {"operation": operation, "parameters": parameters if values is None else values}
        if idempotency_key is not None:
            event["idempotency_key"] = idempotency_key
        if if_match is not None:
            event["if_match"] = if_match
        if rollback:
            event["rollback"] = True
        if claims is not None:
            event["claims"] = claims
        return json.loads(invoke(self._application, event))

    def http(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
        key: str | None = None,
        anonymous: bool = False,
    ) -> HttpResponse:
        """Send a request to the Function URL: `.http("GET", "/books?limit=2")`.

        The caller is one whom IAM knows, or has a token with these claims, or an API key with the name `key` and these
        claims, or is `anonymous`. Raises ValueError where `headers` have another credential.
        """
        from queryport.testing.function import function_url_event, invoke

        sent = {name.lower(): value for name, value in (headers or {}).items()}
        chosen = claims is not None or key is not None
        if (chosen or anonymous) and (credentials := sent.keys() & {"authorization", "x-api-key"}):
            raise ValueError(f"claims, key and anonymous say who calls, and so does the header {credentials.pop()}")
        if chosen and anonymous:
            raise ValueError("a caller with claims or a key is not anonymous")
        if key is not None:
            sent["x-api-key"] = self._new_key(key, claims or {})
        elif claims is not None:
            sent["authorization"] = f"Bearer {self._issuer.token(claims, 300)}"
        known = not chosen and not anonymous
        if target.partition("?")[0] == "/openapi.json":
            self._compiled.write_document()
        answer = json.loads(invoke(self._application, function_url_event(method, target, body, sent, known=known)))
        body = answer.get("body", "")
        content = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return HttpResponse(answer["statusCode"], answer["headers"], content)

    def _new_key(self, name: str, claims: Mapping[str, Any]) -> str:
        from aws_lambda_powertools.utilities.parameters import clear_caches

        from queryport.local.api_keys import new_key

        made = new_key(name, claims)
        self._api_keys.add(made.entry)
        # The function would go on with the keys that it has read.
        clear_caches()  # type: ignore[no-untyped-call]  # Powertools gives it no types
        return made.key


@dataclass(frozen=True)
class HttpResponse:
    """The response that an HTTP client would see."""

    status: int
    headers: Mapping[str, str]
    """Their names are in lower case."""
    content: bytes
    """The body as it came, compressed where the request's own `Accept-Encoding` asked for that."""

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Compiled(NamedTuple):
    """The project as its tests call it."""

    catalog: Path
    database: str
    """The name of a database with its schema."""
    build: Build

    def write_document(self) -> None:
        """Write the OpenAPI document beside the catalogue, where the function looks for it, unless it is there."""
        from handler.contract.openapi_index import DocumentFiles
        from queryport.project.catalog_files import write_openapi

        if not DocumentFiles.beside(self.catalog).document.exists():
            write_openapi(self.catalog, self.build, local=False)


@pytest.fixture(scope="session")
def queryport_project(compiled_queryport_project: Compiled) -> tuple[Path, str]:
    """The project's compiled catalogue, and the name of a database with its schema."""
    return compiled_queryport_project.catalog, compiled_queryport_project.database


@pytest.fixture(scope="session")
def compiled_queryport_project(
    pytestconfig: pytest.Config, queryport_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """The project's compiled catalogue, a database with its schema, and what a document is made of."""
    if clash := handler_package.clash():
        pytest.fail(clash, pytrace=False)
    from queryport.compile import compile_project
    from queryport.migrations.runner import apply
    from queryport.project.catalog_files import write_callable
    from queryport.project.databases import Scripts
    from queryport.project.project import Project
    from queryport.project.workspace import Build
    from queryport.testing.databases import fresh_database

    project = Project.load(pytestconfig.rootpath)
    with fresh_database(queryport_emulator.database_url) as database:
        apply(database.url, project.migrations)
        compilation = compile_project(project.queries, database.url, defaults=project.query_defaults)
        if not compilation.ok:
            pytest.fail("\n".join(problem.render() for problem in compilation.problems), pytrace=False)
        path = tmp_path_factory.mktemp("queryport") / "catalog.json"
        build = Build(project, Scripts.of(project), compilation)
        write_callable(path, build, local=False)
        yield Compiled(path, database.name, build)


@pytest.fixture(scope="session")
def queryport_role_emulator(
    pytestconfig: pytest.Config,
    queryport_project: tuple[Path, str],  # noqa: ARG001 (its migrations have made the role by then)
    queryport_emulator: Emulator,
    queryport_api_keys: LocalApiKeys,
) -> Iterator[Emulator]:
    """The emulator that runs operations as the project's role."""
    from queryport.emulator import Emulator
    from queryport.project.development_role import as_role
    from queryport.project.project import Project

    role = Project.load(pytestconfig.rootpath).role
    if role is None:
        yield queryport_emulator
        return
    with Emulator(as_role(queryport_emulator.database_url, role), secrets=queryport_api_keys.secret) as emulator:
        yield emulator


@pytest.fixture
def queryport_call(
    compiled_queryport_project: Compiled,
    queryport_emulator: Emulator,
    queryport_role_emulator: Emulator,
    queryport_api_keys: LocalApiKeys,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Calls]:
    """Calls the project's operations in a fresh database: `queryport_call("notes.get_note", note_id=1)`.

    They run as the role that queryport.toml names under [development], if it names one.
    """
    from queryport.local.issuer import ISSUERS_VARIABLE, DevelopmentIssuer
    from queryport.testing.databases import fresh_database
    from queryport.testing.function import cold_start, function_environment

    catalog, template, _ = compiled_queryport_project
    issuer = DevelopmentIssuer(tmp_path)
    with fresh_database(queryport_emulator.database_url, template) as database:
        environment = function_environment(queryport_role_emulator.url, database.name, catalog)
        environment |= queryport_api_keys.environment(queryport_role_emulator.url)
        environment[ISSUERS_VARIABLE] = issuer.trusted(None)
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        yield Calls(cold_start(environment), database.url, issuer, queryport_api_keys, compiled_queryport_project)
