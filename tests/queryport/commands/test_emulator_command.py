"""`queryport emulator` with a project: its migrations and seeds fill the database."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.data_api import Api
from tests.support.projects import BOOKSHOP, QUERYPORT, write


@pytest.mark.slow
def test_the_database_is_the_projects(tmp_path: Path, data_dir: Path) -> None:
    """For all who reach this machine, of which it warns, though what it prints is an address to call."""
    project = write(tmp_path / "project", BOOKSHOP)
    options = ["--project", str(project), "--data-dir", str(data_dir), "--port", "0", "--host", "0.0.0.0"]  # noqa: S104
    command = [str(QUERYPORT), "emulator", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(4)]
            variables = dict(line.split("=", 1) for line in lines)
            assert variables["QUERYPORT_DATABASE"] == "app"
            assert variables["AWS_ENDPOINT_URL_RDS_DATA"].startswith("http://localhost:")
            with Api(variables["AWS_ENDPOINT_URL_RDS_DATA"], variables["QUERYPORT_DATABASE"]) as api:
                assert api.execute("SELECT count(*) FROM book")["records"] == [[{"longValue": 5}]]
        finally:
            process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
    assert process.returncode == 0
    assert "warning: whoever can reach 0.0.0.0 can run any SQL here" in told
