"""The tests of a project that Queryport's pytest plugins serve, run by a pytest in a process of its own."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from queryport.postgres.server import EmbeddedPostgres
from tests.support.projects import ENVIRONMENT

# To import what else is installed (hypothesis, xdist, docker) takes twice as long as everything else of such a run.
_NO_OTHERS = [
    f"-pno:{plugin.name}"
    for plugin in entry_points(group="pytest11")
    if plugin.dist is None or plugin.dist.name != "queryport"
]


def run_pytest(project: Path, *arguments: str, postgres: EmbeddedPostgres, user: str = "postgres") -> tuple[int, str]:
    """Run the tests of a folder, with databases of a server; return the exit code and the output."""
    server = f"--queryport-database-url={postgres.url(user=user)}"
    options = ["-q", "--tb=short", "-pno:cacheprovider", *_NO_OTHERS, server, *arguments]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout
