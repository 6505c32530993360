"""The parts of Queryport on the developer's machine, which go on with the last good build while files are mended.

Starts them in their order: PostgreSQL, the RDS Data API emulator, the local Lambda behind its Function URL. On every
save it compiles the project again and gives the Lambda the new catalogue. What is broken is shown, and the parts go on
with what they have.
"""

import shlex
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import psycopg

from handler.contract.openapi_index import OFF
from queryport.authored import UnreadableError
from queryport.commands.function_versions import FunctionVersions
from queryport.commands.problems import show_problems, summary_of
from queryport.commands.tables import show_call, show_operations
from queryport.compile.write.encoded import EncodedOperations
from queryport.console.failure import CommandError
from queryport.console.terminal import Terminal
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import shown
from queryport.emulator import Emulator
from queryport.generate.example_call import example_call
from queryport.local.calls import DatabaseReports
from queryport.local.changes import Changes
from queryport.local.default_caller import default_caller, may_call
from queryport.local.function_url import LocalFunctionUrl
from queryport.local.handler_log import HandlerLog
from queryport.local.http_thread import ADDRESS, HttpThread
from queryport.local.identities import LocalIdentities
from queryport.local.invoke_api import InvokeApi
from queryport.local.lambda_environment import FUNCTION_NAME
from queryport.local.lambda_environments import LambdaEnvironments
from queryport.migrations.connection import ConnectionLostError
from queryport.postgres.temporary import temporary_folder
from queryport.project.databases import database_name, without_password
from queryport.project.project import Project
from queryport.project.watch import Watch, WatchError
from queryport.project.workspace import open_workspace
from queryport.web.listener import allow_many_connections, listen_by_option
from queryport.web.pages import Allowed, Cors, guarded

_MENDABLE_ERRORS = (CommandError, psycopg.Error)
"""Failures that one save can cause and the next one mend."""

_RETRY_SECONDS = 1.0

_NAMED = 3  # operations that changed, after which they are only counted


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options, by their names."""

    project: Path
    data_dir: Path | None
    database_url: str | None
    port: int
    emulator_port: int
    allowed: Allowed
    show_sql: bool
    caller: str = "iam"
    """The caller of requests without credentials: iam, anonymous, or the claims of a token as JSON."""


def serve(options: Options, terminal: Terminal) -> NoReturn:
    """Serve until KeyboardInterrupt, and leave nothing behind."""
    with ExitStack() as stack:
        server = DevelopmentServer(options, terminal, stack)
        server.introduce()
        server.follow()


class DevelopmentServer:
    """The running parts, and the build that they serve."""

    def __init__(self, options: Options, terminal: Terminal, stack: ExitStack) -> None:
        """Start everything; the stack ends it."""
        self._terminal = terminal
        self._failing = False
        self._missed: str | None = None
        """The reason that was told for a save which could not be taken up, and is tried again."""
        self._unwatched = False
        allow_many_connections()
        # Both ports are tried before anything is started: a taken one is the usual mistake, and quickly mended.
        listener = stack.enter_context(listen_by_option(ADDRESS, options.port, "--port"))
        self._url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listen_by_option(ADDRESS, options.emulator_port, "--emulator-port").close()
        self._workspace = stack.enter_context(
            open_workspace(options.project, options.data_dir, options.database_url, terminal, migrate=True)
        )
        self._build = self._workspace.build()
        self._database_url = self._workspace.data(self._build.scripts)
        identities = LocalIdentities(self._workspace.data_dir)
        self._may_call = may_call(options.caller)
        caller = default_caller(options.caller, identities.token)
        reports = DatabaseReports()
        self._emulator = stack.enter_context(
            Emulator(
                self._workspace.calls(self._database_url, self._build.project),
                port=options.emulator_port,
                allowed=options.allowed,
                secrets=identities.secret,
                observe=reports.add,
            )
        )
        folder = stack.enter_context(temporary_folder("queryport-serve-"))
        self._versions = FunctionVersions(folder, self._emulator.url, database_name(self._database_url), identities)
        self._log = self._workspace.data_dir / "handler.log"
        HandlerLog(self._log).clear()
        version = self._versions.add(self._build)
        self._lambda = LambdaEnvironments(version.variables, self._log, version.prepare)
        report = partial(show_call, terminal, statements=options.show_sql)
        function_url = LocalFunctionUrl(self._lambda.invoke, report, reports, caller)
        self._changes = Changes(InvokeApi(self._lambda.invoke, report, reports, function_url))
        self._http = stack.enter_context(HttpThread(guarded(self._changes, ADDRESS, _allowed(options)), listener))
        stack.callback(lambda: self._http.run(self._changes.close()))
        stack.callback(lambda: self._http.run(self._lambda.close()))
        self._announce()
        self._http.run(self._lambda.warm_up())

    def introduce(self) -> None:
        """Show what is there and how to call it."""
        terminal, compilation = self._terminal, self._build.compilation
        show_problems(terminal, compilation.problems)
        if compilation.operations:
            show_operations(terminal, compilation.operations)
        terminal.say(f"\n{summary_of(compilation)}")
        terminal.say(f"Function URL       {self._url}")
        if self._build.project.http.openapi != OFF:
            terminal.say(f"Documentation      {self._url}/docs")
            terminal.say(f"OpenAPI            {self._url}/openapi.json")
        terminal.say(f"Lambda             AWS_ENDPOINT_URL_LAMBDA={self._url}  (function {FUNCTION_NAME})")
        terminal.say(f"RDS Data API       {self._emulator.url}")
        terminal.say(f"PostgreSQL         psql {shlex.quote(without_password(self._database_url))}")
        terminal.say(f"The handler's log  {shown(self._log)}")
        if command := example_call(compilation.operations, self._url, self._may_call):
            terminal.say(f"\nTry it:\n  {command}\n")
        terminal.note("Saved files are taken up at once. Ctrl-C stops everything.")

    def follow(self) -> NoReturn:
        """Take up every save, those during the start included."""
        with ExitStack() as watches:
            watch = watches.enter_context(Watch(self._build.project))
            seconds: float | None = 0.0
            while True:
                try:
                    if watch.wait(seconds):
                        self._unwatched = False
                    project = Project.load(self._build.project.root)
                    if watch.outdated(project):
                        # The new watch begins before the files are read, so that no save falls in between.
                        newer = Watch(project)
                        watches.close()
                        watch = watches.enter_context(newer)
                    self._take_up()
                    self._workspace.keep()
                    self._missed = None
                    seconds = _RETRY_SECONDS if self._unwatched or self._meets_unreadable_files() else None
                except WatchError as error:
                    seconds = _RETRY_SECONDS
                    if not self._unwatched:
                        self._terminal.error(f"{error}; until they can, they are read every second")
                    self._unwatched = True
                except (OSError, *_MENDABLE_ERRORS) as error:
                    self._failing = True
                    if _passes(error):
                        seconds = _RETRY_SECONDS
                        self._tell_once(error)
                    else:
                        seconds = None
                        self._terminal.error(str(error))
                        self._terminal.note(
                            "Until that is mended, the operations of the last save without it are served."
                        )

    def _meets_unreadable_files(self) -> bool:
        return any(problem.code == "QP009" for problem in self._build.compilation.problems)

    def _tell_once(self, error: Exception) -> None:
        reason = " ".join(str(error).split())
        # The machine's failures meet one file or another; an author is told of each that is theirs to mend.
        if self._missed is None or (isinstance(_cause(error), UnreadableError) and reason != self._missed):
            self._terminal.error(f"a save cannot be taken up ({reason}): that is tried again until it can")
            self._missed = reason

    def _take_up(self) -> None:
        started = time.monotonic()
        build = self._workspace.build(keeps=False)
        if build == self._build:
            if self._failing:  # the file is as it was before the error
                self._terminal.say("all is well again" if build.compilation.ok else summary_of(build.compilation))
                self._failing = False
            return
        if build.scripts != self._build.scripts:
            self._workspace.data(build.scripts, lambda: self._http.held(self._lambda.paused()))
        version = self._versions.add(build)
        self._http.run(self._lambda.replace(version.variables, version.prepare))
        # Behind what may fail, which is tried again then.
        before, self._build = self._build.compilation, build
        self._announce()
        # Errors stay on the screen until they are mended, warnings are told once.
        show_problems(
            self._terminal,
            (
                problem
                for problem in build.compilation.problems
                if problem.severity is Severity.ERROR or problem not in before.problems
            ),
        )
        seconds = time.monotonic() - started
        self._terminal.say(
            f"{_changes(before.operations, build.compilation.operations)} "
            f"({summary_of(build.compilation)}; {seconds:.2f} s)"
        )
        if build.compilation.ok and (self._failing or not before.ok):
            self._terminal.say("all is well again")
        self._failing = False

    def _announce(self) -> None:
        """Tell the pages that look on what is built now."""
        errors = [problem for problem in self._build.compilation.problems if problem.severity is Severity.ERROR]
        self._http.run(self._changes.announce([problem.render() for problem in errors]))


def _passes(error: BaseException) -> bool:
    """Whether a failure may be over without a save that shows.

    No descriptor is left, PostgreSQL starts again, or a file cannot be read, which its mode or the end of a link mends.
    """
    return _cause(error) is not None or isinstance(error, psycopg.OperationalError | ConnectionLostError)


def _cause(error: BaseException) -> OSError | None:
    """Return the failure of the system's behind an error."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, OSError):
        found = found.__cause__ or found.__context__
    return found


def _changes(before: EncodedOperations, after: EncodedOperations) -> str:
    """The outcome of a save, for example `orders.get_order changed, orders.add_order added`."""
    old, new = ({operation.name: operation for operation in operations.encoded} for operations in (before, after))
    told = [f"{name} added" for name in new.keys() - old.keys()]
    told += [f"{name} left out" for name in old.keys() - new.keys()]
    told += [f"{name} changed" for name in new.keys() & old.keys() if new[name] != old[name]]
    if len(told) > _NAMED:
        return f"{len(told)} operations changed"
    return ", ".join(sorted(told)) or "no operation changed"


def _allowed(options: Options) -> Allowed:
    """The pages that may call the Function URL: those of the command line, and those of queryport.toml."""
    cors = Project.load(options.project).http.cors
    if not cors.allow_origins:
        return options.allowed
    answers = Cors(
        tuple(cors.allow_methods),
        tuple(cors.allow_headers),
        tuple(cors.expose_headers),
        cors.max_age,
        credentials=cors.allow_credentials,
    )
    return Allowed((*options.allowed.origins, *cors.allow_origins), options.allowed.hosts, answers)
