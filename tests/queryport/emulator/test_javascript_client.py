"""The AWS SDK for JavaScript, whose tests are a program of Node's; see javascript/client.test.mjs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from queryport.emulator import Emulator
from tests.support.data_api import RESOURCE_ARN, SECRET_ARN

FOLDER = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the packages of package-lock.json, installed the first time they are needed."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("Node is not installed: the AWS SDK for JavaScript cannot be run")
    installed = FOLDER / "node_modules" / ".package-lock.json"
    lock = FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    return program


@pytest.mark.slow
def test_the_sdk_for_javascript_finds_nothing_amiss(node: str, emulator: Emulator, database: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "ENDPOINT": emulator.url,
        "DATABASE": database,
        "RESOURCE_ARN": RESOURCE_ARN,
        "SECRET_ARN": SECRET_ARN,
    }
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", "client.test.mjs"],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail 0" in done.stdout
