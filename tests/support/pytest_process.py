"""The tests of a project that Queryport's pytest plugins serve, run by a pytest in a process of its own."""

from importlib.metadata import entry_points
from pathlib import Path
from threading import Timer

from queryport.postgres.server import EmbeddedPostgres
from tests.support.forks import start
from tests.support.projects import ENVIRONMENT

# To import what else is installed (hypothesis, xdist, docker) takes twice as long as everything else of such a run.
_NO_OTHERS = [
    f"-pno:{plugin.name}"
    for plugin in entry_points(group="pytest11")
    if plugin.dist is None or plugin.dist.name != "queryport"
]

_IMPORTED = (
    "pytest",
    "_pytest.assertion.rewrite",
    "_pytest.capture",
    "_pytest.doctest",
    "_pytest.junitxml",
    "_pytest.logging",
    "_pytest.pastebin",
    "_pytest.terminal",
    "_pytest.unraisableexception",
    "botocore.session",
    "click",
    "jsonschema",
    "jwt",
    "postgast",
    "psycopg.types.json",
    "pydantic.main",
    "rich.console",
    "yaml",
)
"""What others have made and such a run imports, half of its time. Not Queryport itself and the handler: which of the
modules of that name is imported is a part of what is tested. Nor what has a plugin of pytest's, which would warn."""

_MOST_SECONDS = 120.0


def run_pytest(project: Path, *arguments: str, postgres: EmbeddedPostgres, user: str = "postgres") -> tuple[int, str]:
    """Run the tests of a folder, with databases of a server; return the exit code and the output."""
    server = f"--queryport-database-url={postgres.url(user=user)}"
    options = ["-q", "--tb=short", "-pno:cacheprovider", *_NO_OTHERS, server, *arguments]
    program = start("pytest", options, project, ENVIRONMENT, imported=_IMPORTED)
    limit = Timer(_MOST_SECONDS, program.kill)
    limit.start()
    assert program.stdout is not None
    with program.stdout as output:
        said = output.read()
    code = program.wait()
    limit.cancel()
    return code, said
