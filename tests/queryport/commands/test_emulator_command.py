"""`queryport emulator` with a project: its migrations and seeds fill the database."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.data_api import Api
from tests.support.projects import BOOKSHOP, QUERYPORT, write


@contextmanager
def _emulating(project: Path, data_dir: Path, *options: str) -> Iterator[dict[str, str]]:
    """The variables that a running emulator prints; Ctrl-C ends it."""
    arguments = ["--project", str(project), "--data-dir", str(data_dir), "--port", "0", *options]
    with subprocess.Popen([QUERYPORT, "emulator", *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(4)]
            yield dict(line.split("=", 1) for line in lines)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_the_database_is_the_projects_and_an_address_for_all_is_shown_as_one_to_call(
    tmp_path: Path, data_dir: Path
) -> None:
    project = write(tmp_path / "project", BOOKSHOP)
    with _emulating(project, data_dir, "--host", "0.0.0.0") as variables:  # noqa: S104
        assert variables["QUERYPORT_DATABASE"] == "app"
        assert variables["AWS_ENDPOINT_URL_RDS_DATA"].startswith("http://localhost:")
        with Api(variables["AWS_ENDPOINT_URL_RDS_DATA"], variables["QUERYPORT_DATABASE"]) as api:
            assert api.execute("SELECT count(*) FROM book")["records"] == [[{"longValue": 5}]]
