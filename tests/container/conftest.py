"""The images, built as a user builds them, and the function beside the emulator, brought up by Compose.

A machine without a Docker Engine fails these tests: they are run by name (`make test-container`), never in passing. One
worker has what calls the two containers, another the rest.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_docker.plugin import Services
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # xdist has no types

from tests.container.docker import FUNCTION, build, output
from tests.container.function import Function
from tests.support.repository import ROOT

HERE = Path(__file__).resolve().parent

HEALTHY_SECONDS = 180.0

_WITHOUT_COMPOSE = ("test_image.py", "test_sam.py")


class _ComposeAndTheRest(LoadScopeScheduling):  # type: ignore[misc]  # likewise
    def _split_scope(self, nodeid: str) -> str:
        return "the rest" if Path(nodeid.partition("::")[0]).name in _WITHOUT_COMPOSE else "compose"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _ComposeAndTheRest(config, log)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Writes a line for who runs the tests: on stderr, for nobody sees a worker's standard output."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(text, file=sys.stderr)

    return write


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    """Compose as a plugin of the docker command, or Debian's, which is a command by itself."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return "docker compose" if plugin.returncode == 0 else "docker-compose"


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(HERE / "docker-compose.yml")


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    return ["build", "up --detach"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return ["logs --no-color --tail 50", "down --volumes --timeout 2"]


@pytest.fixture(scope="session")
def function(docker_ip: str, docker_services: Services, docker_compose_project_name: str) -> Function:
    """The function's container, once it is healthy."""
    filters = [f"label=com.docker.compose.project={docker_compose_project_name}"]
    filters += ["label=com.docker.compose.service=function", "health=healthy"]

    def healthy() -> bool:
        return bool(output("ps", "--quiet", *(part for each in filters for part in ("--filter", each))))

    docker_services.wait_until_responsive(healthy, HEALTHY_SECONDS, 0.5)
    return Function(f"http://{docker_ip}:{docker_services.port_for('function', 8080)}")


@pytest.fixture(scope="session")
def emulator_url(docker_ip: str, docker_services: Services, function: Function) -> str:  # noqa: ARG001 (it is up by then)
    return f"http://{docker_ip}:{docker_services.port_for('emulator', 8081)}"


@pytest.fixture(scope="session")
def compose_network(function: Function, docker_compose_project_name: str) -> str:  # noqa: ARG001 (it is there by then)
    """The network in which the emulator is called `emulator`."""
    return f"{docker_compose_project_name}_default"


@pytest.fixture(scope="session")
def image() -> str:
    """The function's image."""
    build(ROOT, FUNCTION)
    return FUNCTION


@pytest.fixture(scope="session")
def inspected(image: str) -> dict[str, Any]:
    (found,) = json.loads(output("image", "inspect", image))
    return dict(found)
