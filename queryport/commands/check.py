"""`queryport check`: reports what is wrong with the query files, and where a deployed database differs from them."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from queryport.commands import options
from queryport.commands.annotations import as_github, as_json
from queryport.commands.problems import show_problems, summary
from queryport.compile import Compilation
from queryport.console.terminal import Terminal, counted
from queryport.diagnostics.rules import Severity
from queryport.diagnostics.source import Problem
from queryport.migrations.scripts import ScriptError
from queryport.project.workspace import Build, Workspace, open_workspace

if TYPE_CHECKING:
    from queryport.access.excess import BeyondNeed
    from queryport.access.proof import Lack
    from queryport.deployed.drift import LiveCheck


class Findings(NamedTuple):
    """The findings of a check, in the files that were asked about."""

    compilation: Compilation | None
    """None where a migration kept the query files from being compiled."""
    problems: Sequence[Problem]
    live: "LiveCheck | None"
    lacks: "Sequence[Lack] | None" = None
    """The privileges that the role which was tried lacks."""
    excess: "Sequence[BeyondNeed]" = ()
    """What it may do beyond what operations need."""

    def fail(self, *, strict: bool) -> bool:
        worst = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
        differs = bool(self.live and self.live.drifts)
        wrong = any(problem.severity in worst for problem in self.problems) or differs or bool(self.lacks)
        return wrong or (strict and bool(self.excess))


@click.command("check")
@click.argument("files", nargs=-1, type=options.GivenPath(exists=True), metavar="[FILE]...")
@click.option(
    "--live", is_flag=True, help="Compare the deployed database with the project too, through the RDS Data API."
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How problems are shown: for people, as one JSON object, or as annotations of GitHub's workflows.",
)
@click.option(
    "--against",
    metavar="REF|FILE",
    help="Compare with an earlier state too: a commit, or a catalog.json. What breaks callers is an error.",
)
@options.project
@options.data_dir
@options.migrated_database_url
@options.deployed("that the function is")
@options.cached
@click.option("--explain-access", is_flag=True, help="Say of each operation who may call it.")
@click.option("--role", metavar="NAME", help="Try each operation as this database role, in the migrations' database.")
def check_command(
    files: tuple[Path, ...],
    form: str,
    project: Path,
    data_dir: Path | None,
    database_url: str | None,
    resource_arn: str | None,
    secret_arn: str | None,
    database: str | None,
    role: str | None,
    against: str | None,
    *,
    live: bool,
    strict: bool,
    explain_access: bool,
    cached: bool,
) -> None:
    """Compile the query files, report what is wrong with them, and write nothing.

    FILEs, or folders of them, are reported on alone, as an editor or a hook before a commit wants it. With --live, say
    as well where the deployed database differs: migrations that it lacks, tables, columns and types that are not those
    of the migrations, and operations that it would refuse. Nothing is changed or executed. With --role, say what the
    role lacks that the operations need, and warn of what it may do beyond that; `queryport role` prints one that lacks
    nothing. With --against, say what breaks callers: what they sent and is not taken any more, what they get and did
    not expect.

    Exits with 1 if there is any error or difference; warnings are shown and do not count, unless --strict says so.
    """
    address = options.deployed_address(resource_arn, secret_arn, database) if live else None
    progress = Terminal(stderr=True)
    with ExitStack() as stack:
        try:
            looks_into_operations = live or explain_access or role is not None or against is not None
            opened = open_workspace(
                project,
                data_dir,
                database_url,
                progress,
                migrate=False,
                cached=cached,
                whole=looks_into_operations,
            )
            workspace = stack.enter_context(opened)
            build = workspace.build()
        except ScriptError as error:
            if error.problem is None or form == "text":
                raise
            findings = Findings(None, [error.problem], None)
        else:
            found = None
            if address is not None:
                # Here, for they bring boto3 along, which takes as long as a check of a project that has not changed.
                from queryport.deployed.client import DeployedClient
                from queryport.deployed.drift import check_live

                deployed = DeployedClient(address, progress.step)
                with workspace.schema(build.scripts) as url, progress.step("Comparing the deployed database"):
                    found = check_live(deployed, build.scripts.migrations, build.compilation.catalogue, url)
            problems = [
                *build.compilation.problems,
                *workspace.role_problems(build),
                *_broken(workspace, build, against, progress),
            ]
            lacking, excess = (None, ()) if role is None else _tried(workspace, build, role, progress)
            findings = Findings(build.compilation, _of(files, problems), found, lacking, excess)
    terminal = Terminal()
    if explain_access and findings.compilation is not None and form == "text":
        _explain_access(terminal, findings.compilation)
    _show(findings, form, terminal)
    sys.exit(1 if findings.fail(strict=strict) else 0)


def _broken(workspace: Workspace, build: Build, against: str | None, progress: Terminal) -> Sequence[Problem]:
    """The changes that break callers; none are looked for while query files have errors."""
    if against is None or not build.compilation.ok:
        return ()
    # Here, as with the other options, so that a check which is not asked for this does not import it.
    from queryport.project.comparison import breaking_problems
    from queryport.project.earlier import earlier_operations

    with progress.step(f"Comparing with {against}"):
        return breaking_problems(earlier_operations(workspace, build.project.root, against), build)


def _tried(
    workspace: Workspace, build: Build, role: str, progress: Terminal
) -> "tuple[Sequence[Lack], Sequence[BeyondNeed]]":
    from queryport.access.excess import excesses
    from queryport.access.needs import needs
    from queryport.access.proof import lacks

    operations = build.compilation.catalogue
    with workspace.schema(build.scripts) as url, progress.step(f"Trying the role {role}"):
        needed = needs(url, operations)
        return lacks(url, role, operations, needed), excesses(url, role, operations, needed)


def _explain_access(terminal: Terminal, compilation: Compilation) -> None:
    from queryport.commands.list import way_of_claims

    for operation in compilation.catalogue:
        way = f"; {way_of_claims(operation)}" if operation.row_security is not None else ""
        hidden = "; hidden" if operation.access.hidden else ""
        over_http = "" if operation.access.http else "; not over HTTP"
        terminal.say(f"{operation.name}: {', '.join(operation.access.allow) or 'nobody'}{hidden}{over_http}{way}")


def _open_to_anyone(compilation: Compilation | None) -> list[str]:
    return [operation.name for operation in compilation.operations.encoded if operation.anyone] if compilation else []


def _of(files: Sequence[Path], problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems of some files and folders; of all where none is named."""
    if not files:
        return problems
    named = [file.resolve() for file in files]
    return [problem for problem in problems if any(problem.path.resolve().is_relative_to(one) for one in named)]


def _show_role(findings: Findings, terminal: Terminal) -> None:
    for lack in findings.lacks or ():
        terminal.prose(f"{lack.subject}: {lack.reason}")
    for each in findings.excess:
        terminal.prose(f"warning: {each.subject} {each.reason}")


def _show(findings: Findings, form: str, terminal: Terminal) -> None:
    drifts = findings.live.drifts if findings.live else None
    operations = len(findings.compilation.operations) if findings.compilation else 0
    if form == "json":
        click.echo(as_json(operations, findings.problems, drifts, findings.lacks, findings.excess))
        return
    if form == "github":
        for line in as_github(findings.problems, drifts, findings.lacks or (), findings.excess):
            click.echo(line)
    else:
        show_problems(terminal, findings.problems)
    if form == "text":
        _show_role(findings, terminal)
    said = summary(operations, findings.problems)
    if findings.lacks is not None:
        said += f"; the role may {'not ' if findings.lacks else ''}run them"
        said += ", and may do more" if findings.excess else ""
    open_to_anyone = _open_to_anyone(findings.compilation)
    if form == "text" and open_to_anyone:
        terminal.note(f"open to anyone: {', '.join(open_to_anyone)}")
    if findings.live is None:
        terminal.say(said)
        return
    if form == "text":
        for drift in findings.live.drifts:
            terminal.prose(f"{drift.subject}: {drift.difference}")
        for addition in findings.live.additions:
            terminal.note(f"{addition}: not made by a migration")
    differences = counted(len(findings.live.drifts), "difference") if findings.live.drifts else "no differences"
    terminal.say(f"{said}; {differences} in the deployed database")
